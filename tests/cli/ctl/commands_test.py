# SPDX-License-Identifier: Apache-2.0
"""Every command of mgeo-ctl by itself: what it prints, what it changes, what it exits with."""
import os
import signal
import socket
import unittest

import models
from ctl import TOKEN, CtlCase
from server import MGEO

GOLDEN_TSV = "sentence1\tsentence2\tlabel\n人民路1号\t人民路1号\texact_match\n人民路1号\t中山路22号\tnot_match\n"


class Commands(CtlCase):
    def test_a_rollout_by_hand(self):
        self.operated("--journal", self.path("journal"))
        out, _ = self.ctl("load", MGEO, "--model-version", "v2", "--reason", "ticket 7", "--actor", "ann")
        self.assertRegex(out, r"^v2 \(generation 2\) on green, fp32, cpu, .* in .*s\n$")
        self.path("golden.tsv", GOLDEN_TSV)
        out, _ = self.ctl("compare", "golden.tsv", "--gold", "label")
        self.assertRegex(out, r"^2 pairs, 0 flips \(0%\), shift mean 0,.* accuracy .* → ")
        out, _ = self.ctl("score", "人民路1号", "人民路1号")
        self.assertEqual([line.split()[0] for line in out.splitlines()], ["live", "standby"])
        self.assertEqual(self.ctl("canary", "5%")[0], "canary 5%\n")
        self.assertEqual(self.status()["canary_share"], 0.05)
        self.assertEqual(self.ctl("canary", "0")[0], "canary 0%\n")
        self.assertEqual(self.ctl("shadow", "0.1")[0], "shadow 10%\n")
        out, _ = self.ctl("swap", "--gate", "golden.tsv", "--max-flips", "0", "--reason", "go")
        self.assertIn("gate: flip_share 0 of 0", out)
        self.assertEqual(self.status()["generations"]["live"], 2)
        out, _ = self.ctl("rollback", "--actor", "eve")
        self.assertRegex(out, r"^v2 \(2\) → mgeo \(1\) in ")
        self.assertEqual(self.ctl("unload")[0], "unloaded\n")
        lines = self.ctl("journal")[0].splitlines()
        self.assertEqual([line.split()[2] for line in lines],
                         ["open", "load", "load", "canary", "canary", "shadow", "swap", "rollback", "unload"])
        self.assertIn("ticket 7", lines[2])
        self.assertIn(" ann ", lines[2])
        self.assertIn(" eve ", lines[7])
        self.assertRegex(lines[3], r"v2 \(2\)  0% → 5%$")
        self.assertRegex(lines[4], r"v2 \(2\)  5% → 0%$")
        self.assertRegex(lines[5], r"v2 \(2\)  0% → 10%$")
        self.assertRegex(lines[6], r"\S+@\S+ .*mgeo \(1\) → v2 \(2\)  go")
        self.assertEqual(len(self.ctl("journal", "--event", "load", "-n", "1")[0].splitlines()), 1)

    def test_a_load_says_that_it_takes_the_way_back(self):
        self.operated()
        self.assertNotIn("replaces", self.ctl("load", MGEO, "--model-version", "v2")[0])
        self.assertNotIn("replaces", self.ctl("load", MGEO, "--model-version", "v3")[0])  # v2 was never live
        self.ctl("swap")
        out, _ = self.ctl("load", MGEO, "--model-version", "v4")
        self.assertRegex(out, r"\nreplaces mgeo \(generation 1\): rollback has nothing to go back to any more\n$")
        self.ctl("rollback", status=1)
        self.assertNotIn("replaced", self.ctl_json("load", MGEO, "--model-version", "v5"))
        self.ctl("swap")
        document = self.ctl_json("load", MGEO, "--model-version", "v6")
        self.assertEqual(document["replaced"], {"version": "v3", "generation": 3, "slot": "green"})

    def test_status_is_a_table_or_a_document(self):
        self.operated()
        out, _ = self.ctl("status")
        rows = {line[:12].strip(): line[12:] for line in out.splitlines()}
        self.assertTrue(rows["role"].startswith("LIVE "), out)
        self.assertTrue(rows["version"].startswith("mgeo (generation 1)"), out)
        self.assertIn("ready", rows["server"])
        self.assertEqual(rows["state"], '"1-0-0-0"')
        self.assertEqual(self.status()["etag"], '"1-0-0-0"')
        self.assertEqual(self.ctl("status", "-q")[0], "")

    def test_status_goes_on_until_a_signal(self):
        self.operated()
        child = self.start_ctl("status", "--watch")
        for _ in range(30):
            self.assertTrue(child.stdout.readline())
        child.send_signal(signal.SIGINT)
        child.stdout.read()
        self.assertEqual(child.wait(), 0)

    def test_check_says_whether_it_fits(self):
        self.operated()
        self.assertRegex(self.ctl("check", MGEO)[0], r"^fits: .*B of .*B on cpu as fp32\n$")
        self.assertTrue(self.ctl_json("check", MGEO)["fits"])
        _, err = self.ctl("check", "/nowhere", status=2)
        self.assertEqual(err.count("\n"), 1)

    def test_a_relative_path_is_made_whole(self):
        self.operated()
        os.symlink(MGEO, self.path("here"))
        self.ctl("load", "here")
        self.assertEqual(self.status()["slots"]["green"]["path"], os.path.realpath(MGEO))
        _, err = self.ctl("load", "nothing", status=2)
        self.assertIn("nothing", err)

    def test_a_state_that_changed_is_exit_1(self):
        self.operated()
        self.ctl("load", MGEO)
        self.ctl("swap", "--if-match", '"1-2-0-0"')
        _, err = self.ctl("swap", "--if-match", "1-2-0-0", status=1)
        self.assertIn("somebody else", err)
        self.ctl("swap", "--if-match", "2-1-0-0")

    def test_what_cannot_be_is_exit_1_and_says_why(self):
        self.operated()
        for command in (["swap"], ["rollback"], ["unload"], ["canary", "5%"], ["shadow", "5%"]):
            _, err = self.ctl(*command, status=1)
            self.assertEqual(err.count("\n"), 1, err)
        self.path("golden.tsv", GOLDEN_TSV)
        self.ctl("compare", "golden.tsv", status=1)

    def test_files_that_are_none_are_exit_2(self):
        self.operated()
        self.path("empty.tsv", "")
        for name in ("empty.tsv", "nothing.tsv"):
            _, err = self.ctl("compare", name, status=2)
            self.assertIn(name, err)

    def test_every_table_that_mgeo_score_reads(self):
        self.operated()
        self.ctl("load", MGEO)
        self.path("pairs.jsonl", '{"a": "人民路1号", "b": "人民路2号", "gold": "exact_match"}\n' * 3)
        report = self.ctl_json("compare", "pairs.jsonl", "-c", "a,b", "--gold", "gold")
        self.assertEqual((report["pairs"], report["labelled"]), (3, 3))
        self.path("pairs.csv", "x,y\n" + "".join(f"人民路{i}号,人民路1号\n" for i in range(50)))
        report = self.ctl_json("compare", "pairs.csv", "-c", "x,y", "--sample", "10", "--worst", "2")
        self.assertEqual((report["pairs"], report["worst"]), (10, []))  # one model twice

    def test_interrupted_a_comparison_ends(self):
        self.operated()
        self.ctl("load", MGEO)
        self.path("many.tsv", "sentence1\tsentence2\n" + "人民路1号\t中山路22号\n" * 500000)
        child = self.start_ctl("compare", "many.tsv")
        self.server.until(lambda: self.status()["checking"] is not None)
        child.send_signal(signal.SIGINT)
        self.assertEqual(child.wait(), 2)
        self.assertEqual(child.stderr.read(), b"mgeo-ctl: interrupted\n")
        self.server.until(lambda: self.status()["checking"] is None)


