#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""POST /match with lines: streams of any length, answered in order and as they come."""
import json
import socket
import threading
import unittest

import server

A, B = "北京市海淀区中关村大街1号", "海淀区中关村大街1号"
TYPE = {"Content_Type": "application/x-ndjson"}


def lines_of(answer):
    return [json.loads(line) for line in answer.body.decode().splitlines()]


class Stream:
    """A request whose body is sent in pieces, while its answer is read."""

    def __init__(self, address, length, path="/match"):
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=server.LIMIT)
        self.file = self.socket.makefile("rb")
        self.socket.sendall(f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
                            f"Content-Length: {length}\r\n\r\n".encode())

    def head(self):
        lines = []
        while (line := self.file.readline()) not in (b"\r\n", b""):
            lines.append(line.decode().strip())
        return lines

    def chunk(self):
        """The next piece of the answer; empty at its end."""
        size = self.file.readline()
        piece = self.file.read(int(size, 16))
        self.file.readline()
        return piece

    def close(self):
        self.file.close()
        self.socket.close()


class StreamTest(server.Case):
    @classmethod
    def setUpClass(cls):
        cls.server = server.Server("--max-body", "16KiB", "--max-streams", "2")

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def send(self, body, path="/match", **headers):
        return self.server.call("POST", path, body, **{**TYPE, **headers})

    def test_lines_in_lines_out(self):
        body = (json.dumps([A, B]) + "\n" + json.dumps({"id": "x", "address1": B, "address2": A}) + "\r\n" +
                "\n" + "nonsense\n" + json.dumps({"id": 4, "address1": A}) + "\n" + json.dumps([A, ""]))
        answer = self.send(body.encode())
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["Content-Type"], "application/x-ndjson")
        self.assertEqual(answer.headers["X-Model-Generation"], "1")
        one, two, three, four, five = lines_of(answer)
        alone = self.server.match(A, B).json()
        self.assertEqual(one, {"index": 0, **{key: alone[key] for key in alone if key != "model"}, "generation": 1})
        self.assertEqual((two["index"], two["id"]), (1, "x"))
        self.assertEqual((three["index"], three["code"]), (3, "malformed_json"))
        self.assertEqual((four["index"], four["id"], four["code"]), (4, 4, "missing_field"))
        self.assertEqual((five["index"], five["similarity"], five["flags"]), (5, None, ["empty"]))

    def test_digits_and_types(self):
        for kind in "application/x-ndjson", "application/jsonl; charset=utf-8", "Application/X-NDJSON":
            answer = self.send(b'["a","b"]\n', "/match?digits=8", Content_Type=kind)
            self.assertRegex(answer.body.decode(), r'"similarity":0\.\d{8},')
        for kind, path, status in (("application/x-ndjson; charset=gbk", "/match", 415),
                                   ("application/x-ndjsons", "/match", 415),
                                   ("application/x-ndjson", "/match?digits=x", 422)):
            self.assertEqual(self.send(b'["a","b"]\n', path, Content_Type=kind).status, status)
        self.assertEqual(self.send(b"{}", Content_Encoding="gzip").status, 415)

    def test_no_lines(self):
        for body in b"", b"\n\n \r\n":
            answer = self.send(body)
            self.assertEqual((answer.status, answer.body), (200, b""))

    def test_long_lines(self):
        body = [json.dumps([A, B]), json.dumps(["a" * 20000, "b"]), "x" * 300000, json.dumps(["a" * 10000, "b"])]
        answers = lines_of(self.send("\n".join(body).encode()))
        self.assertEqual([answer.get("code") for answer in answers], [None, "line_too_long", "line_too_long", None])
        self.assertEqual(answers[1]["limit"], 16384)

    def test_many_lines(self):
        """More than fits in any buffer on the way; the client reads while it sends."""
        count = 2000 if server.SANITIZED else 20000
        lines = [json.dumps({"id": i, "address1": f"{A}{i % 7}", "address2": B}, ensure_ascii=False)
                 for i in range(count)]
        body = ("\n".join(lines) + "\n").encode()
        stream = Stream(self.server.address, len(body))
        self.addCleanup(stream.close)
        sender = threading.Thread(target=stream.socket.sendall, args=(body,))
        sender.start()
        self.assertIn("HTTP/1.1 200 OK", stream.head())
        received = b""
        while piece := stream.chunk():
            received += piece
        sender.join()
        answers = [json.loads(line) for line in received.splitlines()]
        self.assertEqual([answer["id"] for answer in answers], list(range(count)))
        self.assertEqual([answer["index"] for answer in answers], list(range(count)))
        self.assertEqual(len({answer["similarity"] for answer in answers if answer["id"] % 7 == 0}), 1)

    def test_answers_as_lines_come(self):
        line = (json.dumps([A, B]) + "\n").encode()
        stream = Stream(self.server.address, 3 * len(line))
        self.addCleanup(stream.close)
        for number in range(3):
            stream.socket.sendall(line[:7])
            stream.socket.sendall(line[7:])
            if number == 0:
                self.assertIn("HTTP/1.1 200 OK", stream.head())
            self.assertEqual(json.loads(stream.chunk())["index"], number)
        self.assertEqual(stream.chunk(), b"")

    def test_as_many_streams_as_allowed(self):
        line = (json.dumps([A, B]) + "\n").encode()
        streams = [Stream(self.server.address, 2 * len(line)) for _ in range(2)]
        for stream in streams:
            self.addCleanup(stream.close)
            stream.socket.sendall(line)
            self.assertIn("HTTP/1.1 200 OK", stream.head())
        refused = self.send(line)
        self.assertEqual((refused.status, refused.json()["code"]), (503, "too_many_streams"))
        self.assertEqual(refused.headers["Retry-After"], "1")
        for stream in streams:
            stream.socket.sendall(line)
            self.assertEqual(json.loads(stream.chunk())["index"], 0)
            self.assertEqual(json.loads(stream.chunk())["index"], 1)
            self.assertEqual(stream.chunk(), b"")
        self.server.until(lambda: self.send(line).status == 200)

    def test_a_client_that_leaves(self):
        line = (json.dumps([A, B]) + "\n").encode()
        for _ in range(5):
            self.server.until(lambda: self.send(line).status == 200)
            stream = Stream(self.server.address, 1000 * len(line))
            stream.socket.sendall(line * 100)
            stream.head()
            stream.close()
        self.server.until(lambda: self.send(line).status == 200)
        self.assertEqual(self.server.match(A, B).status, 200)


class SlowClientTest(server.Case):
    LINE = (json.dumps([A, B]) + "\n").encode()

    def test_a_client_that_does_not_read(self):
        started = self.serve("--write-timeout", "500ms")
        stream = Stream(started.address, 1 << 40)
        self.addCleanup(stream.close)
        with self.assertRaises(OSError):
            while True:
                stream.socket.sendall(self.LINE * 1000)
        started.until(lambda: started.metric("mgeo_serve_streams") == 0)
        self.assertEqual(started.match(A, B).status, 200)

    def test_a_client_that_does_not_send(self):
        started = self.serve("--body-timeout", "500ms")
        stream = Stream(started.address, 1 << 20)
        self.addCleanup(stream.close)
        stream.socket.sendall(self.LINE)
        stream.head()
        self.assertEqual(json.loads(stream.chunk())["index"], 0)
        with self.assertRaises((OSError, ValueError)):  # no last chunk: nobody takes the answer for whole
            stream.chunk()
        started.until(lambda: started.metric("mgeo_serve_streams") == 0)
        self.assertEqual(started.match(A, B).status, 200)


if __name__ == "__main__":
    unittest.main()
