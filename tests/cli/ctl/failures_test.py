# SPDX-License-Identifier: Apache-2.0
"""What mgeo-ctl says when something fails: one document with --json, lines of the journal that are lost,
lines that cannot be taken, and files that never end."""
import json
import os
import resource
import signal
import unittest

from ctl import CtlCase
from server import MGEO

GATE = "sentence1\tsentence2\na\tb\n"


class Documents(CtlCase):
    def document(self, *arguments, exit_status, **how):
        """The one document, which says the same as the lines of error."""
        out, err = self.ctl(*arguments, status=exit_status, **how)
        document = json.loads(out)
        self.assertEqual(document["exit"], exit_status, document)
        self.assertTrue(document["error"] and document["code"], document)
        self.assertIn("status", document)
        self.assertIn(document["error"], err)
        return document

    def test_lines_that_cannot_be_taken(self):
        for line in (["--json"], ["--json", "fly"], ["status", "x", "--json"], ["load", "--json"],
                     ["swap", "--json", "--gate"], ["canary", "200%", "--json"], ["status", "--jso", "--bad"],
                     ["compare", "nothing.tsv", "--json"], ["load", "nothing", "--json"],
                     ["status", "--json", "--token-file", "nothing"], ["wait-ready", "--json", "--url", "x"],
                     ["deploy", "/x", "--json", "--gate", "nothing.tsv", "--max-flips", "1%"]):
            document = self.document(*line, exit_status=2, server="unix:/nowhere")
            self.assertIsNone(document["status"])

    def test_no_server(self):
        self.path("golden.tsv", GATE)
        for line in (["status"], ["load", MGEO], ["check", MGEO], ["compare", "golden.tsv"], ["score", "a", "b"],
                     ["swap"], ["rollback"], ["canary", "5%"], ["shadow", "5%"], ["unload"], ["journal"],
                     ["wait-ready", "--timeout", "100ms"],
                     ["deploy", MGEO, "--gate", "golden.tsv", "--max-flips", "1%"]):
            document = self.document(*line, "--json", exit_status=2, server="unix:/nowhere")
            self.assertEqual((document["code"], document["status"]), ("no_server", None))

    def test_what_the_server_refuses(self):
        self.operated()
        self.path("golden.tsv", GATE)
        for line, status, code, exit_status in (
                (["swap"], 409, "no_model", 1), (["canary", "5%"], 409, "no_model", 1),
                (["canary", "5%", "--watch", "1s", "--wait"], 409, "no_model", 1),
                (["rollback"], 409, None, 1), (["unload"], 409, "no_model", 1),
                (["compare", "golden.tsv"], 409, "no_model", 1), (["load", "/nowhere"], 422, "io", 2),
                (["check", "/nowhere"], 422, "io", 2), (["load", MGEO, "--model-version", ""], 422, "bad_value", 2),
                (["swap", "--if-match", "7-7-7-7"], 412, "state_changed", 1), (["journal"], 404, "no_journal", 2),
                (["deploy", "/nowhere", "--gate", "golden.tsv", "--max-flips", "1%"], 422, "io", 2)):
            document = self.document(*line, "--json", exit_status=exit_status)
            self.assertEqual(document["status"], status, document)
            self.assertIn(code, (document["code"], None))
        self.ctl("load", MGEO)
        document = self.document("swap", "--gate", "golden.tsv", "--max-latency-ratio", "0.000001", "--json",
                                 exit_status=1)
        self.assertEqual(document["code"], "refused")
        self.assertIn(False, [check["passed"] for check in document["checks"]])

    def test_a_watch_that_somebody_ends(self):
        self.operated()
        self.ctl("load", MGEO)
        for command in (["swap"], ["canary", "50%"]):
            child = self.start_ctl(*command, "--watch", "1h", "--wait", "--json")
            self.server.until(lambda: self.status()["watch"]["state"] == "running")
            self.ctl("rollback")
            out = json.loads(child.communicate()[0])
            self.assertEqual((child.returncode, out["exit"], out["code"]), (1, 1, "watch_ended"))
            self.assertIn("etag", out)


