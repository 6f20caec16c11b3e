#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Deploys a model to the colour of two mgeo-serve processes that has no requests, checks it, and turns nginx or
# HAProxy to it; back if it does badly. No request is lost on the way. Needs curl, awk, setsid and flock.
set -eu

usage() {
    cat <<'END'
usage: blue-green.sh [OPTIONS] COMMAND

  deploy DIR     start the standby colour on the model directory DIR, wait until it is ready, compare its answers
                 with the live one's, load-test it, turn the proxy to it, watch it; turn back if a limit is passed
  weights P%     give the standby colour P percent of the requests (0 to 50)
  switch         give the standby colour all requests
  rollback       give all requests to the colour that had them before
  stop           end the standby colour's server
  status         what runs, and who gets how much; fails if the live colour is not ready

  --proxy P             nginx (the default), nginx-reload, haproxy
  --url URL             where clients reach the proxy (http://127.0.0.1:8000)
  --blue A, --green A   addresses of the two servers (127.0.0.1:8001, 127.0.0.1:8002)
  --state DIR           what is kept between runs (/var/lib/mgeo-blue-green)
  --start HOW           process (the default), systemd (mgeo-serve@COLOUR), compose
  --server FILE         the program for --start process (mgeo-serve); --server-options "…" is handed to it
  --compose-file FILE   for --start compose (compose.yaml)
  --ready-timeout T     how long the new server may take to load (60s)
  --golden FILE         table of pairs, TSV: two texts, perhaps a label; needed by deploy
  --max-flips P%        pairs whose label changes (2%)
  --max-shift X, --max-shift-mean X   how far similarities move (1, 0.02)
  --max-accuracy-loss X how much worse it is on the table's labels (0.01)
  --load N              requests of the load test (500; 0: none), over --connections C (8)
  --canary P%           first only P percent, for --canary-time T (30s)
  --watch T             how long the new colour is watched after the switch (60s)
  --max-errors P%       answers with 5xx, in the load test and the watch (0.5%)
  --max-p99 T           99th percentile of a request, in the load test and the watch (500ms)
  --min-requests N      fewer say nothing in the watch (20)
  --actor NAME, --reason TEXT         for the log, $state/log.jsonl

Exit status: 0 done; 1 refused by a limit, or turned back; 2 could not.
END
}

die() {
    echo "blue-green: $*" >&2
    exit 2
}

say() { [ -n "$quiet" ] || echo "blue-green: $*"; }

seconds_of() { # "500ms", "30s", "10m", "1h", "2"
    echo "$1" | awk '
        /^[0-9]+(\.[0-9]+)?ms$/ { print $1 / 1000; next }
        /^[0-9]+(\.[0-9]+)?s?$/ { print $1 + 0; next }
        /^[0-9]+(\.[0-9]+)?m$/ { print $1 * 60; next }
        /^[0-9]+(\.[0-9]+)?h$/ { print $1 * 3600; next }
        { exit 1 }' || die "\"$1\" is no time: write 500ms, 30s, 10m or 1h"
}

share_of() { # "2%" or "0.02", as a number from 0 to 1
    echo "$1" | awk '
        /^[0-9]+(\.[0-9]+)?%$/ && $1 + 0 <= 100 { print $1 / 100; next }
        /^[0-9]+(\.[0-9]+)?$/ && $1 <= 1 { print $1 + 0; next }
        { exit 1 }' || die "\"$1\" is no share: write 2% or 0.02"
}

number_of() { # of an option, whole
    case $1 in '' | *[!0-9]*) die "\"$1\" is no whole number" ;; esac
    echo "$1"
}

here=$(cd "$(dirname "$0")" && pwd)
proxy=nginx url=http://127.0.0.1:8000 blue=127.0.0.1:8001 green=127.0.0.1:8002 state=/var/lib/mgeo-blue-green
start=process server=mgeo-serve server_options='' compose_file=compose.yaml environment_folder=/etc/mgeo
ready_timeout=60 golden='' max_flips=0.02 max_shift=1 max_shift_mean=0.02 max_accuracy_loss=0.01 load=500
connections=8 canary='' canary_time=30 watch=60 max_errors=0.005 max_p99=0.5 min_requests=20 quiet=''
actor=${MGEO_ACTOR:-$(id -un)@$(uname -n)} reason=''

