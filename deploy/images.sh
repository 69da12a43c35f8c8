#!/usr/bin/env bash
# Builds one image per program: the services, dtks (broker, provisioning), dukcapil-sim (trials only).
#
#   deploy/images.sh [NAME ...]      all, or only these
#
#   IMAGES    prefix of the names   (dtks, giving dtks/registry:dev)
#   TAG       their tag             (dev)
#   BIN       folder of ready static programs; nothing is compiled then
#   CA_FILE   certificates of the authorities to trust
#
# The same sources and the same Go give the same programs, byte by byte. Any builder will do, BuildKit or not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

images=${IMAGES:-dtks} tag=${TAG:-dev} ca=${CA_FILE:-/etc/ssl/certs/ca-certificates.crt}
declare -A from=([dtks]=./cmd/dtks [dukcapil-sim]=./cmd/dukcapil-sim)
services=(registry verification nik-match eligibility notify console)
for s in "${services[@]}"; do from[$s]=./services/$s; done
names=("$@")
if [ ${#names[@]} -eq 0 ]; then names=("${services[@]}" dtks dukcapil-sim); fi
for name in "${names[@]}"; do
	if [ -z "${from[$name]:-}" ]; then
		echo "images.sh: no program $name (${!from[*]})" >&2
		exit 2
	fi
done
if [ ! -r "$ca" ]; then
	echo "images.sh: no certificates at $ca; install ca-certificates or set CA_FILE" >&2
	exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bin=${BIN:-}
if [ -z "$bin" ]; then
	bin=$work/bin
	packages=()
	for name in "${names[@]}"; do packages+=("${from[$name]}"); done
	mkdir "$bin"
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w' -o "$bin/" "${packages[@]}"
fi

context=$work/context
mkdir -p "$context/root/etc/ssl/certs" "$context/state/data" "$context/state/dtks"
install -m 0444 "$ca" "$context/root/etc/ssl/certs/ca-certificates.crt"
for user in admin postgres issuer "${services[@]}"; do mkdir -p "$context/state/secrets/$user"; done
chmod -R go= "$context/state/secrets"
cp deploy/Dockerfile "$context/"
for name in "${names[@]}"; do
	target=service
	if [ "$name" = dtks ]; then target=dtks; fi
	install -m 0555 "$bin/$name" "$context/root/app"
	docker build -q --target "$target" -t "$images/$name:$tag" "$context" >/dev/null
	echo "$images/$name:$tag $(docker image inspect -f '{{.Size}}' "$images/$name:$tag" | awk '{printf "%.1f MB", $1/1e6}')"
done
