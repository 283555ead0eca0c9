#!/usr/bin/env bash
# lab.sh: everything that `make lab` leaves: the host image and the bundles. Each part is made once and kept in the cache.
. "$(dirname "$0")/lib.sh"

"$LAB_DIR/needs.sh"
"$LAB_DIR/image.sh" &
image=$!
"$LAB_DIR/k8s.sh"
"$LAB_DIR/debs.sh"
"$LAB_DIR/images.sh"
wait "$image"
"$LAB_DIR/bundle.sh" "$@"
