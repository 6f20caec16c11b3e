# SPDX-License-Identifier: Apache-2.0
"""mgeo-ctl deploy, as a CI/CD job calls it: the whole way, and what stops it on the way."""
import os
import re
import subprocess
import unittest

import models
from ctl import CtlCase
from server import LIMIT, MGEO

GATE = ["--gate", "golden.tsv", "--max-flips", "2%", "--full-speed"]
EXAMPLE = os.path.join(os.environ["MGEO_SOURCE"], "examples", "cicd")


class Deploy(CtlCase):
    def setUp(self):
        super().setUp()
        models.gate(self.folder)
        self.operated("--journal", self.path("journal"), model=models.copy(self.folder, "v1"))

    def steps(self, out):
        return [line.split()[0] for line in out.splitlines()]

    def live(self):
        status = self.status()
        return status["slots"][status["live_slot"]]["version"]

    def test_the_whole_way(self):
        out, _ = self.ctl("deploy", models.copy(self.folder, "v2"), *GATE, "--load-test", "300ms",
                          "--watch", "500ms", "--reason", "build 42")
        self.assertEqual(self.steps(out), ["load", "check", "compare", "load-test", "swap", "watch"])
        self.assertRegex(out, r"load-test  [1-9]\d* requests in .*, 0 errors, P50 .*, P99 .* "
                              r"\(live in turn: P50 .*\)")
        self.assertRegex(out, r"swap +v1 \(1\) → v2 \(2\) .*gate: flip_share 0 of 0\.02")
        self.assertRegex(out, r"watch +not judged after .*: too few calls")
        self.assertEqual(self.live(), "v2")
        line = self.ctl("journal", "--event", "swap")[0]
        self.assertIn("build 42", line)

    def test_a_worse_model_is_refused_and_the_live_one_stays(self):
        out, err = self.ctl("deploy", models.degraded(self.folder, "bad"), *GATE, status=1)
        self.assertEqual(self.steps(out), ["load", "check", "compare"])
        self.assertRegex(err, r"flip_share [\d.]+ BREAKS 0\.02")
        self.assertRegex(err, r"deploy failed at swap; live is v1 \(generation 1\)")
        self.assertEqual(self.live(), "v1")
        self.assertIn("refuse", self.ctl("journal")[0])

    def test_a_model_that_behaves_badly_is_turned_back(self):
        pairs = [row[:2] for row in models.rows(60)]
        for a, b in pairs:
            self.server.match(a, b)
        child = self.start_ctl("deploy", models.degraded(self.folder, "bad"), "--gate", "golden.tsv",
                               "--max-latency-ratio", "1000", "--full-speed", "--watch", "1h", "--watch-psi", "0.5",
                               "--min-calls", "50")
        self.server.until(lambda: self.status()["watch"]["state"] == "running")
        for a, b in pairs:
            self.assertEqual(self.server.match(a, b).status, 200)
        out, err = (text.decode() for text in child.communicate(timeout=LIMIT))
        self.assertEqual(child.returncode, 1, err)
        self.assertRegex(out, r"watch +FAILED: turned_back after ")
        self.assertIn("the watch has rolled back", err)
        self.assertIn("psi", err)
        self.assertIn("deploy failed at watch; live is v1", err)
        self.assertEqual(self.live(), "v1")

    def test_other_labels_are_refused_unless_allowed(self):
        path = models.relabelled(self.folder, "other")
        out, err = self.ctl("deploy", path, "--gate", "golden.tsv", "--max-latency-ratio", "1000",
                            "--positive-label", "exact_match", status=1)
        self.assertIn("--other-labels", out)
        self.assertIn("deploy failed at check", err)

    def test_a_directory_that_is_none(self):
        _, err = self.ctl("deploy", "/nowhere", *GATE, status=2)
        self.assertIn("/nowhere", err)
        self.assertIn("deploy failed at load; live is v1", err)

    def test_a_load_test_against_a_server(self):
        url = f"http://{self.server.address}"
        out, _ = self.ctl("deploy", models.copy(self.folder, "v2"), *GATE, "--load-test", "200ms",
                          "--url", url, "--connections", "2")
        self.assertRegex(out, r"load-test  [1-9]\d* requests in .*, 0 errors")
        _, err = self.ctl("deploy", models.copy(self.folder, "v3"), *GATE, "--load-test", "200ms",
                          "--url", url + "/nothing", status=1)
        self.assertIn("deploy failed at load-test; live is v2", err)
        self.assertEqual(self.live(), "v2")

    def test_a_document(self):
        document = self.ctl_json("deploy", models.copy(self.folder, "v2"), *GATE, "--load-test", "200ms")
        self.assertEqual([step["step"] for step in document["steps"]],
                         ["load", "check", "compare", "load-test", "swap"])
        self.assertEqual((document["done"], document["exit"]), (True, 0))
        self.assertEqual(document["steps"][3]["document"]["tested"]["errors"], 0)
        document = self.ctl_json("deploy", models.degraded(self.folder, "bad"), *GATE, status=1)
        self.assertEqual((document["done"], document["exit"], document["failed"]), (False, 1, "swap"))
        self.assertFalse(document["steps"][-1]["passed"])

    def test_somebody_else_is_not_overrun(self):
        """Between the comparison and the swap the standby model is another one."""
        self.ctl("load", models.copy(self.folder, "v2"))
        etag = self.status()["etag"]
        self.ctl("load", MGEO, "--model-version", "other")
        self.ctl("swap", "--if-match", etag, status=1)
        self.assertEqual(self.live(), "v1")


class Pipelines(CtlCase):
    """The files in examples/cicd call mgeo-ctl as this test does."""

    def commands(self, name):
        with open(os.path.join(EXAMPLE, name), encoding="utf-8") as file:
            text = re.sub(r"\\\n\s*", "", file.read())
        return [line.strip() for line in text.splitlines() if line.strip().startswith("mgeo-ctl ")]

    def test_their_commands_do_what_they_say(self):
        self.operated("--journal", self.path("journal"), model=models.copy(self.folder, "v1"))
        models.gate(self.folder)
        program = os.environ["MGEO_CTL"]
        environment = {**self.environment(), "MODEL": models.copy(self.folder, "v2"), "BUILD": "42",
                       "GOLDEN": "golden.tsv", "PATH": os.path.dirname(program) + ":" + os.environ["PATH"]}
        for name in ("Jenkinsfile", "deploy.yml"):
            commands = self.commands(name)
            self.assertEqual([command.split()[1] for command in commands],
                             ["wait-ready", "deploy", "rollback"], name)
            for command in commands:
                command = command.replace("--watch 10m", "--watch 500ms").replace("10s", "300ms")
                done = subprocess.run(["sh", "-c", command], env=environment, cwd=self.folder, timeout=LIMIT,
                                      capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}{done.stderr}")
        self.assertEqual(self.status()["rollout"]["swaps"], 2)


if __name__ == "__main__":
    unittest.main()
