# SPDX-License-Identifier: Apache-2.0
"""A rollout over the operating side's routes: load, compare, score, gate, watch, roll back, unload, journal."""
import json
import select
import threading
import unittest

import models
from server import LIMIT, MGEO, Answer, Case

PAIRS = [row[:2] for row in models.rows(60)]
GOLD = [row[2] for row in models.rows(60)]


class Rollout(Case):
    def start(self, *arguments, **how):
        self.server = self.serve("--operate", "unix:" + self.path("o.sock"), "--threads", "1", *arguments,
                                 **how)
        return self.server

    def get(self, path="status"):
        answer = self.server.call("GET", "/operate/" + path, address=self.server.operate)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()

    def post(self, path, body=None, status=200, etag="*"):
        answer = self.server.call("POST", "/operate/" + path, body or {}, self.server.operate,
                                  If_Match=etag)
        self.assertEqual(answer.status, status, answer.body)
        return answer.json()


class Steps(Rollout):
    def test_from_load_to_unload(self):
        self.start("--journal", self.path("journal"), "--actor", "the host")
        loaded = self.post("load", {"path": MGEO, "version": "v2", "actor": "ann", "reason": "because"})
        self.assertEqual(loaded["model"]["version"], "v2")
        self.assertEqual((loaded["model"]["slot"], loaded["model"]["live"]), ("green", False))
        self.assertEqual(loaded["etag"], '"1-2-0-0"')
        status = self.get()
        self.assertEqual((status["live_slot"], status["etag"]), ("blue", loaded["etag"]))
        self.assertEqual(status["slots"]["green"]["fingerprint"], status["slots"]["blue"]["fingerprint"])
        self.assertEqual(status["generations"], {"live": 1, "standby": 2, "former": 0})
        self.assertEqual((status["ready"], status["draining"], status["loading"]), (True, False, None))
        swapped = self.post("swap", {"actor": "bob", "reason": "tested"}, etag=status["etag"])
        self.assertEqual((swapped["receipt"]["from_generation"], swapped["receipt"]["to_generation"]), (1, 2))
        self.assertEqual(swapped["etag"], '"2-1-0-0"')
        self.assertEqual(self.server.match("a", "b").headers["X-Model-Version"], "v2")
        back = self.post("rollback", {"actor": "eve"}, etag=swapped["etag"])
        self.assertEqual(back["receipt"]["to_generation"], 1)
        self.post("swap", etag=swapped["etag"], status=412)
        self.assertEqual(self.post("unload", etag=back["etag"])["etag"], '"1-0-0-0"')
        self.assertEqual(self.post("unload", status=409)["code"], "no_model")
        self.assertEqual(self.post("rollback", status=409)["code"], "no_model")
        journal = self.get("journal")
        self.assertTrue(journal["verified"])
        lines = [(line["event"], line["actor"], line["reason"]) for line in journal["lines"]]
        self.assertEqual([line[0] for line in lines], ["open", "load", "load", "swap", "rollback", "unload"])
        self.assertEqual(lines[2:5], [("load", "ann", "because"), ("swap", "bob", "tested"),
                                      ("rollback", "eve", "")])
        self.assertEqual(lines[5][1], "the host")
        swaps = self.get("journal?event=swap")["lines"]
        self.assertEqual([line["event"] for line in swaps], ["swap"])
        self.assertEqual([line["seq"] for line in self.get("journal?last=2")["lines"]], [5, 6])

    def test_a_damaged_journal_is_told(self):
        self.start("--journal", self.path("journal"))
        self.post("load", {"path": MGEO})
        with open(self.path("journal"), "r+b") as file:
            text = file.read()
            file.seek(0)
            file.write(text.replace(b'"load"', b'"Load"', 1))
        journal = self.get("journal")
        self.assertFalse(journal["verified"])
        self.assertEqual(journal["bad_line"], 2)
        self.assertEqual([line["event"] for line in journal["lines"]], ["open"])

    def test_no_journal(self):
        self.start()
        answer = self.server.call("GET", "/operate/journal", address=self.server.operate)
        self.assertEqual((answer.status, answer.json()["code"]), (404, "no_journal"))

    def test_loads_that_fail_leave_everything_as_it_was(self):
        self.start()
        before = self.get()["etag"]
        self.assertEqual(self.post("load", {"path": "/nowhere"}, status=422)["code"], "io")
        self.path("config.json", "{")
        self.assertEqual(self.post("load", {"path": self.folder}, status=422)["code"], "format")
        answer = self.post("load", {"path": MGEO, "memory_limit": 1000}, status=409)
        self.assertEqual(answer["code"], "refused")
        self.assertEqual(self.get()["etag"], before)
        check = self.post("check", {"path": MGEO, "memory_limit": 1000})
        self.assertEqual((check["fits"], check["limit"]), (False, 1000))
        self.assertTrue(self.post("check", {"path": MGEO})["fits"])
        self.assertEqual(self.get()["rollout"]["failed_loads"], 3)

    def test_scores_of_both(self):
        self.start()
        alone = self.post("score", {"pairs": [["人民路1号", "人民路1号"]]})
        self.assertIsNone(alone["standby"])
        self.post("load", {"path": MGEO})
        both = self.post("score", {"pairs": [["人民路1号", "人民路1号"], ["", "b"]]})
        self.assertEqual(both["live"]["results"], both["standby"]["results"])
        self.assertEqual(both["standby"]["model"]["generation"], 2)
        good, empty = both["live"]["results"]
        self.assertAlmostEqual(sum(good["probabilities"].values()), 1, places=4)
        self.assertEqual((empty["similarity"], empty["label"], empty["flags"]), (None, None, ["empty"]))
        one = self.post("score", {"pairs": [["a", "b"]], "model": "standby"})
        self.assertEqual(list(one), ["standby"])

    def test_history_marks_changes(self):
        self.start()
        self.post("load", {"path": MGEO, "version": "v2"})
        self.post("swap")
        self.server.match("a", "b")
        self.server.until(lambda: any(mark["event"] == "swap" for mark in self.get("history")["marks"]))
        history = self.get("history?seconds=60")
        for slot in ("blue", "green"):
            series = history["slots"][slot]
            self.assertEqual(len({len(values) for values in series.values()}), 1)
        self.server.until(lambda: sum(self.get("history")["slots"]["green"]["qps"]) == 1)


