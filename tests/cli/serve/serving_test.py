# SPDX-License-Identifier: Apache-2.0
"""Requests for scores: one and many at once, limits, deadlines, routes and methods."""
import signal
import socket
import threading
import unittest

from server import LIMIT, Case

PAIRS = [["人民路1号", "人民路1号"], ["人民路1号", "中山路22号"], ["西湖区文三路100号", "文三路100号"]]


def pair_of(a, b):
    return {"address1": a, "address2": b}


class Answers(Case):
    def test_requests_that_meet_are_answered_each_for_itself(self):
        server = self.serve("--max-queue-delay", "50ms", "--scorers", "1")
        alone = [server.match(a, b).json()["similarity"] for a, b in PAIRS]
        found, threads = {}, []

        def ask(place):
            answer = server.match(*PAIRS[place % len(PAIRS)])
            found[place] = (answer.status, answer.json()["similarity"])
        for place in range(24):
            threads.append(threading.Thread(target=ask, args=(place,)))
            threads[-1].start()
        for thread in threads:
            thread.join(LIMIT)
        self.assertEqual(found, {i: (200, alone[i % len(PAIRS)]) for i in range(24)})
        calls = server.metric('mgeo_calls_total{slot="blue",version="mgeo"}')
        self.assertLess(calls, len(PAIRS) + 24)

    def test_large_and_small_together(self):
        server = self.serve()
        many = {"pairs": [PAIRS[i % len(PAIRS)] for i in range(500)]}
        alone = [server.match(a, b).json()["similarity"] for a, b in PAIRS]
        results = []
        threads = [threading.Thread(target=lambda: results.append(server.call("POST", "/match", many)))
                   for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(10):
            self.assertEqual(server.match(*PAIRS[1]).json()["similarity"], alone[1])
        for thread in threads:
            thread.join(LIMIT)
        for answer in results:
            self.assertEqual([row["similarity"] for row in answer.json()["results"]],
                             [alone[i % len(PAIRS)] for i in range(500)])

    def test_a_bad_request_does_not_fail_its_neighbours(self):
        server = self.serve("--max-queue-delay", "50ms", "--scorers", "1")
        statuses = {}

        def ask(place):
            body = {"address1": "a"} if place % 3 == 0 else pair_of("a", "b")
            statuses[place] = server.call("POST", "/match", body).status
        threads = [threading.Thread(target=ask, args=(i,)) for i in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
        self.assertEqual(statuses, {i: 422 if i % 3 == 0 else 200 for i in range(12)})

    def test_no_pairs_at_all_may_come_first(self):
        tensor = {"name": "pairs", "shape": [0, 2], "datatype": "BYTES", "data": []}
        for path, body in (("/match", {"pairs": []}), ("/v2/models/mgeo/infer", {"inputs": [tensor]})):
            server = self.serve("--scorers", "1")
            self.assertEqual(server.call("POST", path, body).status, 200, path)
            server.stop()

    def test_the_model_is_named(self):
        server = self.serve("--model-version", "v7")
        answer = server.match("a", "b")
        self.assertEqual((answer.headers["X-Model-Version"], answer.headers["X-Model-Slot"],
                          answer.headers["X-Model-Generation"]), ("v7", "blue", "1"))

    def test_every_listener_answers(self):
        path = "unix:" + self.path("data.sock")
        server = self.serve("--listen", path)
        self.assertEqual(len(server.addresses), 2)
        for address in server.addresses:
            self.assertEqual(server.call("POST", "/match", pair_of("a", "b"), address=address).status, 200)
        server.stop()
        with self.assertRaises(OSError):
            server.call("GET", "/livez", address=path)


class Limits(Case):
    def refused(self, answer, status, code):
        self.assertEqual(answer.status, status, answer.body)
        error = answer.json()
        self.assertEqual(error["code"], code)
        self.assertTrue(error["error"] and error["error_type"])
        return error

    def test_a_full_queue_is_429(self):
        server = self.serve("--max-queue", "1", "--max-queue-delay", "60s")
        waiting = server.connect()
        self.addCleanup(waiting.close)
        waiting.request("POST", "/match", body=b'{"address1": "a", "address2": "b"}',
                        headers={"Content-Type": "application/json"})
        server.until(lambda: server.metric("mgeo_serve_queue_requests") == 1)
        answer = server.match("a", "b")
        self.assertEqual(self.refused(answer, 429, "queue_full")["limit"], 1)
        self.assertEqual(answer.headers["Retry-After"], "1")
        self.assertEqual(server.call("GET", "/readyz").status, 200)
        self.assertEqual(server.metric('mgeo_serve_requests_dropped_total{reason="queue_full"}'), 1)
        server.send(signal.SIGINT)  # nobody else will come
        self.assertEqual(waiting.getresponse().status, 200)

    def test_what_is_late_is_not_scored(self):
        server = self.serve("--max-queue-delay", "60s")
        answer = server.match("a", "b", X_Request_Timeout="50ms")
        self.refused(answer, 503, "deadline")
        self.assertEqual(answer.headers["Retry-After"], "1")
        self.assertEqual(server.metric('mgeo_serve_requests_dropped_total{reason="deadline"}'), 1)
        self.assertEqual(server.metric('mgeo_calls_total{slot="blue",version="mgeo"}'), 0)
        for text in ("soon", "0ms", "0s"):
            self.refused(server.match("a", "b", X_Request_Timeout=text), 400, "bad_timeout")

    def test_the_timeout_is_everybodys_deadline(self):
        server = self.serve("--max-queue-delay", "60s", "--timeout", "50ms")
        self.refused(server.match("a", "b"), 503, "deadline")
        self.refused(server.match("a", "b", X_Request_Timeout="10s"), 503, "deadline")

    def test_a_client_that_left_is_dropped(self):
        server = self.serve("--max-queue-delay", "60s")
        connection = server.connect()
        connection.request("POST", "/match", body=b'{"address1": "a", "address2": "b"}',
                           headers={"Content-Type": "application/json"})
        server.until(lambda: server.metric("mgeo_serve_queue_requests") == 1)
        connection.close()
        left = 'mgeo_serve_requests_dropped_total{reason="client_left"}'
        server.until(lambda: server.metric(left) == 1)
        self.assertEqual(server.metric("mgeo_serve_queue_requests"), 0)

    def test_bodies_and_pairs_are_bounded(self):
        server = self.serve("--max-body", "2k", "--max-pairs", "3")
        error = self.refused(server.call("POST", "/match", pair_of("a" * 3000, "b")), 413, "body_too_large")
        self.assertEqual(error["limit"], 2048)
        answer = server.call("POST", "/match", {"pairs": [["a", "b"]] * 4})
        self.assertEqual((answer.status, answer.json()["limit"]), (422, 3))

    def test_streams_are_bounded(self):
        server = self.serve("--max-streams", "1")
        first = socket.create_connection(server.address.split(":"), LIMIT)
        with first:
            first.sendall(b"POST /match HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
                          b"Content-Length: 100\r\n\r\n[\"a\", \"b\"]\n")
            server.until(lambda: server.metric("mgeo_serve_streams") == 1)
            connection = server.connect()
            answer = connection.call("POST", "/match", b'["a", "b"]\n', Content_Type="application/x-ndjson")
            connection.close()
            self.refused(answer, 503, "too_many_streams")

    def test_a_late_request_is_cancelled_while_it_is_scored(self):
        server = self.serve("-j", "1", "--max-pairs", "20000", "--max-body", "16MiB", model=None)
        many = {"pairs": [["浙江省杭州市西湖区文三路100号华星大厦" + str(i), "杭州市文三路" + str(i)] for i in range(20000)]}
        answer = server.call("POST", "/match", many, X_Request_Timeout="1s")
        self.refused(answer, 503, "deadline")
        self.assertEqual(server.metric('mgeo_serve_requests_dropped_total{reason="deadline"}'), 1)
        self.assertEqual(server.match("a", "b").status, 200)

    def test_paths_and_methods(self):
        server = self.serve()
        self.refused(server.call("GET", "/nowhere"), 404, "not_found")
        answer = server.call("GET", "/match")
        self.refused(answer, 405, "method_not_allowed")
        self.assertEqual(answer.headers["Allow"], "POST, OPTIONS")
        answer = server.call("DELETE", "/health")
        self.refused(answer, 405, "method_not_allowed")
        self.assertEqual(answer.headers["Allow"], "GET, HEAD, OPTIONS")
        answer = server.call("OPTIONS", "/match")
        self.assertEqual((answer.status, answer.headers["Allow"]), (204, "POST, OPTIONS"))
        for path in ("/health", "/livez", "/readyz", "/metrics", "/info", "/openapi.json", "/v2"):
            head = server.call("HEAD", path)
            self.assertEqual((head.status, head.body), (200, b""), path)
            self.assertGreater(int(head.headers["Content-Length"]), 0)


if __name__ == "__main__":
    unittest.main()
