# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154,SC2034 # blue-green.sh sets what is used here, and reads what is set
# The two servers for blue-green.sh: started and ended as processes, systemd units or compose services.

address_of() { # colour
    if [ "$1" = blue ]; then echo "$blue"; else echo "$green"; fi
}

other_of() { # colour
    if [ "$1" = blue ]; then echo green; else echo blue; fi
}

is_ready() { # colour
    curl -sf --max-time 5 -o /dev/null "http://$(address_of "$1")/readyz"
}

# The process that the pid file names, if it is still the server that was started: numbers are used again.
pid_of() { # colour
    [ -r "$state/$1.pid" ] || return 1
    pid=$(cat "$state/$1.pid")
    { tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null | grep -qF -- "--listen $(address_of "$1")" || return 1
    echo "$pid"
}

# A session of its own, so that what ends this script's terminal does not end the server. It must not hold the lock.
start_process() { # colour, directory
    # shellcheck disable=SC2086 # $server_options are several
    setsid "$server" --listen "$(address_of "$1")" --model "$2" --operate "unix:$state/$1.sock" $server_options \
        </dev/null >>"$state/$1.log" 2>&1 9>&- &
    echo $! >"$state/$1.pid"
}

# One that ended and that nobody has waited for yet has no command line any more: it is gone too.
stop_process() { # colour
    tries=0
    while pid=$(pid_of "$1"); do
        [ "$tries" -gt 0 ] || kill -TERM "$pid" 2>/dev/null || true
        tries=$((tries + 1))
        [ "$tries" -lt 1200 ] || die "$1: process $pid did not end within a minute of SIGTERM"
        sleep 0.05
    done
    rm -f "$state/$1.pid"
}

# mgeo-serve@.service reads model and address from this file.
start_systemd() { # colour, directory
    printf 'MGEO_MODEL=%s\nMGEO_LISTEN=%s\n' "$2" "$(address_of "$1")" >"$environment_folder/$1.env.part"
    mv "$environment_folder/$1.env.part" "$environment_folder/$1.env"
    systemctl restart "mgeo-serve@$1.service" && return 0
    unproven='' # nothing runs
    die "systemd could not start mgeo-serve@$1.service: journalctl -u mgeo-serve@$1"
}

# The compose file mounts what MGEO_BLUE_MODEL and MGEO_GREEN_MODEL name; both are kept for its other commands.
start_compose() { # colour, directory
    touch "$state/compose.env"
    name=MGEO_$(echo "$1" | tr '[:lower:]' '[:upper:]')_MODEL
    { grep -v "^$name=" "$state/compose.env" || true; } >"$state/compose.part"
    echo "$name=$2" >>"$state/compose.part"
    mv "$state/compose.part" "$state/compose.env"
    docker compose -f "$compose_file" --env-file "$state/compose.env" up -d --no-deps --force-recreate "$1" &&
        return 0
    unproven=''
    die "docker compose could not start the service \"$1\" of $compose_file"
}

start_server() { # colour, directory
    case $start in
    process)
        stop_process "$1"
        start_process "$1" "$2"
        ;;
    systemd) start_systemd "$1" "$2" ;;
    compose) start_compose "$1" "$2" ;;
    esac
}

stop_server() { # colour
    case $start in
    process) stop_process "$1" ;;
    systemd) systemctl stop "mgeo-serve@$1.service" || die "systemd could not stop mgeo-serve@$1.service" ;;
    compose)
        docker compose -f "$compose_file" --env-file "$state/compose.env" stop "$1" ||
            die "docker compose could not stop the service \"$1\" of $compose_file"
        ;;
    esac
}

# What a server that ended said last.
last_words() { # colour
    if [ "$start" = process ]; then tail -n 1 "$state/$1.log" 2>/dev/null; fi
}

# Fails with the reason in $why.
wait_ready() { # colour
    began=$(date +%s)
    until is_ready "$1"; do
        if [ "$start" = process ] && ! pid_of "$1" >/dev/null; then
            sleep 0.2 # between fork and exec it has this script's name
            if ! pid_of "$1" >/dev/null; then
                why="$1: the server ended: $(last_words "$1")"
                return 1
            fi
        fi
        if [ $(($(date +%s) - began)) -ge "$ready_timeout" ]; then
            why="$1: http://$(address_of "$1")/readyz is not 200 after $ready_timeout s: $(last_words "$1")"
            return 1
        fi
        sleep 0.1
    done
}
