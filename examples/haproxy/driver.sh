# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # blue-green.sh sets what is used here
# How blue-green.sh turns HAProxy: weights, by its runtime API. MGEO_HAPROXY_SOCKET names its socket (level admin).

haproxy_socket=${MGEO_HAPROXY_SOCKET:-/run/haproxy/admin.sock}

# Sends commands, one a line, and gives what HAProxy says.
haproxy_ask() {
    printf '%s\n' "$1" | curl -sS --max-time 5 --unix-socket "$haproxy_socket" telnet://haproxy
}

proxy_check() {
    [ -S "$haproxy_socket" ] || die "$haproxy_socket: no socket of HAProxy: set MGEO_HAPROXY_SOCKET"
    haproxy_ask 'show servers state mgeo' | grep -q ' green ' ||
        die "$haproxy_socket: HAProxy has no backend \"mgeo\" with a server \"green\": see examples/haproxy/haproxy.cfg"
}

proxy_share() {
    haproxy_ask 'show servers state mgeo' | awk '$4 == "green" { print $8 }'
}

# Who gets more is told first, so that there is a server with a weight at every moment. Then for HAProxy's next
# start, what the API was told.
proxy_set_share() {
    to_green="set server mgeo/green state ready; set server mgeo/green weight $1"
    to_blue="set server mgeo/blue state ready; set server mgeo/blue weight $((100 - $1))"
    if [ "$1" -eq 0 ]; then
        said=$(haproxy_ask "$to_blue; $to_green")
    else
        said=$(haproxy_ask "$to_green; $to_blue")
    fi
    [ -z "$(echo "$said" | tr -d ' \n')" ] || die "HAProxy refuses the weights: $(echo "$said" | head -n 1)"
    haproxy_ask 'show servers state' >"$state/haproxy.part"
    mv "$state/haproxy.part" "$state/haproxy.state"
}
