#!/usr/bin/env bash
# Proves docker-compose.yml on a running engine: the stack becomes ready, and one synthetic family goes from entry to a
# decision through the published ports, as sample persons with tokens of the trial's issuer.
#
#   deploy/verify-compose.sh          up, wait, prove; the stack stays up
#   deploy/verify-compose.sh down     the same, then remove containers and volumes
#
# Needs the images (deploy/images.sh), curl, jq, and "docker compose" or docker-compose.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

compose=(docker compose)
if ! docker compose version >/dev/null 2>&1; then compose=(docker-compose); fi
export COMPOSE_PROJECT_NAME=${COMPOSE_PROJECT_NAME:-dtks-verify}
services=(registry verification nik-match eligibility notify console)
began=$SECONDS
fail() {
	echo "FAILED: $*" >&2
	exit 1
}

run=$(mktemp -d)
finish() {
	rm -rf "$run"
	if [ "${1:-}" = down ]; then "${compose[@]}" down -v -t 40; fi
}
trap 'finish "${1:-}"' EXIT

"${compose[@]}" up -d
health() { docker inspect -f '{{.State.Health.Status}}' "$("${compose[@]}" ps -q "$1")"; }
for s in "${services[@]}"; do
	until [ "$(health "$s")" = healthy ]; do
		if ((SECONDS - began > 300)); then
			"${compose[@]}" logs --tail=20 "$s"
			fail "$s is not ready after 300 s"
		fi
		sleep 1
	done
done
echo "ready after $((SECONDS - began)) s: ${services[*]}"

# What the images promise: no root, nothing to write to, no secret in the environment.
for s in "${services[@]}"; do
	id=$("${compose[@]}" ps -q "$s")
	[ "$(docker inspect -f '{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}' "$id")" = "65532:65532 true [ALL]" ] ||
		fail "$s runs with more rights than it needs"
	password=$(docker cp "$id":/secrets/database.password - | tar -xO)
	if docker inspect "$id" | grep -qF -- "$password"; then fail "the password of $s stands in its environment"; fi
done
echo "confined: uid 65532, read-only, no capabilities, no secret in the environment"

issuer=$("${compose[@]}" ps -q issuer)
secret=$(docker cp "$issuer":/secrets/cli.secret - | tar -xO)
token() {
	curl -fsS http://127.0.0.1:8406/token -d grant_type=password -d client_id=dtks-cli --data-urlencode "client_secret=$secret" \
		-d "username=$1" | jq -r .access_token
}
operator=$(token operator1.00) verifier=$(token verifier1.00) approver=$(token approver1.00)
ask() { # TOKEN URL [BODY]
	curl -fsS -H "Authorization: Bearer $1" -H 'Content-Type: application/json' ${3:+-d "$3"} "$2"
}

family=$(ask "$operator" http://127.0.0.1:8401/v1/proposals "$(jq -n --arg id "compose-$(date +%s%N)" '{
	kind: "usulan", source: "verify", source_id: $id, area: "32.04.10.2001", kk: "3204100101209001", address: "JL. CONTOH NO. 1",
	survey: {instrument: "REGSOSEK2022.K", answers: {status_bangunan: 5, luas_lantai: 15, lantai: 8, dinding: 6, atap: 7, air_minum: 9,
		penerangan: 4, bahan_bakar: 10, jamban: 6, limbah: 5, kulkas: 2, tv: 2, motor: 2, mobil: 2}},
	members: [{member_id: "1", nik: "3204105003869001", name: "SITI CONTOH", birth_place: "CONTOH", birth_date: "1986-03-10", sex: "P",
		mother: "AMINAH CONTOH", relation: 1, marital: 4, school: 3, work: 0, pregnant: true}]}')")
proposal=$(jq -r .proposal_id <<<"$family") family=$(jq -r .family_id <<<"$family")
echo "proposed: family $family"

decide() { # STATUS DECISION TOKEN
	local until=$((SECONDS + 60)) found=
	while [ -z "$found" ]; do
		((SECONDS < until)) || fail "no case $1 with a verdict after 60 s"
		found=$(ask "$3" "http://127.0.0.1:8402/v1/cases?status=$1&proposal_id=$proposal" |
			jq -c --arg s "$1" 'first(.items[] | select(.status == $s and .verdicts_pending == 0)) // empty')
		[ -n "$found" ] || sleep 0.3
	done
	ask "$3" "http://127.0.0.1:8402/v1/cases/$(jq -r .case_id <<<"$found")/decisions" \
		"$(jq -c --arg d "$2" '{decision: $d, proposal_version}' <<<"$found")" >/dev/null
	echo "$2: done"
}
decide opened verify "$verifier"
decide verified approve "$approver"

until=$((SECONDS + 60))
until decisions=$(ask "$operator" "http://127.0.0.1:8404/v1/families/$family/decisions" 2>/dev/null) &&
	[ "$(jq '.decisions | length' <<<"$decisions")" -gt 0 ]; do
	((SECONDS < until)) || fail "no decision after 60 s"
	sleep 0.3
done
jq -c '.decisions[] | {programme, outcome, decile, reasons: [.reasons[].code]}' <<<"$decisions"

# A browser's way in: console, issuer, back with a code, page. curl too finds names below .localhost on this machine.
jar=$run/cookies redirect="%{redirect_url}"
visit() { curl -fsS -b "$jar" -c "$jar" -H 'Accept: text/html' -o "$run/page" -w "${2:-$redirect}" "$1" "${@:3}"; }
back=$(curl -fsS -o /dev/null -w '%{redirect_url}' -d account=operator1.00 "$(visit http://localhost:8400/auth/login)")
visit "$back" >/dev/null
[ "$(visit http://localhost:8400/ '%{http_code}')" = 200 ] || fail "the console shows no page to somebody who has signed in"
echo "console: signed in as operator1.00, $(wc -c <"$run/page") bytes of page"
echo "proved after $((SECONDS - began)) s"
