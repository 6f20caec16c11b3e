# SPDX-License-Identifier: Apache-2.0
"""How it ends: files that are whole or absent, limits, signals, full disks, broken pipes, memory."""
import os
import signal
import subprocess
import sys
import time
import unittest

from harness import MGEO, NAMES, ONE_LOGIT, PROGRAM, SANITIZED, Case, table, tsv


class WholeOrAbsent(Case):
    def test_output_is_replaced_when_complete(self):
        out = self.path("out", b"old")
        os.chmod(out, 0o640)
        os.symlink("out", self.path("link"))
        self.run_score("-o", self.path("link"), stdin=table())
        self.assertEqual(len(self.read("out").split(b"\n")), 7)
        self.assertTrue(os.path.islink(self.path("link")))
        self.assertEqual(os.stat(out).st_mode & 0o777, 0o640)
        self.assertEqual(self.leftovers(), [])

    def test_input_may_be_its_own_output(self):
        path = self.path("in", table())
        self.run_score("-o", path, path)
        self.assertIn(b"\tsimilarity\tlabel\n", self.read("in"))

    def test_failure_leaves_what_was_there(self):
        self.path("out", b"old")
        for bad in (("-m", "/nonexistent"), ("-c", "x,y"), ("--summary", self.path("none/s"))):
            self.run_score("-o", self.path("out"), *bad, stdin=table(), status=2)
            self.assertEqual(self.read("out"), b"old")
        self.assertIn("cannot write beside it",
                      self.run_score("-o", self.path("none/out"), stdin=table(), status=2).err)
        self.assertEqual(self.leftovers(), [])

    def test_too_many_bad_rows_end_the_run(self):
        given = tsv(NAMES, ("0", "路", "路", "")) + b"\n\n\n" + table().split(b"\n", 1)[1]
        arguments = ("-o", self.path("out"), "--errors", self.path("errors"), "--summary",
                     self.path("summary"), "--max-errors")
        result = self.run_score(*arguments, "2", stdin=given, status=2)
        self.assertIn("standard input:5: stopped at bad row 3: --max-errors is 2", result.err)
        self.assertEqual(len(self.read("errors").split(b"\n")), 5)
        self.assertEqual(os.listdir(self.folder), ["errors"])
        self.run_score(*arguments, "3", stdin=given, status=1)
        self.assertEqual(sorted(os.listdir(self.folder)), ["errors", "out", "summary"])
        self.run_score("--max-errors", "0", stdin=table())
        self.run_score("--max-errors", "0", stdin=given, status=2)

    def test_limit_ends_it_while_the_input_stays_open(self):
        child = self.start("--max-errors", "0", "-q", stdin=subprocess.PIPE,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        child.stdin.write(tsv(NAMES) + b"\n")
        child.stdin.flush()
        self.assertIn(b"--max-errors is 0", child.stderr.read())
        self.assertEqual(child.wait(60), 2)
        child.stdin.close()
        child.stderr.close()

    def test_a_full_disk_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, "-m", MGEO], input=table(), stdout=full,
                                  stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"standard output: cannot write: No space left", done.stderr)
        for option in ("-o", "--errors", "--summary"):
            result = self.run_score(option, "/dev/full", stdin=table() + b"\n", status=2)
            self.assertIn("/dev/full: cannot write", result.err)

    def test_devices_are_written_directly(self):
        self.run_score("-o", "/dev/null", stdin=table())
        self.assertTrue(os.path.exists("/dev/null"))
        self.assertIn(b"similarity", self.run_score("-o", "/dev/stdout", stdin=table()).out)


class Signals(Case):
    def interrupt(self, number, *arguments, feed=b"", wait_for=None):
        """Starts with its input kept open, sends the signal once `wait_for` exists, or at once."""
        child = self.start(*arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE)
        child.stdin.write(feed)
        child.stdin.flush()
        while wait_for is not None and not wait_for():
            self.assertIsNone(child.poll(), "ended before the signal")
            time.sleep(0.01)
        child.send_signal(number)
        out, err = child.stdout.read(), child.stderr.read().decode()
        for stream in (child.stdin, child.stdout, child.stderr):
            stream.close()
        return child.wait(60), out, err

    def part_has_rows(self):
        return any(os.path.getsize(self.path(name)) > 100 for name in self.leftovers())

    def test_a_signal_in_mid_run_leaves_no_file(self):
        self.path("out", b"old")
        for number in (signal.SIGINT, signal.SIGTERM):
            status, _, err = self.interrupt(
                number, "-o", self.path("out"), "--errors", self.path("errors"), "--summary",
                self.path("summary"), feed=table(300), wait_for=self.part_has_rows)
            self.assertEqual(status, 130)
            self.assertEqual(err, "mgeo-score: interrupted; the output file was not written\n")
            self.assertEqual(os.listdir(self.folder), ["out"])
            self.assertEqual(self.read("out"), b"old")

    def test_a_signal_while_waiting_for_the_first_row_ends_it(self):
        status, out, err = self.interrupt(signal.SIGINT, "-q", "-o", self.path("out"),
                                          wait_for=self.leftovers)
        self.assertEqual((status, out, err), (130, b"", ""))
        self.assertEqual(os.listdir(self.folder), [])

    def test_broken_pipe_ends_quietly(self):
        child = self.start("--errors", self.path("errors"), self.path("in", table(60000)),
                           model=ONE_LOGIT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        child.stdout.readline()
        child.stdout.close()
        self.assertEqual(child.stderr.read(), b"")
        child.stderr.close()
        self.assertEqual(child.wait(60), -signal.SIGPIPE)
        self.assertEqual(os.listdir(self.folder), ["in"])


# A child's peak is never below its parent's at the fork, and this program's grows with the table that
# it has made: a fresh one starts the child.
MEASURE = """
import os, sys
_, status, usage = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Memory(Case):
    def peak(self, rows):
        header, pairs = table(20_000).split(b"\n", 1)
        path = self.path("in", header + b"\n" + pairs * (rows // 20_000))
        command = [PROGRAM, "-m", ONE_LOGIT, "-o", self.path("out"), path]
        run = subprocess.run([sys.executable, "-c", MEASURE, *command], stdout=subprocess.PIPE,
                             check=True)
        self.assertEqual(self.read("out").count(b"\n"), rows + 1)
        return int(run.stdout)

    @unittest.skipIf(SANITIZED, "a sanitizer keeps freed memory")
    def test_does_not_grow_with_the_rows(self):
        """140,000 more rows are 6 MB more of input and 8 MB more of output alone. After 60,000 chunks have
        grown as large as they will. The pairs come again, as those that are remembered take memory of their
        own, up to a limit."""
        small, large = self.peak(60000), self.peak(200000)
        self.assertLess(large, small + 5_000)  # KB


if __name__ == "__main__":
    unittest.main()
