# SPDX-License-Identifier: Apache-2.0
"""What the server tells of its work: access log, trace context, metrics, information."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import unittest

from server import LIMIT, Case

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class AccessLog(Case):
    def lines(self, name, count):
        """The log's lines, once there are that many."""
        path = os.path.join(self.folder, name)
        found = []

        def there():
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    found[:] = file.read().splitlines()
            return len(found) >= count
        self.server.until(there)
        return [json.loads(line) for line in found]

    def test_a_line_for_each_request(self):
        self.server = self.serve("--access-log", self.path("access.jsonl"))
        self.server.match("a", "b", User_Agent="tester", traceparent=f"00-{TRACE}-{SPAN}-01", tracestate="x=1")
        self.server.call("POST", "/match", {"address1": "a"})
        self.server.call("GET", "/nowhere\"%41?query=1")
        first, second, third = self.lines("access.jsonl", 3)
        self.assertRegex(first["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertRegex(first["peer"], r"^127\.0\.0\.1:\d+$")
        self.assertGreater(first["duration_ms"], 0)
        self.assertGreaterEqual(first["queue_ms"], 0)
        self.assertGreater(first["bytes_out"], 0)
        expected = {"method": "POST", "path": "/match", "route": "/match", "status": 200, "pairs": 1,
                    "bytes_in": len('{"address1": "a", "address2": "b"}'), "slot": "blue", "version": "mgeo",
                    "generation": 1, "trace_id": TRACE, "parent_id": SPAN, "user_agent": "tester",
                    "tracestate": "x=1"}
        self.assertEqual({name: first[name] for name in expected}, expected)
        self.assertEqual(second["status"], 422)
        self.assertTrue(second["error"])
        self.assertNotIn("generation", second)
        self.assertEqual((third["status"], third["path"], third["error"]),
                         (404, '/nowhere"%41', "not_found"))
        self.assertNotIn("route", third)

    def test_it_is_opened_anew(self):
        path = self.path("access.jsonl")
        self.server = self.serve("--access-log", path)
        self.server.call("GET", "/livez")
        self.lines("access.jsonl", 1)
        os.rename(path, path + ".1")
        self.server.send(signal.SIGHUP)
        self.server.wait_for("reloaded")
        self.server.call("GET", "/readyz")
        self.assertEqual([line["path"] for line in self.lines("access.jsonl", 1)], ["/readyz"])
        self.assertEqual([line["path"] for line in self.lines("access.jsonl.1", 1)], ["/livez"])

    def test_standard_output_takes_it_too(self):
        with open(self.path("out"), "wb") as out:
            self.server = self.serve("--access-log", "-", stdout=out)
        self.server.call("GET", "/livez")
        self.assertEqual([line["path"] for line in self.lines("out", 1)], ["/livez"])

    def test_a_reader_that_sleeps_holds_up_nobody(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.server = self.serve("--access-log", "-", stdout=writer)
        os.close(writer)
        connection = self.server.connect()
        for _ in range(400):  # more than a pipe holds
            self.assertEqual(connection.call("GET", "/livez", User_Agent="x" * 250).status, 200)
        connection.close()
        self.server.stop()

    def test_a_log_that_cannot_be_opened_is_told(self):
        out, err = self.run_serve("--listen", "127.0.0.1:0", "--access-log", self.path("none") + "/log",
                                  status=2)
        self.assertIn("--access-log", err)

    def test_nothing_is_lost_at_the_end(self):
        self.server = self.serve("--access-log", self.path("access.jsonl"))
        for _ in range(200):
            self.server.call("GET", "/livez")
        self.server.stop()
        self.assertEqual(len(self.lines("access.jsonl", 200)), 200)

    def test_a_malformed_request_is_logged(self):
        self.server = self.serve("--access-log", self.path("access.jsonl"))
        with socket.create_connection(self.server.address.split(":"), LIMIT) as client:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            while client.recv(4096):
                pass
        line = self.lines("access.jsonl", 1)[0]
        self.assertEqual(line["status"], 400)
        self.assertEqual(self.server.metric("mgeo_serve_malformed_requests_total"), 1)


class Traces(Case):
    def test_the_trace_goes_on_with_a_span_of_the_servers(self):
        server = self.serve()
        given = f"00-{TRACE}-{SPAN}-01"
        for answer in (server.match("a", "b", traceparent=given), server.call("GET", "/livez", traceparent=given),
                       server.call("GET", "/nowhere", traceparent=given)):
            version, trace, span, flags = answer.headers["traceparent"].split("-")
            self.assertEqual((version, trace, flags), ("00", TRACE, "01"))
            self.assertNotEqual(span, SPAN)

    def test_without_one_a_trace_begins(self):
        server = self.serve()
        seen = {server.call("GET", "/livez", **given).headers["traceparent"].split("-")[1]
                for given in ({}, {}, {"traceparent": "nonsense"})}
        self.assertEqual(len(seen), 3)


class Metrics(Case):
    def test_both_formats_pass_promtool(self):
        server = self.serve()
        server.match("a", "b")
        server.call("GET", "/nowhere")
        plain = server.call("GET", "/metrics")
        self.assertEqual(plain.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        text = plain.body.decode()
        self.assertNotIn("# EOF", text)
        names = re.findall(r"^# TYPE (\S+) ", text, re.M)
        self.assertEqual(len(names), len(set(names)))
        if shutil.which("promtool") is None:
            self.skipTest("promtool is not here")
        done = subprocess.run(["promtool", "check", "metrics"], input=plain.body, capture_output=True)
        self.assertEqual((done.returncode, done.stderr, done.stdout), (0, b"", b""))

    def test_openmetrics_ends_once_and_declares_each_family_once(self):
        server = self.serve()
        server.match("a", "b")
        answer = server.call("GET", "/metrics", Accept=OPENMETRICS + ";q=0.5,text/plain;q=0.4")
        self.assertEqual(answer.headers["Content-Type"], OPENMETRICS)
        text = answer.body.decode()
        self.assertTrue(text.endswith("\n# EOF\n"))
        self.assertEqual(text.count("# EOF"), 1)
        families = re.findall(r"^# TYPE (\S+) ", text, re.M)
        self.assertEqual(len(families), len(set(families)))
        for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M):
            self.assertEqual(kind == "counter", f"\n{name}_total" in text, name)
            self.assertFalse(name.endswith("_total"))
        for name, unit in re.findall(r"^# UNIT (\S+) (\S+)$", text, re.M):
            self.assertTrue(name.endswith("_" + unit), name)

    def test_requests_are_counted_by_route_and_status(self):
        server = self.serve()
        for _ in range(3):
            server.match("a", "b")
        server.call("POST", "/match", {})
        server.call("GET", "/no/such")
        name = "http_server_request_duration_seconds_count"

        def count(method, route, status):
            return server.metric(f'{name}{{http_request_method="{method}",http_route="{route}",'
                                 f'http_response_status_code="{status}"}}')
        self.assertEqual(count("POST", "/match", 200), 3)
        self.assertEqual(count("POST", "/match", 422), 1)
        self.assertEqual(count("GET", "", 404), 1)
        scored = 'mgeo_serve_score_requests_total{slot="blue",version="mgeo",outcome="%s"}'
        self.assertEqual((server.metric(scored % "ok"), server.metric(scored % "error")), (3, 0))
        self.assertEqual(server.metric("mgeo_serve_queue_wait_seconds_count"), 4)
        self.assertEqual(server.metric("mgeo_serve_ready"), 1)

    def test_all_counts_hold_under_load(self):
        server = self.serve()

        def ask():
            connection = server.connect()
            for _ in range(20):
                assert connection.call("POST", "/match", {"address1": "a", "address2": "b"}).status == 200
            connection.close()
        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            server.call("GET", "/metrics")
        scored = 'mgeo_serve_score_requests_total{slot="blue",version="mgeo",outcome="ok"}'
        self.assertEqual(server.metric(scored), 160)


class Information(Case):
    def test_settings_tell_where_they_came_from(self):
        path = self.path("serve.conf", "max-queue = 7\ntimeout = 2m\n")
        server = self.serve("--config", path, environment={"MGEO_MAX_BODY": "2MiB"})
        info = server.call("GET", "/info").json()
        settings = info["settings"]
        self.assertEqual(settings["max-queue"], {"value": "7", "source": "file"})
        self.assertEqual(settings["max-body"], {"value": "2MiB", "source": "environment"})
        self.assertEqual(settings["listen"]["source"], "flag")
        self.assertEqual(settings["max-pairs"], {"value": "1000", "source": "default"})
        self.assertEqual(settings["journal"], {"value": None, "source": "default"})
        self.assertEqual(info["limits"]["max_body_bytes"], 2 << 20)
        self.assertEqual(info["limits"]["timeout_seconds"], 120)
        self.assertEqual(info["model"]["labels"], ["exact_match", "partial_match", "not_match"])
        self.assertEqual(info["program"], "mgeo-serve")


if __name__ == "__main__":
    unittest.main()
