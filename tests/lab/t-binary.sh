#!/usr/bin/env bash
# The release binary: static, small, at home on any Linux; and its memory while it uploads to eight hosts.
# cluster
. "$(dirname "$0")/t.sh"

static() { file_type=$(ldd "$BIVOUAC" 2>&1 || :); echo "$file_type"; grep -qE 'statically linked|not a dynamic executable' <<< "$file_type"; }
small() { local size; size=$(stat -c %s "$BIVOUAC"); echo "$size bytes"; [ "$size" -lt $((28 << 20)) ]; }
# A root directory without any library, as no distribution is.
alone() { mkdir -p "$TMP/root" && cp "$BIVOUAC" "$TMP/root/bivouac" && chroot "$TMP/root" /bivouac --version; }
# A name that only /etc/hosts has, and one that nobody has.
names() {
  printf '127.0.0.1 bivouac-lab-name.test\n' >> /etc/hosts
  trap 'sed -i "/bivouac-lab-name.test/d" /etc/hosts' RETURN
  "$BIVOUAC" wipe -m bivouac-lab-name.test -P 9 --private-key "$LAB_KEY" --yes 2> "$TMP/err" && return 1
  grep -q 'refuses connections on port 9' "$TMP/err" || { cat "$TMP/err"; return 1; }
  "$BIVOUAC" wipe -m no-such-name.invalid --private-key "$LAB_KEY" --yes 2> "$TMP/err" && return 1
  grep -q 'cannot be resolved' "$TMP/err" || { cat "$TMP/err"; return 1; }
}

hosts h1 h2 h3 h4 h5 h6 h7 h8 > /dev/null
"$LAB_DIR/cluster.sh" "$RUN" > "$TMP/cluster.yaml"
mkdir -p "$TMP/own/playbooks/init"
cat > "$TMP/own/playbooks/init/10-upload.yaml" <<'E'
name: upload
steps:
- name: a program of 100 MB
  artifact: {kind: binary, names: [kubelet], into: /opt/bivouac-test}
E
memory() {
  "$BIVOUAC" init -f "$TMP/cluster.yaml" --playbooks "$TMP/own" --accept-new-host-keys > "$TMP/out" 2>&1 &
  local pid=$! peak=0 now
  while now=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$pid/status" 2>/dev/null) && [ -n "$now" ]; do
    [ "$now" -le "$peak" ] || peak=$now
    sleep .05
  done
  wait "$pid" || { tail -n 20 "$TMP/out"; return 1; }
  echo "peak $peak KiB"
  [ "$peak" -gt 1000 ] && [ "$peak" -lt $((100 << 10)) ]
}
sums() { # the program is on every host, whole
  local wanted host
  wanted=$("$BIVOUAC" bundle show "$OUT/v1.20.2.bundle" | awk '$3 == "kubelet" { print $NF }')
  [ -n "$wanted" ]
  for host in $("$LAB_DIR/hosts.sh" list "$RUN" | cut -d' ' -f3); do
    podman exec "$host" sha256sum /opt/bivouac-test/kubelet | grep -q "^$wanted "
  done
}
# An upload that was cut off goes on where it broke: what the second run sends is what the first had not.
resumed() {
  local first part size sent
  first=$("$LAB_DIR/hosts.sh" list "$RUN" | sed -n '1s/.* //p')
  "$BIVOUAC" init -f "$TMP/cluster.yaml" --playbooks "$TMP/own" --accept-new-host-keys > "$TMP/out" 2>&1 &
  local pid=$!
  until part=$(podman exec "$first" stat -c %s /opt/bivouac-test/kubelet.bivouac~ 2>/dev/null) && [ "$part" -gt 1000000 ]; do
    kill -0 "$pid" || { echo "the upload was over before it could be cut off"; return 1; }
  done
  kill -9 "$pid"
  wait "$pid" || :
  # What was under way still arrives.
  until podman exec "$first" flock -n /var/lib/bivouac/lock true; do sleep .1; done
  part=$(podman exec "$first" stat -c %s /opt/bivouac-test/kubelet.bivouac~)
  size=$("$BIVOUAC" bundle show "$OUT/v1.20.2.bundle" --output json | jq '.artifacts[] | select(.name == "kubelet") | .size')
  "$BIVOUAC" init -f "$TMP/cluster.yaml" --playbooks "$TMP/own" --log-dir "$TMP/logs" > "$TMP/out" 2>&1 || { tail -n 20 "$TMP/out"; return 1; }
  sent=$(jq -s '[.[] | select(.host == "h1" and .event == "step_progress") | .done] | max // 0' "$TMP/logs/events.jsonl")
  echo "$part of $size bytes were there; the second run sent $sent"
  [ "$part" -gt 1000000 ] && [ "$part" -lt "$size" ] && [ "$sent" -le $((size - part)) ] && sums
}
wiped() { "$BIVOUAC" wipe -f "$TMP/cluster.yaml" --yes > "$TMP/out" 2>&1 || { tail -n 20 "$TMP/out"; return 1; }; }

t "it is statically linked" static
t "it is smaller than 28 MiB" small
t "it starts where no library is" alone
t "it resolves names by itself" names
t "uploading to eight hosts takes less than 100 MiB of memory" memory
t "the uploaded program is whole on every host" sums
t "its wipe leaves nothing" wiped
t "a broken upload goes on where it broke off" resumed
t "its wipe leaves nothing either" wiped
