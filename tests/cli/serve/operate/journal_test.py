# SPDX-License-Identifier: Apache-2.0
"""Changes whose lines of the journal cannot be written: made all the same, and every answer tells of it."""
import os
import resource
import shutil
import unittest

from server import MGEO, Case


class FullJournal(Case):
    def setUp(self):
        super().setUp()
        shutil.copytree(MGEO, self.path("store/v2"))
        self.server = self.serve("--operate", "unix:" + self.path("o.sock"), "--journal", self.path("journal"),
                                 "--model-store", self.path("store"))

    def fill(self):
        """No file may grow, as if the disk were full."""
        size = os.path.getsize(self.path("journal"))
        resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def change(self, route, body, status=200):
        answer = self.server.call("POST", "/operate/" + route, body, self.server.operate, If_Match="*")
        self.assertEqual(answer.status, status, answer.body)
        return answer.json()

    def journal(self):
        return self.server.call("GET", "/operate/journal", address=self.server.operate).json()

    def test_every_change_says_that_its_line_is_lost(self):
        self.assertNotIn("journal_written", self.change("load", {"path": MGEO, "version": "v2"}))
        self.assertEqual(self.journal()["journal_failures"], 0)
        self.fill()
        failures = 0
        gate = {"pairs": [["a", "b"]], "max_latency_ratio": 1e-6}
        for route, body, status in (("canary", {"share": 0.5}, 200), ("shadow", {"share": 0.5}, 200),
                                    ("shadow", {"share": 0}, 200), ("swap", {"gate": gate}, 409),
                                    ("swap", {}, 200), ("rollback", {}, 200), ("unload", {}, 200),
                                    ("load", {"path": MGEO}, 200), ("load", {"path": "/nowhere"}, 422)):
            answer = self.change(route, body, status)
            self.assertIs(answer.get("journal_written"), False, (route, answer))
            self.assertGreater(answer["journal_failures"], failures)
            self.assertEqual("code" in answer, status != 200)
            failures = answer["journal_failures"]
        self.assertEqual(self.journal()["journal_failures"], failures)
        status = self.server.call("GET", "/operate/status", address=self.server.operate).json()
        self.assertEqual(status["rollout"]["journal_failures"], failures)

    def test_foreign_clients_are_told_too(self):
        self.fill()
        for call in ("load", "unload"):
            path = "/v2/repository/models/v2/" + call
            answer = self.server.call("POST", path, {}, self.server.operate)
            self.assertEqual(answer.status, 200, answer.body)
            self.assertIs(answer.json()["journal_written"], False)


if __name__ == "__main__":
    unittest.main()
