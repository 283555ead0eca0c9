#!/bin/sh
# The pod network of this node (bivouac): routes to the other nodes' pods, and masquerading of what
# pods send outside of the cluster. `up` can be repeated, with other nodes too.
set -eu
nat() { iptables -w -t nat "$@"; }
case ${1:-} in
up)
    nat -N BIVOUAC-MASQ 2>/dev/null || nat -F BIVOUAC-MASQ
    nat -A BIVOUAC-MASQ -d 224.0.0.0/4 -j RETURN
    nat -A BIVOUAC-MASQ -s {{ values.pod_cidr | shell }} ! -d {{ network.pod_subnet | shell }} -j MASQUERADE
    nat -C POSTROUTING -j BIVOUAC-MASQ 2>/dev/null || nat -A POSTROUTING -j BIVOUAC-MASQ
{%- for line in values.pod_routes | split(pat="\n") %}
{%- set route = line | split(pat=" ") %}
{%- if route | length == 2 and route[0] and route[1] and route[0] != values.pod_cidr %}
    ip route replace {{ route[0] | shell }} via {{ route[1] | shell }}
{%- endif %}
{%- endfor %}
    # Nodes that left, and ranges that others had before.
    ip route show root {{ network.pod_subnet | shell }} | while read -r range via _; do
        [ "$via" = via ] || continue
        case $range in
{%- for line in values.pod_routes | split(pat="\n") %}
{%- set route = line | split(pat=" ") %}
{%- if route | length == 2 and route[0] and route[1] and route[0] != values.pod_cidr %}
        {{ route[0] | shell }}) ;;
{%- endif %}
{%- endfor %}
        *) ip route del "$range" ;;
        esac
    done
    ;;
down)
    nat -D POSTROUTING -j BIVOUAC-MASQ 2>/dev/null || :
    nat -F BIVOUAC-MASQ 2>/dev/null || :
    nat -X BIVOUAC-MASQ 2>/dev/null || :
{%- for line in values.pod_routes | split(pat="\n") %}
{%- set route = line | split(pat=" ") %}
{%- if route | length == 2 and route[0] and route[1] and route[0] != values.pod_cidr %}
    ip route del {{ route[0] | shell }} via {{ route[1] | shell }} 2>/dev/null || :
{%- endif %}
{%- endfor %}
    ;;
esac
