#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What clients see of swaps: 100 of them in one process, under a load that is due at fixed times.

    benchmarks/serve/swaps.py BUILD [--swaps 100] [--rate 200] [--connections 32] [--model DIR]

BUILD is a build folder with cli/mgeo-serve and benchmarks/serve/http_load. Every other second has a
swap; the P99 of those seconds is held against the P99 of the others."""
import argparse
import http.client
import json
import os
import re
import socket
import statistics
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def operate(path, method, target, body=None):
    connection = UnixConnection(path)
    headers = {"If-Match": "*", "Content-Type": "application/json"} if method == "POST" else {}
    connection.request(method, target, json.dumps(body or {}) if method == "POST" else None, headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"swaps: {target}: {answer.status} {text.decode()}")
    return json.loads(text)


def start(build, folder):
    unix = os.path.join(folder, "operate.sock")
    server = subprocess.Popen([os.path.join(build, "cli/mgeo-serve"), "--listen", "127.0.0.1:0",
                               "--operate", "unix:" + unix], stderr=subprocess.PIPE, text=True)
    port = None
    for line in server.stderr:
        found = re.search(r"listening on 127\.0\.0\.1:(\d+)", line)
        if found:
            port = found[1]
            break
    while True:
        try:
            if operate(unix, "GET", "/operate/status")["ready"]:
                return server, port, unix
        except OSError:
            pass
        time.sleep(0.05)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("build")
    parser.add_argument("--swaps", type=int, default=100)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--model", default=os.path.join(ROOT, "models/mini"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server, port, unix = start(options.build, folder)
        operate(unix, "POST", "/operate/load", {"path": os.path.abspath(options.model)})
        seconds = 2 * options.swaps + 2
        load = subprocess.Popen([os.path.join(options.build, "benchmarks/serve/http_load"), "127.0.0.1:" + port,
                                 str(options.connections), str(seconds), str(options.rate)],
                                stdout=subprocess.PIPE, text=True)
        begun = time.monotonic() + 1  # its first second is not counted
        turns = []
        for i in range(options.swaps):
            time.sleep(max(0, begun + 2 * i + 1.4 - time.monotonic()))
            turns.append(operate(unix, "POST", "/operate/swap")["receipt"]["turn_seconds"])
        figures = json.loads(load.communicate()[0])
        server.terminate()
        server.wait()
    by_second = figures["p99_ms_by_second"]
    with_swap = by_second[1:2 * options.swaps:2]
    without = by_second[0:2 * options.swaps:2]
    print(f"swaps {options.swaps}, answers {figures['answers']}, failed {figures['failed']}, "
          f"connections closed {figures['closed']}")
    print(f"P99 of a second, ms: with a swap {statistics.median(with_swap):.3f}, without {statistics.median(without):.3f}: "
          f"{statistics.median(with_swap) / statistics.median(without):.3f} times as long (medians of the seconds)")
    print(f"a cut-over took {statistics.median(turns) * 1e6:.0f} us (median), {max(turns) * 1e6:.0f} us (most); "
          f"exit {server.returncode}")


if __name__ == "__main__":
    main()
