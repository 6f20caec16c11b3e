#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Open Inference Protocol as its own clients speak it: tritonclient and kserve, where they are installed."""
import asyncio
import importlib.util
import sys
import unittest

import server

A, B = "北京市海淀区中关村大街1号", "海淀区中关村大街1号"
TRITON = importlib.util.find_spec("tritonclient") is not None
KSERVE = importlib.util.find_spec("kserve") is not None
if not (TRITON or KSERVE):
    print("skipped: neither tritonclient[http] nor kserve is installed")
    sys.exit(77)
import numpy  # noqa: E402  (both need it)


class ClientCase(server.Case):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        answer = self.server.call("POST", "/match?digits=9", {"pairs": [[A, B], [B, A], ["", B]]}).json()
        self.wanted = answer["results"]

    def check_scores(self, similarity, labels):
        self.assertEqual([round(float(score), 6) for score in similarity],
                         [round(row["similarity"], 6) for row in self.wanted[:len(similarity)]])
        self.assertEqual(labels, [row["label"] for row in self.wanted[:len(labels)]])


@unittest.skipUnless(TRITON, "tritonclient[http] is not installed")
class TritonTest(ClientCase):
    def setUp(self):
        super().setUp()
        import tritonclient.http
        self.http = tritonclient.http
        self.client = self.http.InferenceServerClient(self.server.address)
        self.addCleanup(self.client.close)

    def tensor(self, name, values, binary=True):
        array = numpy.array([value.encode() for value in values], dtype=object)
        tensor = self.http.InferInput(name, list(array.shape), "BYTES")
        tensor.set_data_from_numpy(array, binary_data=binary)
        return tensor

    def infer(self, a, b, binary=True, **options):
        return self.client.infer("mgeo", [self.tensor("address1", a, binary), self.tensor("address2", b, binary)],
                                 **options)

    def test_tells_of_server_and_model(self):
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())
        self.assertTrue(self.client.is_model_ready("mgeo"))
        self.assertTrue(self.client.is_model_ready("mgeo", "1"))
        self.assertFalse(self.client.is_model_ready("other"))
        self.assertFalse(self.client.is_model_ready("mgeo", "2"))
        self.assertEqual(self.client.get_server_metadata()["name"], "mgeo-serve")
        metadata = self.client.get_model_metadata("mgeo")
        self.assertEqual(metadata["versions"], ["1"])
        self.assertEqual({tensor["name"] for tensor in metadata["inputs"]}, {"address1", "address2"})
        with self.assertRaisesRegex(self.http.InferenceServerException, "no model \"other\""):
            self.client.get_model_metadata("other")

    def test_infers_by_binary_data_and_json(self):
        for binary in True, False:
            with self.subTest(binary=binary):
                result = self.infer([A, B], [B, A], binary)
                self.check_scores(result.as_numpy("similarity"),
                                  [label.decode() for label in result.as_numpy("label")])
                self.assertEqual(result.as_numpy("probabilities").shape, (2, 3))
                self.assertEqual(result.as_numpy("flags").dtype, numpy.uint32)

    def test_infers_what_is_asked_for(self):
        outputs = [self.http.InferRequestedOutput("label", binary_data=False),
                   self.http.InferRequestedOutput("similarity", binary_data=True)]
        result = self.infer([A], [B], outputs=outputs, request_id="7", priority=1, timeout=1000000,
                            parameters={"anything": "else"}, model_version="1")
        response = result.get_response()
        self.assertEqual([output["name"] for output in response["outputs"]], ["label", "similarity"])
        self.assertEqual(response["id"], "7")
        self.assertEqual(response["model_version"], "1")
        self.check_scores(result.as_numpy("similarity"), list(result.as_numpy("label")))

    def test_infers_pairs(self):
        array = numpy.array([[A.encode(), B.encode()], [B.encode(), A.encode()]], dtype=object)
        tensor = self.http.InferInput("pairs", [2, 2], "BYTES")
        tensor.set_data_from_numpy(array)
        result = self.client.infer("mgeo", [tensor])
        self.check_scores(result.as_numpy("similarity"), [label.decode() for label in result.as_numpy("label")])

    def test_rows_without_a_score(self):
        result = self.infer(["", A], [B, B])
        self.assertTrue(numpy.isnan(result.as_numpy("similarity")[0]))
        self.assertEqual(list(result.as_numpy("flags")), [4, 0])
        self.assertEqual(result.as_numpy("label")[0], b"")

    def test_many_rows(self):
        result = self.infer([A] * 1000, [B] * 1000)
        self.assertEqual(set(map(float, result.as_numpy("similarity"))),
                         {float(result.as_numpy("similarity")[0])})

    def test_requests_at_once(self):
        requests = [self.client.async_infer("mgeo", [self.tensor("address1", [A]), self.tensor("address2", [B])])
                    for _ in range(20)]
        for request in requests:
            self.check_scores(request.get_result().as_numpy("similarity"), [])

    def test_tells_what_is_wrong(self):
        asked = self.http.InferRequestedOutput
        for sentence, call in {
            "have 1 and 2 rows": lambda: self.infer([A], [A, B]),
            "classification": lambda: self.infer([A], [B], outputs=[asked("label", class_count=2)]),
            "must be similarity, label": lambda: self.infer([A], [B], outputs=[asked("score")]),
            "version \"9\"": lambda: self.infer([A], [B], model_version="9"),
            "compressed": lambda: self.infer([A], [B], request_compression_algorithm="gzip"),
        }.items():
            with self.assertRaisesRegex(self.http.InferenceServerException, sentence):
                call()


@unittest.skipUnless(KSERVE, "kserve is not installed")
class KserveTest(ClientCase):
    def setUp(self):
        super().setUp()
        import kserve
        self.kserve = kserve
        self.url = f"http://{self.server.address}"

    def ask(self, call):
        """call(client) within an event loop."""
        async def run():
            client = self.kserve.InferenceRESTClient(self.kserve.RESTConfig(protocol="v2", timeout=60))
            try:
                return await call(client)
            finally:
                await client.close()
        return asyncio.run(run())

    def request(self, binary):
        inputs = []
        for name, values in ("address1", [A, B]), ("address2", [B, A]):
            tensor = self.kserve.InferInput(name, [2], "BYTES")
            tensor.set_data_from_numpy(numpy.array([value.encode() for value in values], dtype=object),
                                       binary_data=binary)
            inputs.append(tensor)
        return self.kserve.InferRequest(model_name="mgeo", infer_inputs=inputs, request_id="9")

    def test_tells_of_server_and_model(self):
        self.assertTrue(self.ask(lambda client: client.is_server_live(self.url)))
        self.assertTrue(self.ask(lambda client: client.is_server_ready(self.url)))
        self.assertTrue(self.ask(lambda client: client.is_model_ready(self.url, "mgeo")))

    def test_infers(self):
        for binary in True, False:
            with self.subTest(binary=binary):
                response = self.ask(lambda client: client.infer(self.url, self.request(binary), model_name="mgeo"))
                outputs = {output.name: output.as_numpy() for output in response.outputs}
                labels = [label.decode() if isinstance(label, bytes) else label for label in outputs["label"]]
                self.check_scores(outputs["similarity"], labels)
                self.assertEqual(response.id, "9")


if __name__ == "__main__":
    unittest.main()