while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) usage && exit 0 ;;
    -q | --quiet) quiet=yes && shift && continue ;;
    --*) [ $# -ge 2 ] || die "$1 needs a value" ;;
    *) break ;;
    esac
    case $1 in
    --proxy) proxy=$2 ;;
    --url) url=${2%/} ;;
    --blue) blue=$2 ;;
    --green) green=$2 ;;
    --state) state=$2 ;;
    --start) start=$2 ;;
    --server) server=$2 ;;
    --server-options) server_options=$2 ;;
    --compose-file) compose_file=$2 ;;
    --environment-folder) environment_folder=$2 ;;
    --ready-timeout) ready_timeout=$(seconds_of "$2" | awk '{ print int($1 + 0.999) }') ;;
    --golden) golden=$2 ;;
    --max-flips) max_flips=$(share_of "$2") ;;
    --max-shift) max_shift=$(share_of "$2") ;;
    --max-shift-mean) max_shift_mean=$(share_of "$2") ;;
    --max-accuracy-loss) max_accuracy_loss=$(share_of "$2") ;;
    --load) load=$(number_of "$2") ;;
    --connections) connections=$(number_of "$2") ;;
    --canary) canary=$2 ;;
    --canary-time) canary_time=$(seconds_of "$2") ;;
    --watch) watch=$(seconds_of "$2") ;;
    --max-errors) max_errors=$(share_of "$2") ;;
    --max-p99) max_p99=$(seconds_of "$2") ;;
    --min-requests) min_requests=$(number_of "$2") ;;
    --actor) actor=$2 ;;
    --reason) reason=$2 ;;
    *) die "there is no option $1: --help lists them" ;;
    esac
    shift 2
done

case $proxy in
nginx) driver=$here/../nginx/driver.sh ;;
nginx-reload) driver=$here/../nginx/driver-reload.sh ;;
haproxy) driver=$here/../haproxy/driver.sh ;;
*) die "--proxy is nginx, nginx-reload or haproxy, not \"$proxy\"" ;;
esac
case $start in process | systemd | compose) ;; *) die "--start is process, systemd or compose, not \"$start\"" ;; esac
# shellcheck source=examples/blue-green/servers.sh
. "$here/servers.sh"
# shellcheck source=examples/nginx/driver.sh
. "$driver"

# ---- the log: one JSON object a line, with who and when

json() {
    printf '"%s"' "$(printf '%s' "$1" | tr '\001-\037' ' ' | sed 's/[\\"]/\\&/g')"
}

note() { # event, then NAME=TEXT or NAME:=NUMBER
    line="{\"time\": \"$(date -u +%Y-%m-%dT%H:%M:%SZ)\", \"actor\": $(json "$actor"), \"event\": $(json "$1")"
    shift
    [ -z "$reason" ] || line="$line, \"reason\": $(json "$reason")"
    for field; do
        case $field in
        *:=*) line="$line, $(json "${field%%:=*}"): ${field#*:=}" ;;
        *) line="$line, $(json "${field%%=*}"): $(json "${field#*=}")" ;;
        esac
    done
    printf '%s}\n' "$line" >>"$state/log.jsonl" || die "$state/log.jsonl: cannot be written"
}

# "a=1 b=2" as fields of the log.
noted() { # event, colour, facts
    event=$1 of=$2
    # shellcheck disable=SC2046 # facts are words
    set -- $(echo "$3" | sed 's/=/:=/g')
    note "$event" "color=$of" "$@"
}

fact() { # name, from "a=1 b=2"
    echo "$2" | tr ' ' '\n' | sed -n "s/^$1=//p"
}

is_over() { # value, limit
    awk -v value="$1" -v limit="$2" 'BEGIN { exit !(value > limit) }'
}

# ---- who has the requests

# The colour that has most of them. The proxy knows it, so there is nothing that could disagree.
live_colour() {
    share=$(proxy_share) || exit
    if [ "$share" -gt 50 ]; then echo green; else echo blue; fi
}

