# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # blue-green.sh sets what is used here
# How blue-green.sh turns nginx by a reload, which costs some requests of keep-alive clients (mgeo-reload.conf).
# MGEO_NGINX_UPSTREAM names the file that it writes, MGEO_NGINX the command and its options.

upstream=${MGEO_NGINX_UPSTREAM:-/etc/nginx/upstream.conf}
nginx=${MGEO_NGINX:-nginx}

proxy_check() {
    [ -w "$upstream" ] || die "$upstream: cannot be written: set MGEO_NGINX_UPSTREAM to the file that nginx includes"
}

proxy_share() {
    awk -v blue="$blue" -v green="$green" '
        $1 == "server" {
            weight = 100
            for (i = 3; i <= NF; i++) if ($i ~ /^weight=/) weight = substr($i, 8) + 0
            if (/ backup/) weight = 0
            sub(/;$/, "", $2)
            if ($2 == green) share = weight
        }
        END { print share + 0 }' "$upstream"
}

# nginx knows no weight of 0: who gets nothing only steps in.
upstream_server() { # address, weight
    if [ "$2" -eq 0 ]; then
        echo "server $1 max_fails=0 backup;"
    else
        echo "server $1 max_fails=0 weight=$2;"
    fi
}

proxy_set_share() {
    cp "$upstream" "$upstream.before"
    {
        echo '# SPDX-License-Identifier: Apache-2.0'
        echo '# Written by blue-green.sh --proxy nginx-reload: who answers, and who steps in.'
        upstream_server "$blue" $((100 - $1))
        upstream_server "$green" "$1"
    } >"$upstream.part"
    mv "$upstream.part" "$upstream"
    # shellcheck disable=SC2086 # the command may have options
    if ! message=$($nginx -t 2>&1); then
        mv "$upstream.before" "$upstream"
        die "nginx refuses the new upstream: $(echo "$message" | head -n 1)"
    fi
    # shellcheck disable=SC2086
    $nginx -s reload >/dev/null 2>&1 || die "nginx could not be reloaded; $upstream is written, and what it said before is in $upstream.before"
}