class Judged(Rollout):
    def setUp(self):
        super().setUp()
        self.start(model=models.copy(self.folder, "v1"))
        self.post("load", {"path": models.degraded(self.folder, "bad")})

    def test_the_comparison_shows_the_difference(self):
        report = self.post("compare", {"pairs": PAIRS, "gold": GOLD, "worst": 3, "full_speed": True})
        self.assertEqual(report["pairs"], len(PAIRS))
        self.assertGreater(report["flips"], 0)
        self.assertAlmostEqual(report["flip_share"], report["flips"] / len(PAIRS), places=6)
        self.assertEqual(sum(report["shift_histogram"]), len(PAIRS))
        self.assertEqual(sum(sum(row.values()) for row in report["flip_matrix"].values()), len(PAIRS))
        self.assertNotEqual(report["live_accuracy"], report["standby_accuracy"])
        self.assertEqual(report["labelled"], len(PAIRS))
        self.assertEqual(len(report["worst"]), 3)
        worst = report["worst"][0]
        self.assertEqual([worst["a"], worst["b"]], PAIRS[worst["index"]])
        self.assertAlmostEqual(abs(worst["live"] - worst["standby"]), report["shift_max"], places=5)

    def test_a_gate_refuses_and_says_why(self):
        answer = self.post("swap", {"gate": {"pairs": PAIRS, "max_flip_share": 0.02, "full_speed": True}},
                           status=409)
        self.assertEqual(answer["code"], "refused")
        broken = [check["name"] for check in answer["checks"] if check["passed"] is False]
        self.assertEqual(broken, ["flip_share"])
        self.assertEqual(self.get()["generations"]["live"], 1)
        none = self.post("swap", {"gate": {"pairs": PAIRS[:5], "max_shift": 0, "full_speed": True}}, status=409)
        self.assertEqual([check["limit"] for check in none["checks"] if check["passed"] is False], [0])

    def test_a_watch_turns_back(self):
        for a, b in PAIRS:
            self.server.match(a, b)
        self.post("swap", {"watch": {"window_calls": 1000, "min_calls": 50, "max_psi": 0.5}})
        for a, b in PAIRS:
            self.assertEqual(self.server.match(a, b).status, 200)
        self.server.until(lambda: self.get()["watch"]["state"] == "turned_back")
        status = self.get()
        self.assertEqual(status["generations"]["live"], 1)
        self.assertEqual(status["rollout"]["watch_roll_backs"], 1)
        self.assertIn("psi", status["watch"]["reason"])
        self.assertEqual(self.server.match("a", "b").headers["X-Model-Generation"], "1")

    def test_a_client_that_leaves_ends_its_comparison(self):
        connection = self.server.connect(self.server.operate)
        body = json.dumps({"pairs": PAIRS * 4000}).encode()
        connection.request("POST", "/operate/compare", body, {"Content-Type": "application/json"})
        self.server.until(lambda: self.get()["checking"] is not None)
        self.assertEqual(self.get()["checking"]["what"], "compare")
        connection.close()
        self.server.until(lambda: self.get()["checking"] is None)

    def test_a_roll_back_does_not_wait_for_a_gate(self):
        self.post("swap")
        answers = []

        def swap():
            body = {"gate": {"pairs": PAIRS * 4000, "max_flip_share": 1}}
            answers.append(self.server.call("POST", "/operate/swap", body, self.server.operate, If_Match="*"))
        gate = threading.Thread(target=swap)
        gate.start()
        self.addCleanup(gate.join)
        self.server.until(lambda: (self.get()["checking"] or {"done": 0})["done"] > 0)
        self.assertEqual(self.post("canary", {"share": 0.1}, status=409)["code"], "busy")
        self.assertEqual(self.post("rollback")["receipt"]["to_generation"], 1)
        gate.join()
        self.assertEqual((answers[0].status, answers[0].json()["code"]), (409, "refused"))


