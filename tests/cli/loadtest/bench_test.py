# SPDX-License-Identifier: Apache-2.0
"""mgeo-bench: figures that add up, events that are counted, drawings that parse. No time is held
against a limit here."""
import json
import os
import shutil
import signal
import subprocess
import unittest
import xml.etree.ElementTree as tree

from harness import LIMIT, MGEO, ONE_LOGIT, Case, Result, table

PROGRAM = os.environ["MGEO_BENCH"]
os.environ["CUDA_VISIBLE_DEVICES"] = ""  # device auto is the CPU, whatever the machine has
QUICK = ("-c", "3", "-j", "1", "--warm-up", "0.05")
SVG = "{http://www.w3.org/2000/svg}"


class Bench(Case):
    def bench(self, *arguments, model=MGEO, status=0):
        command = [PROGRAM, *(["-m", model] if model else []), *arguments]
        done = subprocess.run(command, capture_output=True, timeout=LIMIT)
        result = Result(done.returncode, done.stdout, done.stderr)
        self.assertEqual(result.status, status, f"{command}: {result.err}")
        return result

    def figures(self, *arguments, **how):
        """Runs, checks what holds for every run, and returns the JSON."""
        self.bench(*QUICK, *arguments, "--json", self.path("figures.json"), **how)
        figures = json.loads(self.read("figures.json"))
        self.assertEqual(figures["calls"], figures["answered"] + figures["failed"])
        self.assertEqual(figures["answered"], sum(g["calls"] for g in figures["generations"]))
        self.assertEqual(figures["answered"], figures["latency_ms"]["calls"])
        self.assertEqual(figures["failed"], sum(figures["failures"].values()))
        for event in figures["events"].values():
            self.assertEqual(event["count"], event["done"] + event["refused"] +
                             event["not_possible"] + event["failed"])
            self.assertEqual(event["count"], len(event["list"]))
        for around in figures["around"]:
            self.assertEqual(figures["answered"],
                             around["inside_ms"]["calls"] + around["outside_ms"]["calls"])
        return figures


