#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The routes over the wire: what each answers, in which headers, and how all say that something is wrong."""
import json
import math
import os
import re
import struct
import unittest

import server

A, B = "北京市海淀区中关村大街1号", "海淀区中关村大街1号"
LABELS = {"exact_match", "partial_match", "not_match"}


class RouteCase(server.Case):
    @classmethod
    def setUpClass(cls):
        cls.server = server.Server("--max-pairs", "50", "--max-body", "64KiB", "--model-version", "v1")

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def post(self, path, body, status=200, **headers):
        answer = self.server.call("POST", path, body, **headers)
        self.assertEqual(answer.status, status, answer.body)
        if status == 200:
            self.assertEqual((answer.headers["X-Model-Version"], answer.headers["X-Model-Slot"],
                              answer.headers["X-Model-Generation"]), ("v1", "blue", "1"))
        return answer.json()

    def refused(self, path, body, status, code, **headers):
        error = self.post(path, body, status, **headers)
        self.assertEqual(error["code"], code)
        self.assertTrue(error["error"])
        return error


class MatchTest(RouteCase):
    def test_one_pair(self):
        answer = self.post("/match", {"address1": A, "address2": B})
        self.assertEqual(set(answer), {"similarity", "label", "probabilities", "flags", "model"})
        self.assertEqual(set(answer["probabilities"]), LABELS)
        self.assertAlmostEqual(sum(answer["probabilities"].values()), 1, delta=0.001)
        self.assertEqual(answer["label"], max(answer["probabilities"], key=answer["probabilities"].get))
        self.assertEqual(answer["model"], {"version": "v1", "slot": "blue", "generation": 1})

    def test_many_pairs_are_answered_as_each_alone(self):
        pairs = [[A, B], [B, A], [A, ""], ["a", "b"]]
        answer = self.post("/match?digits=9", {"pairs": pairs})
        for pair, row in zip(pairs, answer["results"]):
            alone = self.post("/match?digits=9", {"address1": pair[0], "address2": pair[1]})
            del alone["model"]
            self.assertEqual(row, alone)
        self.assertIsNone(answer["results"][2]["similarity"])
        self.assertEqual(answer["results"][2]["flags"], ["empty"])

    def test_digits(self):
        for digits in range(4, 10):
            answer = self.server.call("POST", f"/match?digits={digits}", {"address1": A, "address2": B})
            self.assertRegex(answer.body.decode(), rf'"similarity":0\.\d{{{digits}}},')
        self.refused("/match?digits=10", {"pairs": []}, 422, "bad_parameter")

    def test_limits(self):
        self.assertEqual(len(self.post("/match", {"pairs": [[A, B]] * 50})["results"]), 50)
        error = self.refused("/match", {"pairs": [[A, B]] * 51}, 422, "too_many_pairs")
        self.assertEqual((error["index"], error["limit"]), (50, 50))
        error = self.refused("/match", {"pairs": [["x" * 70000, "y"]]}, 413, "body_too_large")
        self.assertEqual(error["limit"], 65536)

    def test_what_is_not_json(self):
        for body in b"", b"{", b'{"address1": "\xff", "address2": "b"}', b"\xef\xbb\xbf{}":
            self.refused("/match", body, 400, "malformed_json", Content_Type="application/json")
        self.refused("/match", b'{"pairs": [], "pairs": []}', 400, "duplicate_field", Content_Type="application/json")

    def test_deep_brackets(self):
        for body in b"[" * 60000, b'{"pairs":' + b"[" * 60000:
            self.refused("/match", body, 422, "bad_pair" if b"pairs" in body else "wrong_type",
                         Content_Type="application/json")
        self.refused("/v2/models/mgeo/infer", b'{"x":' + b"[" * 60000, 400, "malformed_json")

    def test_what_is_of_another_shape(self):
        error = self.refused("/match", {"pairs": [[A, B], [A]]}, 422, "bad_pair")
        self.assertEqual((error["field"], error["index"]), ("pairs[1]", 1))
        self.refused("/match", {"address1": A}, 422, "missing_field")
        self.refused("/match", {"address1": A, "address2": B, "x": 1}, 422, "unknown_field")

    def test_types(self):
        for kind in "text/plain", "application/x-www-form-urlencoded", "application/json; charset=gbk":
            self.refused("/match", b"{}", 415, "unsupported_media_type", Content_Type=kind)
        self.refused("/match", b"{}", 415, "unsupported_media_type")
        self.post("/match", b'{"pairs": []}', Content_Type='Application/JSON; charset="UTF-8"')

    def test_methods(self):
        for path in "/match", "/rerank", "/predict", "/v2/models/mgeo/infer", "/v2/models/mgeo/versions/1/infer":
            answer = self.server.call("GET", path)
            self.assertEqual((answer.status, answer.json()["code"]), (405, "method_not_allowed"))
            self.assertIn("POST", answer.headers["Allow"])


