#!/usr/bin/env bash
# The rig's one command; see README.md.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
name=${NAME:-rig}
suite=${SUITE:-1.7}
channel=${CHANNEL:-experimental}
families=${FAMILIES:-ipv4} # or ipv6, or both with a comma, the first being the one of what has one address
cache=${RIG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice/conformance}
bin=$cache/bin
state=$cache/run/$name
netns=rig-$name # empty inside "once", which brings its own namespaces
[ "${RIG_ONCE:-}" ] && netns=

usage() {
  cat >&2 <<END
usage: [NAME=rig] [SUITE=1.7|1.6] [CHANNEL=experimental|standard] [FAMILIES=ipv4|ipv6|ipv4,ipv6] [IMAGES='name=command,...'] $0
  build              build everything (what is up to date is left alone)
  up | down          start, stop rig \$NAME (root)
  once CMD...        up, CMD, and everything is gone again (needs no root)
  conformance FLAGS  run the conformance suite; flags as in the suite's documentation
  kubectl ARGS       kubectl as cluster administrator
  exec CMD...        run CMD in the rig's network namespace, with KUBECONFIG set
  image NAME=COMMAND run containers of image NAME as COMMAND from now on
  stop PROGRAM       kill one of the programs that status lists, as if it had crashed
  start PROGRAM      start it again, and wait until it answers
  state|kubeconfig   print the path of the rig's files; of its kubeconfig
  status             which programs run
END
  exit 2
}

# need PROGRAM PACKAGE: both are named where a machine lacks the program.
need() {
  command -v "$1" >/dev/null || { echo "$0: $1 is missing (Debian, Ubuntu: apt-get install $2)" >&2; exit 3; }
}

# The module whose version decides about both the suite and the CRDs.
suite_dir() { case $suite in 1.7) echo "$here/suite" ;; *) echo "$here/suite-$suite" ;; esac; }

# built WHAT COMMAND...: says how long it took.
built() {
  local what=$1 begin=$SECONDS
  shift
  "$@"
  echo "$what: $((SECONDS - begin)) s"
}

build() {
  local go
  go=$(command -v go || command -v /usr/local/go/bin/go) ||
    { echo "$0: Go is missing (https://go.dev/dl, 1.21 or newer; it fetches the version that it needs by itself)" >&2; exit 3; }
  # Static binaries; GOTOOLCHAIN=auto lets a module ask for a newer Go than the
  # installed one, which then comes as a module like everything else.
  export CGO_ENABLED=0 GOTOOLCHAIN=auto GOFLAGS=
  local flags=(-trimpath -buildvcs=false) strip="-s -w" kube
  mkdir -p "$bin"
  # Two builds of one cache would replace each other's programs.
  exec 9>"$cache/build.lock"
  flock -n 9 || { echo "waiting for another build"; flock 9; }
  cd "$here/controlplane"
  kube=$("$go" list -m -f '{{.Version}}' k8s.io/kubernetes)
  built "Kubernetes $kube" "$go" build "${flags[@]}" -ldflags "$strip -X k8s.io/component-base/version.gitVersion=$kube" -o "$bin/rig" .
  cd "$here/echo"
  built "echo server" "$go" build "${flags[@]}" -ldflags "$strip" -o "$bin/echo-basic" sigs.k8s.io/gateway-api-conformance-images/echo-basic
  if [ "$suite" = 1.6 ]; then
    cd "$here/coredns"
    built "CoreDNS" "$go" build "${flags[@]}" -ldflags "$strip" -o "$bin/coredns" .
  fi
  cd "$(suite_dir)"
  built "suite $suite" "$go" test -c "${flags[@]}" -ldflags "$strip" -o "$bin/conformance-$suite.test" .
  # The CRDs stay where they are, in the module cache: the suite wants those of its
  # own version. (A link, since "up" has to do without network, and without Go.)
  ln -sfn "$("$go" list -m -f '{{.Dir}}' sigs.k8s.io/gateway-api)/config/crd" "$bin/crds-$suite"
}

inside=() # prefix of what runs in the rig's network namespace
if [ "$netns" ]; then inside=(nsenter --net="/run/netns/$netns" --); fi

environment=(env "KUBECONFIG=$state/pki/kubeconfig" "PATH=$bin/links:$PATH")
in_ns() { "${inside[@]}" "${environment[@]}" "$@"; }
# The same in place of this shell: a signal to the caller's child reaches the program.
become() { exec "${inside[@]}" "${environment[@]}" "$@"; }

