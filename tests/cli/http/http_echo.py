# SPDX-License-Identifier: Apache-2.0
"""Runs the echo server ($MGEO_ECHO_SERVER) for the tests, and speaks to it byte by byte."""
import json
import os
import signal
import socket
import struct
import subprocess
import tempfile
import time
import unittest

PROGRAM = os.environ["MGEO_ECHO_SERVER"]
SANITIZED = os.environ.get("MGEO_SANITIZED", "none") != "none"
LIMIT = 60  # seconds after which something counts as hung
HOST = b"Host: localhost\r\n"
MARKER = b"GET /marker HTTP/1.1\r\n" + HOST + b"\r\n"


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Connection:
    def __init__(self, address):
        if address.startswith("unix:"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(LIMIT)
            self.socket.connect(address[5:])
        else:
            host, port = address.rsplit(":", 1)
            self.socket = socket.create_connection((host.strip("[]"), int(port)), timeout=LIMIT)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.kept = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def send_slowly(self, data):
        """Byte by byte; whoever does not want to hear more may close."""
        try:
            for at in range(len(data)):
                self.socket.sendall(data[at:at + 1])
        except (BrokenPipeError, ConnectionResetError):
            pass

    def fill(self):
        data = self.socket.recv(65536)
        self.kept += data
        return bool(data)

    def until(self, end):
        while end not in self.kept:
            if not self.fill():
                raise EOFError(self.kept)
        taken, self.kept = self.kept.split(end, 1)
        return taken

    def exactly(self, count):
        while len(self.kept) < count:
            if not self.fill():
                raise EOFError(self.kept)
        taken, self.kept = self.kept[:count], self.kept[count:]
        return taken

    def rest(self):
        """All that comes until the server closes."""
        while self.fill():
            pass
        taken, self.kept = self.kept, b""
        return taken

    def reply(self, head=False):
        lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status, _ = lines[0].split(" ", 2)
        assert version == "HTTP/1.1", lines
        headers = {}
        for line in lines[1:]:
            name, value = line.split(": ", 1)
            assert name.lower() not in headers, lines
            headers[name.lower()] = value
        status = int(status)
        if head or status < 200:
            return Reply(status, headers, b"")
        if headers.get("transfer-encoding") == "chunked":
            return Reply(status, headers, self.chunks())
        if "content-length" in headers:
            return Reply(status, headers, self.exactly(int(headers["content-length"])))
        return Reply(status, headers, self.rest())

    def chunks(self):
        body = b""
        while True:
            size = int(self.until(b"\r\n"), 16)
            body += self.exactly(size)
            assert self.exactly(2) == b"\r\n"
            if size == 0:
                return body

    def is_closed(self):
        """Waits for the server to close, and says whether it said nothing more."""
        try:
            return self.rest() == b""
        except ConnectionResetError:
            return True


class Case(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = holder.name

    def start(self, *limits, listen="127.0.0.1:0", status=0):
        """A server that must end by SIGTERM with this status when the test is over."""
        server = subprocess.Popen([PROGRAM, listen, *limits], stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(self.stop, server, status)
        self.address = server.stdout.readline().strip()
        self.assertTrue(self.address, "the server did not start")
        return server

    def stop(self, server, status):
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)
        try:
            self.assertEqual(server.wait(LIMIT), status)
        finally:
            server.kill()
            server.wait()

    def connect(self):
        connection = Connection(self.address)
        self.addCleanup(connection.socket.close)
        return connection

    def reset(self, connection):
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.socket.close()

    def counts(self):
        with Connection(self.address) as connection:
            connection.send(b"GET /counts HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n")
            return connection.reply().json()

    def await_counts(self, **wanted):
        """Asks until the counts are as wanted: some change a moment after the client has seen why."""
        until = time.monotonic() + LIMIT
        while time.monotonic() < until:
            counts = self.counts()
            if all(counts[name] == value for name, value in wanted.items()):
                return counts
            time.sleep(0.005)
        self.fail(f"{counts} never had {wanted}")
