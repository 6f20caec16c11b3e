# SPDX-License-Identifier: Apache-2.0
"""Shares of the standby model: a canary keeps to its clients' keys, a shadow answers nobody."""
import unittest

from server import MGEO, Case

PAIR = {"address1": "人民路1号", "address2": "人民路2号"}


class Shares(Case):
    def setUp(self):
        super().setUp()
        self.server = self.serve("--operate", "unix:" + self.path("o.sock"), "--threads", "1")
        self.post("load", {"path": MGEO})

    def post(self, path, body, status=200):
        answer = self.server.call("POST", "/operate/" + path, body, self.server.operate, If_Match="*")
        self.assertEqual(answer.status, status, answer.body)
        return answer.json()

    def status(self):
        return self.server.call("GET", "/operate/status", address=self.server.operate).json()

    def generations(self, keys):
        """Which model each key meets, asked over one connection."""
        connection = self.server.connect()
        self.addCleanup(connection.close)
        return {key: connection.call("POST", "/match", PAIR, X_Route_Key=key).headers["X-Model-Generation"]
                for key in keys}

    def test_a_canary_keeps_to_its_keys(self):
        keys = [f"customer {i}" for i in range(100)]
        self.assertEqual(set(self.generations(keys).values()), {"1"})
        self.assertEqual(self.post("canary", {"share": 0.3})["etag"], '"1-2-3000-0"')
        self.assertEqual(self.status()["canary_share"], 0.3)
        met = self.generations(keys)
        self.assertEqual(set(met.values()), {"1", "2"})
        self.assertEqual(self.generations(keys), met)
        self.assertEqual(self.post("load", {"path": MGEO}, status=409)["code"], "busy")
        self.assertEqual(self.post("unload", {}, status=409)["code"], "busy")
        self.post("canary", {"share": 0.6})
        more = self.generations(keys)
        self.assertTrue(all(more[key] == "2" for key in keys if met[key] == "2"))
        self.post("rollback", {})
        self.assertEqual(self.status()["canary_share"], 0)
        self.assertEqual(set(self.generations(keys).values()), {"1"})

    def test_a_canary_s_watch(self):
        self.post("canary", {"share": 1, "watch": {"window_calls": 20, "min_calls": 20, "max_error_rate": 0}})
        self.assertEqual(self.status()["watch"]["state"], "running")
        self.generations([str(i) for i in range(30)])
        self.server.until(lambda: self.status()["watch"]["state"] == "passed")
        self.assertEqual(self.status()["canary_share"], 1)

    def test_a_shadow_answers_nobody(self):
        self.post("shadow", {"share": 1, "worst_pairs": 2, "full_speed": True})
        self.assertEqual(set(self.generations([str(i) for i in range(10)]).values()), {"1"})
        self.server.until(lambda: self.status()["shadow"]["compared"] == 10)
        shadow = self.status()["shadow"]
        self.assertEqual((shadow["flips"], shadow["shift_max"]), (0, 0))
        self.assertEqual(sum(shadow["shift_histogram"]), 10)
        self.assertEqual([pair["a"] for pair in shadow["worst"]], [PAIR["address1"]] * len(shadow["worst"]))
        self.assertEqual(self.post("shadow", {"share": 0})["etag"], '"1-2-0-0"')

    def test_there_must_be_a_standby_model(self):
        self.post("unload", {})
        for what in ("canary", "shadow"):
            self.assertEqual(self.post(what, {"share": 0.1}, status=409)["code"], "no_model")
            self.post(what, {"share": 0})


if __name__ == "__main__":
    unittest.main()
