#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CrossEncoder answers what sentence-transformers does: as recorded, and as it answers here where it is installed."""
import inspect
import json
import os
import pathlib
import sys
import tempfile
import threading
import unittest
import warnings

sys.dont_write_bytecode = True
import support  # noqa: E402

support.need("numpy")

import cross_encoder_cases as cases  # noqa: E402
import numpy as np  # noqa: E402

import mgeo  # noqa: E402
from mgeo.cross_encoder import CrossEncoder  # noqa: E402

PAIR = ("杭州市西湖区文三路90号", "文三路90号")
CLOSE = 1e-5


def setUpModule():
    global folder, one, model
    folder = tempfile.TemporaryDirectory()
    one = cases.one_label_model(pathlib.Path(folder.name))
    model = CrossEncoder(str(cases.MINI))


def tearDownModule():
    model.close()
    folder.cleanup()


class Numbers(unittest.TestCase):
    def same(self, ours, theirs):
        self.assertEqual(set(ours), set(theirs))
        for name, answer in ours.items():
            with self.subTest(name):
                expected = np.asarray(theirs[name])
                self.assertEqual(answer.shape, expected.shape)
                self.assertLess(np.abs(answer - expected).max(), CLOSE)

    def test_as_recorded(self):
        with open(cases.HERE / "cross_encoder.json", encoding="utf-8") as file:
            self.same(cases.answers(CrossEncoder, cases.MINI, one), json.load(file)["answers"])

    @unittest.skipUnless(support.has("sentence_transformers"), "sentence-transformers is not installed")
    def test_as_answered_here(self):
        from sentence_transformers import CrossEncoder as Theirs

        self.same(cases.answers(CrossEncoder, cases.MINI, one), cases.answers(Theirs, cases.MINI, one))

    def test_rows_do_not_depend_on_their_neighbours(self):
        pairs = cases.pairs()
        whole = model.predict(pairs)
        for row in (0, 20, len(pairs) - 1):
            self.assertTrue((model.predict(pairs[row]) == whole[row]).all())


class Shapes(unittest.TestCase):
    def test_many(self):
        for inputs in ([PAIR, PAIR], (PAIR, PAIR), [list(PAIR)] * 2, np.array([PAIR, PAIR])):
            answer = model.predict(inputs)
            self.assertEqual((type(answer), answer.dtype, answer.shape), (np.ndarray, np.float32, (2, 3)))

    def test_one(self):
        for inputs in (PAIR, list(PAIR), np.array(PAIR)):
            self.assertEqual(model.predict(inputs).shape, (3,))
        with CrossEncoder(str(one)) as single:
            self.assertIsInstance(single.predict(PAIR), np.float32)
            self.assertEqual(single.predict([PAIR]).shape, (1,))

    def test_none(self):
        self.assertEqual(model.predict([]).shape, (0,))

    def test_older_names(self):
        self.assertTrue((model.predict(sentences=[PAIR]) == model.predict([PAIR])).all())
        with CrossEncoder(model_name=str(cases.MINI), tokenizer_args={"model_max_length": 24}) as short:
            self.assertEqual(short.max_length, 24)

    def test_probabilities(self):
        answer = model.predict(cases.pairs(), apply_softmax=True)
        self.assertLess(np.abs(answer.sum(axis=1) - 1).max(), CLOSE)

    def test_activation(self):
        """A function of the caller's: a torch tensor where there is torch, else an array."""
        seen = []

        def half(logits):
            seen.append(type(logits).__module__.split(".")[0])
            return logits / 2

        answer = model.predict([PAIR], activation_fn=half)
        self.assertEqual(seen, ["torch" if support.has("torch") else "numpy"])
        self.assertLess(np.abs(answer - model.predict([PAIR]) / 2).max(), CLOSE)
        with CrossEncoder(str(cases.MINI), activation_fn=half) as halved:
            self.assertLess(np.abs(halved.predict([PAIR]) - answer).max(), CLOSE)

    @unittest.skipUnless(support.has("torch"), "torch is not installed")
    def test_tensors(self):
        import torch

        answer = model.predict([PAIR, PAIR], convert_to_tensor=True)
        self.assertEqual((type(answer), answer.shape), (torch.Tensor, (2, 3)))
        answer = model.predict([PAIR, PAIR], convert_to_numpy=False)
        self.assertEqual([type(row) for row in answer], [torch.Tensor] * 2)
        answer = model.predict([PAIR], activation_fn=torch.nn.Sigmoid())
        self.assertLess(np.abs(answer - 1 / (1 + np.exp(-model.predict([PAIR])))).max(), CLOSE)

    @unittest.skipIf(support.has("torch"), "torch is installed")
    def test_tensors_without_torch(self):
        with self.assertRaisesRegex(ImportError, "torch is not installed"):
            model.predict([PAIR], convert_to_tensor=True)

    def test_rank(self):
        with CrossEncoder(str(one), num_labels=1) as ranker:
            ranked = ranker.rank(cases.QUERY, cases.DOCUMENTS, top_k=2, return_documents=True)
        self.assertEqual([set(row) for row in ranked], [{"corpus_id", "score", "text"}] * 2)
        self.assertGreaterEqual(ranked[0]["score"], ranked[1]["score"])
        self.assertEqual(ranked[0]["text"], cases.DOCUMENTS[ranked[0]["corpus_id"]])

    @unittest.skipUnless(support.has("sentence_transformers"), "sentence-transformers is not installed")
    def test_every_argument_is_there(self):
        from sentence_transformers import CrossEncoder as Theirs

        for name in ("__init__", "predict", "rank"):
            theirs = inspect.signature(getattr(Theirs, name)).parameters
            ours = inspect.signature(getattr(CrossEncoder, name)).parameters
            missing = {n for n, p in theirs.items() if p.kind != p.VAR_KEYWORD} - set(ours)
            self.assertEqual(missing, set(), name)


