#!/usr/bin/env bash
# pin.sh VERSION (e.g. v1.36.3): rewrites go.mod for another Kubernetes version.
#
# k8s.io/kubernetes requires its staging modules (k8s.io/api, ...) at v0.0.0 and
# replaces them with ./staging directories, which a module zip does not carry;
# so each of them has to be replaced by its published v0.x version.
set -euo pipefail
cd "$(dirname "$0")"
kube=$1
staging=v0.${kube#v1.}
mod=$(cd / && go mod download -json "k8s.io/kubernetes@$kube" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
etcd=$(sed -n 's/.*go.etcd.io\/etcd\/server\/v3 \(v[0-9.]*\).*/\1/p' "$mod" | head -1)
{
  echo "module rig/controlplane"
  echo
  grep '^go ' "$mod"
  echo
  echo "require ("
  echo "	go.etcd.io/etcd/server/v3 $etcd"
  echo "	k8s.io/kubernetes $kube"
  echo ")"
  echo
  echo "replace ("
  sed -n 's/^[[:space:]]*\(replace \)\?\(k8s.io\/[a-z0-9-]*\) => .\/staging.*/\2/p' "$mod" | sort -u |
    while read -r m; do echo "	$m => $m $staging"; done
  echo ")"
} >go.mod
rm -f go.sum
go mod tidy