class Closed(Bench):
    def test_a_plain_run_counts_every_call(self):
        figures = self.figures("--duration", "0.3", "--pairs-per-call", "3")
        self.assertGreater(figures["answered"], 0)
        self.assertEqual(figures["pairs"], 3 * figures["answered"])
        self.assertEqual(figures["load"]["loop"], "closed")
        self.assertEqual(len(figures["models"]), 1)
        self.assertEqual([g["generation"] for g in figures["generations"]], [1])
        latency = figures["latency_ms"]
        self.assertTrue(0 < latency["p50"] <= latency["p95"] <= latency["p99"]
                        <= latency["p999"] <= latency["max"])

    def test_swaps_between_two_models_are_verified(self):
        pairs = self.path("pairs.tsv", table(20))
        figures = self.figures("--standby", ONE_LOGIT, "--swap-every", "0.05", "--duration", "0.8",
                               "--verify", "--pairs", pairs, "--pairs-per-call", "4")
        swaps = figures["events"]["swap"]
        self.assertGreater(swaps["done"], 3)
        self.assertEqual(swaps["done"], swaps["count"])
        self.assertEqual([g["generation"] for g in figures["generations"]], [1, 2])
        ends = [swap["generation"] for swap in swaps["list"]]
        self.assertEqual(ends, [2 - i % 2 for i in range(len(ends))])
        verified = figures["verified"]
        self.assertEqual(verified["calls"], figures["answered"])
        self.assertEqual((verified["mixed"], verified["wrong"]), (0, 0))
        self.assertGreater(verified["telling_pairs"], 0)
        self.assertEqual(figures["load"]["different_pairs"], 20)

    def test_blocks_are_compared(self):
        figures = self.figures("--swap-every", "0.05", "--compare", "0.2", "--duration", "0.8")
        compare = figures["compare"]
        self.assertLessEqual(len(compare["p99_ratios"]), 2)
        self.assertLessEqual(compare["with_ms"]["calls"] + compare["without_ms"]["calls"],
                             figures["answered"])
        for swap in figures["events"]["swap"]["list"]:
            self.assertTrue(0.2 <= swap["at"])

    def test_loads_canaries_and_unloads(self):
        figures = self.figures("--canary-every", "0.05", "--canary-steps", "5000,0",
                               "--load-every", "0.2", "--unload-every", "0.3", "--duration", "1")
        events = figures["events"]
        self.assertGreater(events["canary"]["count"], 1)
        self.assertGreater(events["load"]["count"], 0)
        shares = [step["share"] for step in events["canary"]["list"]]
        self.assertEqual(shares, [5000 if i % 2 == 0 else 0 for i in range(len(shares))])
        made = [load["generation"] for load in events["load"]["list"]
                if load["status"] == "MGEO_OK"]
        self.assertEqual(made, list(range(3, 3 + len(made))))

    def test_an_unloaded_model_comes_back(self):
        events = self.figures("--unload-every", "0.2", "--duration", "0.6")["events"]
        self.assertGreater(events["unload"]["done"], 0)
        self.assertEqual(events["load"]["done"], events["unload"]["done"])

    def test_a_load_that_fails(self):
        model = shutil.copytree(MGEO, self.path("standby"))
        child = subprocess.Popen([PROGRAM, "-m", MGEO, "--standby", model, *QUICK, "--load-every",
                                  "1", "--duration", "2"], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        self.addCleanup(child.kill)
        self.assertIn(b"calling", child.stderr.readline())
        shutil.rmtree(model)
        out = child.communicate(timeout=LIMIT)[0].decode()
        self.assertEqual(child.returncode, 1, out)
        self.assertRegex(out, r"load +\d+ done, \d+ failed")
        self.assertIn("  failed: ", out)


class Gate(Bench):
    def gated(self, *arguments):
        gate = self.path("gate.tsv", table(20))
        return self.figures("--swap-every", "0.2", "--duration", "1", "--gate", gate, *arguments)

    def test_the_same_model_passes(self):
        swaps = self.gated("--gate-limit", "flip_share=0", "--gate-limit", "shift=0.01")
        self.assertGreater(swaps["events"]["swap"]["done"], 0)
        self.assertEqual(swaps["events"]["swap"]["refused"], 0)

    def test_another_model_is_refused(self):
        swaps = self.gated("--standby", ONE_LOGIT, "--gate-limit", "shift_mean=0.0001")
        self.assertGreater(swaps["events"]["swap"]["refused"], 0)
        self.assertEqual(swaps["events"]["swap"]["done"], 0)
        self.assertIn("shift", swaps["events"]["swap"]["refusal"])
        self.assertEqual([g["generation"] for g in swaps["generations"]], [1])


class Open(Bench):
    def test_every_call_that_was_due_is_accounted_for(self):
        figures = self.figures("--rate", "100", "--duration", "1", "--swap-every", "0.2")
        self.assertEqual(figures["calls"] + figures["not_begun"], 100)
        self.assertEqual(figures["load"]["loop"], "open")

    def test_a_rate_that_cannot_be_held(self):
        figures = self.figures("--rate", "1000000", "--duration", "0.5", "--warm-up", "0")
        self.assertGreater(figures["not_begun"], 0)
        self.assertGreater(figures["late_ms"]["max"], 0)
        self.assertGreaterEqual(figures["latency_ms"]["max"], figures["from_begun_ms"]["max"])

    def test_poisson_is_the_same_for_the_same_seed(self):
        due = []
        for seed in ("7", "7", "8"):
            figures = self.figures("--rate", "300", "--arrivals", "poisson", "--duration", "1",
                                   "--seed", seed)
            due.append(figures["calls"] + figures["not_begun"])
        self.assertEqual(due[0], due[1])
        self.assertTrue(all(200 < number < 400 for number in due), due)

    def test_find_rate_ends_with_a_rate_that_held(self):
        figures = self.figures("--find-rate", "1000", "--duration", "0.2")
        attempts = figures["search"]["attempts"]
        self.assertIsNone(attempts[0]["rate"])
        self.assertGreater(len(attempts), 1)
        if figures["search"]["found"] is not None:
            self.assertEqual(attempts[-1]["result"], "held")
            self.assertEqual(attempts[-1]["rate"], figures["search"]["found"])

    def test_find_rate_without_hope(self):
        figures = self.figures("--find-rate", "0.001", "--duration", "0.1")
        self.assertIsNone(figures["search"]["found"])


class Drawing(Bench):
    def test_the_plot_marks_events(self):
        figures = self.figures("--swap-every", "0.1", "--canary-every", "0.2", "--duration", "0.6",
                               "--compare", "0.2", "--plot", self.path("plot.svg"))
        root = tree.fromstring(self.read("plot.svg"))
        self.assertEqual(root.tag, SVG + "svg")
        for kind in ("swap", "canary"):
            drawn = [line for line in root.iter(SVG + "line") if line.get("class") == kind]
            self.assertEqual(len(drawn), figures["events"][kind]["done"])
        words = " ".join(text.text for text in root.iter(SVG + "text"))
        for word in ("P50", "P99", "longest", "swap (", "canary (", ", ms", ", s"):
            self.assertIn(word, words)
        self.assertEqual(len(list(root.iter(SVG + "path"))), 3)

    def test_the_table_tells_what_could_be_felt(self):
        result = self.bench(*QUICK, "--duration", "0.2", "--swap-every", "0.1", "--quiet")
        self.assertEqual(result.err, "")
        for word in (b"calls/s", b"P99.9", b"around a swap", b"longest loss to a turn",
                     b"load average"):
            self.assertIn(word, result.out)


class Ending(Bench):
    def test_an_interrupted_run_prints_its_figures(self):
        report = self.path("figures.json")
        child = subprocess.Popen([PROGRAM, "-m", MGEO, *QUICK, "--duration", "600", "--swap-every",
                                  "0.1", "--json", report], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        self.addCleanup(child.kill)
        self.assertIn(b"calling", child.stderr.readline())
        child.send_signal(signal.SIGINT)
        out = child.communicate(timeout=LIMIT)[0]
        self.assertEqual(child.returncode, 130)
        self.assertIn(b"calls/s", out)
        self.assertLess(json.loads(self.read("figures.json"))["load"]["seconds"], 600)

    def test_what_cannot_run_ends_with_one_line(self):
        for arguments, word in (
                (("-m", self.path("nowhere")), "nowhere"),
                (("--standby", self.path("nowhere"), "--swap-every", "1"), "standby"),
                (("--pairs", self.path("nowhere.tsv")), "nowhere.tsv"),
                (("--pairs", self.path("empty.tsv", b"")), "no pair"),
                (("--json", self.path("no/such/folder.json")), "folder.json"),
                (("--rate", "0"), "--rate"),
                (("--gate-limit", "psi=1"), "--gate"),
                (("--bogus",), "--help")):
            with self.subTest(arguments):
                result = self.bench(*arguments, status=2)
                self.assertEqual(result.err.count("\n"), 1, result.err)
                self.assertTrue(result.err.startswith("mgeo-bench: "), result.err)
                self.assertIn(word, result.err)
                self.assertEqual(result.out, b"")

    def test_help_and_version_are_printed(self):
        self.assertIn(b"--swap-every", self.bench("--help", model=None).out)
        self.assertRegex(self.bench("--version", model=None).out, rb"^mgeo-bench \d+\.\d+\.\d+ ")


if __name__ == "__main__":
    unittest.main()
