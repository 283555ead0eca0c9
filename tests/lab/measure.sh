#!/usr/bin/env bash
# measure.sh: sourced by bench*.sh after lib.sh: a clock, the median, and OpenSSH as a hand uses it.
# shellcheck disable=SC2034 # the variables are for those who source this file
BIVOUAC=${BIVOUAC:-$ROOT/target/release/bivouac}

# Microseconds since 1970, and the milliseconds that have passed since then.
now() { echo "${EPOCHREALTIME/./}"; }
ms() { echo $((($(now) - $1) / 1000)); }
# Of the numbers on standard input, one a line.
median() { sort -n | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }
# ratio A B: A divided by B. within RATIO LIMIT: not above it.
ratio() { echo "scale=3; $1 / $2" | bc; }
within() { [ "$(echo "$1 <= $2" | bc)" = 1 ]; }
# ssh_to ADDRESS COMMAND: with this standard input.
ssh_to() { ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -i "$LAB_KEY" "root@$1" "$2"; }