class Errors(unittest.TestCase):
    def test_inputs(self):
        for inputs in ([("a", None)], [("a", 5)], [("a", "b", "c")], [("a",)], "abc", ["a", "b", "c"], [(b"a", "b")]):
            with self.assertRaises(ValueError):
                model.predict(inputs)
        with self.assertRaisesRegex(ValueError, "batch_size"):
            model.predict([PAIR], batch_size=0)
        with self.assertRaisesRegex(ValueError, "num_labels=1"):
            model.rank("a", ["b"])
        with self.assertRaisesRegex(ValueError, "Prompt name"):
            model.predict([PAIR], prompt_name="query")

    def test_an_empty_text_has_no_score(self):
        with self.assertWarnsRegex(UserWarning, "row 1 has no score"):
            answer = model.predict([PAIR, ("", "b")])
        self.assertTrue(np.isnan(answer[1]).all() and not np.isnan(answer[0]).any())

    def test_models(self):
        with self.assertRaises(FileNotFoundError):
            CrossEncoder("/nonexistent/model")
        with self.assertRaisesRegex(OSError, "downloads nothing"):
            CrossEncoder("some-owner/some-model", cache_folder=folder.name)
        with self.assertRaisesRegex(ValueError, "num_labels=1"):
            CrossEncoder(str(cases.MINI), num_labels=1)
        with self.assertRaises(TypeError):
            CrossEncoder(str(cases.MINI), no_such_argument=1)

    def test_what_is_not_supported_is_refused(self):
        for arguments in ({"backend": "onnx"}, {"modules": []}, {"model_kwargs": {"quantization_config": 1}},
                          {"processor_kwargs": {"do_lower_case": False}}, {"config_kwargs": {"num_hidden_layers": 2}},
                          {"model_kwargs": {"torch_dtype": "float64"}}):
            with self.assertRaises(mgeo.UnsupportedError):
                CrossEncoder(str(cases.MINI), **arguments)
        with self.assertRaises(mgeo.Error):
            CrossEncoder(str(cases.MINI), device="xpu9")


class Models(unittest.TestCase):
    def test_the_bundled_model(self):
        with CrossEncoder() as bundled:
            self.assertTrue((bundled.predict([PAIR]) == model.predict([PAIR])).all())
            self.assertEqual(bundled.config.id2label, {0: "not_match", 1: "partial_match", 2: "exact_match"})

    def test_a_name_in_the_cache(self):
        cache = pathlib.Path(folder.name) / "hub"
        snapshot = cache / "models--cross-encoder--mini" / "snapshots" / "0123"
        (cache / "models--cross-encoder--mini" / "refs").mkdir(parents=True)
        (cache / "models--cross-encoder--mini" / "refs" / "main").write_text("0123")
        snapshot.mkdir(parents=True)
        for file in os.listdir(cases.MINI):  # links, as the cache has them
            os.symlink(cases.MINI.resolve() / file, snapshot / file)
        for name in ("cross-encoder/mini", "mini"):
            with CrossEncoder(name, cache_folder=str(cache)) as cached:
                self.assertTrue((cached.predict([PAIR]) == model.predict([PAIR])).all())

    def test_another_length_while_it_is_used(self):
        with CrossEncoder(str(cases.MINI)) as other:
            before, stop, wrong = other.predict(PAIR), threading.Event(), []

            def ask():
                while not stop.is_set():
                    answer = other.predict(PAIR)
                    if not any((answer == known).all() for known in (before, after)):
                        wrong.append(answer)

            with CrossEncoder(str(cases.MINI), max_length=12) as short:
                after = short.predict(PAIR)
            threads = [threading.Thread(target=ask) for _ in range(4)]
            for thread in threads:
                thread.start()
            other.max_length = 12
            stop.set()
            for thread in threads:
                thread.join()
            self.assertEqual((wrong, other.max_length), ([], 12))
            self.assertTrue((other.predict(PAIR) == after).all() and not (before == after).all())

    def test_precision(self):
        with CrossEncoder(str(cases.MINI), model_kwargs={"torch_dtype": "bfloat16"}) as other:
            self.assertEqual(other.engine.info().precision, "bf16")
            self.assertLess(np.abs(other.predict([PAIR]) - model.predict([PAIR])).max(), 0.1)


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)
    unittest.main(verbosity=1)
