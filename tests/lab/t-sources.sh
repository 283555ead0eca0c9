#!/usr/bin/env bash
# Hosts installed from a release server with the projects' layout (release.sh), over HTTPS with an authority of its own: what is fetched by
# this machine and what by each host; a second run; what stops a run before any host is changed, and what it says; a proxy with a password.
# in turn
. "$(dirname "$0")/t.sh"

up h1 h2 registry
h1=${containers[0]} h2=${containers[1]}
registry=$(address 2)
addresses=("$(address 0)" "$(address 1)")
here=${addresses[0]%.*}.1
# One downloads with curl, the other with wget.
podman exec "$h1" sh -c 'apt-get update -qq && apt-get install -qq --no-install-recommends curl ca-certificates' > "$TMP/apt" 2>&1 || { cat "$TMP/apt"; die "no curl"; }
podman exec "$h2" sh -c 'apt-get update -qq && apt-get install -qq --no-install-recommends wget ca-certificates' > "$TMP/apt" 2>&1 || { cat "$TMP/apt"; die "no wget"; }

. "$LAB_DIR/serve-release.sh"
issue ended 20210101000000Z
# An authority that has ended, by itself.
openssl ca -batch -notext -selfsign -config "$d/ca.cnf" -keyfile "$d/ca.key" -in <(openssl req -new -key "$d/ca.key" -subj "/CN=ended authority") -out "$d/old.crt" -startdate 20200101000000Z -enddate 20210101000000Z 2> "$d/log" || { cat "$d/log"; die "no old authority"; }

serve server server; port=$served
serve ended ended; old=$served
serve proxy; proxy=$served

# Images are another test's (t-release, t-registry): here small ones of their names do.
mkdir "$TMP/registry" "$TMP/image"
(umask 077; echo 'r3gistry' > "$TMP/registry.pass")
"$LAB_DIR/registry.sh" start "${containers[2]}" "$registry" "$TMP/registry" puller "$TMP/registry.pass"
tar -C "$TMP/image" -xf "$CACHE/tree/v1.20.2/images/pause.tar"
for image in pause:3.2 etcd:3.4.13-0 coredns:1.7.0 kube-apiserver:v1.20.2 kube-controller-manager:v1.20.2 kube-scheduler:v1.20.2 kube-proxy:v1.20.2; do
  jq -c --arg name "k8s.gcr.io/$image" '.[0].RepoTags = [$name]' "$TMP/image/manifest.json" > "$TMP/manifest"
  mv "$TMP/manifest" "$TMP/image/manifest.json"
  tar -C "$TMP/image" -cf "$TMP/${image%%:*}.tar" .
  "$LAB_DIR/registry.sh" push "$registry" "$TMP/registry" puller "$TMP/registry.pass" k8s "$TMP/${image%%:*}.tar"
done

# file NAME ARTIFACTS [MORE]: a cluster.yaml.
file() {
  local proxy=''
  [ -z "${3:-}" ] || proxy="\\n  proxy: {$3}"
  BIVOUAC_BUNDLE=$OUT/v1.20.2.bundle "$LAB_DIR/cluster.sh" "$RUN" --workers 1 |
    sed -e "s|^  artifacts:.*|  artifacts: {$2}$proxy\n  registries: [{address: '$registry:5000', username: puller, passwordFile: $TMP/registry.pass, ca: $TMP/registry/ca.crt}]|" > "$TMP/$1.yaml"
}
file operator "$(at "$port"), ca: $d/ca.crt"
file hosts "$(at "$port"), ca: $d/ca.crt, download: hosts"
file old-server "$(at "$old"), ca: $d/ca.crt"
file old-ca "$(at "$port"), ca: $d/old.crt"
file no-ca "$(at "$port")"
# The own playbooks install all programs, and nothing that would need images.
mkdir -p "$TMP/own/playbooks/init"
cat > "$TMP/own/playbooks/init/10-install.yaml" <<'E'
name: install
steps:
- name: a first change
  file: {path: /etc/bivouac-test, content: "x"}
