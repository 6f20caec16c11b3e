#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From exec to the first answer of mgeo-serve: start.py PROGRAM [OPTIONS of it …]. Prints a line of JSON: milliseconds until a
connection is accepted, and until a pair is answered, of eleven starts."""
import json
import socket
import subprocess
import sys
import time

STARTS = 11
BODY = b'{"address1": "a", "address2": "b"}'
REQUEST = (b"POST /match HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY)
           + BODY)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(connection):
    """Whether the answer is 200."""
    connection.sendall(REQUEST)
    return connection.recv(65536).startswith(b"HTTP/1.1 200")


def start(command):
    port = free_port()
    begun = time.perf_counter()
    server = subprocess.Popen([*command, "--listen", f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL)
    connection = accepted = None
    try:
        while server.poll() is None:
            try:
                if connection is None:
                    connection = socket.create_connection(("127.0.0.1", port))
                    accepted = time.perf_counter() - begun
                if ask(connection):
                    return 1000 * accepted, 1000 * (time.perf_counter() - begun)
            except ConnectionRefusedError:
                pass
            time.sleep(0.0005)
        sys.exit(f"{command[0]} ended by itself")
    finally:
        if connection is not None:
            connection.close()
        server.kill()
        server.wait()


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    times = [start(sys.argv[1:]) for _ in range(STARTS)]
    accepted, answered = (sorted(round(time[i], 1) for time in times) for i in (0, 1))
    print(json.dumps({"accepted_ms": accepted, "answered_ms": answered}))


if __name__ == "__main__":
    main()
