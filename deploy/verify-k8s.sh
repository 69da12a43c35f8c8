#!/usr/bin/env bash
# Proves deploy/k8s on a real API server, without a cluster: kube-apiserver and etcd are built from their Go modules,
# started on loopback, and asked to accept everything (server-side dry run, unknown fields refused). Pods of all templates
# are offered too, for only pods are refused by the namespace's pod security level; workloads are merely warned about.
#
#   deploy/verify-k8s.sh
#
#   WORK   folder that keeps the two programs (about 10 CPU minutes the first time)   (~/.cache/dtks-verify-k8s)
#   DTKS   a ready dtks program; otherwise it is built
#   PORT   first of four ports on 127.0.0.1   (18640)
#
# Needs Go, kubectl, jq, curl, openssl. Not part of CI: run it when deploy/k8s has changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
kubernetes=1.36.3 etcd=3.7.3
work=${WORK:-${XDG_CACHE_HOME:-$HOME/.cache}/dtks-verify-k8s} port=${PORT:-18640}
mkdir -p "$work"
say() { printf '== %s\n' "$*"; }
fail() {
	echo "FAILED: $*" >&2
	exit 1
}

# Each in a module of its own, outside of the repository: their requirements clash, and one needs 30 replacements.
build() { # NAME VERSION LDFLAGS; go.mod and main.go are in $work/src-NAME
	say "building $1 $2"
	(cd "$work/src-$1" && export GOWORK=off GOFLAGS=-buildvcs=false && nice -n 19 go mod tidy &&
		nice -n 19 go build -trimpath -ldflags "$3" -o "$work/$1-$2.next" . && mv "$work/$1-$2.next" "$work/$1-$2")
}

if [ ! -x "$work/kube-apiserver-$kubernetes" ]; then
	mkdir -p "$work/src-kube-apiserver"
	mod=$(cd "$work" && GOWORK=off go mod download -json "k8s.io/kubernetes@v$kubernetes" | jq -r .GoMod)
	{
		printf 'module kube-apiserver\n\n%s\n\nrequire k8s.io/kubernetes v%s\n\nreplace (\n' "$(grep '^go ' "$mod")" "$kubernetes"
		sed -n 's|^\t\(k8s.io/[a-z-]*\) => ./staging/.*|\t\1 => \1 v0.'"${kubernetes#*.}"'|p' "$mod"
		printf ')\n'
	} >"$work/src-kube-apiserver/go.mod"
	cat >"$work/src-kube-apiserver/main.go" <<'GO'
package main

