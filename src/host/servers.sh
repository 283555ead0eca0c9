# shellcheck shell=sh
# Asks servers for a file each, from a host, side by side, by its name alone (HEAD); changes nothing. On stdin, values in base64:
#   way PROXY NOPROXY CA    `-` for none; said before what it is for
#   ask URL
# Prints `URL reached` or `URL failed WHY` for each; or `unchecked` where there is no curl. What a proxy says of itself (407, 502 to 504) is no
# answer of the server's; every other one shows that it is reached.

bv_srv_plain() { [ "$1" = - ] || printf '%s' "$1" | base64 -d 2>/dev/null; }

# A value for curl's configuration.
bv_srv_quoted() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }

bv_srv_curl() {
    {
        printf 'url = "%s"\n' "$(bv_srv_quoted "$1")"
        printf 'proxy = "%s"\nnoproxy = "%s"\n' "$(bv_srv_quoted "$bv_srv_proxy")" "$(bv_srv_quoted "$bv_srv_noproxy")"
    } | if [ -n "$bv_srv_ca" ]; then
        curl -q -sS -I -L --max-redirs 5 --connect-timeout 5 -m 8 -o /dev/null -w 'status %{http_code}\n' --cacert /dev/fd/3 -K - 3<<CA
$(bv_system_ca)
$bv_srv_ca
CA
    else
        curl -q -sS -I -L --max-redirs 5 --connect-timeout 5 -m 8 -o /dev/null -w 'status %{http_code}\n' -K -
    fi 2>&1
}

bv_srv_ask() {
    bv_srv_said=$(bv_srv_curl "$1")
    case $bv_srv_said in
    *'status 407'* | *'status 502'* | *'status 503'* | *'status 504'*) echo "$1 failed $(printf '%s\n' "$bv_srv_said" | sed -n 's/^status \([45]\)/the answer has the status \1/p')" ;;
    *'status 000'*) echo "$1 failed $(printf '%s\n' "$bv_srv_said" | sed -n '1s/^curl: *//p')" ;;
    *'status '*) echo "$1 reached" ;;
    *) echo "$1 failed $(printf '%s\n' "$bv_srv_said" | sed -n '1s/^curl: *//p')" ;;
    esac
}

bv_srv_proxy='' bv_srv_noproxy='' bv_srv_ca=''
command -v curl >/dev/null 2>&1 || { echo unchecked; exit 0; }
while read -r bv_srv_word bv_srv_one bv_srv_two bv_srv_three; do
    case $bv_srv_word in
    way) bv_srv_proxy=$(bv_srv_plain "$bv_srv_one") bv_srv_noproxy=$(bv_srv_plain "$bv_srv_two") bv_srv_ca=$(bv_srv_plain "$bv_srv_three") ;;
    ask) bv_srv_ask "$(bv_srv_plain "$bv_srv_one")" </dev/null & ;;
    esac
done
wait
