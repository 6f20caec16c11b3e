#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What bad clients cost a good one: its P99 and the server's memory, alone and beside 200 of them.

    benchmarks/serve/bad_clients.py build/cli/mgeo-serve [--seconds 10] [--clients 200]

A good client asks for one pair after another over one connection, in a process of its own. Beside it the
bad ones: heads and bodies that come a byte at a time, bodies of a gigabyte, clients that do not read,
malformed framing, deep JSON, doubled keys, bytes that are not UTF-8, sockets closed by half.

The bad ones need processors too, and so does whoever answers them. So each round is run a third time with
them at another server on this machine: what they cost the good one there is the machine's, not the server's."""
import argparse
import json
import multiprocessing
import os
import random
import re
import selectors
import socket
import statistics
import subprocess
import time

BODY = json.dumps({"address1": "北京市朝阳区建国路88号", "address2": "北京朝阳建国路88号大望路地铁站旁"}).encode()


def post(body, more=b"", path=b"/match"):
    return (b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s"
            % (path, more, len(body), body))


GET = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
AT_ONCE = {  # name: what is sent in one piece, and again on a new connection when that one ends
    "two lengths": b"POST /match HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd" + GET,
    "chunked": b"POST /match HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + GET,
    "blank before colon": b"GET /health HTTP/1.1\r\nHost : x\r\n\r\n" + GET,
    "folded": b"GET /health HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n" + GET,
    "no host": b"GET /health HTTP/1.1\r\n\r\n" + GET,
    "no HTTP": os.urandom(4000),
    "long head": b"GET /health HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 20000 + b"\r\n",
    "deep JSON": post(b'{"pairs":' + b"[" * 500000),
    "doubled keys": post(b'{"address1":"a","address1":"b","address2":"c"}'),
    "no UTF-8": post(b'{"address1":"\xff\xfe","address2":"\xc0\x80"}'),
    "many pairs": post(json.dumps({"pairs": [["a", "b"]] * 60000}).encode()),
    "closed by half": post(BODY),
}
SLOWLY = {  # a byte every tenth of a second
    "slow head": b"POST /match HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"a" * 4000,
    "slow body": post(b" " * 5000)[:-4900] + b" " * 4900,
    "one-byte packets": post(BODY) * 50,
}
STEADILY = {"gigabyte": post(b"", b"", b"/match").replace(b"Content-Length: 0", b"Content-Length: 1000000000"),
            "slow body, large": post(b"").replace(b"Content-Length: 0", b"Content-Length: 1000000")}
DEAF = {"does not read": (b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 2000)}


class BadClient:
    def __init__(self, address, name, selector):
        self.address, self.name, self.selector, self.socket = address, name, selector, None
        self.begin()

    def begin(self):
        self.end()
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(self.address)
        self.data = {**AT_ONCE, **SLOWLY, **STEADILY, **DEAF}[self.name]
        self.at = 0
        self.next = time.monotonic() + random.random() * 0.1
        if self.name not in DEAF:
            self.selector.register(self.socket, selectors.EVENT_READ, self)

    def end(self):
        if self.socket is None:
            return
        try:
            self.selector.unregister(self.socket)
        except KeyError:
            pass
        self.socket.close()
        self.socket = None

    def read(self):
        try:
            if not self.socket.recv(65536):
                self.begin()
        except BlockingIOError:
            pass
        except OSError:
            self.begin()

    def write(self, now):
        if now < self.next:
            return
        try:
            if self.at < len(self.data):
                size = 1 if self.name in SLOWLY else 65536
                self.at += self.socket.send(self.data[self.at:self.at + size])
                if self.at == len(self.data) and self.name == "closed by half":
                    self.socket.shutdown(socket.SHUT_WR)
            elif self.name in STEADILY:
                self.socket.send(b"x" * 65536)
        except BlockingIOError:
            pass
        except OSError:
            self.begin()
        # A bad client is one of many: it must not be the load that measures itself.
        self.next = now + 0.1


def be_bad(address, count, seconds):
    names = list(AT_ONCE) + list(SLOWLY) + list(STEADILY) + list(DEAF)
    selector = selectors.DefaultSelector()
    clients = [BadClient(address, names[i % len(names)], selector) for i in range(count)]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for key, _ in selector.select(0.01):
            key.data.read()
        now = time.monotonic()
        for client in clients:
            client.write(now)
    for client in clients:
        client.end()


def be_good(address, seconds, answers):
    connection = socket.create_connection(address)
    times, failed, end = [], 0, time.monotonic() + seconds
    while time.monotonic() < end:
        begun = time.monotonic()
        connection.sendall(post(BODY))
        text = connection.recv(65536)
        times.append(time.monotonic() - begun)
        if not text.startswith(b"HTTP/1.1 200 "):
            failed += 1
            connection = socket.create_connection(address)
        time.sleep(0.002)
    answers.put((times, failed))


def memory(process):
    """Resident, in MB, now and at most so far."""
    text = open(f"/proc/{process.pid}/status", encoding="ascii").read()
    return [int(re.search(name + r":\s+(\d+)", text)[1]) / 1024 for name in ("VmRSS", "VmHWM")]


def run(address, seconds, bad, where=None):
    answers = multiprocessing.Queue()
    good = multiprocessing.Process(target=be_good, args=(address, seconds, answers))
    others = multiprocessing.Process(target=be_bad, args=(where or address, bad, seconds)) if bad else None
    if others:
        others.start()
    good.start()
    times, failed = answers.get()
    good.join()
    if others:
        others.join()
    return times, failed


def start(program):
    process = subprocess.Popen([program, "--listen", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        found = re.search(r"listening on ([\d.]+):(\d+)", line)
        if found:
            break
    address = (found[1], int(found[2]))
    while b" 200 " not in ask(address, b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"):
        time.sleep(0.05)
    return process, address


def ask(address, request):
    with socket.create_connection(address) as connection:
        connection.sendall(request)
        return connection.recv(65536)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    process, address = start(options.program)
    other, elsewhere = start(options.program)
    run(address, 2, 0)
    idle = memory(process)[0]
    print("bad clients     answers  failed  P50 ms  P99 ms  memory MB  most MB")
    cases = {"none": (0, None), "elsewhere": (options.clients, elsewhere), "here": (options.clients, None)}
    p99 = {name: [] for name in cases}
    for _ in range(options.rounds):
        for name, (bad, where) in cases.items():
            times, failed = run(address, options.seconds, bad, where)
            times.sort()
            p99[name].append(times[int(len(times) * 0.99)] * 1000)
            now, most = memory(process)
            print(f"{bad:3} {name:10}  {len(times):7}  {failed:6}  {statistics.median(times) * 1000:6.2f}"
                  f"  {p99[name][-1]:6.2f}  {now:9.1f}  {most:7.1f}", flush=True)
    middle = {name: statistics.median(values) for name, values in p99.items()}
    print(f"P99 beside {options.clients} bad clients: {middle['here'] / middle['none']:.2f} times that of a quiet machine, "
          f"{middle['here'] / middle['elsewhere']:.2f} times that beside the same clients of another server; "
          f"most memory over idle: {memory(process)[1] - idle:.1f} MB")
    for server in (process, other):
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
