# SPDX-License-Identifier: Apache-2.0
"""The operating side answers whatever the clients of scores hold, and whatever its own long calls do."""
import json
import resource
import socket
import unittest

from models import MINI
from server import LIMIT, MGEO, Case

PAIR = ["浙江省杭州市西湖区文三路100号华星大厦", "杭州市文三路100号"]
LONG, CONNECTIONS = 8, 64
SHORT = 64 * 1024  # bytes of a body


class Room(Case):
    def operated(self, *arguments, **how):
        return self.serve("--operate", "unix:" + self.path("o.sock"), *arguments, **how)

    def check_all_answer(self, server):
        """Everything that one turns to when something is wrong; what it says does not matter here."""
        for path in ("status", "journal", "history"):
            answer = server.call("GET", "/operate/" + path, address=server.operate)
            self.assertNotEqual(answer.status, 503, answer.body)
        for path, body in (("rollback", {}), ("canary", {"share": 0}), ("shadow", {"share": 0}), ("swap", {})):
            answer = server.call("POST", "/operate/" + path, body, server.operate, If_Match="*")
            self.assertNotEqual(answer.status, 503, answer.body)

    def hold(self, server, address, count):
        """Connections that say nothing, once the server has them."""
        before = server.call("GET", "/operate/status", address=server.operate).json()["server"]["connections"]
        held = [server.connect(address) for _ in range(count)]
        for connection in held:
            self.addCleanup(connection.close)
            connection.connect()
        server.until(lambda: self.connections(server) >= before + count)
        return held

    def connections(self, server):
        return server.call("GET", "/operate/status", address=server.operate).json()["server"]["connections"]

    def code(self, answer):
        self.assertEqual(answer.status, 503, answer.body)
        return answer.json()["code"]

    def test_clients_of_scores_that_hold_all_connections(self):
        server = self.operated("--max-connections", "3")
        self.hold(server, server.address, 3)
        self.assertEqual(self.code(server.call("GET", "/readyz")), "too_many_connections")
        self.check_all_answer(server)

    def test_clients_of_scores_that_would_hold_all_descriptors(self):
        server = self.operated(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (200, 900)))
        self.assertIn("warning: 900 descriptors are enough for 516 connections, not 4096", server.err)
        held = [server.connect() for _ in range(900)]
        for connection in held:
            self.addCleanup(connection.close)
            connection.connect()
        for _ in range(3):  # whoever comes before this is let in or turned away by then
            self.check_all_answer(server)

    def test_clients_of_scores_that_hold_all_memory(self):
        server = self.operated("--max-buffered", "64k", "--max-body", "64k")
        client = socket.create_connection(server.address.split(":"), LIMIT)
        self.addCleanup(client.close)
        client.sendall(b"POST /match HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                       b"Content-Length: 65536\r\n\r\n" + b" " * 65535)
        server.until(lambda: server.metric("mgeo_serve_buffered_bytes") >= 65535)
        self.assertEqual(self.code(server.match("a", "b")), "too_many_bodies")
        self.check_all_answer(server)
        answer = server.call("POST", "/operate/compare", {"pairs": [PAIR] * 2000}, server.operate)
        self.assertEqual((answer.status, answer.json()["code"]), (409, "no_model"), answer.body)

    def test_its_own_connections_are_bounded(self):
        server = self.operated()
        held = self.hold(server, server.operate, CONNECTIONS - 1)
        held.append(server.connect(server.operate))
        self.addCleanup(held[-1].close)
        self.assertEqual(held[-1].call("GET", "/operate/status").status, 200)
        self.assertEqual(self.code(server.call("GET", "/operate/status", address=server.operate)),
                         "too_many_connections")
        self.assertEqual(server.match(*PAIR).status, 200)

    def test_comparisons_leave_threads_for_the_rest(self):
        server = self.operated("-j", "1", model=None)
        answer = server.call("POST", "/operate/load", {"path": MINI}, server.operate, If_Match="*")
        self.assertEqual(answer.status, 200, answer.body)
        body = json.dumps({"pairs": [PAIR] * 10000})  # many seconds of computing
        self.assertGreater(len(body), SHORT)
        asked = []
        for _ in range(LONG):
            asked.append(server.connect(server.operate))
            self.addCleanup(asked[-1].close)
            asked[-1].request("POST", "/operate/compare", body, {"Content-Type": "application/json"})
        small = {"pairs": [PAIR]}
        server.until(lambda: server.call("POST", "/operate/compare", small, server.operate).status == 503)
        self.check_all_answer(server)
        for path, other in (("compare", small), ("score", small), ("load", {"path": MGEO}),
                            ("swap", {"gate": {"pairs": [PAIR], "max_shift": 1}})):
            answer = server.call("POST", "/operate/" + path, other, server.operate, If_Match="*")
            self.assertEqual(self.code(answer), "too_many_operations", path)
            self.assertEqual((answer.json()["limit"], answer.headers["Retry-After"]), (LONG, "1"))
        for connection in asked:
            connection.close()
        server.until(lambda: server.call("POST", "/operate/score", small, server.operate).status == 200)

    def test_ready_is_ready_for_a_load(self):
        for i in range(3):
            server = self.operated("--journal", self.path(f"journal{i}"), wait="listening")
            server.wait_for("operating side at")
            server.until(lambda: server.call("GET", "/readyz").status == 200)
            answer = server.call("POST", "/operate/load", {"path": MGEO}, server.operate, If_Match="*")
            self.assertEqual(answer.status, 200, answer.body)
            server.stop()


if __name__ == "__main__":
    unittest.main()