class LostLines(CtlCase):
    def test_every_change_and_the_status_tell_of_them(self):
        self.operated("--journal", self.path("journal"))
        self.path("golden.tsv", GATE)
        size = os.path.getsize(self.path("journal"))
        resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        for command in (["load", MGEO], ["canary", "5%"], ["canary", "0"], ["shadow", "5%"], ["shadow", "0"],
                        ["swap"], ["rollback", "--quiet"], ["unload"],
                        ["deploy", MGEO, "--gate", "golden.tsv", "--max-flips", "100%"]):
            _, err = self.ctl(*command, warned=True)
            self.assertIn("JOURNAL NOT WRITTEN", err, command)
        out, err = self.ctl("rollback", "--json", warned=True)
        self.assertIs(json.loads(out)["journal_written"], False)
        self.assertIn("JOURNAL NOT WRITTEN", err)
        out, err = self.ctl("rollback", "--json", status=1)
        self.assertNotIn("JOURNAL", json.loads(out)["error"])
        lost = self.status()["rollout"]["journal_failures"]
        self.assertIn(f"NOT WRITTEN: {lost} lines", self.ctl("status")[0])
        self.assertIn(f"JOURNAL NOT WRITTEN: {lost} lines", self.ctl("journal", warned=True)[1])


class Lines(CtlCase):
    def test_options_of_all_commands_may_stand_before_it(self):
        self.operated("--journal", self.path("journal"))
        here = self.server.operate
        for line in (["--server", here, "status"], ["-s", here, "status"], ["--server=" + here, "--json", "status"],
                     ["-qs" + here, "status", "--json"], ["--json", "status", "--server", here]):
            out, _ = self.ctl(*line, server="unix:/nowhere")
            self.assertIn("1-0-0-0", out)
        self.ctl("--actor", "ann", "--reason", "ticket 7", "load", MGEO, "--model-version", "v2")
        line = self.ctl("-q", "--json", "journal", "-n", "1")[0]
        self.assertEqual([json.loads(line)["lines"][0][key] for key in ("actor", "reason")], ["ann", "ticket 7"])
        self.ctl("--if-match", "7-7-7-7", "swap", status=1)
        self.assertIn("Usage: mgeo-ctl load ", self.ctl("--help", "load")[0])
        _, err = self.ctl("--gold", "x", "compare", "x", status=2)
        self.assertIn("--gold cannot stand before the command", err)
        self.ctl("--actor", "ann", "status", status=2)

    def test_version_does_not_name_a_model(self):
        self.operated()
        for line in (["load", MGEO, "--version", "v2"], ["load", "--version", "v2", MGEO], ["load", "-V", MGEO],
                     ["--version", "load", MGEO], ["deploy", MGEO, "--gate", "x", "--version", "v2"]):
            out, err = self.ctl(*line, status=2)
            self.assertEqual((out, err.count("\n")), ("", 1))
            self.assertIn("--model-version NAME", err)
        self.ctl("swap", "--version", "v2", status=2)
        for line in (["--version"], ["-V"], ["load", "--version"]):
            self.assertRegex(self.ctl(*line)[0], r"^mgeo-ctl \d")


class Fifos(CtlCase):
    def test_a_token_is_read_from_a_regular_file(self):
        os.mkfifo(self.path("fifo"))
        for path in (self.path("fifo"), "/dev/zero", self.folder):
            _, err = self.ctl("status", "--token-file", path, server="unix:/nowhere", status=2)
            self.assertRegex(err, "token-file: cannot read .*: it is (a folder|a pipe, not a file|no regular file)")
            _, err = self.run_serve("--operate", "127.0.0.1:0", "--operate-token-file", path, status=2)
            self.assertRegex(err, "token-file: cannot read .*: it is (a folder|a pipe, not a file|no regular file)")

    def test_a_signal_ends_the_wait_for_a_table(self):
        self.operated()
        os.mkfifo(self.path("fifo"))
        for line in (["compare", "fifo"], ["swap", "--gate", "fifo", "--max-flips", "1%"],
                     ["deploy", MGEO, "--gate", "fifo", "--max-flips", "1%"]):
            for number in (signal.SIGINT, signal.SIGTERM):
                child = self.start_ctl(*line, "--json")
                writer = os.open(self.path("fifo"), os.O_WRONLY)  # returns when it is being read
                os.write(writer, b"sentence1\tsentence2\na\t")
                child.send_signal(number)
                self.assertEqual(child.wait(), 2)
                os.close(writer)
                self.assertEqual(child.stderr.read(), b"mgeo-ctl: interrupted\n")
                self.assertEqual(json.loads(child.stdout.read())["code"], "interrupted")

    def test_a_table_from_a_fifo(self):
        self.operated()
        self.ctl("load", MGEO)
        os.mkfifo(self.path("fifo"))
        child = self.start_ctl("compare", "fifo", "--json")
        with open(self.path("fifo"), "w", encoding="utf-8") as writer:
            writer.write(GATE)
        self.assertEqual(json.loads(child.communicate()[0])["pairs"], 1)


if __name__ == "__main__":
    unittest.main()