- name: programs
  artifact: {kind: binary, names: [kubelet, kubeadm, kubectl, runc, containerd, containerd-shim-runc-v2, ctr, crictl], into: /opt/bivouac-test/bin}
- name: plugins
  artifact: {kind: cni, into: /opt/bivouac-test/cni}
E
# The same and a package, for the proxy.
cp -r "$TMP/own" "$TMP/packages"
cat > "$TMP/packages/playbooks/init/20-package.yaml" <<'E'
name: package
steps:
- name: a package
  package: [socat]
  limit: 300
E
own=$TMP/own
run() { # FILE VERB ARGUMENT...: events go to $TMP/json, words to $TMP/err
  local file=$1
  shift
  XDG_CACHE_HOME=$TMP/cache "$BIVOUAC" "$@" -f "$TMP/$file.yaml" --playbooks "$own" --accept-new-host-keys --log-dir "$TMP/logs" --output json > "$TMP/json" 2> "$TMP/err" || { local status=$?; cat "$TMP/err"; tail -n 20 "$TMP/json"; return "$status"; }
}
wipe() { "$BIVOUAC" wipe -f "$TMP/operator.yaml" --yes --accept-new-host-keys --log-dir "$TMP/logs" > "$TMP/wiped" 2>&1 || { cat "$TMP/wiped"; return 1; }; }
fresh() { rm -rf "$TMP/cache"; : > "$TMP/server.log"; : > "$TMP/ended.log"; : > "$TMP/proxy.log"; }
asked() { grep -c "^$1 GET" "$TMP/server.log" || :; }
programs() {
  local c name
  for c in "$h1" "$h2"; do
    for name in "$CACHE/tree/v1.20.2/bin/"*; do
      # The release server's is the one that can pull (release.sh).
      [ "${name##*/}" != crictl ] || name=$CACHE/bin/crictl
      [ "$(podman exec "$c" sha256sum "/opt/bivouac-test/bin/${name##*/}" | cut -d' ' -f1)" = "$(sha256sum < "$name" | cut -d' ' -f1)" ] || { echo "$c: $name"; return 1; }
    done
    for name in "$CACHE/tree/v1.20.2/cni/"*; do
      [ "$(podman exec "$c" sha256sum "/opt/bivouac-test/cni/${name##*/}" | cut -d' ' -f1)" = "$(sha256sum < "$name" | cut -d' ' -f1)" ] || { echo "$c: $name"; return 1; }
    done
  done
}
before() { local c; for c in "$h1" "$h2"; do snap "$c" > "$TMP/$c.before"; done; }
# The callers' errors are looked at, so each line here says for itself when it fails.
unchanged() {
  local c
  for c in "$h1" "$h2"; do
    snap "$c" > "$TMP/$c.after" || return 1
    same "$TMP/$c.before" "$TMP/$c.after" || return 1
    podman exec "$c" sh -c 'for path in /var/lib/bivouac /run/bivouac /etc/bivouac-test; do [ ! -e "$path" ] || { echo "$path is there"; find "$path"; exit 1; }; done' || return 1
  done
}
before

by_operator() {
  fresh
  run operator init
  # A file and its sum each.
  [ "$(asked "$here")" = 14 ] || { cat "$TMP/server.log"; return 1; }
  [ "$(asked "${addresses[0]}")" = 0 ]
  programs
}
again() {
  : > "$TMP/server.log"
  run "$1" init || return 1
  if grep '"changed":true' "$TMP/json"; then return 1; fi
  [ "$(asked "${addresses[0]}")$(asked "${addresses[1]}")" = 00 ]
}
offline() { again operator && [ ! -s "$TMP/server.log" ]; }
by_hosts() {
  fresh
  run hosts init
  # The sums here, the files there.
  [ "$(asked "$here") $(asked "${addresses[0]}") $(asked "${addresses[1]}")" = "7 7 7" ] || { cat "$TMP/server.log"; return 1; }
  programs
  local c
  for c in "$h1" "$h2"; do podman exec "$c" sh -c 'test ! -e /var/lib/bivouac/content/fetched && test -s /var/lib/bivouac/journal'; done
}
# planned N: so many programs are what a plan would change.
planned() {
  run hosts plan
  [ "$(grep -c '"change_planned".*/opt/bivouac-test/' "$TMP/json")" = "$1" ] || { cat "$TMP/json"; return 1; }
}
gone() { wipe && unchanged; }
# stops STATUS FILE "WORDS" "WORDS": it ends so, says both, and no host is changed.
stops() {
  local expected=$1 file=$2 status=0 words
  shift 2
  fresh
  run "$file" init > /dev/null || status=$?
  [ "$status" = "$expected" ] || { echo "it ended with $status"; cat "$TMP/err" "$TMP/json"; return 1; }
  for words; do grep -qF -- "$words" "$TMP/err" "$TMP/json" || { echo "no \`$words\`"; cat "$TMP/err" "$TMP/json"; return 1; }; done
  if grep '"changed":true' "$TMP/json"; then return 1; fi
  unchanged
}
kubelet=/dl/release/v1.20.2/bin/linux/amd64/kubelet
plugins=$(cd "$TMP/site" && ls github/containernetworking/plugins/releases/download/*/*.tgz)
# fault PATH FAULT STATUS FILE WORDS...: while the server has this fault.
fault() {
  local status=0
  echo "$1 $2" > "$TMP/site/.faults"
  shift 2
  stops "$@" || status=$?
  rm -f "$TMP/site/.faults"
  return "$status"
}
# In hosts' own downloads both hosts have the trouble, and each says so by name.
on_both() { grep -q '"host":"h1".*'"$1" "$TMP/json" && grep -q '"host":"h2".*'"$1" "$TMP/json"; }
wrong_on_hosts() { fault "/$plugins" wrong 1 hosts "${plugins##*/}" "checksum is wrong" && on_both "checksum is wrong"; }
missing_on_hosts() { fault "/$plugins" missing 1 hosts "${plugins##*/}" "404" && on_both 404; }
cut_on_hosts() { fault "$kubelet" cut 1 hosts "$kubelet" && on_both kubelet; }

# Only h2 gets a broken file: h1 has all it needs, and is not changed either.
one_of_two() {
  rm -rf "$TMP/logs"
  fault "/$plugins" "wrong ${addresses[1]}" 1 hosts "checksum is wrong" &&
    told '"host":"h2".*"event":"step_failed"' &&
    told '"host":"h1".*download what is to be installed.*"event":"step_done"' &&
    told '"host":"h1".*"event":"gate_shut".*every host has downloaded what it needs'
}
# told PATTERN: an event of the runs is like this; a gate that stays shut is told to files only.
told() { grep -q "$1" "$TMP/logs/events.jsonl" || { echo "no event is like $1:"; cat "$TMP/json"; return 1; }; }
tool_missing() {
  podman exec "$h2" mv /usr/bin/wget /usr/bin/wget.away
  before
  local status=0
  # shellcheck disable=SC2016 # backquotes are quotes here
  stops 3 hosts 'neither `curl` nor `wget`' || status=$?
  podman exec "$h2" mv /usr/bin/wget.away /usr/bin/wget
  before
  return "$status"
}

secret='p@ss:w0rd/%'
(umask 077; printf '%s\n' "$secret" > "$TMP/secret")
printf 'Basic %s' "$(printf '%s' "ops:$secret" | base64)" > "$TMP/site/.login"
proxied="http: 'http://$here:$proxy', https: 'http://$here:$proxy', username: ops, passwordFile: $TMP/secret"
via_proxy() { # operator|hosts
  local own=$TMP/packages
  file "$1-proxy" "$(at "$port"), ca: $d/ca.crt, download: $1" "$proxied"
  fresh
  run "$1-proxy" init
  programs
  grep -q "^$here CONNECT $here:$port" "$TMP/proxy.log"
  # Packages come through it, too; the second time apt has them still.
  [ "$1" = hosts ] || grep -q "^${addresses[0]} GET http://.*/socat_" "$TMP/proxy.log" || { cat "$TMP/proxy.log"; return 1; }
  [ "$1" = operator ] || { grep -q "^${addresses[0]} CONNECT" "$TMP/proxy.log" && grep -q "^${addresses[1]} CONNECT" "$TMP/proxy.log"; }
}
bad_login() {
  (umask 077; echo other > "$TMP/other")
  file bad "$(at "$port"), ca: $d/ca.crt" "${proxied/$TMP\/secret/$TMP\/other}"
  stops 3 bad "the proxy refuses"
}
unseen() {
  while kill -0 "$watcher" 2> /dev/null; do sleep .1; done
  cat "$TMP/watch"
  ! grep -q holds "$TMP/watch" && [ "$(sed -n 's/^looks //p' "$TMP/watch")" -gt 20 ]
  if grep -rlF -f "$TMP/secret" "$TMP/logs" "$TMP/json" "$TMP/err"; then return 1; fi
  ! podman exec -i "$h1" grep -rlF -f - /var/lib/bivouac /run/bivouac 2> /dev/null < "$TMP/secret"
}
encoded=$(printf '%s' "$secret" | perl -pe 's/([^A-Za-z0-9])/sprintf("%%%02X", ord $1)/ge')

t "this machine downloads, and uploads to both hosts" by_operator
t "a second run asks the server for nothing" offline
t "a wipe leaves nothing" gone
all=$(find "$CACHE/tree/v1.20.2/bin" "$CACHE/tree/v1.20.2/cni" -type f -printf "%h/%f,%h/%f,\n" | tr -dc , | wc -c)
t "a plan shows all programs" planned "$all"
t "each host downloads by itself" by_hosts
t "a plan shows none of them, also of those out of archives" planned 0
t "a second run downloads nothing on hosts" again hosts
t "a wipe leaves nothing of that" gone
t "a wrong checksum stops it" fault "/$plugins" wrong 3 operator "${plugins##*/}" "its checksum is wrong: expected SHA-256"
t "a missing file stops it" fault "$kubelet" missing 3 operator "$kubelet" "404"
t "a missing list of sums stops it" fault "$kubelet.sha256" missing 3 operator "$kubelet.sha256" "404"
t "a download that is cut off stops it" fault "/$plugins" cut 3 operator "${plugins##*/}" "cut off: got"
t "a certificate that has ended stops it" stops 3 old-server ".sha256" "has expired"
t "an authority that has ended stops it" stops 2 old-ca "old.crt" "which has expired"
t "an authority that nobody named stops it" stops 3 no-ca "https://$here" "not trusted here"
t "a wrong checksum on hosts stops all of them" wrong_on_hosts
t "a missing file on hosts stops all of them" missing_on_hosts
t "a download that is cut off on hosts stops all of them" cut_on_hosts
t "a host that cannot download stops the other one" one_of_two
t "a host without a tool for it is refused" tool_missing
printf '%s\n%s\n' "$secret" "$encoded" > "$TMP/secrets"
"$LAB_DIR/watch-secrets.pl" "$TMP/stop" "$TMP/secrets" > "$TMP/watch" &
watcher=$!
t "this machine goes through a proxy with a password" via_proxy operator
t "a wipe leaves nothing of the proxy" gone
t "hosts go through it too" via_proxy hosts
touch "$TMP/stop"
t "the password is in no argument, environment, log, event or journal" unseen
t "a wipe leaves nothing of the hosts' proxy" gone
t "a wrong password stops it" bad_login
