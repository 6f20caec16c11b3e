# SPDX-License-Identifier: Apache-2.0
"""Triton's repository calls: what the store holds, load and unload, and names that would leave it."""
import os
import shutil
import unittest

from server import MGEO, Case

try:
    import tritonclient.http as triton
except ImportError:
    triton = None

TOKEN = "0123456789abcdef0123456789abcdef"


class Repository(Case):
    def setUp(self):
        super().setUp()
        self.store = self.path("store")
        os.mkdir(self.store)
        for name in ("v1", "v2"):
            shutil.copytree(MGEO, os.path.join(self.store, name))
        os.mkdir(os.path.join(self.store, "empty"))
        os.symlink(MGEO, os.path.join(self.store, "elsewhere"))
        with open(self.path("token"), "w", encoding="ascii") as file:
            file.write(TOKEN)
        os.chmod(self.path("token"), 0o600)
        self.server = self.serve("--operate", "127.0.0.1:0", "--operate-token-file", self.path("token"),
                                 "--threads", "1", "--model-store", self.store,
                                 model=os.path.join(self.store, "v1"))

    def call(self, path, body=None, status=200):
        answer = self.server.call("POST", "/v2/repository/" + path, {} if body is None else body,
                                  self.server.operate, Authorization="Bearer " + TOKEN)
        self.assertEqual(answer.status, status, answer.body)
        return answer.json()

    def test_index_load_and_unload(self):
        index = self.call("index")
        self.assertEqual([entry["name"] for entry in index], ["v1", "v2"])
        self.assertEqual([entry["state"] for entry in index], ["READY", "UNAVAILABLE"])
        self.assertEqual([entry["name"] for entry in self.call("index", {"ready": True})], ["v1"])
        self.call("models/v2/load")
        self.assertEqual([(entry["version"], entry["reason"]) for entry in self.call("index")],
                         [("1", "live"), ("2", "standby")])
        self.assertEqual(self.call("models/v1/unload", status=409)["code"], "busy")
        self.call("models/v2/unload", {"parameters": {"unload_dependents": False}})
        self.assertEqual(self.call("models/v2/unload", status=409)["code"], "no_model")
        self.assertEqual(len(self.call("index", {"ready": True})), 1)

    def test_names_do_not_leave_the_store(self):
        outside = self.path("outside")
        shutil.copytree(MGEO, outside)
        for name in ("..%2Foutside", "%2e%2e%2foutside", "%2e%2e", ".", "elsewhere", "empty", "none",
                     "v2%00", "%2Fetc", "v2%2F..%2Fv2", "%zz"):
            self.call(f"models/{name}/load", status=404)
        for path in ("models/../outside/load", "models//load", "models/v2/v2/load"):
            self.assertEqual(self.server.call("POST", "/v2/repository/" + path, {}, self.server.operate,
                                              Authorization="Bearer " + TOKEN).status, 404)
        self.assertEqual(len(self.call("index", {"ready": True})), 1)

    def test_what_triton_may_ask_and_we_do_not_have_is_refused(self):
        self.call("models/v2/load", {"parameters": {"config": "{}"}}, status=422)

    @unittest.skipUnless(triton, "tritonclient is not installed")
    def test_with_triton_s_own_client(self):
        headers = {"Authorization": "Bearer " + TOKEN}
        client = triton.InferenceServerClient(self.server.operate)
        self.addCleanup(client.close)
        self.assertEqual([entry["name"] for entry in client.get_model_repository_index(headers=headers)],
                         ["v1", "v2"])
        client.load_model("v2", headers=headers)
        self.assertEqual({entry["state"] for entry in client.get_model_repository_index(headers=headers)},
                         {"READY"})
        client.unload_model("v2", headers=headers)


class NoStore(Case):
    def test_there_may_be_none(self):
        server = self.serve("--operate", "unix:" + self.path("o.sock"))
        answer = server.call("POST", "/v2/repository/index", {}, server.operate)
        self.assertEqual((answer.status, answer.json()["code"]), (404, "no_model_store"))


if __name__ == "__main__":
    unittest.main()
