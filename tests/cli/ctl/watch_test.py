# SPDX-License-Identifier: Apache-2.0
"""swap --watch: at once or until the watch has ended, well or badly, or by somebody else."""
import json
import signal
import unittest

from ctl import CtlCase
from server import MGEO


class Watch(CtlCase):
    def setUp(self):
        super().setUp()
        self.operated()
        self.ctl("load", MGEO, "--model-version", "v2")

    def test_without_wait_it_ends_at_once(self):
        self.ctl("swap", "--watch", "1h")
        watch = self.status()["watch"]
        self.assertEqual((watch["state"], watch["generation"]), ("running", 2))
        limits = {check["name"]: check["limit"] for check in watch["checks"]}
        self.assertEqual((limits["error_rate"], limits["not_finite_rate"], limits["psi"]), (0.01, 0, None))
        self.assertRegex(self.ctl("status")[0], r"\nwatch +running")

    def test_a_watch_that_passes_is_exit_0(self):
        child = self.start_ctl("swap", "--watch-calls", "20", "--min-calls", "10", "--wait", "--json")
        self.server.until(lambda: self.status()["watch"]["state"] == "running")
        for i in range(20):
            self.server.match(f"人民路{i}号", "人民路1号")
        self.assertEqual(child.wait(), 0)
        watch = json.loads(child.stdout.read())["watch"]
        self.assertEqual((watch["state"], watch["judged"]), ("passed", True))

    def test_a_watch_without_calls_was_not_judged_and_says_so(self):
        out, _ = self.ctl("swap", "--watch", "100ms", "--wait")
        self.assertRegex(out, r"\nwatch not judged after .*: too few calls")
        self.assertNotIn("passed", out)
        self.assertRegex(self.ctl("status")[0], r"\nwatch +not judged after .*: too few calls")
        document = self.ctl_json("swap", "--watch", "100ms", "--wait")
        self.assertIs(document["watch"]["judged"], False)
        document = self.ctl_json("canary", "50%", "--watch", "100ms", "--wait")
        self.assertIs(document["watch"]["judged"], False)

    def test_a_watch_of_a_model_that_is_not_live_says_whose_it_was(self):
        self.ctl("swap", "--watch", "100ms", "--wait")
        self.assertNotIn("of generation", self.ctl("status")[0])
        self.ctl("rollback")
        self.assertRegex(self.ctl("status")[0], r"\nwatch +of generation 2: not judged after ")

    def test_a_deployment_s_watch_without_calls_was_not_judged(self):
        self.path("golden.tsv", "sentence1\tsentence2\na\tb\n")
        deploy = ("deploy", MGEO, "--gate", "golden.tsv", "--max-flips", "100%", "--watch", "100ms")
        out, _ = self.ctl(*deploy)
        self.assertRegex(out, r"\nwatch +not judged after .*: too few calls")
        self.assertNotIn("passed", out)
        step = self.ctl_json(*deploy)["steps"][-1]
        self.assertEqual((step["step"], step["judged"], step["document"]["judged"]), ("watch", False, False))

    def test_where_a_judgement_is_required_none_is_exit_1(self):
        for command in (["swap"], ["canary", "50%"]):
            line = (*command, "--watch", "100ms", "--wait", "--require-judgement")
            out, err = self.ctl(*line, status=1)
            self.assertIn("the watch has judged nothing: too few calls", err)
            self.assertNotIn("passed", out)
        self.assertEqual(self.status()["generations"]["live"], 2)  # it says so, and no more
        document = self.ctl_json(*line, status=1)
        self.assertEqual((document["code"], document["watch"]["judged"]), ("watch_not_judged", False))
        for line in (["swap", "--watch", "1s", "--require-judgement"], ["deploy", MGEO, "--gate", "x", "--max-flips", "1%",
                                                                       "--require-judgement"]):
            self.assertIn("--require-judgement is about", self.ctl(*line, status=2)[1])

    def test_a_judgement_that_was_made_is_exit_0(self):
        child = self.start_ctl("swap", "--watch-calls", "20", "--min-calls", "10", "--wait", "--require-judgement")
        self.server.until(lambda: self.status()["watch"]["state"] == "running")
        for i in range(20):
            self.server.match(f"人民路{i}号", "人民路1号")
        self.assertEqual((child.wait(), child.stderr.read()), (0, b""))

    def test_a_deployment_that_requires_a_judgement_goes_back_without(self):
        self.path("golden.tsv", "sentence1\tsentence2\na\tb\n")
        deploy = ("deploy", MGEO, "--gate", "golden.tsv", "--max-flips", "100%", "--watch", "100ms", "--require-judgement")
        out, err = self.ctl(*deploy, status=1)
        self.assertRegex(out, r"\nwatch +FAILED: not judged after .*: too few calls.*\nrollback +mgeo \(3\) → mgeo \(1\) in ")
        self.assertIn("deploy failed at watch; live is mgeo (generation 1)", err)
        document = self.ctl_json(*deploy, status=1)
        self.assertEqual([step["step"] for step in document["steps"]][-2:], ["watch", "rollback"])
        self.assertEqual((document["failed"], document["code"]), ("watch", "watch_not_judged"))
        self.assertEqual(self.status()["generations"]["live"], 1)

    def test_a_watch_that_somebody_ends_is_exit_1(self):
        child = self.start_ctl("swap", "--watch", "1h", "--wait")
        self.server.until(lambda: self.status()["watch"]["state"] == "running")
        self.ctl("rollback")
        self.assertEqual(child.wait(), 1)
        self.assertIn(b"the watch was ended", child.stderr.read())

    def test_interrupted_it_leaves_the_watch_to_the_server(self):
        child = self.start_ctl("swap", "--watch", "1h", "--wait")
        self.server.until(lambda: self.status()["watch"]["state"] == "running")
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(), 2)
        self.assertIn(b"goes on without this command", child.stderr.read())
        self.assertEqual(self.status()["watch"]["state"], "running")

    def test_a_canary_s_watch(self):
        child = self.start_ctl("canary", "100%", "--watch-calls", "10", "--min-calls", "10", "--wait")
        self.server.until(lambda: self.status()["watch"]["state"] == "running")
        for i in range(10):
            self.assertEqual(self.server.match(f"人民路{i}号", "b").headers["X-Model-Version"], "v2")
        self.assertEqual(child.wait(), 0)
        self.assertIn(b"watch passed", child.stdout.read())


if __name__ == "__main__":
    unittest.main()
