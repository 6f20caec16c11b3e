# SPDX-License-Identifier: Apache-2.0
"""Runs mgeo-serve for tests: $MGEO_SERVE is the program. Ports are the kernel's choice, sockets lie in
the test's folder, and what was started is ended with the test."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

PROGRAM = os.environ["MGEO_SERVE"]
GOLDEN = os.environ["MGEO_GOLDEN"]
MGEO = os.path.join(GOLDEN, "mgeo")  # exact_match, partial_match, not_match
SANITIZED = os.environ.get("MGEO_SANITIZED", "none") != "none"
LIMIT = 120  # seconds after which something counts as hung
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:")
os.environ["CUDA_VISIBLE_DEVICES"] = ""  # device auto is the CPU, whatever the machine has
for name in [name for name in os.environ if name in ("NOTIFY_SOCKET", "WATCHDOG_USEC") or
             (name.startswith("MGEO_") and name not in ("MGEO_MODULE_PATH", "MGEO_CPU_ISA"))]:
    if name not in ("MGEO_SERVE", "MGEO_CTL", "MGEO_GOLDEN", "MGEO_SANITIZED", "MGEO_SOURCE", "MGEO_SCORE",
                    "MGEO_BENCH", "MGEO_LIBRARY", "MGEO_COMPLETIONS", "MGEO_KILL_POINT"):
        del os.environ[name]  # a setting of whoever runs the tests

# Behind a script's & these are ignored, and the program would ignore them too.
for number in (signal.SIGHUP, signal.SIGTERM):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def surroundings(more=None):
    """The environment without what only tests read, which the program would warn of."""
    ours = ("MGEO_MODULE_PATH", "MGEO_CPU_ISA")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MGEO_") or name in ours}
    return {**kept, **(more or {})}


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


class Connection(http.client.HTTPConnection):
    """To HOST:PORT or unix:/PATH."""

    def __init__(self, address):
        self.address = address
        super().__init__("localhost" if address.startswith("unix:") else address, timeout=LIMIT)

    def connect(self):
        if not self.address.startswith("unix:"):
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(LIMIT)
        self.sock.connect(self.address[len("unix:"):])

    def call(self, method, path, body=None, **headers):
        """Header names as Python can write them: X_Route_Key="a"."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            named.setdefault("Content-Type", "application/json")
        self.request(method, path, body=body, headers=named)
        return Answer(self.getresponse())


class Server:
    """One process. `address` is its first data address, `operate` that of the operating side."""

    def __init__(self, *arguments, model=MGEO, listen="127.0.0.1:0", wait="ready", environment=None,
                 **how):
        command = [PROGRAM, *(["--model", model] if model else []),
                   *(["--listen", listen] if listen else []), *arguments]
        self.lines = []
        self.news = threading.Condition()
        self.addresses, self.operate, self.ended = [], None, False
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE,
                                        env=surroundings(environment), **how)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if wait:
            self.wait_for("listening on")
        if wait == "ready":
            self.wait_for("ready: ")

    def _read(self):
        for line in self.process.stderr:
            line = line.decode(errors="replace").rstrip("\n")
            with self.news:
                self.lines.append(line)
                listening = re.fullmatch(r"mgeo-serve: listening on (.*)", line)
                operating = re.fullmatch(r"mgeo-serve: operating side at (.*)", line)
                if listening:
                    self.addresses.append(listening.group(1))
                if operating:
                    self.operate = operating.group(1)
                self.news.notify_all()
        with self.news:
            self.ended = True
            self.news.notify_all()

    @property
    def address(self):
        return self.addresses[0]

    @property
    def err(self):
        return "\n".join(self.lines)

    def wait_for(self, text, count=1):
        """Until that many lines of standard error hold the text."""
        def there():
            return sum(text in line for line in self.lines) >= count
        with self.news:
            self.news.wait_for(lambda: there() or self.ended, LIMIT)
            if not there():
                raise AssertionError(f"no {text!r} from mgeo-serve:\n{self.err}")

    def connect(self, address=None):
        return Connection(address or self.address)

    def call(self, method, path, body=None, address=None, **headers):
        """One request on a connection of its own."""
        connection = self.connect(address)
        try:
            return connection.call(method, path, body, **headers)
        finally:
            connection.close()

    def match(self, a, b, **headers):
        return self.call("POST", "/match", {"address1": a, "address2": b}, **headers)

    def metric(self, line):
        """The value of the sample that begins so."""
        text = self.call("GET", "/metrics").body.decode()
        for sample in text.splitlines():
            if sample.startswith(line + " "):
                return float(sample.rpartition(" ")[2])
        raise AssertionError(f"no {line} in\n{text}")

    def until(self, condition):
        """Waits for a condition on the server."""
        end = time.monotonic() + LIMIT
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"waited in vain; mgeo-serve said:\n{self.err}")
            time.sleep(0.01)

    def send(self, number):
        self.process.send_signal(number)

    def wait(self, status=0):
        """Its end, which must be with this status and without a sanitizer's word."""
        found = self.process.wait(LIMIT)
        self.reader.join(LIMIT)
        if found != status or SANITIZER.search(self.err):
            raise AssertionError(f"exit status {found}, not {status}:\n{self.err}")

    def stop(self, number=signal.SIGINT, status=0):
        if self.process.poll() is None:
            self.send(number)
        self.wait(status)
        self.process.stderr.close()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reader.join(LIMIT)
        self.process.stderr.close()


class Case(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = holder.name

    def path(self, name, content=None):
        path = os.path.join(self.folder, name)
        if content is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(content)
        return path

    def serve(self, *arguments, stops=True, **how):
        """A server that the test's end stops, and whose end is checked."""
        server = Server(*arguments, **how)
        self.addCleanup(server.stop if stops else server.kill)
        return server

    def run_serve(self, *arguments, status=0, environment=None):
        """A run that ends by itself."""
        done = subprocess.run([PROGRAM, *arguments], capture_output=True, timeout=LIMIT,
                              env=surroundings(environment))
        err = done.stderr.decode()
        self.assertEqual(done.returncode, status, err)
        self.assertIsNone(SANITIZER.search(err), err)
        return done.stdout.decode(), err
