#!/usr/bin/env bash
# Makes a PostgreSQL image out of Debian's own packages, for machines that reach a Debian mirror but no image registry.
# It keeps as much of the official image's contract as docker-compose.yml uses: PGDATA, POSTGRES_PASSWORD_FILE,
# POSTGRES_INITDB_ARGS, a command that begins with "postgres". For trials; in earnest use a maintained image.
#
#   deploy/postgres-image.sh [NAME]     dtks/postgres:dev by default; needs root and debootstrap
#
#   SUITE, VERSION   Debian release and PostgreSQL's major version in it   (bookworm, 15)
#   ROOT             an unpacked root to take, instead of making one
set -euo pipefail
name=${1:-dtks/postgres:dev} suite=${SUITE:-bookworm} version=${VERSION:-15}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=${ROOT:-}
if [ -z "$root" ]; then
	root=$work/root
	debootstrap --variant=minbase --include="postgresql-$version" "$suite" "$root"
fi
cat >"$work/entrypoint" <<'ENTRY'
#!/bin/sh
# Makes the cluster once, then becomes PostgreSQL under its own user.
set -eu
as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
mkdir -p "$PGDATA" /run/postgresql
chown postgres:postgres "$PGDATA" /run/postgresql
chmod 0700 "$PGDATA"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
	install -m 0400 -o postgres "$POSTGRES_PASSWORD_FILE" /tmp/password
	as_postgres initdb -U postgres --pwfile=/tmp/password --auth-local=trust ${POSTGRES_INITDB_ARGS:-} -E UTF8
	rm /tmp/password
	echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
fi
shift
exec setpriv --reuid=postgres --regid=postgres --init-groups postgres -c listen_addresses='*' "$@"
ENTRY
chmod 0755 "$work/entrypoint"
tar -C "$root" --exclude=./var/cache/apt --exclude=./var/lib/apt/lists --exclude=./usr/share/doc --exclude=./usr/share/man -c . >"$work/image.tar"
tar -C "$work" --owner=0 --group=0 -rf "$work/image.tar" ./entrypoint
docker import --change 'ENTRYPOINT ["/entrypoint"]' --change 'CMD ["postgres"]' \
	--change "ENV PATH=/usr/lib/postgresql/$version/bin:/usr/sbin:/usr/bin:/sbin:/bin PGDATA=/var/lib/postgresql/data LANG=C.UTF-8" \
	"$work/image.tar" "$name" >/dev/null
docker image inspect -f "$name {{.Size}} bytes" "$name"