class TeiTest(RouteCase):
    def test_rerank(self):
        texts = ["文一西路969号", B, "", A]
        ranks = self.post("/rerank", {"query": A, "texts": texts, "return_text": True})
        self.assertEqual([rank["index"] for rank in ranks][-1], 2)
        self.assertEqual({rank["index"] for rank in ranks}, {0, 1, 2, 3})
        self.assertEqual([rank["text"] for rank in ranks], [texts[rank["index"]] for rank in ranks])
        scores = [rank["score"] for rank in ranks[:3]]
        self.assertEqual(scores, sorted(scores, reverse=True))
        self.assertEqual(ranks[3], {"index": 2, "text": "", "score": None, "flags": ["empty"]})
        alone = self.post("/match?digits=9", {"address1": A, "address2": B})
        self.assertIn(alone["similarity"], scores)

    def test_raw_scores(self):
        body = {"query": A, "texts": [B]}
        score = self.post("/rerank", body)[0]["score"]
        raw = self.post("/rerank", {**body, "raw_scores": True})[0]["score"]
        self.assertAlmostEqual(1 / (1 + math.exp(-raw)), score, places=5)

    def test_truncate(self):
        body = {"query": A, "texts": ["街" * 300]}
        self.assertEqual(len(self.post("/rerank", body)), 1)
        self.assertEqual(len(self.post("/rerank", {**body, "truncate": True})), 1)
        self.refused("/rerank", {**body, "truncate": False}, 422, "too_long")

    def test_predict(self):
        one = self.post("/predict", {"inputs": [A, B]})
        self.assertEqual({row["label"] for row in one}, LABELS)
        scores = [row["score"] for row in one]
        self.assertEqual(scores, sorted(scores, reverse=True))
        self.assertEqual(self.post("/predict", {"inputs": [[A, B], [A, B]]}), [one, one])
        raw = self.post("/predict", {"inputs": [A, B], "raw_scores": True})
        for row, logarithm in zip(one, raw):
            self.assertAlmostEqual(math.exp(logarithm["score"]), row["score"], places=5)
        self.refused("/predict", {"inputs": A}, 422, "bad_pair")


class InferenceTest(RouteCase):
    def infer(self, body, status=200, path="/v2/models/mgeo/infer", **headers):
        return self.post(path, body, status, **headers)

    def body(self, **more):
        return {"inputs": [{"name": "address1", "shape": [2], "datatype": "BYTES", "data": [A, B]},
                           {"name": "address2", "shape": [2], "datatype": "BYTES", "data": [B, ""]}], **more}

    def test_json(self):
        answer = self.infer(self.body(id="x"))
        self.assertEqual((answer["model_name"], answer["model_version"], answer["id"]), ("mgeo", "1", "x"))
        outputs = {output["name"]: output for output in answer["outputs"]}
        self.assertEqual(outputs["probabilities"]["shape"], [2, 3])
        self.assertEqual(outputs["flags"]["data"], [0, 4])
        self.assertEqual(outputs["label"]["data"][1], "")
        alone = self.post("/match?digits=9", {"address1": A, "address2": B})
        self.assertAlmostEqual(outputs["similarity"]["data"][0], alone["similarity"], places=8)

    def test_binary_data(self):
        texts = [A.encode(), b"\xff\xfe"]
        binary = b"".join(struct.pack("<I", len(text)) + text for text in texts)
        head = json.dumps({"inputs": [{"name": "pairs", "shape": [1, 2], "datatype": "BYTES",
                                       "parameters": {"binary_data_size": len(binary)}}],
                           "outputs": [{"name": "flags", "parameters": {"binary_data": True}},
                                       {"name": "similarity", "parameters": {"binary_data": True}}]}).encode()
        answer = self.server.call("POST", "/v2/models/mgeo/infer", head + binary,
                                  Content_Type="application/octet-stream",
                                  Inference_Header_Content_Length=str(len(head)))
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.headers["Content-Type"], "application/octet-stream")
        length = int(answer.headers["Inference-Header-Content-Length"])
        json.loads(answer.body[:length])
        flags, similarity = struct.unpack("<If", answer.body[length:])
        self.assertEqual(flags, 2)
        self.assertTrue(math.isnan(similarity))

    def test_versions(self):
        for version in "1", "v1":
            self.infer(self.body(), path=f"/v2/models/mgeo/versions/{version}/infer")
        self.refused("/v2/models/mgeo/versions/2/infer", self.body(), 404, "unknown_version")
        self.refused("/v2/models/other/infer", self.body(), 404, "unknown_model")

    def test_metadata(self):
        for path, part in {"/v2": {"name": "mgeo-serve"}, "/v2/health/live": {"live": True},
                           "/v2/health/ready": {"ready": True}, "/v2/models/mgeo/ready": {"ready": True},
                           "/v2/models/mgeo": {"versions": ["1"]},
                           "/v2/models/mgeo/versions/v1": {"versions": ["1"]}}.items():
            answer = self.server.call("GET", path)
            self.assertEqual(answer.status, 200, path)
            self.assertEqual(answer.json(), {**answer.json(), **part})
        for path in "/v2/models", "/v2/models/mgeo/config", "/v2/health":
            self.assertEqual(self.server.call("GET", path).status, 404, path)


class DescriptionTest(RouteCase):
    def references(self, value):
        if isinstance(value, dict):
            yield from ([value["$ref"]] if "$ref" in value else [])
            for inner in value.values():
                yield from self.references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from self.references(inner)

    def test_describes_every_route(self):
        document = self.server.call("GET", "/openapi.json").json()
        source = os.path.join(os.environ["MGEO_SOURCE"], "cli", "serve")
        with open(os.path.join(source, "data", "routes.c"), encoding="utf-8") as file:
            scoring = set(re.findall(r'ROUTE\("([^"]+)"', file.read()))
        self.assertGreaterEqual(len(scoring), 5)
        described = {path for path, methods in document["paths"].items() if "post" in methods}
        self.assertEqual(described, scoring)
        for path, methods in document["paths"].items():
            if "get" in methods:
                filled = path.replace("{model}", "mgeo").replace("{version}", "1")
                self.assertEqual(self.server.call("GET", filled).status, 200, path)

    def test_is_whole(self):
        document = self.server.call("GET", "/openapi.json").json()
        for reference in set(self.references(document)):
            place = document
            for part in reference.removeprefix("#/").split("/"):
                place = place[part]
        self.assertEqual(document["info"]["version"],
                         self.server.call("GET", "/info").json()["version"])


if __name__ == "__main__":
    unittest.main()