# What the proxy gives a colour, in percent.
give() { # colour, percent
    if [ "$1" = green ]; then proxy_set_share "$2"; else proxy_set_share $((100 - $2)); fi
}

# Asks the proxy who answers, until it is the colour alone ten times in a row.
confirm() { # colour
    tries=0 in_a_row=0
    while [ "$in_a_row" -lt 10 ]; do
        tries=$((tries + 1))
        [ "$tries" -le 200 ] || die "$url: the proxy still answers from elsewhere than $1; is it the one that --proxy $proxy sets?"
        by=$(curl -s --max-time 5 -o /dev/null -D - "$url/readyz" | tr -d '\r' | awk 'tolower($1) == "x-served-by:" { print $2 }')
        if [ "$by" = "$1" ]; then
            in_a_row=$((in_a_row + 1))
        else
            in_a_row=0
            sleep 0.05
        fi
    done
}

switch_to() { # colour
    began=$(date +%s)
    give "$1" 100
    confirm "$1"
    note switch "color=$1" "proxy=$proxy" "from=$(other_of "$1")" "seconds:=$(($(date +%s) - began))"
    say "$1 has all requests"
}

# ---- checks of the new colour

scratch='' unproven=''
# However a deployment ends: a colour that was not found good gets no requests, and must not step in for the live one.
leave() {
    trap - EXIT INT TERM
    [ -z "$scratch" ] || rm -rf "$scratch"
    if [ -n "$unproven" ]; then
        [ "$unproven" = "$live" ] || give "$live" 100
        stop_server "$unproven"
    fi
}

ask_all() { # colour, file of requests, file for the answers
    code=$(curl -sS --max-time 600 -o "$3" -w '%{http_code}' -H 'Content-Type: application/x-ndjson' \
        --data-binary "@$2" "http://$(address_of "$1")/match?digits=6") || die "$1 does not answer the golden pairs"
    [ "$code" = 200 ] || die "$1 answers the golden pairs with $code: $(head -c 300 "$3")"
}

refuse() { # colour, what
    note refused "color=$1" "why=$2"
    echo "blue-green: $1 is refused: $2" >&2
    exit 1
}

compare() { # live, standby
    awk -v as=ndjson -f "$here/golden.awk" "$golden" >"$scratch/requests" || die "$golden: cannot be used"
    ask_all "$1" "$scratch/requests" "$scratch/live"
    ask_all "$2" "$scratch/requests" "$scratch/standby"
    facts=$(awk -v live="$scratch/live" -v standby="$scratch/standby" -v gold="$golden" -f "$here/compare.awk")
    noted compare "$2" "$facts"
    say "$2 compared with $1: $facts"
    [ "$(fact lost "$facts")" = 0 ] || refuse "$2" "$(fact lost "$facts") pairs that $1 scores have no score"
    for limit in "flip_share $max_flips" "shift_mean $max_shift_mean" "shift_max $max_shift"; do
        value=$(fact "${limit% *}" "$facts")
        ! is_over "$value" "${limit#* }" || refuse "$2" "${limit% *} is $value, at most ${limit#* } is allowed"
    done
    loss=$(awk -v a="$(fact accuracy_live "$facts")" -v b="$(fact accuracy_standby "$facts")" 'BEGIN { print a - b }')
    ! is_over "$loss" "$max_accuracy_loss" || refuse "$2" "its accuracy is $loss lower, at most $max_accuracy_loss is allowed"
}

