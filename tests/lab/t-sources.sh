#!/usr/bin/env bash
# Hosts installed from a release server with the projects' layout (release.sh), over HTTPS with an authority of its own: what is fetched by
# this machine and what by each host; a second run; what stops a run before any host is changed, and what it says; a proxy with a password.
. "$(dirname "$0")/t.sh"

"$LAB_DIR/release.sh"
mapfile -t lines < <(hosts h1 h2)
mapfile -t containers < <(printf '%s\n' "${lines[@]}" | cut -d' ' -f3)
[ "${#containers[@]}" = 2 ] || die "not all hosts started"
h1=${containers[0]} h2=${containers[1]}
addresses=("$(cut -d' ' -f2 <<< "${lines[0]}")" "$(cut -d' ' -f2 <<< "${lines[1]}")")
here=${addresses[0]%.*}.1
# One downloads with curl, the other with wget.
podman exec "$h1" sh -c 'apt-get update -qq && apt-get install -qq --no-install-recommends curl ca-certificates' > "$TMP/apt" 2>&1 || { cat "$TMP/apt"; die "no curl"; }
podman exec "$h2" sh -c 'apt-get update -qq && apt-get install -qq --no-install-recommends wget ca-certificates' > "$TMP/apt" 2>&1 || { cat "$TMP/apt"; die "no wget"; }

# The release, as a copy that faults can be written beside.
cp -al "$CACHE/release" "$TMP/site" 2> /dev/null || cp -a "$CACHE/release" "$TMP/site"
d=$TMP/ca
mkdir "$d"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=lab release authority" -days 30 -keyout "$d/ca.key" -out "$d/ca.crt" 2> /dev/null
# issue NAME END: a certificate for this machine's address.
issue() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=release" -keyout "$d/$1.key" -out "$d/$1.csr" 2> /dev/null
  mkdir -p "$d/issued"
  : > "$d/index"
  echo 01 > "$d/serial"
  printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index\nserial=%s/serial\nnew_certs_dir=%s/issued\ndefault_md=sha256\npolicy=p\nx509_extensions=ext\nunique_subject=no\n[p]\ncommonName=supplied\n[ext]\nsubjectAltName=IP:%s\nextendedKeyUsage=serverAuth\n' \
    "$d" "$d" "$d" "$here" > "$d/ca.cnf"
  openssl ca -batch -notext -config "$d/ca.cnf" -keyfile "$d/ca.key" -cert "$d/ca.crt" -in "$d/$1.csr" -out "$d/$1.crt" -startdate 20200101000000Z -enddate "$2" 2> "$d/log" || { cat "$d/log"; return 1; }
}
issue server 20990101000000Z
issue ended 20210101000000Z
# An authority that has ended, by itself.
openssl ca -batch -notext -selfsign -config "$d/ca.cnf" -keyfile "$d/ca.key" -in <(openssl req -new -key "$d/ca.key" -subj "/CN=ended authority") -out "$d/old.crt" -startdate 20200101000000Z -enddate 20210101000000Z 2> "$d/log" || { cat "$d/log"; die "no old authority"; }

servers=()
# serve NAME [CERTIFICATE]: a server on a free port; prints the port.
serve() {
  local port
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])')
  "$LAB_DIR/release-server.py" "$port" "$TMP/site" "$TMP/$1.log" ${2:+"$d/$2.crt" "$d/$2.key"} > "$TMP/$1.out" 2>&1 &
  servers+=($!)
  for _ in $(seq 100); do
    if timeout 1 bash -c "exec 3<> /dev/tcp/127.0.0.1/$port" 2> /dev/null; then break; fi
    sleep .1
  done
  touch "$TMP/$1.log"
  served=$port
}
ended() { [ ${#servers[@]} = 0 ] || kill "${servers[@]}" 2> /dev/null || :; _end; }
trap ended EXIT
serve server server; port=$served
serve ended ended; old=$served
serve proxy; proxy=$served

# file NAME ARTIFACTS [MORE]: a cluster.yaml.
file() {
  local proxy=''
  [ -z "${3:-}" ] || proxy="\\n  proxy: {$3}"
  BIVOUAC_BUNDLE=$OUT/v1.20.2.bundle "$LAB_DIR/cluster.sh" "$RUN" |
    sed -e "s|^  artifacts:.*|  artifacts: {$2}$proxy|" > "$TMP/$1.yaml"
}
at() { echo "mirror: {kubernetes: 'https://$here:$1/dl', github: 'https://$here:$1/github'}"; }
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
run() { # FILE VERB ARGUMENT...: events go to $TMP/json, words to $TMP/err
  local file=$1
  shift
  XDG_CACHE_HOME=$TMP/cache "$BIVOUAC" "$@" -f "$TMP/$file.yaml" --playbooks "$TMP/own" --accept-new-host-keys --log-dir "$TMP/logs" --output json > "$TMP/json" 2> "$TMP/err" || { local status=$?; cat "$TMP/err"; tail -n 20 "$TMP/json"; return "$status"; }
}
wipe() { "$BIVOUAC" wipe -f "$TMP/operator.yaml" --yes --accept-new-host-keys --log-dir "$TMP/logs" > "$TMP/wiped" 2>&1 || { cat "$TMP/wiped"; return 1; }; }
fresh() { rm -rf "$TMP/cache"; : > "$TMP/server.log"; : > "$TMP/ended.log"; : > "$TMP/proxy.log"; }
asked() { grep -c "^$1 GET" "$TMP/server.log" || :; }
programs() {
  local c name
  for c in "$h1" "$h2"; do
    for name in "$CACHE/tree/v1.20.2/bin/"*; do
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
  fault "/$plugins" "wrong ${addresses[1]}" 1 hosts "checksum is wrong"
  grep '"host":"h2"' "$TMP/json" | grep -q '"event":"step_failed"'
  grep '"host":"h1"' "$TMP/json" | grep '"event":"step_done"' | grep -q 'download what is to be installed'
  grep '"host":"h1"' "$TMP/json" | grep '"event":"gate_shut"' | grep -q 'every host has downloaded what it needs'
}
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
  file "$1-proxy" "$(at "$port"), ca: $d/ca.crt, download: $1" "$proxied"
  fresh
  run "$1-proxy" init
  programs
  grep -q "^$here CONNECT $here:$port" "$TMP/proxy.log"
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
t "each host downloads by itself" by_hosts
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
