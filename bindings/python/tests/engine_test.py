# SPDX-License-Identifier: Apache-2.0
"""The engine from Python: models, scores, rollouts and questions, and every error as an exception."""
import math
import os
import pickle
import tempfile
import time
import unittest

import support
from support import MINI, PAIRS, loaded

support.need("numpy")
import mgeo  # noqa: E402
import numpy as np  # noqa: E402


class Scores(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = loaded()

    @classmethod
    def tearDownClass(cls):
        cls.engine.close()

    def test_one_pair(self):
        score = self.engine.score(*PAIRS[0])
        self.assertIsInstance(score, mgeo.Score)
        self.assertEqual(score.label, "exact_match")
        self.assertEqual(float(score), score.similarity)
        self.assertAlmostEqual(sum(score.probabilities), 1, places=5)
        self.assertEqual((score.flags, score.generation), (0, 1))

    def test_many_equal_one_by_one(self):
        result = self.engine.score(PAIRS)
        self.assertEqual([tuple(row) for row in result], [tuple(self.engine.score(a, b)) for a, b in PAIRS])
        self.assertEqual(result.label_names(), [row.label for row in result])
        self.assertEqual(result.labels, self.engine.info().labels)
        self.assertEqual((result.similarity.dtype, result.label.dtype, result.flags.dtype),
                         (np.float32, np.int32, np.uint32))
        self.assertEqual(result.probabilities.shape, (4, 3))

    def test_rows_without_score(self):
        nul = "杭州\0市", "杭州市"
        result = self.engine.score(["x", None, float("nan"), "", "\ud800", nul[0]], ["y", "b", "b", "b", "b", nul[1]])
        self.assertEqual(result.null.tolist(), [False, True, True, False, False, False])
        self.assertEqual(np.isnan(result.similarity).tolist(), [False, True, True, True, True, False])
        self.assertEqual(result.label[1:5].tolist(), [-1] * 4)
        self.assertEqual([mgeo.flag_names(int(flags)) for flags in result.flags[1:5]],
                         [(), (), ("empty",), ("invalid_utf8",)])
        self.assertEqual(result[5].similarity, self.engine.score(*nul).similarity)
        self.assertIsNone(self.engine.score(None, "b").label)
        self.assertEqual(self.engine.score("\ud800", "b").flags, result.flags[4])
        self.assertTrue(math.isnan(self.engine.score("", "b").similarity))

    def test_no_rows(self):
        for nothing in (self.engine.score([]), self.engine.score([], [])):
            self.assertEqual((len(nothing), nothing.label_names(), nothing.labels), (0, [], self.engine.info().labels))

    def test_bytes_and_logits(self):
        a, b = PAIRS[0]
        result = self.engine.score([a.encode(), a], [b, b.encode()], logits=True)
        self.assertEqual(result.similarity[0], result.similarity[1])
        exponents = np.exp(result.logits[0] - result.logits[0].max())
        np.testing.assert_allclose(exponents / exponents.sum(), result.probabilities[0], atol=1e-6)
        self.assertEqual(self.engine.score(a.encode(), b), self.engine.score(a, b))
        self.assertIsNone(self.engine.score([a], [b]).logits)

    def test_result_is_cut_and_pickled(self):
        result = self.engine.score(PAIRS)
        part = pickle.loads(pickle.dumps(result[1:3]))
        self.assertEqual([tuple(row) for row in part], [tuple(row) for row in result][1:3])
        self.assertEqual(len(result[result.similarity > 0.5]), int((result.similarity > 0.5).sum()))
        self.assertEqual(result[-1], result[3])
        with self.assertRaises(IndexError):
            result[4]

    def test_what_is_no_pair(self):
        bad = {"row 1 is no pair": lambda: self.engine.score([("a", "b"), "c"]),
               "row 1: a text is int": lambda: self.engine.score(["a", 1], ["b", "c"]),
               "2 and 1 texts": lambda: self.engine.score(["a", "b"], ["c"]),
               "one text was given": lambda: self.engine.score("a"),
               "no column of texts": lambda: self.engine.score(["a"], 3)}
        for line, call in bad.items():
            with self.assertRaisesRegex(mgeo.ArgumentError, line):
                call()


class Errors(unittest.TestCase):
    def test_statuses_are_exceptions(self):
        with mgeo.Engine() as engine:
            cases = [(mgeo.NoModelError, LookupError, "MGEO_E_NO_MODEL", lambda: engine.score("a", "b")),
                     (mgeo.NoModelError, LookupError, "MGEO_E_NO_MODEL", lambda: engine.score(["a"], ["b"])),
                     (mgeo.ReadError, OSError, "MGEO_E_IO", lambda: engine.load("/nowhere/at/all")),
                     (mgeo.ArgumentError, ValueError, "MGEO_E_ARGUMENT", lambda: engine.load(precision="fp31")),
                     (mgeo.ArgumentError, ValueError, "MGEO_E_ARGUMENT", lambda: engine.load(threads=5000)),
                     (mgeo.ArgumentError, ValueError, "MGEO_E_ARGUMENT", lambda: engine.load("a\0b")),
                     (mgeo.ArgumentError, ValueError, "MGEO_E_ARGUMENT", lambda: engine.load(partial_weight=2)),
                     (mgeo.RefusedError, RuntimeError, "MGEO_E_REFUSED", lambda: engine.load(memory_limit=1)),
                     (mgeo.UnsupportedError, NotImplementedError, "MGEO_E_UNSUPPORTED",
                      lambda: engine.load(device="cpu", allow_tf32=True)),
                     (mgeo.NoModelError, LookupError, "MGEO_E_NO_MODEL", engine.swap),
                     (mgeo.NoModelError, LookupError, "MGEO_E_NO_MODEL", engine.unload),
                     (mgeo.ArgumentError, ValueError, "MGEO_E_ARGUMENT", lambda: engine.info("red")),
                     (mgeo.ArgumentError, ValueError, "MGEO_E_ARGUMENT", lambda: engine.set_canary(2))]
            for kind, builtin, status, call in cases:
                with self.assertRaises(kind) as raised:
                    call()
                problem = raised.exception
                self.assertIsInstance(problem, builtin)
                self.assertIsInstance(problem, mgeo.Error)
                self.assertEqual(problem.status_name, status)
                self.assertEqual(str(problem), problem.message)
                self.assertTrue(problem.message and "\n" not in problem.message)
                copy = pickle.loads(pickle.dumps(problem))
                self.assertEqual((type(copy), copy.message), (kind, problem.message))

    def test_damaged_model(self):
        with tempfile.TemporaryDirectory() as folder, mgeo.Engine() as engine:
            for name in os.listdir(MINI):
                with open(MINI / name, "rb") as source, open(os.path.join(folder, name), "wb") as copy:
                    copy.write(source.read()[: 1000 if name.endswith("safetensors") else None])
            with self.assertRaises(mgeo.FormatError):
                engine.load(folder)

    def test_closed(self):
        engine = loaded()
        job = engine.job()
        engine.close()
        engine.close()
        for call in (lambda: engine.score("a", "b"), lambda: engine.score(["a"], ["b"]), engine.info, engine.load,
                     lambda: job.score("a", "b"), job.info):
            with self.assertRaisesRegex(mgeo.ClosedError, "is closed"):
                call()
        job.close()
        for owner in (engine, job):
            with self.assertRaisesRegex(TypeError, "belongs to its process"):
                pickle.dumps(owner)


class Rollouts(unittest.TestCase):
    def setUp(self):
        self.engine = loaded(version="first")
        self.addCleanup(self.engine.close)
        self.second = self.engine.load(threads=1, version="second", partial_weight=0)

    def test_swap_and_roll_back(self):
        self.assertEqual((self.second.generation, self.second.live, self.second.slot), (2, False, "green"))
        receipt = self.engine.swap(reason="a test")
        self.assertEqual((receipt.from_version, receipt.to_version, receipt.to_slot), ("first", "second", "green"))
        score = self.engine.score(*PAIRS[2])
        self.assertEqual(score.generation, 2)
        self.assertAlmostEqual(score.similarity, score.probabilities[2], places=6)
        back = self.engine.roll_back()
        self.assertEqual((back.to_version, self.engine.score(*PAIRS[2]).generation), ("first", 1))
        rollout = self.engine.rollout()
        self.assertEqual((rollout.live_slot, rollout.swaps, rollout.roll_backs), ("blue", 1, 1))
        self.engine.unload()
        with self.assertRaises(mgeo.NoModelError):
            self.engine.info("standby")

    def test_gate(self):
        with self.assertRaises(mgeo.RefusedError) as raised:
            self.engine.swap(gate=mgeo.Gate(PAIRS, max_shift=0, max_flip_share=0))
        checks = {check.name: check for check in raised.exception.receipt.checks}
        self.assertIs(checks["shift_max"].passed, False)
        self.assertIs(checks["flip_share"].passed, True)
        self.assertIsNone(checks["psi"].passed)
        self.assertEqual(self.engine.rollout().refused_swaps, 1)
        gate = mgeo.Gate(PAIRS, gold=["exact_match", None, "partial_match", None], max_shift=1, max_accuracy_loss=0)
        self.assertEqual(self.engine.swap(gate=gate, expect_generation=2).to_generation, 2)
        with self.assertRaisesRegex(mgeo.RefusedError, "generation"):
            self.engine.swap(expect_generation=99)
        with self.assertRaises(mgeo.ArgumentError):
            mgeo.Gate(PAIRS, max_shift=-1)
        with self.assertRaisesRegex(mgeo.ArgumentError, "gold has 1 labels for 4 pairs"):
            self.engine.swap(gate=mgeo.Gate(PAIRS, gold=["exact_match"], max_shift=1))

    def test_watch(self):
        self.assertEqual(self.engine.watch().state, "none")
        self.engine.swap(watch=mgeo.Watch(window_calls=3, max_error_rate=0, max_not_finite_rate=0))
        self.assertEqual(self.engine.watch().state, "running")
        for _ in range(3):
            self.engine.score(*PAIRS[0])
        for _ in range(500):
            if self.engine.watch().state != "running":
                break
            time.sleep(0.01)
        report = self.engine.watch()
        self.assertEqual((report.state, report.generation, report.calls), ("passed", 2, 3))

    def test_compare(self):
        report = self.engine.compare(PAIRS, gold=["exact_match", "not_match", None, None], worst=2)
        self.assertEqual((report.pairs, report.labelled, len(report.worst)), (4, 2, 2))
        self.assertGreater(report.shift_max, 0)
        self.assertEqual(abs(report.worst[0].standby - report.worst[0].live), report.shift_max)
        self.assertEqual(sum(map(sum, report.flip_matrix)), 4)
        self.assertEqual(len(report.flip_matrix), len(report.live_labels))
        self.assertEqual(report.as_dict()["worst"][0]["index"], report.worst[0].index)

    def test_canary_and_route_keys(self):
        self.engine.set_canary(1)
        self.assertEqual(self.engine.score(*PAIRS[0]).generation, 2)
        self.engine.set_canary(0.5)
        for key in range(1, 40):
            one = self.engine.score(*PAIRS[0], route_key=key).generation
            self.assertEqual(self.engine.score(PAIRS, route_key=key).generation, one)
        self.assertEqual(self.engine.rollout().canary_share, 0.5)
        self.engine.set_canary(0)
        self.assertEqual(self.engine.score(*PAIRS[0]).generation, 1)

    def test_shadow(self):
        self.engine.set_shadow(1, worst_pairs=4)
        for _ in range(500):
            self.engine.score(PAIRS)
            if self.engine.shadow().compared > 3:
                break
        report = self.engine.shadow()
        self.assertGreater(report.compared, 3)
        self.assertEqual((report.share, sum(report.shift_histogram)), (1, sum(report.shift_histogram)))
        shift, a, b = self.engine.shadow_pairs()[0]
        self.assertIn((a, b), PAIRS)
        self.assertEqual(abs(shift.standby - shift.live), max(abs(s.standby - s.live)
                                                               for s, _, _ in self.engine.shadow_pairs()))
        self.engine.set_shadow(0)

    def test_job_keeps_its_model(self):
        with self.engine.job() as job:
            self.engine.swap()
            self.assertEqual(job.score(*PAIRS[0]).generation, 1)
            self.assertEqual(job.score(PAIRS).generation, 1)
            self.assertEqual(self.engine.score(*PAIRS[0]).generation, 2)
            self.assertEqual(job.info().version, "first")
            with self.assertRaises(mgeo.BusyError):
                self.engine.unload()
        self.engine.unload()
        with self.assertRaises(mgeo.ClosedError):
            job.score("a", "b")
        with self.assertRaises(mgeo.NoModelError):
            self.engine.job(standby=True)

    def test_questions(self):
        self.engine.score(PAIRS)
        stats = self.engine.stats()
        self.assertEqual((stats.calls, stats.pairs, len(stats.failed_by)), (1, 4, 16))
        self.assertIn("mgeo_", self.engine.metrics())
        self.assertTrue(self.engine.metrics().endswith("# EOF\n"))
        self.assertNotIn("# EOF", self.engine.metrics("prometheus"))
        self.assertTrue(all(field.harmless for field in self.engine.unused_fields()))
        self.assertEqual(len(self.engine.unused_tensors()), self.engine.info().unused_tensors)
        memory = self.engine.predict_memory()
        self.assertTrue(memory.fits and memory.total > memory.weights > 0)
        with self.assertRaises(AttributeError):
            stats.calls = 7


class Surroundings(unittest.TestCase):
    def test_journal(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "journal")
            with mgeo.Engine(journal=path, actor="a test") as engine:
                engine.load(threads=1)
                engine.load(threads=1)
                receipt = engine.swap(reason="because")
            report = mgeo.journal_verify(path)
            self.assertEqual((report.bad_line, report.torn, report.last_hash), (0, False, receipt.journal_hash))
            with open(path, "r+b") as file:
                file.write(b"#")
            self.assertEqual(mgeo.journal_verify(path).bad_line, 1)
            with self.assertRaises(mgeo.ReadError):
                mgeo.journal_verify(os.path.join(folder, "none"))

    def test_log(self):
        lines = []
        with mgeo.Engine(log=lambda level, line: lines.append((level, line))) as engine:
            engine.load(threads=1)
        self.assertTrue(lines)
        self.assertTrue(all(level in ("info", "warning") and line for level, line in lines))

    def test_load_is_watched_and_cancelled(self):
        with mgeo.Engine() as engine:
            progress = mgeo.Progress()
            progress.cancel()
            with self.assertRaises(mgeo.Cancelled):
                engine.load(threads=1, progress=progress)
            progress = mgeo.Progress()
            engine.load(threads=1, progress=progress)
            self.assertEqual(progress.read().stage, "finished")


if __name__ == "__main__":
    support.main()