load_test() { # colour
    [ "$load" -gt 0 ] || return 0
    awk -v as=curl -v count="$load" -v url="http://$(address_of "$1")/match" -f "$here/golden.awk" "$golden" \
        >"$scratch/load" || die "$golden: cannot be used"
    curl -Z --no-progress-meter --parallel-immediate --parallel-max "$connections" -K "$scratch/load" >"$scratch/times" || true
    facts=$(sort -k 2 -n "$scratch/times" | awk -v wanted="$load" '
        { times[NR] = $2; if ($1 != 200) failed++ }
        END {
            failed += wanted - NR
            at = int(0.99 * NR + 0.999)
            printf "requests=%d failed=%d failed_share=%.6f p50=%.6f p99=%.6f\n", wanted, failed, failed / wanted,
                times[int((NR + 1) / 2)], times[at]
        }')
    noted load-test "$1" "$facts"
    say "$1 under load: $facts"
    ! is_over "$(fact failed_share "$facts")" "$max_errors" || refuse "$1" "$(fact failed "$facts") of $load requests of the load test failed"
    ! is_over "$(fact p99 "$facts")" "$max_p99" || refuse "$1" "P99 of the load test is $(fact p99 "$facts") s, at most $max_p99 s is allowed"
}

scrape() { # colour, file
    curl -sf --max-time 5 -o "$2" "http://$(address_of "$1")/metrics"
}

# What speaks against the colour, or nothing.
breach_of() { # colour, facts
    if [ "$(fact requests "$2")" -lt "$min_requests" ]; then return 0; fi
    if is_over "$(fact error_rate "$2")" "$max_errors"; then
        echo "error_rate is $(fact error_rate "$2"), at most $max_errors is allowed"
    elif is_over "$(fact p99 "$2")" "$max_p99"; then
        echo "P99 is $(fact p99 "$2") s, at most $max_p99 s is allowed"
    fi
}

# Looks every second; a colour that is not ready or tells nothing three times in a row is taken for gone.
watch_colour() { # colour, seconds, the colour to turn back to
    scrape "$1" "$scratch/before" || turn_back "$1" "$3" "http://$(address_of "$1")/metrics does not answer"
    until_time=$(awk -v now="$(date +%s)" -v time="$2" 'BEGIN { printf "%d", now + time + 0.999 }')
    missed=0 facts='requests=0 errors=0 error_rate=0 p99=0'
    while [ "$(date +%s)" -lt "$until_time" ]; do
        sleep 1
        if is_ready "$1" && scrape "$1" "$scratch/after"; then
            missed=0
        else
            missed=$((missed + 1))
            [ "$missed" -lt 3 ] || turn_back "$1" "$3" "it is not ready"
            continue
        fi
        facts=$(awk -v before="$scratch/before" -v after="$scratch/after" -f "$here/metrics.awk")
        breach=$(breach_of "$1" "$facts")
        [ -z "$breach" ] || turn_back "$1" "$3" "$breach"
    done
    noted watch "$1" "$facts"
    say "$1 watched for $2 s: $facts"
    if [ "$(fact requests "$facts")" -lt "$min_requests" ]; then
        say "that is fewer than $min_requests requests: they say nothing"
    fi
}

turn_back() { # colour, the colour to turn back to, what
    give "$2" 100
    confirm "$2"
    note rollback "color=$2" "from=$1" "why=$3"
    unproven=$1
    echo "blue-green: turned back to $2: $1: $3" >&2
    exit 1
}

# ---- commands

deploy() { # directory
    [ -d "$1" ] || die "$1 is no directory"
    model=$(cd "$1" && pwd)
    [ -n "$golden" ] || die "deploy needs --golden FILE: pairs that both models are asked"
    [ -r "$golden" ] || die "$golden: cannot be read"
    scratch=$(mktemp -d)
    live=$(live_colour)
    standby=$(other_of "$live")
    if ! is_ready "$live"; then
        start_first "$live" "$model"
        return
    fi
    [ "$(proxy_share)" = 0 ] || [ "$(proxy_share)" = 100 ] || die "$standby has requests now: end that by rollback or switch"
    begin "$standby" "$model"
    compare "$live" "$standby"
    load_test "$standby"
    if [ -n "$canary" ]; then
        canary_to "$standby" "$canary"
        watch_colour "$standby" "$canary_time" "$live"
    fi
    switch_to "$standby"
    unproven=''
    watch_colour "$standby" "$watch" "$live"
    note deployed "color=$standby" "model=$model"
    say "$standby is live on $model; $live goes on, for a rollback, until \"stop\""
}

begin() { # colour, directory
    note start "color=$1" "model=$2" "start=$start"
    say "$1 starts on $2"
    unproven=$1
    start_server "$1" "$2"
    wait_ready "$1" && return 0
    note failed "color=$1" "why=$why"
    die "$why"
}

# Nobody answers, so there is nothing to compare with and nothing to turn.
start_first() { # colour, directory
    begin "$1" "$2"
    load_test "$1"
    confirm "$1"
    unproven=''
    note deployed "color=$1" "model=$2"
    say "$1 is live on $2"
}

canary_to() { # colour, percent
    percent=$(share_of "$2" | awk '{ printf "%d", $1 * 100 + 0.5 }')
    [ "$percent" -le 50 ] || die "$2 is more than half: use \"switch\""
    give "$1" "$percent"
    note weights "color=$1" "proxy=$proxy" "percent:=$percent"
    say "$1 has $percent% of the requests"
}

weights() { # percent
    live=$(live_colour)
    standby=$(other_of "$live")
    is_ready "$standby" || die "$standby is not ready: http://$(address_of "$standby")/readyz"
    canary_to "$standby" "$1"
}

switch() {
    live=$(live_colour)
    standby=$(other_of "$live")
    is_ready "$standby" || die "$standby is not ready: http://$(address_of "$standby")/readyz"
    switch_to "$standby"
}

rollback() {
    live=$(live_colour)
    standby=$(other_of "$live")
    share=$(proxy_share)
    if [ "$share" -ne 0 ] && [ "$share" -ne 100 ]; then
        to=$live # a canary ends
    else
        ! tail -n 1 "$state/log.jsonl" 2>/dev/null | grep -q '"event": "rollback"' ||
            die "the last thing done was a rollback: \"switch\" goes to $standby"
        to=$standby
    fi
    is_ready "$to" || die "$to is not ready, so requests stay with $live: http://$(address_of "$to")/readyz"
    give "$to" 100
    confirm "$to"
    note rollback "color=$to" "from=$(other_of "$to")" "proxy=$proxy"
    say "$to has all requests again"
}

stop() {
    live=$(live_colour)
    standby=$(other_of "$live")
    share=$(proxy_share)
    [ "$share" -eq 0 ] || [ "$share" -eq 100 ] || die "$standby has requests: end that by rollback or switch"
    stop_server "$standby"
    note stop "color=$standby"
    say "$standby is stopped"
}

show() { # colour, percent
    health=$(curl -s --max-time 5 "http://$(address_of "$1")/health" | tr -s '\n ' ' ')
    if is_ready "$1"; then ready=ready; else ready='not ready'; fi
    printf '%-5s %-21s %3d%%  %-9s  %s\n' "$1" "$(address_of "$1")" "$2" "$ready" "${health:-does not answer}"
}

status() {
    share=$(proxy_share)
    show blue $((100 - share))
    show green "$share"
    if [ -s "$state/log.jsonl" ]; then tail -n 1 "$state/log.jsonl"; fi
    live=$(live_colour)
    is_ready "$live" || die "$live has the requests and is not ready"
}

[ $# -ge 1 ] || die 'which command? --help lists them'
command=$1
shift
case $command in
deploy) [ $# -eq 1 ] || die 'deploy takes one model directory' ;;
weights) [ $# -eq 1 ] || die 'weights takes one share, as 5%' ;;
switch | rollback | stop | status) [ $# -eq 0 ] || die "$command takes nothing more: options stand before it" ;;
*) die "there is no command \"$command\": --help lists them" ;;
esac
mkdir -p "$state" 2>/dev/null || die "$state: cannot be made; --state names another folder"
for program in curl awk setsid flock; do
    command -v "$program" >/dev/null || die "$program is not installed"
done
if [ "$command" = deploy ] && [ "$start" = process ]; then
    command -v "$server" >/dev/null || die "$server: no such program; --server names it"
fi
proxy_check
trap leave EXIT
trap 'note interrupted "command=$command"; exit 130' INT TERM
if [ "$command" != status ]; then
    exec 9>"$state/lock"
    flock -n 9 || die "$state/lock: another run is at work"
fi
"$command" "$@"