class Leaving(Rollout):
    def test_a_client_that_leaves_ends_its_load(self):
        self.start()
        path = models.deep(self.folder, "deep", 40)
        connection = self.server.connect(self.server.operate)
        connection.request("POST", "/operate/load", json.dumps({"path": path}).encode(),
                           {"Content-Type": "application/json", "If-Match": "*"})
        self.server.until(lambda: self.get()["loading"] is not None)
        self.assertEqual(self.get()["loading"]["path"], path)
        self.assertEqual(self.post("load", {"path": MGEO}, status=409)["code"], "busy")
        connection.close()
        self.server.until(lambda: self.get()["loading"] is None)
        status = self.get()
        self.assertEqual((status["rollout"]["loads"], status["slots"]["green"]), (1, None))
        self.post("load", {"path": MGEO})

    def test_the_end_of_the_server_ends_a_load(self):
        self.start("--drain-time", "0s")
        path = models.deep(self.folder, "deep", 40)
        connection = self.server.connect(self.server.operate)
        self.addCleanup(connection.close)
        connection.request("POST", "/operate/load", json.dumps({"path": path}).encode(),
                           {"Content-Type": "application/json", "If-Match": "*"})
        self.server.until(lambda: self.get()["loading"] is not None)
        self.server.stop()
        answer = connection.getresponse()
        self.assertEqual((answer.status, json.loads(answer.read())["code"]), (503, "cancelled"))


if __name__ == "__main__":
    unittest.main()
