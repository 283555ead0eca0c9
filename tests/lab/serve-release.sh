#!/usr/bin/env bash
# serve-release.sh: sourced by the tests that install from a release server, after t.sh: a copy of the release (release.sh) that faults can be
# written beside, an authority, and servers on this machine's address in the hosts' network, which is $here; the registry is on $registry.
# shellcheck disable=SC2034 # the variables are for those who source this file
[ -n "${here:-}${registry:-}" ] || die "whose addresses are to be in the certificates and files?"
"$LAB_DIR/release.sh"
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
# at PORT: the base addresses of a server, and of the registry.
at() { echo "mirror: {kubernetes: 'https://$here:$1/dl', github: 'https://$here:$1/github', images: '$registry:5000/k8s'}"; }
