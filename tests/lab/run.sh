#!/usr/bin/env bash
# run.sh [lint] [cargo] [lab [NAME...]]: runs the tests and closes with `N passed, N failed`. NAME is a part of a lab test's file name.
# The lab tests are t-NAME.sh: each line `ok ...` or `not ok ...` that they print is one test.
. "$(dirname "$0")/lib.sh"
trap - ERR
cd "$ROOT" || exit

passed=0 failed=0
log=$OUT/test.log
: > "$log"
pass() { passed=$((passed + 1)); echo "ok $*"; }
fail() { failed=$((failed + 1)); echo "not ok $*"; }

check() { # NAME COMMAND...
  local name=$1
  shift
  if TERM=dumb "$@" > "$OUT/check.log" 2>&1; then pass "$name"; else fail "$name"; tail -n 60 "$OUT/check.log" | sed 's/^/#   /'; fi
}
shells() {
  git ls-files -z --cached --others --exclude-standard '*.sh' .ci/run tests/lab/crictl ':!src/host/journal.sh' ':!src/host/baseline.sh' ':!src/host/kind/*' ':!templates/*' |
    xargs -0 shellcheck -x
  # The shell half of the host floor is one text on a host: parts are checked as the whole that they become. It is POSIX sh, but for -ef,
  # which dash, bash and busybox have.
  cat src/host/journal.sh src/host/baseline.sh src/host/kind/*.sh > "$OUT/prelude.sh"
  shellcheck -s sh -e SC2034,SC3013 "$OUT/prelude.sh"
}
install_deny() {
  if [ ! -x "$CACHE/cargo/bin/cargo-deny" ]; then
    CARGO_TARGET_DIR=$CACHE/deny-target cargo install cargo-deny --locked --quiet --root "$CACHE/cargo" || return
    rm -rf "$CACHE/deny-target"
  fi
}
deny() { locked deny install_deny && "$CACHE/cargo/bin/cargo-deny" --offline check licenses bans sources; }
lint() {
  check "lint: cargo fmt" cargo fmt --check
  check "lint: cargo clippy" cargo clippy --locked --all-targets --quiet -- -D warnings
  check "lint: shellcheck" shells
  check "lint: cargo deny" deny
}
# The numbers are cargo's own; a build that fails, or tests that did not run, are one failure.
cargo_tests() {
  local status p f
  cargo test --locked --no-fail-fast 2>&1 | tee -a "$log" | grep -v -E '^(test .* ok|running [0-9]+ tests?|)$'
  status=${PIPESTATUS[0]}
  p=$(sed -n -E 's/^test result: .* ([0-9]+) passed; .*/\1/p' "$log" | paste -sd+ | bc)
  f=$(sed -n -E 's/^test result: .* ([0-9]+) failed; .*/\1/p' "$log" | paste -sd+ | bc)
  passed=$((passed + ${p:-0})) failed=$((failed + ${f:-0}))
  if [ "$status" != 0 ] && [ "${f:-0}" = 0 ]; then fail "cargo test ended with $status"; fi
  if [ "${p:-0}" = 0 ] && [ "${f:-0}" = 0 ]; then fail "cargo test ran no test"; fi
}
lab_tests() {
  local script name status p f start found=''
  "$LAB_DIR/hosts.sh" gc
  for script in "$LAB_DIR"/t-*.sh; do
    name=$(basename "$script")
    if [ $# -gt 0 ]; then
      local wanted='' word
      for word; do [[ $name != *"$word"* ]] || wanted=1; done
      [ -n "$wanted" ] || continue
    fi
    found=1 start=$SECONDS status=0
    echo "# $name"
    "$script" < /dev/null 2>&1 | tee "$OUT/one.log"
    status=${PIPESTATUS[0]}
    p=$(grep -c '^ok ' "$OUT/one.log")
    f=$(grep -c '^not ok ' "$OUT/one.log")
    cat "$OUT/one.log" >> "$log"
    passed=$((passed + p)) failed=$((failed + f))
    if [ "$status" != 0 ] && [ "$f" = 0 ]; then fail "$name ended with $status"; fi
    if [ "$p" = 0 ] && [ "$f" = 0 ]; then fail "$name ran no test"; fi
    echo "# $name: $((SECONDS - start)) s"
  done
  [ -n "$found" ] || fail "no lab test is named like: $*"
}

set +e +o pipefail
[ $# -gt 0 ] || set -- lint cargo lab
while [ $# -gt 0 ]; do
  case $1 in
    lint) lint; shift ;;
    cargo) cargo_tests; shift ;;
    lab) shift; lab_tests "$@"; break ;;
    *) die "run.sh [lint] [cargo] [lab [NAME...]]" ;;
  esac
done
echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
