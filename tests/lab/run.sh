#!/usr/bin/env bash
# run.sh [build] [lint] [cargo] [lab [NAME...]]: runs the tests and closes with `N passed, N failed`. NAME is a part of a lab test's file name.
# `build` makes the lab first (make lab), beside what needs none: lints and the build of the tests.
# The lab tests are t-NAME.sh; each line `ok ...` or `not ok ...` that they print is one test. Those that say `# cluster` make real clusters,
# or take as long, and run one after the other, from the beginning on; beside them, one at a time too, run lints and cargo tests and then the others. Of those
# that say `# cluster in turn` one is run, of those that say `# in turn` two, for all of them would take too long: those that passed longest
# ago on this machine, so that one that failed is run until it passes. TURN=all runs them all.
. "$(dirname "$0")/lib.sh"
trap - ERR
cd "$ROOT" || exit

passed=0 failed=0
log=$OUT/test.log
# When each lab test passed last.
PASSED=$CACHE/passed
mkdir -p "$PASSED"
: > "$log"
pass() { passed=$((passed + 1)); echo "ok $*"; }
fail() { failed=$((failed + 1)); echo "not ok $*" | tee -a "$log"; }

check() { # NAME COMMAND...
  local name=$1
  shift
  if TERM=dumb "$@" > "$OUT/check.log" 2>&1; then pass "$name"; else fail "$name"; tail -n 60 "$OUT/check.log" | sed 's/^/#   /'; fi
}
shells() {
  git ls-files -z --cached --others --exclude-standard '*.sh' .ci/run tests/lab/crictl ':!src/host/journal.sh' ':!src/host/baseline.sh' ':!src/host/guard.sh' ':!src/host/members.sh' ':!src/host/stage.sh' ':!src/host/walk.sh' ':!src/host/inventory.sh' ':!src/host/inventory/*' ':!src/host/kind/*' ':!src/host/facts/*' ':!src/host/facts.sh' ':!templates/*' |
    xargs -0 shellcheck -x || return
  # The shell half of the host floor is one text on a host: parts are checked as the whole that they become. It is POSIX sh, but for -ef,
  # which dash, bash and busybox have.
  cat src/host/journal.sh src/host/guard.sh src/host/baseline.sh src/host/kind/*.sh src/host/kind/package/*.sh src/host/kind/clear/*.sh src/host/walk.sh src/host/members.sh src/host/authorities.sh src/host/stage.sh > "$OUT/prelude.sh"
  shellcheck -s sh -e SC2034,SC3013 "$OUT/prelude.sh" || return
  cat src/host/kind/networks.sh src/host/facts.sh src/host/facts/*.sh > "$OUT/facts.sh"
  shellcheck -s sh "$OUT/facts.sh" || return
  # The three lists are set by who sends it, the last function is the prelude's.
  cat src/host/inventory.sh src/host/inventory/*.sh > "$OUT/inventory.sh"
  shellcheck -s sh -e SC2154 "$OUT/inventory.sh"
}
install_deny() {
  if [ ! -x "$CACHE/cargo/bin/cargo-deny" ]; then
    CARGO_TARGET_DIR=$CACHE/deny-target cargo install cargo-deny --locked --quiet --root "$CACHE/cargo" || return
    rm -rf "$CACHE/deny-target"
  fi
}
# What it reads are the crates of all platforms, of which a build fetches only this one's.
deny() { locked deny install_deny && cargo fetch --locked --quiet && "$CACHE/cargo/bin/cargo-deny" --offline check licenses bans sources; }
lint() {
  check "lint: cargo fmt" cargo fmt --check
  check "lint: cargo clippy" cargo clippy --locked --all-targets --quiet -- -D warnings
  check "lint: shellcheck" shells
  check "lint: cargo deny" deny
}
# The lab and the release build, beside the lints: one rustc of the release keeps one core busy for minutes.
build_begin() {
  rm -f "$OUT/build.end"
  (
    status=0
    make -C "$ROOT" --no-print-directory lab < /dev/null > "$OUT/build.log" 2>&1 || status=$?
    echo "$status" > "$OUT/build.end.now"
    mv "$OUT/build.end.now" "$OUT/build.end"
  ) &
  build=$!
}
# Waits until the lab is there; at once where nobody was told to make it.
built() {
  [ -n "$build" ] || return 0
  while [ ! -e "$OUT/build.end" ] && kill -0 "$build" 2> /dev/null; do sleep 1; done
  [ "$(cat "$OUT/build.end" 2> /dev/null)" = 0 ]
}
# The numbers are cargo's own; a build that fails, or tests that did not run, are one failure.
cargo_tests() {
  local status p f
  # What they ask of the lab is asked when they run.
  if [ -n "$build" ]; then cargo test --locked --no-run --quiet && built; fi
  cargo test --locked --no-fail-fast 2>&1 | tee -a "$log" | grep -v -E '^(test .* ok|running [0-9]+ tests?|)$'
  status=${PIPESTATUS[0]}
  p=$(sed -n -E 's/^test result: .* ([0-9]+) passed; .*/\1/p' "$log" | paste -sd+ | bc)
  f=$(sed -n -E 's/^test result: .* ([0-9]+) failed; .*/\1/p' "$log" | paste -sd+ | bc)
  passed=$((passed + ${p:-0})) failed=$((failed + ${f:-0}))
  if [ "$status" != 0 ] && [ "${f:-0}" = 0 ]; then fail "cargo test ended with $status"; fi
  if [ "${p:-0}" = 0 ] && [ "${f:-0}" = 0 ]; then fail "cargo test ran no test"; fi
}
lab_test() { # SCRIPT LOG: what it says goes to LOG, its status and seconds to LOG.end
  local start=$SECONDS status=0
  "$1" < /dev/null > "$2" 2>&1 || status=$?
  echo "$status $((SECONDS - start))" > "$2.now"
  mv "$2.now" "$2.end"
}
# Counts a test's lines and shows them.
lab_result() { # SCRIPT LOG
  local name status seconds p f
  name=$(basename "$1")
  read -r status seconds < "$2.end"
  p=$(grep -c '^ok ' "$2")
  f=$(grep -c '^not ok ' "$2")
  echo "# $name"
  cat "$2"
  cat "$2" >> "$log"
  passed=$((passed + p)) failed=$((failed + f))
  if [ "$status" != 0 ] && [ "$f" = 0 ]; then fail "$name ended with $status"; fi
  if [ "$p" = 0 ] && [ "$f" = 0 ]; then fail "$name ran no test"; fi
  if [ "$status" = 0 ] && [ "$f" = 0 ]; then touch "$PASSED/$name"; fi
  echo "# $name: $seconds s"
}
# longest_ago N SCRIPT...: those N of them that passed longest ago, or never; by lot where there are more.
longest_ago() { local count=$1; shift; for script; do echo "$(stat -c %Y "$PASSED/$(basename "$script")" 2> /dev/null || echo 0) $script"; done | shuf | sort -s -n -k 1,1 | sed -n "1,$count s/^[0-9]* //p"; }
# in_turn N SCRIPT...: into chosen, those of them that are run.
in_turn() {
  local count=$1
  shift
  chosen=("$@")
  if [ -n "$all" ] || [ $# -le "$count" ]; then return; fi
  mapfile -t chosen < <(longest_ago "$count" "$@")
  echo "# in turn: $(basename -a "${chosen[@]}" | paste -sd ' ') of $(basename -a "$@" | paste -sd ' ') (TURN=all: all)"
}
# lane SCRIPT...: one after the other.
lab_lane() {
  local script
  for script; do lab_test "$script" "$logs/$(basename "$script" .sh)"; done
}
# lab_begin [NAME...]: finds the tests, and starts those that make real clusters.
lab_begin() {
  local script name word wanted turns=() small=() all='' chosen=()
  if [ $# -gt 0 ] || [ "${TURN:-}" = all ]; then all=1; fi
  "$LAB_DIR/hosts.sh" gc
  logs=$(mktemp -d "$OUT/lab-logs.XXXXXX")
  for script in "$LAB_DIR"/t-*.sh; do
    name=$(basename "$script")
    wanted=$((! $#))
    for word; do [[ $name != *"$word"* ]] || wanted=1; done
    if [ "$wanted" = 0 ]; then continue; fi
    if grep -qx '# cluster' "$script"; then clusters+=("$script")
    elif grep -qx '# cluster in turn' "$script"; then turns+=("$script")
    elif grep -qx '# in turn' "$script"; then small+=("$script")
    else others+=("$script"); fi
  done
  in_turn 1 "${turns[@]}"
  clusters+=("${chosen[@]}")
  in_turn 2 "${small[@]}"
  others+=("${chosen[@]}")
  [ $((${#clusters[@]} + ${#others[@]})) -gt 0 ] || { fail "no lab test is named like: $*"; return; }
  { built && lab_lane "${clusters[@]}"; } &
  clusters_lane=$!
}
# The others, and the end of all.
lab_tests() {
  local script name
  if ! built; then
    fail "make lab"
    tail -n 60 "$OUT/build.log" | sed 's/^/#   /'
    rm -rf "$logs"
    return
  fi
  # The cut points are in the debug build; built once, here.
  if [ -z "${BIVOUAC_DEV:-}" ]; then
    (cd "$ROOT" && cargo build --locked --quiet --bin bivouac) || { fail "cargo build of the tests' binary"; return; }
    export BIVOUAC_DEV=${CARGO_TARGET_DIR:-$ROOT/target}/debug/bivouac
  fi
  lab_lane "${others[@]}" &
  while kill -0 "$clusters_lane" 2> /dev/null || kill -0 $! 2> /dev/null; do
    lab_ended
    sleep 1
  done
  wait
  lab_ended
  # A lane that was killed must not pass for one without tests.
  for script in "${clusters[@]}" "${others[@]}"; do
    name=$(basename "$script" .sh)
    [[ " $ended " == *" $name "* ]] || fail "$name.sh did not come to its end"
  done
  rm -rf "$logs"
}
# Shows those that have ended since the last look.
lab_ended() {
  local end one
  for end in "$logs"/*.end; do
    [ -e "$end" ] || continue
    one=${end%.end}
    lab_result "$one.sh" "$one"
    ended="$ended $(basename "$one")"
    rm -f "$end"
  done
}

set +e +o pipefail
jobs=()
[ $# -gt 0 ] || set -- lint cargo lab
# Where the lab is, no cargo test may leave out what needs it.
[[ " $* " != *" lab "* ]] || export BIVOUAC_LAB_BUILT=1
clusters=() others=() ended='' clusters_lane='' build=''
for word; do
  shift
  if [ "$word" = build ]; then build_begin; continue; fi
  if [ "$word" = lab ]; then lab_begin "$@"; lab=1; break; fi
  jobs+=("$word")
done
for job in "${jobs[@]}"; do
  case $job in
    lint) lint ;;
    cargo) cargo_tests ;;
    *) die "run.sh [build] [lint] [cargo] [lab [NAME...]]" ;;
  esac
done
[ -z "${lab:-}" ] || lab_tests
echo
# Again, all together: they are far apart above.
[ "$failed" = 0 ] || { grep -E '^not ok |^test .* FAILED$' "$log"; echo; }
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
