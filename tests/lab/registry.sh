#!/usr/bin/env bash
# registry.sh: a real container registry, Debian's docker-registry, on a lab host.
#   registry.sh start CONTAINER ADDRESS DIR USER PASSWORD-FILE   serves https://ADDRESS:5000; DIR gets ca.crt, which vouches for it
#   registry.sh expire CONTAINER ADDRESS DIR                     from now on with a certificate that has ended
#   registry.sh again CONTAINER ADDRESS DIR                      with the good one again
#   registry.sh push ADDRESS DIR USER PASSWORD-FILE REPOSITORY ARCHIVE...  pushes docker-archives of one image each, layers compressed
. "$(dirname "$0")/lib.sh"

BIN=$CACHE/registry/usr/bin/docker-registry
unpack() {
  local new=$CACHE/registry.new
  rm -rf "$new" "$CACHE/registry"
  mkdir "$new"
  VARIANT=extract rootfs bookworm docker-registry | tar -C "$new" -xf - --wildcards './usr/bin/docker-registry' './etc/docker*'
  mv "$new" "$CACHE/registry"
}
need() {
  [ -x "$BIN" ] || rm -f "$CACHE/stamp/registry"
  part registry "$(digest "$0")" unpack
}

# issue DIR NAME ADDRESS END: a certificate for the address, by the authority of DIR.
issue() {
  local dir=$1 name=$2 address=$3 end=$4
  openssl ecparam -name prime256v1 -genkey -noout -out "$dir/$name.key"
  openssl req -new -key "$dir/$name.key" -subj "/CN=registry" -out "$dir/$name.csr"
  mkdir -p "$dir/issued"
  : > "$dir/index"
  echo 01 > "$dir/serial"
  printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index\nserial=%s/serial\nnew_certs_dir=%s/issued\ndefault_md=sha256\npolicy=p\nx509_extensions=ext\nunique_subject=no\n[p]\ncommonName=supplied\n[ext]\nsubjectAltName=IP:%s\nextendedKeyUsage=serverAuth\n' \
    "$dir" "$dir" "$dir" "$address" > "$dir/ca.cnf"
  openssl ca -batch -notext -config "$dir/ca.cnf" -keyfile "$dir/ca.key" -cert "$dir/ca.crt" -in "$dir/$name.csr" \
    -out "$dir/$name.crt" -startdate 20200101000000Z -enddate "$end" 2> "$dir/openssl.log" || { cat "$dir/openssl.log" >&2; return 1; }
}
# serve CONTAINER ADDRESS: starts it, anew where it runs, and waits for it.
serve() {
  podman exec "$1" sh -c 'systemctl stop lab-registry 2>/dev/null; systemctl reset-failed lab-registry 2>/dev/null; systemd-run -q --unit lab-registry /usr/local/bin/docker-registry serve /etc/lab-registry/config.yml'
  for _ in $(seq 100); do
    if timeout 2 bash -c "exec 3<> /dev/tcp/$2/5000" 2> /dev/null; then return 0; fi
    sleep .1
  done
  podman exec "$1" journalctl -u lab-registry --no-pager | tail -n 20 >&2
  die "the registry on $2 does not answer"
}