# background PROGRAM ARGS...: in the rig's network namespace. (No function in between: $! is to be the program itself.)
background() {
  local program=$1
  "${inside[@]}" setsid "$bin/rig" "$@" >>"$state/$program.log" 2>&1 </dev/null 9>&- &
  echo $! >"$state/$program.pid"
}

# pid PROGRAM: its recorded pid, if that still is one of our programs.
pid() {
  local p exe
  p=$(cat "$state/$1.pid" 2>/dev/null) || return 1
  exe=$(readlink "/proc/$p/exe") || return 1
  [ "${exe% (deleted)}" = "$(readlink -f "$bin")/rig" ] && echo "$p"
}

# wait_for SECONDS WHAT COMMAND...
wait_for() {
  local end=$((SECONDS + $1)) what=$2; shift 2
  until "$@" >/dev/null 2>&1; do
    if [ $SECONDS -gt $end ]; then echo "$what: not after all this time; see $state/*.log" >&2; return 1; fi
    sleep 0.1
  done
}

# each WHAT: of each family, in order. The rest of them is in controlplane/family.go.
each() {
  local family
  for family in ${families//,/ }; do
    case $1-$family in
    node-ipv4) echo 198.18.0.1 ;;
    node-ipv6) echo fd12::1 ;;
    services-ipv4) echo 198.18.128.0/18 ;;
    services-ipv6) echo fd12:0:0:1::/112 ;;
    serving-ipv4) printf '%s\n' 198.18.0.1 198.18.128.1 ;;
    serving-ipv6) printf '%s\n' fd12::1 fd12:0:0:1::1 ;;
    setup-ipv4)
      echo "addr add 198.18.0.1/17 dev rig0"
      echo "route add local 198.18.128.0/18 dev lo"
      echo "route add local 198.19.0.0/16 dev lo" ;;
    setup-ipv6)
      echo "addr add fd12::1/64 dev rig0 nodad"
      echo "route add local fd12:0:0:1::/112 dev lo"
      echo "route add local fd12:0:0:2::/112 dev lo" ;;
    *) echo "$0: FAMILIES is ipv4, ipv6, or both with a comma" >&2; exit 2 ;;
    esac
  done
}

programs=(etcd kube-apiserver kube-controller-manager node)

# start PROGRAM: returns when what depends on it can go on.
start() {
  local pki=$state/pki apiserver admin=$state/pki/kubeconfig
  apiserver=$(each node | head -n 1)
  case $1 in
  etcd) background etcd -data-dir "$state/etcd" ;;
  kube-apiserver)
    # The address is the bridge's: pods reach it, and endpoints may not be loopback.
    background kube-apiserver --etcd-servers=http://127.0.0.1:2379 \
      --bind-address=$apiserver --advertise-address=$apiserver --secure-port=6443 \
      --service-cluster-ip-range="$(each services | paste -sd,)" --authorization-mode=RBAC --allow-privileged=true \
      --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" --client-ca-file="$pki/ca.crt" \
      --service-account-key-file="$pki/sa.key" --service-account-signing-key-file="$pki/sa.key" \
      --service-account-issuer=https://kubernetes.default.svc \
      --kubelet-client-certificate="$pki/admin.crt" --kubelet-client-key="$pki/admin.key" \
      --feature-gates=ClusterTrustBundle=true --runtime-config=certificates.k8s.io/v1beta1/clustertrustbundles=true \
      --enable-priority-and-fairness=false --profiling=false
    wait_for 60 kube-apiserver in_ns kubectl get --raw /readyz ;;
  kube-controller-manager)
    # No node lifecycle, volume or HPA controllers: there is one node, and no volumes.
    background kube-controller-manager \
      --kubeconfig="$admin" --authentication-kubeconfig="$admin" --authorization-kubeconfig="$admin" \
      --controllers=deployment-controller,replicaset-controller,daemonset-controller,statefulset-controller,job-controller,endpoints-controller,endpointslice-controller,endpointslice-mirroring-controller,serviceaccount-controller,root-ca-certificate-publisher-controller,clusterrole-aggregation-controller,namespace-controller,garbage-collector-controller \
      --service-account-private-key-file="$pki/sa.key" --root-ca-file="$pki/ca.crt" \
      --leader-elect=false --bind-address=127.0.0.1 --kube-api-qps=500 --kube-api-burst=1000 ;;
  node)
    background node -families "$families" -kubeconfig "$admin" -dir "$state/node" -images "$state/images" \
      -cert "$pki/apiserver.crt" -key "$pki/apiserver.key"
    wait_for 30 node grep -q "node ready" "$state/node.log" ;;
  *) usage ;;
  esac
}

