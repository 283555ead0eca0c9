# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the line in front assigns it; what the login has is for the functions of the prelude
# The loop that answers requests. The line `bv_nonce=...` is put in front of it; lines that begin
# with `#` are removed before it is sent. Names that begin with `bv_` belong to it.
#
# A request is a header line, `NONCE id kind form length data`, and the script: `length` lines of
# it, or `length` bytes. Lines are read with builtins alone, so that a small request costs one
# fork: its subshell. A line that does not begin with the nonce is skipped: what is left of data
# that a script did not read is found there.
umask 077
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
unset LANGUAGE CDPATH ENV BASH_ENV
# What the login has from /etc/environment or its profile is for people. Proxies would stand between kubeadm and the
# API server, and kubeadm would hand them on to the control plane; package managers alone get them back.
# `all_proxy` is for what has none of its own (curl(1)).
bv_login_all=${all_proxy:-${ALL_PROXY:-}}
bv_login_http=${http_proxy:-${HTTP_PROXY:-$bv_login_all}} bv_login_https=${https_proxy:-${HTTPS_PROXY:-$bv_login_all}}
bv_login_no=${no_proxy:-${NO_PROXY:-}}
unset http_proxy HTTP_PROXY https_proxy HTTPS_PROXY ftp_proxy FTP_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
unset KUBECONFIG CONTAINERD_ADDRESS CONTAINERD_NAMESPACE CONTAINERD_SNAPSHOTTER CONTAINER_RUNTIME_ENDPOINT \
  IMAGE_SERVICE_ENDPOINT DOCKER_HOST DOCKER_CONFIG LD_PRELOAD GODEBUG TMPDIR POSIXLY_CORRECT GREP_OPTIONS TAR_OPTIONS GZIP \
  BLOCK_SIZE BLOCKSIZE DF_BLOCK_SIZE LS_BLOCK_SIZE QUOTING_STYLE TIME_STYLE
cd /
bv_nl='
'
# Whatever the login printed before this line is not ours.
printf '%s ready %s\n' "$bv_nonce" "$$"
while IFS=' ' read -r bv_tag bv_id bv_kind bv_form bv_length bv_data; do
  [ "$bv_tag" = "$bv_nonce" ] || continue
  bv_script=
  if [ "$bv_form" = lines ]; then
    while [ "$bv_length" -gt 0 ]; do
      IFS= read -r bv_line || exit 1
      bv_script=$bv_script$bv_line$bv_nl
      bv_length=$((bv_length - 1))
    done
  else
    bv_script=$(head -c "$bv_length")
  fi
# No `|| true` and no `if` around the subshells: inside of them sh would ignore `set -e`.
  if [ "$bv_kind" = define ]; then
    (eval "$bv_script") </dev/null
    bv_status=$?
    if [ "$bv_status" -eq 0 ]; then
      eval "$bv_script" </dev/null >/dev/null 2>&1
    fi
  elif [ "$bv_data" = live ]; then
# Lines that come while it runs, from where ours come from; those that it did not read are skipped above.
    (eval "$bv_script")
    bv_status=$?
  elif [ "$bv_data" -eq 0 ]; then
    (eval "$bv_script") </dev/null
    bv_status=$?
  else
    head -c "$bv_data" | (eval "$bv_script")
    bv_status=$?
  fi
  printf '%s %s %s\n' "$bv_nonce" "$bv_id" "$bv_status"
  printf '%s %s %s\n' "$bv_nonce" "$bv_id" "$bv_status" >&2
done
