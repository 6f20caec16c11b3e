# SPDX-License-Identifier: Apache-2.0
"""Who may ask the operating side: token, Host, Origin, type, If-Match, method, and bodies that are wrong."""
import os
import re
import unittest

from server import MGEO, Case

TOKEN = "0123456789abcdef0123456789abcdef"


class Checks(Case):
    def operated(self, *arguments):
        return self.serve("--operate", "unix:" + self.path("o.sock"), *arguments)

    def refused(self, answer, status, code):
        self.assertEqual((answer.status, answer.json()["code"]), (status, code), answer.body)
        self.assertNotIn("\n", answer.json()["error"])

    def test_the_data_port_has_no_operating_side(self):
        server = self.operated()
        for method, path in (("GET", "/operate/status"), ("POST", "/operate/rollback"), ("GET", "/"),
                             ("POST", "/v2/repository/index")):
            answer = server.call(method, path, {} if method == "POST" else None, If_Match="*")
            self.assertEqual(answer.status, 404, path)

    def test_a_socket_s_file_keeps_others_out(self):
        self.operated("--operate-mode", "600")
        self.assertEqual(os.stat(self.path("o.sock")).st_mode & 0o777, 0o600)

    def test_a_port_needs_a_token_file(self):
        out, err = self.run_serve("--listen", "127.0.0.1:0", "--operate", "127.0.0.1:0", status=2)
        self.assertIn("--operate-token-file", err)
        for text in ("", "short", "with blanks in it, and long enough"):
            path = self.path("token", text)
            out, err = self.run_serve("--listen", "127.0.0.1:0", "--operate", "127.0.0.1:0",
                                      "--operate-token-file", path, status=2)
            self.assertIn("16 to 200", err)
        out, err = self.run_serve("--listen", "127.0.0.1:0", "--operate", "0.0.0.0:0",
                                  "--operate-token-file", self.path("token", TOKEN), status=2)

    def test_the_token_is_asked_for_everywhere_but_on_the_page(self):
        path = self.path("token", TOKEN + "\n")
        os.chmod(path, 0o600)
        server = self.serve("--operate", "127.0.0.1:0", "--operate-token-file", path)
        side = server.operate
        for wrong in ({}, {"Authorization": "Bearer " + TOKEN[:-1] + "x"}, {"Authorization": TOKEN},
                      {"Authorization": "Basic " + TOKEN}):
            for method, path in (("GET", "/operate/status"), ("GET", "/metrics"),
                                 ("POST", "/operate/rollback"), ("POST", "/v2/repository/index")):
                answer = server.call(method, path, {} if method == "POST" else None, side, If_Match="*",
                                     **wrong)
                self.refused(answer, 401, "unauthorized")
                self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")
                self.assertNotIn(TOKEN.encode(), answer.body)
        page = server.call("GET", "/", address=side)
        self.assertEqual(page.status, 200)
        self.assertNotIn(TOKEN.encode(), page.body)
        answer = server.call("GET", "/operate/status", address=side, Authorization="Bearer " + TOKEN)
        self.assertEqual(answer.status, 200)
        self.assertNotIn(TOKEN, server.err)

    def test_pages_from_elsewhere_are_refused(self):
        server = self.operated()
        side = server.operate
        for host in ("evil.example", "evil.example:80", "localhost.evil.example", "10.1.2.3"):
            self.refused(server.call("GET", "/operate/status", address=side, Host=host), 403, "bad_host")
            self.refused(server.call("GET", "/", address=side, Host=host), 403, "bad_host")
        for origin in ("http://evil.example", "null", "https://localhost", "http://localhost:1"):
            answer = server.call("POST", "/operate/rollback", {}, side, Origin=origin, If_Match="*")
            self.refused(answer, 403, "bad_origin")
        same = server.call("GET", "/operate/status", address=side, Host="127.0.0.1:9000",
                           Origin="http://127.0.0.1:9000")
        self.assertEqual(same.status, 200)

    def test_a_form_is_no_json(self):
        server = self.operated()
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx"):
            answer = server.call("POST", "/operate/rollback", b"{}", server.operate, If_Match="*",
                                 Content_Type=kind)
            self.refused(answer, 415, "bad_content_type")

    def test_changes_name_the_state_that_they_expect(self):
        server = self.operated()
        side = server.operate
        for change in ("load", "swap", "rollback", "canary", "shadow", "unload"):
            path = "/operate/" + change
            self.refused(server.call("POST", path, {}, side), 428, "if_match_missing")
            body = {"path": "/x"} if change == "load" else {"share": 0} if change in ("canary", "shadow") else {}
            answer = server.call("POST", path, body, side, If_Match='"7-8-0-0"')
            self.refused(answer, 412, "state_changed")
            self.assertEqual(answer.headers["ETag"], '"1-0-0-0"')
        status = server.call("GET", "/operate/status", address=side)
        self.assertEqual(status.headers["ETag"], status.json()["etag"])
        self.assertEqual(status.headers["Cache-Control"], "no-store")
        answer = server.call("POST", "/operate/canary", {"share": 0}, side, If_Match=status.headers["ETag"])
        self.assertEqual(answer.status, 200, answer.body)

    def test_methods_and_paths(self):
        server = self.operated()
        answer = server.call("POST", "/operate/status", {}, server.operate)
        self.refused(answer, 405, "method_not_allowed")
        self.assertEqual(answer.headers["Allow"], "GET, HEAD, OPTIONS")
        answer = server.call("GET", "/operate/swap", address=server.operate)
        self.refused(answer, 405, "method_not_allowed")
        self.assertEqual(answer.headers["Allow"], "POST, OPTIONS")
        answer = server.call("GET", "/operate/nothing", address=server.operate)
        self.refused(answer, 404, "not_found")
        self.assertIn("docs/operating.md", answer.json()["error"])
        self.assertIn("openapi", server.call("GET", "/nothing").json()["error"])
        self.assertEqual(server.call("GET", "/readyz", address=server.operate).status, 200)

    def test_options_tells_the_methods_of_every_path(self):
        server = self.operated()
        for path, allow in (("/", "GET, HEAD, OPTIONS"), ("/operate/status", "GET, HEAD, OPTIONS"),
                            ("/operate/swap", "POST, OPTIONS"), ("/v2/repository/index", "POST, OPTIONS"),
                            ("/metrics", "GET, HEAD, OPTIONS"), ("*", "GET, HEAD, POST, OPTIONS")):
            answer = server.call("OPTIONS", path, address=server.operate)
            self.assertEqual((answer.status, answer.headers["Allow"], answer.body), (204, allow, b""), path)
        self.assertEqual(server.call("OPTIONS", "/operate/nothing", address=server.operate).status, 404)

    def test_a_field_that_is_there_twice_is_400_as_on_the_data_side(self):
        server = self.operated()
        for path, body in (("canary", b'{"share": 0, "share": 0}'), ("load", b'{"path": "/x", "path": "/y"}'),
                           ("swap", b'{"watch": {"min_calls": 1, "min_calls": 2}}'),
                           ("score", b'{"pairs": [{"address1": "a", "address1": "b", "address2": "c"}]}'),
                           ("check", b'{"path": "/x", "threads": 1, "threads": 1}')):
            answer = server.call("POST", "/operate/" + path, body, server.operate, If_Match="*",
                                 Content_Type="application/json")
            self.refused(answer, 400, "duplicate_field")
            self.assertIn("field", answer.json())
        answer = server.call("POST", "/match", b'{"address1": "a", "address1": "b", "address2": "c"}',
                             Content_Type="application/json")
        self.refused(answer, 400, "duplicate_field")

    def test_a_version_is_a_name_that_a_line_can_hold(self):
        server = self.operated()
        for version in ("", "v\n\"1", "\t", "v\x7f", "v\x85", "\u0000", "v" * 64):
            for route in ("load", "check"):
                answer = server.call("POST", "/operate/" + route, {"path": MGEO, "version": version},
                                     server.operate, If_Match="*")
                self.refused(answer, 422, "bad_value")
                self.assertEqual(answer.json()["field"], "version")
        answer = server.call("POST", "/operate/load", {"path": MGEO, "version": "甲 v\"1"}, server.operate,
                             If_Match="*")
        self.assertEqual(answer.status, 200, answer.body)

    def test_a_body_of_more_than_64_mib_is_not_read(self):
        server = self.operated()
        connection = server.connect(server.operate)
        self.addCleanup(connection.close)
        connection.putrequest("POST", "/operate/compare")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(64 * 1024 * 1024 + 1))
        connection.endheaders()
        answer = connection.getresponse()
        self.assertEqual(answer.status, 413)
        answer.read()

    def test_wrong_bodies_change_nothing(self):
        server = self.operated()
        wrong = {
            "load": [{}, {"path": "relative"}, {"path": 3}, {"path": "/x", "threads": 0.5},
                     {"path": "/x", "precision": "fp7"}, {"path": "/x", "nonsense": 1}],
            "swap": [{"gate": {}}, {"gate": {"pairs": []}}, {"gate": {"pairs": [["a"]]}},
                     {"gate": {"pairs": [["a", "b"]], "gold": ["x", "y"]}},
                     {"gate": {"pairs": [["a", "b"]], "max_flip_share": -1}}, {"watch": 1}],
            "canary": [{}, {"share": 2}, {"share": "5%"}, {"share": 0.00001}],
            "shadow": [{}, {"share": -1}, {"share": 0.1, "worst_pairs": 0}],
            "compare": [{}, {"pairs": []}, {"pairs": [["a", "b"]], "worst": 1001}],
            "score": [{}, {"pairs": [["a", "b"]], "model": "blue"}, {"pairs": [["a", "b"]] * 1001}],
            "rollback": [{"share": 1}], "unload": [{"path": "/x"}]}
        for route, bodies in wrong.items():
            for body in bodies:
                answer = server.call("POST", "/operate/" + route, body, server.operate, If_Match="*")
                self.assertEqual(answer.status, 422, (route, body, answer.body))
        for body in (b"{", b"{} x", b'{"share": 0.1', b"\xff"):
            answer = server.call("POST", "/operate/canary", body, server.operate, If_Match="*",
                                 Content_Type="application/json")
            self.refused(answer, 400, "bad_json")
        self.assertEqual(server.call("GET", "/operate/status", address=server.operate).json()["etag"],
                         '"1-0-0-0"')

    def test_queries_are_checked(self):
        server = self.operated("--journal", self.path("journal"))
        for path in ("/operate/history?seconds=0", "/operate/history?seconds=x",
                     "/operate/history?seconds=3601", "/operate/journal?last=0", "/operate/journal?last=1e3",
                     "/operate/journal?event=%00", "/operate/journal?last=1&last=2", "/operate/journal?n=5",
                     "/operate/journal?event=swap&last=3&event=load", "/operate/history?seconds=5&seconds=5",
                     "/operate/history?second=5", "/operate/status?x", "/operate/history?&seconds=5"):
            self.assertEqual(server.call("GET", path, address=server.operate).status, 422, path)
        answer = server.call("POST", "/operate/canary?share=0.5", {"share": 0}, server.operate, If_Match="*")
        self.assertEqual(answer.status, 422)
        for path in ("/operate/journal?event=swap&last=3", "/operate/history?seconds=5", "/?anything"):
            self.assertEqual(server.call("GET", path, address=server.operate).status, 200, path)

    def test_the_page_runs_its_own_scripts_alone(self):
        server = self.operated()
        page = server.call("GET", "/", address=server.operate)
        self.assertEqual(page.headers.get_content_type(), "text/html")
        policy = page.headers["Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertIn("frame-ancestors 'none'", policy)
        self.assertNotRegex(policy, r"script-src[^;]*unsafe")
        self.assertEqual(policy.count("'sha256-"), len(re.findall(rb"<script", page.body)))
        self.assertEqual(page.headers["Cache-Control"], "no-store")
        head = server.call("HEAD", "/", address=server.operate)
        self.assertEqual((head.status, head.body), (200, b""))


if __name__ == "__main__":
    unittest.main()