up() {
  need ip iproute2; need nsenter util-linux; need setsid util-linux
  [ -x "$bin/rig" ] && [ -e "$bin/crds-$suite/$channel" ] || { echo "first: SUITE=$suite $0 build" >&2; exit 3; }
  [ -z "$netns" ] || [ "$(id -u)" = 0 ] || { echo "$0: up needs root; \"once\" does not" >&2; exit 3; }
  if pid kube-apiserver >/dev/null; then echo "rig $name is up already" >&2; exit 1; fi
  down
  rm -rf "$state"
  mkdir -p "$state/node" "$bin/links"
  ln -sf ../rig "$bin/links/kubectl"

  if [ "$netns" ]; then ip netns add "$netns"; fi
  {
    echo "link set lo up"
    echo "link add rig0 address 02:00:c6:12:00:01 type bridge forward_delay 0"
    echo "link set rig0 up"
    each setup
  } | in_ns ip -batch -
  # Addresses of local routes can be bound as they are with IPv4 alone.
  if [[ $families == *ipv6* ]]; then in_ns sh -c 'echo 1 >/proc/sys/net/ipv6/ip_nonlocal_bind'; fi
  local apiserver
  apiserver=$(each node | head -n 1)
  if [[ $apiserver == *:* ]]; then apiserver="[$apiserver]"; fi
  "$bin/rig" pki -dir "$state/pki" -server "https://$apiserver:6443" -ips "127.0.0.1,$(each serving | paste -sd,)"
  {
    echo "echo-basic=$bin/echo-basic"
    # A backend in the 1.6 suite's base manifests: Setup waits for it, but only UDPRoute tests need the real thing.
    if [ -x "$bin/coredns" ]; then echo "coredns=$bin/coredns"; else echo "coredns=$bin/rig pause"; fi
    tr ',' '\n' <<<"${IMAGES:-}"
  } >"$state/images"

  start etcd
  start kube-apiserver
  start kube-controller-manager
  start node

  local crds=$bin/crds-$suite/$channel file
  for file in "$crds"/*.yaml; do
    [ "${file##*/}" = kustomization.yaml ] || echo "--filename=$file"
  done | in_ns xargs kubectl apply --server-side >"$state/crds.log"
  in_ns kubectl wait --for=condition=Established crd --all --timeout=30s >/dev/null
  wait_for 30 kube-controller-manager in_ns kubectl -n default get serviceaccount default
}

# kill_program PROGRAM: at once, and forgotten.
kill_program() {
  local p
  if p=$(pid "$1"); then
    kill -9 "$p"
    wait_for 5 "$1" eval "! pid $1"
  fi
  rm -f "$state/$1.pid"
}

down() {
  local p i
  # The node kills the pods' processes. The rest only drains connections on
  # SIGTERM, for up to a minute, and has nothing worth saving.
  if p=$(pid node); then
    kill "$p"
    wait_for 5 node eval "! pid node" || true
  fi
  for ((i = ${#programs[@]} - 1; i >= 0; i--)); do kill_program "${programs[i]}"; done
  if [ "$netns" ] && [ -e "/run/netns/$netns" ]; then ip netns del "$netns"; fi
}

once() {
  need unshare util-linux
  local private=(--net --mount --pid --fork --mount-proc --kill-child)
  [ "$(id -u)" = 0 ] || private+=(--user --map-root-user)
  RIG_ONCE=1 NAME=${NAME:-once-$$} exec unshare "${private[@]}" "$here/rig.sh" _once "$@"
}

[ $# -gt 0 ] || usage
verb=$1; shift
case $verb in
build) build ;;
up) up ;;
down) down ;;
once) [ $# -gt 0 ] || usage; once "$@" ;;
_once) # inside once's namespaces: they end, and with them every process, with this
  trap 'rm -rf "$state"' EXIT
  up
  NAME=$name in_ns "$@" ;;
exec) [ $# -gt 0 ] || usage; become "$@" ;;
kubectl) become kubectl "$@" ;;
conformance) become "$bin/conformance-$suite.test" -test.v -test.timeout="${TIMEOUT:-90m}" "$@" ;;
image) [[ ${1:-} == *=* ]] || usage; printf '%s\n' "$@" >>"$state/images" ;;
stop | start)
  [[ " ${programs[*]} " == *" ${1:-} "* ]] || usage
  if [ "$verb" = stop ]; then kill_program "$1"; elif pid "$1" >/dev/null; then echo "$1 runs already" >&2; exit 1; else start "$1"; fi ;;
state) echo "$state" ;;
kubeconfig) echo "$state/pki/kubeconfig" ;;
status) for p in "${programs[@]}"; do printf '%-24s %s\n' "$p" "$(pid "$p" || echo -)"; done ;;
*) usage ;;
esac