import (
	"os"

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() { os.Exit(cli.Run(app.NewAPIServerCommand())) }
GO
	v=k8s.io/component-base/version
	build kube-apiserver "$kubernetes" "-s -w -X $v.gitVersion=v$kubernetes -X $v.gitMajor=1 -X $v.gitMinor=$(cut -d. -f2 <<<"$kubernetes")"
fi
if [ ! -x "$work/etcd-$etcd" ]; then
	mkdir -p "$work/src-etcd"
	printf 'module etcd\n\ngo 1.26.0\n\nrequire go.etcd.io/etcd/server/v3 v%s\n' "$etcd" >"$work/src-etcd/go.mod"
	cat >"$work/src-etcd/main.go" <<'GO'
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
GO
	build etcd "$etcd" "-s -w"
fi

run=$(mktemp -d)
pids=()
stop() { # the API server first: it does not end while it looks for a store that is gone
	local i
	for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
		kill -9 "${pids[i]}" 2>/dev/null || true
		wait "${pids[i]}" 2>/dev/null || true
	done
	rm -rf "$run"
}
trap stop EXIT

say "starting etcd $etcd and kube-apiserver $kubernetes"
store=http://127.0.0.1:$((port + 1)) peers=http://127.0.0.1:$((port + 2))
"$work/etcd-$etcd" --data-dir "$run/etcd" --listen-client-urls "$store" --advertise-client-urls "$store" \
	--listen-peer-urls "$peers" --initial-advertise-peer-urls "$peers" --initial-cluster "default=$peers" \
	--unsafe-no-fsync >"$run/etcd.log" 2>&1 &
pids+=($!)
token=$(openssl rand -hex 24)
(umask 077 && echo "$token,verify,verify,system:masters" >"$run/tokens.csv")
openssl genrsa -out "$run/sa.key" 2048 2>/dev/null
"$work/kube-apiserver-$kubernetes" --etcd-servers "$store" --bind-address 127.0.0.1 --secure-port "$port" --cert-dir "$run/tls" \
	--token-auth-file "$run/tokens.csv" --authorization-mode RBAC --disable-admission-plugins ServiceAccount \
	--service-account-issuer https://127.0.0.1 --service-account-key-file "$run/sa.key" --service-account-signing-key-file "$run/sa.key" \
	--service-cluster-ip-range 10.0.0.0/24 --endpoint-reconciler-type none >"$run/apiserver.log" 2>&1 &
pids+=($!)
began=$SECONDS
until [ "$(curl -sk -H "Authorization: Bearer $token" "https://127.0.0.1:$port/readyz")" = ok ]; do
	kill -0 "${pids[1]}" 2>/dev/null || { tail -5 "$run/apiserver.log"; fail "the API server has ended"; }
	((SECONDS - began < 180)) || { tail -5 "$run/apiserver.log"; fail "the API server is not ready after 180 s"; }
	sleep 0.5
done
export KUBECONFIG=$run/kubeconfig
kubectl config set-cluster verify --server "https://127.0.0.1:$port" --certificate-authority "$run/tls/apiserver.crt" >/dev/null
kubectl config set-credentials verify --token "$token" >/dev/null
kubectl config set-context verify --cluster verify --user verify >/dev/null
kubectl config use-context verify >/dev/null
kubectl get --raw /version | jq -r '"API server \(.gitVersion), ready"'
kubectl apply --server-side -f deploy/k8s/base/namespace.yaml >/dev/null # a dry run into a namespace that is not there says nothing

# templates makes a pod of every workload's template.
templates() {
	jq '{apiVersion: "v1", kind: "List", items: [.items[] | select(.spec.template) |
		{apiVersion: "v1", kind: "Pod", metadata: {name: .metadata.name, namespace: "dtks", labels: .spec.template.metadata.labels},
		 spec: (.spec.template.spec + (if .spec.volumeClaimTemplates then {volumes: ((.spec.template.spec.volumes // []) +
		 [.spec.volumeClaimTemplates[] | {name: .metadata.name, persistentVolumeClaim: {claimName: .metadata.name}}])} else {} end))}]}'
}

# offer gives a list to the server, strictly, and prints how many of its objects were taken.
offer() { # NAME FILE
	local want got
	want=$(jq '.items | length' "$2")
	got=$(kubectl apply --server-side --dry-run=server --validate=strict -f "$2" -o name 2>"$run/err" | wc -l) || true
	echo "$1: accepted $got of $want"
	if [ -s "$run/err" ]; then cat "$run/err"; fi
	[ "$got" -eq "$want" ] && [ ! -s "$run/err" ] || fail "$1"
}

check() { # NAME FOLDER
	kubectl kustomize "$2" >"$run/all.yaml"
	kubectl create --dry-run=client --validate=false -f "$run/all.yaml" -o json | jq -s '{apiVersion: "v1", kind: "List", items: .}' >"$run/all.json"
	offer "$1, objects" "$run/all.json"
	templates <"$run/all.json" >"$run/pods.json"
	offer "$1, pods of the templates, pod security restricted" "$run/pods.json"
}

say "deploy/k8s/base"
check base deploy/k8s/base

say "deploy/k8s/site, with secrets made for this run"
cp -r deploy/k8s "$run/k8s"
rm -rf "$run/k8s/site/secrets"
dtks=${DTKS:-}
if [ -z "$dtks" ]; then
	dtks=$run/dtks
	CGO_ENABLED=0 nice -n 19 go build -trimpath -buildvcs=false -ldflags '-s -w' -o "$dtks" ./cmd/dtks
fi
"$dtks" provision --secrets "$run/k8s/site/secrets" --config "$run/k8s/site/nats-server.conf"
for f in nik-match/dukcapil.password notify/smtp.password; do echo example >"$run/k8s/site/secrets/$f"; done
check site "$run/k8s/site"

say "what must be refused"
refused() { # NAME JQ EXPECTED
	jq "$2" "$run/pods.json" >"$run/bad.json"
	if kubectl apply --server-side --dry-run=server --validate=strict -f "$run/bad.json" -o name >/dev/null 2>"$run/err"; then fail "$1 was accepted"; fi
	grep -qF "$3" "$run/err" || { cat "$run/err"; fail "$1 was refused for another reason"; }
	echo "$1: refused"
}
refused "a pod that may gain privileges" '.items |= [.[0] | .spec.containers[0].securityContext.allowPrivilegeEscalation = true]' 'violates PodSecurity "restricted'
refused "a pod that may run as root" '.items |= [.[0] | del(.spec.securityContext)]' 'violates PodSecurity "restricted'
refused "a misspelt field" '.items |= [.[0] | .spec.containers[0].imag = "x"]' 'imag'
echo "all of it holds"
