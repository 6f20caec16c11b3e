# SPDX-License-Identifier: Apache-2.0
"""A hundred swaps under load: no request fails, no connection is closed, and answers name their model."""
import http.client
import threading
import unittest

from server import MGEO, Case

CLIENTS, SWAPS = 4, 100
PAIR = {"address1": "人民路1号", "address2": "人民路2号"}


class Client(threading.Thread):
    """Asks on one connection without a pause."""

    def __init__(self, server, stop):
        super().__init__()
        self.connection, self.stop = server.connect(), stop
        self.answers, self.generations, self.wrong = 0, set(), []

    def run(self):
        self.connection.connect()
        self.connection.auto_open = 0  # a closed connection is a failure
        try:
            while not self.stop.is_set():
                answer = self.connection.call("POST", "/match", PAIR)
                self.answers += 1
                model = answer.json().get("model", {})
                self.generations.add(answer.headers["X-Model-Generation"])
                if answer.status != 200 or str(model["generation"]) != answer.headers["X-Model-Generation"]:
                    self.wrong.append((answer.status, answer.body))
        except (OSError, http.client.HTTPException) as error:
            self.wrong.append(repr(error))
        finally:
            self.connection.close()


class Swaps(Case):
    def test_a_hundred_under_load(self):
        server = self.serve("--operate", "unix:" + self.path("o.sock"), "--threads", "1")
        answer = server.call("POST", "/operate/load", {"path": MGEO}, server.operate, If_Match="*")
        self.assertEqual(answer.status, 200, answer.body)
        stop = threading.Event()
        clients = [Client(server, stop) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        operator = server.connect(server.operate)
        self.addCleanup(operator.close)
        etag = answer.json()["etag"]
        for i in range(SWAPS):
            before = sum(client.answers for client in clients)
            answer = operator.call("POST", "/operate/swap", {"reason": str(i)}, If_Match=etag)
            self.assertEqual(answer.status, 200, answer.body)
            etag = answer.json()["etag"]
            server.until(lambda: sum(client.answers for client in clients) > before or
                         any(client.wrong for client in clients))
        stop.set()
        for client in clients:
            client.join()
            self.assertEqual(client.wrong, [])
            self.assertGreater(client.answers, 0)
        self.assertEqual(set().union(*(client.generations for client in clients)), {"1", "2"})
        status = server.call("GET", "/operate/status", address=server.operate).json()
        self.assertEqual(status["rollout"]["swaps"], SWAPS)
        self.assertEqual([status["slots"][slot]["stats"]["failed_calls"] for slot in ("blue", "green")], [0, 0])


if __name__ == "__main__":
    unittest.main()
