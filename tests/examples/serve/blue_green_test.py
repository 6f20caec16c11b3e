#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples/blue-green: what blue-green.sh refuses and records, how it starts servers, and what its awk programs compute."""
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
import proxies  # noqa: E402

FOLDER = proxies.SCRIPT.parent
MINI = proxies.EXAMPLES.parent / "models" / "mini"
SERVER = os.environ["MGEO_SERVE"]
PROXY = next((proxy for proxy in ("nginx", "haproxy") if proxies.is_there(proxy)), None)
QUICK = ("--load", "20", "--watch", "0", "--max-p99", "10s")


def awk(program, *arguments, status=0):
    done = subprocess.run(["awk", *arguments, "-f", str(FOLDER / program)], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == status, done
    return done


def awk_on(program, file, *arguments, status=0):
    done = subprocess.run(["awk", *arguments, "-f", str(FOLDER / program), str(file)], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == status, done
    return done


def facts(text):
    return {name: float(value) for name, value in (part.split("=") for part in text.split())}


class InFolder(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def file(self, name, *lines):
        path = self.folder / name
        path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        return path


class Programs(InFolder):
    def test_requests_are_json_whatever_the_texts_hold(self):
        rows = [('a "quoted" text', "back\\slash\\"), ("人民路1号", "\x01control"), ("", "\\u4e00 \\n")]
        table = self.file("pairs.tsv", "sentence1\tsentence2\tlabel", *("\t".join(row) + "\tnot_match" for row in rows))
        found = [json.loads(line) for line in awk_on("golden.awk", table, "-v", "as=ndjson").stdout.splitlines()]
        self.assertEqual([one["id"] for one in found], [0, 1, 2])
        self.assertEqual([(one["address1"], one["address2"].replace(" control", "\x01control")) for one in found], rows)

    def test_curl_reads_the_same_requests(self):
        table = self.file("pairs.tsv", 'a "quoted" text\tback\\slash')
        text = awk_on("golden.awk", table, "-v", "as=curl", "-v", "count=3", "-v", "url=http://x/match").stdout
        self.assertEqual(text.count("\nnext\n"), 2)
        data = next(line for line in text.splitlines() if line.startswith("data = "))[len("data = "):]
        # curl's quotes know these two escapes, as JSON's do.
        self.assertEqual(json.loads(json.loads(data)), {"address1": 'a "quoted" text', "address2": "back\\slash"})

    def test_a_table_that_is_none_is_refused(self):
        self.assertIn("no two columns", awk_on("golden.awk", self.file("one", "人民路1号"), "-v", "as=ndjson", status=1).stderr)
        self.assertIn("no pairs", awk_on("golden.awk", self.file("none"), "-v", "as=ndjson", status=1).stderr)

    def compare(self, live, standby, gold):
        return facts(awk("compare.awk", "-v", f"live={live}", "-v", f"standby={standby}", "-v", f"gold={gold}").stdout)

    def test_flips_shifts_and_accuracies(self):
        live = self.file("live", '{"id":0,"similarity":0.9,"label":"exact_match"}',
                         '{"id": 1, "similarity": 0.1, "label": "not_match"}', '{"id":2,"similarity":1e-3,"label":"not_match"}',
                         '{"id":3,"similarity":0.5,"label":"partial_match"}')
        standby = self.file("standby", '{"id":0,"similarity":0.7,"label":"exact_match"}',
                            '{"id":1,"similarity":0.2,"label":"exact_match"}', '{"id":2,"similarity":1e-3,"label":"not_match"}',
                            '{"id":3,"similarity":null,"label":null,"flags":["empty"]}')
        gold = self.file("gold", "address1\taddress2\tlabel", "a\tb\texact_match", "a\tb\tnot_match", "a\tb\tnot_match", "a\tb\t")
        found = self.compare(live, standby, gold)
        self.assertEqual((found["pairs"], found["flips"], found["lost"]), (4, 2, 1))
        self.assertEqual((found["flip_share"], found["shift_mean"], found["shift_max"]), (0.5, 0.1, 0.2))
        self.assertEqual((found["accuracy_live"], found["accuracy_standby"]), (1.0, 0.6667))

    def test_answers_that_are_missing_are_lost(self):
        live = self.file("live", '{"similarity":0.9,"label":"exact_match"}', '{"similarity":0.9,"label":"exact_match"}')
        standby = self.file("standby", '{"similarity":0.9,"label":"exact_match"}')
        found = self.compare(live, standby, self.file("gold", "a\tb", "c\td"))
        self.assertEqual((found["lost"], found["flips"], "accuracy_live" in found), (1, 1, False))

    def scrape(self, name, *series):
        """Each: method, route, status, counts up to 0.01, 0.1 and 1 second, and of all."""
        lines = []
        for method, route, status, *counts in series:
            labels = f'http_request_method="{method}",http_route="{route}",http_response_status_code="{status}"'
            for bound, count in zip(("0.01", "0.1", "1", "+Inf"), counts):
                lines.append(f'http_server_request_duration_seconds_bucket{{{labels},le="{bound}"}} {count}')
            lines.append(f"http_server_request_duration_seconds_count{{{labels}}} {counts[-1]}")
        return self.file(name, "# TYPE http_server_request_duration_seconds histogram", *lines)

    def test_what_a_server_did_between_two_scrapes(self):
        before = self.scrape("before", ("POST", "/match", 200, 100, 100, 100, 100))
        after = self.scrape("after", ("POST", "/match", 200, 190, 195, 196, 196), ("POST", "/match", 503, 0, 0, 4, 4),
                            ("GET", "/readyz", 200, 5000, 5000, 5000, 5000))
        found = facts(awk("metrics.awk", "-v", f"before={before}", "-v", f"after={after}").stdout)
        self.assertEqual((found["requests"], found["errors"], found["error_rate"]), (100, 4, 0.04))
        self.assertAlmostEqual(found["p99"], 0.1 + 0.9 * 4 / 5, places=5)  # 95 of 100 up to 0.1 s, 5 more up to 1 s

    def test_no_requests_are_no_errors(self):
        nothing = self.scrape("nothing")
        found = facts(awk("metrics.awk", "-v", f"before={nothing}", "-v", f"after={nothing}").stdout)
        self.assertEqual(found, {"requests": 0, "errors": 0, "error_rate": 0, "p99": 0})


class Refusals(InFolder):
    def refused(self, *arguments):
        done = subprocess.run([str(proxies.SCRIPT), "--state", str(self.folder), "--server", SERVER, *arguments],
                              capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done)
        self.assertRegex(done.stderr, r"\Ablue-green: [^\n]+\n\Z")
        return done.stderr

    def test_one_line_says_what_is_wrong(self):
        for arguments, word in (([], "command"), (["fly"], "fly"), (["--fly", "1", "status"], "--fly"), (["--proxy"], "--proxy"),
                                (["--proxy", "squid", "status"], "squid"), (["--start", "hand", "status"], "hand"),
                                (["deploy"], "directory"), (["weights"], "share"), (["status", "now"], "status"),
                                (["--watch", "long", "status"], "long"), (["--max-flips", "200%", "status"], "200%"),
                                (["--load", "many", "status"], "many"), (["deploy", "/no/such"], "/no/such"),
                                (["--server", "no-such-program", "deploy", str(MINI)], "no-such-program"),
                                (["deploy", str(MINI)], "--golden"), (["--golden", "/no/pairs", "deploy", str(MINI)], "/no/pairs")):
            with self.subTest(arguments):
                self.assertIn(word, self.refused(*arguments))

    def test_the_reload_way_wants_its_file(self):
        os.environ["MGEO_NGINX_UPSTREAM"] = "/no/upstream.conf"
        self.addCleanup(os.environ.pop, "MGEO_NGINX_UPSTREAM")
        self.assertIn("/no/upstream.conf", self.refused("--proxy", "nginx-reload", "status"))

    def test_haproxy_wants_its_socket(self):
        os.environ["MGEO_HAPROXY_SOCKET"] = "/no/socket"
        self.addCleanup(os.environ.pop, "MGEO_HAPROXY_SOCKET")
        self.assertIn("/no/socket", self.refused("--proxy", "haproxy", "status"))

    def test_one_run_at_a_time(self):
        lock = self.folder / "lock"
        with subprocess.Popen(["flock", "--no-fork", str(lock), "sh", "-c", "echo held; exec sleep 60"], stdout=subprocess.PIPE) as holder:
            try:
                holder.stdout.readline()
                self.assertIn("another run", self.refused("switch"))
            finally:
                holder.kill()


@unittest.skipIf(PROXY is None, "no proxy is installed")
class Deployments(InFolder):
    def setUp(self):
        super().setUp()
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.rig = stack.enter_context(proxies.Rig(PROXY, SERVER, ["--server-options", "--drain-time 100ms"]))

    def log(self):
        return [json.loads(line) for line in (self.rig.state / "log.jsonl").read_text(encoding="utf-8").splitlines()]

    def test_a_model_that_cannot_be_loaded_changes_nothing(self):
        self.rig.blue_green(*QUICK, "deploy", MINI)
        done = self.rig.blue_green(*QUICK, "deploy", self.folder, status=2)
        self.assertRegex(done.stderr, r"\Ablue-green: green: the server ended: [^\n]+\n\Z")
        self.assertFalse((self.rig.state / "green.pid").exists())
        self.assertEqual(self.log()[-1]["event"], "failed")
        self.assertIn("ready", self.rig.blue_green("status").stdout)

    def test_what_was_done_is_logged_with_actor_and_reason(self):
        reason = 'ticket "7"\\\n第二行'
        self.rig.blue_green(*QUICK, "--reason", reason, "deploy", MINI)
        self.rig.blue_green(*QUICK, "deploy", MINI)
        events = [line["event"] for line in self.log()]
        self.assertEqual(events, ["start", "load-test", "deployed", "start", "compare", "load-test", "switch", "watch", "deployed"])
        first, compared = self.log()[0], self.log()[4]
        self.assertEqual((first["actor"], first["color"], first["model"]), ("a test", "blue", str(MINI)))
        self.assertEqual(first["reason"], 'ticket "7"\\ 第二行')
        self.assertRegex(first["time"], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
        self.assertEqual((compared["pairs"], compared["flips"], compared["lost"]), (200, 0, 0))

    def test_a_first_start_that_fails_leaves_the_proxy_as_it_is(self):
        self.rig.blue_green(*QUICK, "deploy", self.folder, status=2)
        self.assertRegex(self.rig.blue_green("status", status=2).stdout, r"\Ablue .* 100%  not ready")
        self.rig.blue_green(*QUICK, "deploy", MINI)
        self.assertEqual(self.log()[-1]["color"], "blue")

    def test_an_interrupted_canary_has_no_requests_any_more(self):
        self.rig.blue_green(*QUICK, "deploy", MINI)
        run = subprocess.Popen(self.rig.command(*QUICK, "--canary", "10%", "--canary-time", "60s", "deploy", MINI),
                               env=self.rig.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        while self.log()[-1]["event"] != "weights":
            self.assertIsNone(run.poll())
            time.sleep(0.05)
        self.assertIn(" 10%", self.rig.blue_green("status").stdout)
        run.terminate()
        self.assertEqual(run.wait(60), 130)
        self.assertEqual(self.log()[-1]["event"], "interrupted")
        self.assertFalse((self.rig.state / "green.pid").exists())
        self.assertIn("100%", self.rig.blue_green("status").stdout.splitlines()[0])

    def test_back_once_and_forward_again(self):
        self.rig.blue_green(*QUICK, "deploy", MINI)
        self.assertIn("not ready", self.rig.blue_green("rollback", status=2).stderr)
        self.assertIn("not ready", self.rig.blue_green("weights", "5%", status=2).stderr)
        self.rig.blue_green(*QUICK, "deploy", MINI)
        self.rig.blue_green("rollback")
        self.assertIn("was a rollback", self.rig.blue_green("rollback", status=2).stderr)
        self.rig.blue_green("weights", "5%")
        self.assertIn("  5%", self.rig.blue_green("status").stdout)
        self.assertIn("has requests", self.rig.blue_green("stop", status=2).stderr)
        self.assertIn("more than half", self.rig.blue_green("weights", "60%", status=2).stderr)
        self.rig.blue_green("rollback")
        self.rig.blue_green("stop")
        self.assertFalse((self.rig.state / "green.pid").exists())


@unittest.skipUnless(proxies.is_there("nginx"), "nginx is not installed")
class Bodies(unittest.TestCase):
    """What nginx does with long bodies, in both of its configurations."""
    LINE = '["文三路100号", "西湖区文三路100号"]\n'.encode()

    @classmethod
    def setUpClass(cls):
        stack = contextlib.ExitStack()
        cls.addClassCleanup(stack.close)
        cls.rigs = [stack.enter_context(proxies.Rig(proxy, SERVER, ["--server-options", "--drain-time 100ms"]))
                    for proxy in ("nginx", "nginx-reload")]
        for rig in cls.rigs:
            rig.blue_green(*QUICK, "--load", "0", "deploy", MINI)

    def begin(self, rig, path, length):
        connection = http.client.HTTPConnection("127.0.0.1", rig.port, timeout=60)
        self.addCleanup(connection.close)
        connection.putrequest("POST", path)
        connection.putheader("Content-Type", "application/x-ndjson")
        connection.putheader("Content-Length", str(length))
        connection.endheaders()
        return connection

    def test_a_stream_is_answered_while_it_comes(self):
        for rig in self.rigs:
            connection = self.begin(rig, "/stream", 2 * len(self.LINE))
            connection.send(self.LINE)
            answer = connection.getresponse()
            self.assertEqual((answer.status, json.loads(answer.readline())["index"]), (200, 0))
            connection.send(self.LINE)
            self.assertEqual(json.loads(answer.readline())["index"], 1)

    def test_lines_of_more_than_a_mebibyte_pass(self):
        for rig in self.rigs:
            body = b"\n" * (3 << 19) + self.LINE
            connection = self.begin(rig, "/match", len(body))
            connection.send(body)
            answer = connection.getresponse()
            self.assertEqual((answer.status, json.loads(answer.read())["index"]), (200, 3 << 19))

    def test_what_is_too_large_is_told_in_json(self):
        for rig in self.rigs:
            answer = self.begin(rig, "/match", 65 << 20).getresponse()
            self.assertEqual((answer.status, json.loads(answer.read())["code"]), (413, "body_too_large"))


class OtherStarts(InFolder):
    """systemd and compose, by programs that say what they were called with; blue's server runs, as if they had started it."""

    def setUp(self):
        super().setUp()
        for name in ("systemctl", "docker"):
            program = self.folder / name
            program.write_text(f'#!/bin/sh\necho {name} "$@" >>{self.folder}/calls\nexit 1\n', encoding="utf-8")
            program.chmod(0o755)

    def deploy(self, *options):
        done = subprocess.run([str(proxies.SCRIPT), "--state", str(self.folder / "state"), "--golden", str(proxies.PAIRS),
                               "--blue", "127.0.0.1:1", "--environment-folder", str(self.folder), *options, "deploy", str(MINI)],
                              env=dict(os.environ, PATH=f"{self.folder}:{os.environ['PATH']}"), capture_output=True, text=True,
                              timeout=60, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 2, done)
        self.assertRegex(done.stderr, r"\Ablue-green: [^\n]+\n\Z")
        return done.stderr, (self.folder / "calls").read_text(encoding="utf-8")

    def test_systemd(self):
        error, calls = self.deploy("--start", "systemd")
        self.assertIn("systemctl restart mgeo-serve@blue.service", calls)
        self.assertEqual((self.folder / "blue.env").read_text(encoding="utf-8"), f"MGEO_MODEL={MINI}\nMGEO_LISTEN=127.0.0.1:1\n")
        self.assertIn("journalctl", error)

    def test_compose(self):
        error, calls = self.deploy("--start", "compose", "--compose-file", "here.yaml")
        self.assertIn("docker compose -f here.yaml --env-file", calls)
        self.assertIn("up -d --no-deps --force-recreate blue", calls)
        self.assertEqual((self.folder / "state" / "compose.env").read_text(encoding="utf-8"), f"MGEO_BLUE_MODEL={MINI}\n")
        self.assertIn("here.yaml", error)


if __name__ == "__main__":
    if not all(map(shutil.which, ("curl", "flock", "setsid", "awk"))):
        print("curl, flock, setsid or awk is not installed")
        sys.exit(77)
    unittest.main(verbosity=1)