class Reaching(CtlCase):
    def test_no_server_is_exit_2_and_names_it(self):
        address = "unix:" + self.path("none.sock")
        for command in (["status"], ["load", MGEO], ["swap"], ["deploy", MGEO, "--gate", models.PAIRS,
                                                               "--max-flips", "1%"]):
            _, err = self.ctl(*command, server=address, status=2)
            self.assertEqual(err.count("\n"), 1, err)
            self.assertIn(address, err)

    def test_something_else_than_the_operating_side(self):
        self.operated()
        _, err = self.ctl("status", "--server", self.server.address, status=2)
        self.assertIn("operating side", err)

    def test_the_token_is_given_by_file_or_variable_and_never_shown(self):
        path = self.path("token", TOKEN + "\n")
        os.chmod(path, 0o600)
        self.server = self.serve("--operate", "127.0.0.1:0", "--operate-token-file", path)
        for how in ({}, {"environment": {"MGEO_OPERATE_TOKEN": TOKEN[:-1] + "x"}}):
            _, err = self.ctl("status", status=2, **how)
            self.assertIn("--token-file", err)
            self.assertNotIn(TOKEN[:-1], err)
        self.ctl("status", "--token-file", path)
        out, _ = self.ctl("status", "--json", environment={"MGEO_OPERATE_TOKEN": TOKEN})
        self.assertNotIn(TOKEN, out)
        self.ctl("status", "--token-file", self.path("none"), status=2)
        self.ctl("wait-ready", "--token-file", path)
        self.ctl("wait-ready", status=2)

    def test_waiting_for_a_server(self):
        self.operated()
        self.assertIn("ready", self.ctl("wait-ready")[0])
        self.assertTrue(self.ctl_json("wait-ready")["ready"])
        self.ctl("wait-ready", "--url", f"http://{self.server.address}/readyz")
        self.ctl("wait-ready", "--url", f"http://{self.server.address}")
        _, err = self.ctl("wait-ready", "--timeout", "200ms", server="unix:" + self.path("none"), status=2)
        self.assertIn("no answer in 0.2 s", err)

    def test_waiting_in_vain_is_exit_1(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        child = self.start_unready(listener)
        self.addCleanup(child.join)
        _, err = self.ctl("wait-ready", "--timeout", "1s", "--url",
                          f"http://127.0.0.1:{listener.getsockname()[1]}",
                          server="unix:/nowhere", status=1)
        self.assertIn("not ready in 1 s: loading", err)
        listener.shutdown(socket.SHUT_RDWR)

    def start_unready(self, listener):
        """A server that is never ready."""
        import threading
        body = b'{"status": "not_ready", "reason": "loading"}'

        def answer():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(4096)
                    connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: %d\r\n"
                                       b"Connection: close\r\n\r\n%s" % (len(body), body))
        thread = threading.Thread(target=answer)
        thread.start()
        return thread


class Words(CtlCase):
    def environment(self, server=None):
        return dict(os.environ)

    def test_help_and_version(self):
        out, _ = self.ctl("--help")
        commands = [line.split()[0] for line in out.split("Commands\n")[1].split("\n\n")[0].splitlines()]
        self.assertIn("deploy", commands)
        for command in commands:
            text, _ = self.ctl(command, "--help")
            self.assertTrue(text.startswith(f"Usage: mgeo-ctl {command} "), text)
            self.assertTrue(all(len(line) <= 100 for line in text.splitlines()), text)
        self.assertRegex(self.ctl("--version")[0], r"^mgeo-ctl \d")

    def test_bad_lines_are_one_line(self):
        for line in ([], ["fly"], ["load"], ["swap", "--gate"], ["canary", "200%"], ["status", "x"]):
            _, err = self.ctl(*line, status=2)
            self.assertEqual(err.count("\n"), 1, err)


if __name__ == "__main__":
    unittest.main()