start() { # CONTAINER ADDRESS DIR USER PASSWORD-FILE
  local c=$1 address=$2 dir=$3 user=$4 file=$5
  need
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=lab registry authority" -days 30 \
    -keyout "$dir/ca.key" -out "$dir/ca.crt" 2> /dev/null
  issue "$dir" server "$address" 20990101000000Z
  podman exec -i "$c" sh -c 'cat > /usr/local/bin/docker-registry; chmod 755 /usr/local/bin/docker-registry; mkdir -p /etc/lab-registry' < "$BIN"
  # bcrypt, which is all that the registry takes; from stdin, where nobody sees it.
  # shellcheck disable=SC2016 # perl expands it
  perl -e 'my ($user) = @ARGV; chomp(my $password = <STDIN>); print "$user:", crypt($password, q($2y$05$abcdefghijklmnopqrstuu)), "\n"' "$user" < "$file" |
    podman exec -i "$c" sh -c 'cat > /etc/lab-registry/htpasswd'
  printf 'version: 0.1\nlog: {level: warn}\nstorage: {filesystem: {rootdirectory: /var/lib/lab-registry}}\nhttp: {addr: ":5000", tls: {certificate: /etc/lab-registry/tls.crt, key: /etc/lab-registry/tls.key}}\nauth: {htpasswd: {realm: lab, path: /etc/lab-registry/htpasswd}}\n' |
    podman exec -i "$c" sh -c 'cat > /etc/lab-registry/config.yml'
  certificate "$c" "$dir" server
  serve "$c" "$address"
}
certificate() { # CONTAINER DIR NAME
  podman exec -i "$1" sh -c 'cat > /etc/lab-registry/tls.crt' < "$2/$3.crt"
  podman exec -i "$1" sh -c 'cat > /etc/lab-registry/tls.key' < "$2/$3.key"
}
expire() { # CONTAINER ADDRESS DIR
  issue "$3" ended "$2" 20210101000000Z
  certificate "$1" "$3" ended
  serve "$1" "$2"
}

again() {
  certificate "$1" "$3" server
  serve "$1" "$2"
}

# ask ADDRESS DIR USER PASSWORD-FILE CURL-ARGUMENT...: the login goes on stdin.
ask() {
  local dir=$2 user=$3 file=$4
  shift 4
  printf 'user = "%s:%s"\n' "$user" "$(sed 's/[\\"]/\\&/g' "$file")" | curl -qsS --fail -K - --cacert "$dir/ca.crt" "$@"
}
blob() { # ADDRESS DIR USER PASSWORD-FILE REPOSITORY FILE: prints its sum
  local sum at
  sum=sha256:$(sha256sum < "$6" | cut -d' ' -f1)
  if ! ask "$1" "$2" "$3" "$4" -I -o /dev/null "https://$1:5000/v2/$5/blobs/$sum" 2> /dev/null; then
    at=$(ask "$1" "$2" "$3" "$4" -X POST -D - -o /dev/null "https://$1:5000/v2/$5/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
    ask "$1" "$2" "$3" "$4" -X PUT -o /dev/null -H 'Content-Type: application/octet-stream' -T "$6" "$at&digest=$sum"
  fi
  echo "$sum"
}
push() { # ADDRESS DIR USER PASSWORD-FILE REPOSITORY ARCHIVE...
  local address=$1 dir=$2 user=$3 file=$4 repository=$5 archive work name tag config layer sum size layers
  shift 5
  for archive; do
    work=$(mktemp -d)
    tar -C "$work" -xf "$archive"
    name=$(jq -r '.[0].RepoTags[0]' "$work/manifest.json")
    name=${name##*/} tag=${name#*:} name=${name%%:*}
    config=$work/$(jq -r '.[0].Config' "$work/manifest.json")
    layers=''
    while read -r layer; do
      gzip -n -1 < "$work/$layer" > "$work/layer.gz"
      sum=$(blob "$address" "$dir" "$user" "$file" "$repository/$name" "$work/layer.gz")
      size=$(stat -c %s "$work/layer.gz")
      layers="$layers${layers:+,}{\"mediaType\":\"application/vnd.docker.image.rootfs.diff.tar.gzip\",\"size\":$size,\"digest\":\"$sum\"}"
    done < <(jq -r '.[0].Layers[]' "$work/manifest.json")
    sum=$(blob "$address" "$dir" "$user" "$file" "$repository/$name" "$config")
    printf '{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":%s,"digest":"%s"},"layers":[%s]}' \
      "$(stat -c %s "$config")" "$sum" "$layers" > "$work/m"
    ask "$address" "$dir" "$user" "$file" -X PUT -o /dev/null -H 'Content-Type: application/vnd.docker.distribution.manifest.v2+json' --data-binary "@$work/m" \
      "https://$address:5000/v2/$repository/$name/manifests/$tag"
    rm -rf "$work"
  done
}

command=${1:-}
shift
case $command in
  start | expire | again | push) "$command" "$@" ;;
  *) sed -n '2,/^\. /s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
