# SPDX-License-Identifier: Apache-2.0
"""What a shell does to a program: closed descriptors, files under several names, signals."""
import itertools
import os
import resource
import signal
import subprocess
import time
import unittest

from harness import LIMIT, MGEO, ONE_LOGIT, PROGRAM, Case, table

BENCH, JOURNAL = os.environ["MGEO_BENCH"], os.environ["MGEO_JOURNAL"]
ENDING = [getattr(signal, "SIG" + name) for name in (
    "QUIT", "USR1", "USR2", "ALRM", "VTALRM", "PROF", "POLL", "PWR", "STKFLT", "XCPU", "ABRT", "TRAP",
    "SYS") if hasattr(signal, "SIG" + name)] + [signal.SIGRTMIN, signal.SIGRTMAX]


class Shell(Case):
    def shell(self, line, status, **names):
        """Runs a line of sh in the test's folder; S, B and J are the programs."""
        env = dict(os.environ, S=f"{PROGRAM} -m {MGEO}", P=PROGRAM, B=BENCH, J=JOURNAL, **names)
        done = subprocess.run(["sh", "-c", line], env=env, cwd=self.folder, capture_output=True,
                              timeout=LIMIT, stdin=subprocess.DEVNULL)
        err = done.stderr.decode()
        self.assertEqual(done.returncode, status, f"{line}: {err}")
        return done.stdout, err

    def refused(self, line, words, **names):
        out, err = self.shell(line, 2, **names)
        self.assertEqual(err.count("\n"), 1, f"{line}: {err}")
        self.assertIn(words, err, line)
        return out


class ClosedDescriptors(Shell):
    def test_closed_input_is_refused(self):
        for line in ("$S <&-", "$S - <&-", "$S /dev/stdin <&-", "$S /proc/self/fd/0 <&-"):
            self.refused(line, "standard input is closed")
        self.path("in", table())
        self.refused("$S 0> in.w", "writing only")
        self.refused("$B --pairs - --duration 0.1 <&-", "standard input")

    def test_closed_output_is_refused(self):
        self.path("in", table())
        for line in ("$S in >&-", "$S in -o /dev/stdout >&-", "$S --check >&-", "$P --help >&-",
                     "$P --version >&-", "$B --help >&-", "$B --version >&-", "$J --help >&-",
                     "$J --version >&-", "$J in >&-", "$J -v in >&-", "$B --duration 0.1 >&-"):
            self.refused(line, "standard output is closed")
        self.refused("$S in 1< in", "reading only")
        self.refused("$S in --errors /dev/fd/1 -o out >&-", "standard output is closed")

    def test_a_full_device_is_told(self):
        for line in ("$P --help", "$P --version", "$S --check", "$B --help", "$J --help", "$B --version"):
            self.refused(line + " > /dev/full", "standard output: cannot write: No space left")

    def test_every_combination_keeps_files_apart(self):
        """No file of the program gets a number under 3, and so no messages or rows of another."""
        self.path("in", table() + b"\n")
        whole = self.run_score(self.path("in"), status=1).out
        for closed in itertools.product((False, True), repeat=3):
            ends = " ".join(end for end, gone in zip(("<&-", ">&-", "2>&-"), closed) if gone)
            self.shell(f"$S in -o out --errors errors --summary summary {ends}", 1)
            self.assertEqual(self.read("out"), whole, ends)
            self.assertEqual(self.read("errors").count(b"\n"), 2, ends)
            self.assertTrue(self.read("summary").startswith(b"{"), ends)
            for name in ("out", "errors", "summary"):
                os.remove(self.path(name))
            self.shell(f"$S {ends}" if closed[0] else f"$S < in {ends}",
                       2 if closed[0] or closed[1] else 1)

    def test_gold_figures_that_are_lost_are_status_2(self):
        self.path("in", table())
        for end in ("2>&-", "2>/dev/full"):
            self.shell(f"$S --gold gold -o out in {end}", 2)
        self.shell("$S -o out in 2>&-", 0)


class FilesUnderSeveralNames(Shell):
    def setUp(self):
        super().setUp()
        self.path("q.tsv", table())
        self.path("r.tsv", b"old\n")
        os.mkdir(self.path("sub"))
        os.link(self.path("q.tsv"), self.path("hard"))
        os.symlink("q.tsv", self.path("soft"))
        os.symlink("sub/new", self.path("dangling"))

    def test_one_file_twice_is_refused(self):
        for line in ("-o r.tsv --errors ./r.tsv q.tsv", "-o n --errors sub/../n q.tsv",
                     "-o sub/new --errors dangling q.tsv", "-o n --summary ./n q.tsv",
                     "--errors n --summary $PWD/n q.tsv", "--errors q.tsv q.tsv",
                     "--errors hard q.tsv", "--summary soft q.tsv", "q.tsv --errors ./q.tsv",
                     "q.tsv >> q.tsv", "< q.tsv >> q.tsv", "q.tsv 1<> q.tsv", "hard >> soft",
                     "--errors r.tsv q.tsv > r.tsv", "--summary r.tsv q.tsv >> r.tsv"):
            before = self.read("q.tsv")
            out, err = self.shell("$S " + line, 2)
            self.assertIn(b"are the same file: give different files", out + err.encode() +
                          self.read("r.tsv"), line)
            self.assertEqual(self.read("q.tsv"), before, line)
        self.assertEqual(self.leftovers(), [])

    def test_messages_into_an_input_are_refused(self):
        self.shell("$S q.tsv -o out 2>> q.tsv", 2)
        self.assertIn(b"standard error are the same file", self.read("q.tsv"))

    def test_a_model_is_not_written_over(self):
        self.shell(f"cp -r {MGEO} model", 0)
        for option in ("-o", "--errors", "--summary"):
            self.refused(f"$P -m model {option} sub/../model/config.json q.tsv", "same file")
        self.shell("$P -m model -o model/scored.tsv q.tsv", 0)
        self.shell("$P -m model -o model/scored.tsv q.tsv", 0)

    def test_an_input_may_be_replaced_under_any_name(self):
        for name in ("q.tsv", "soft", "./sub/../q.tsv"):
            self.shell(f"$S -c 2,3 --header yes -o {name} q.tsv", 0)
        self.assertTrue(os.path.islink(self.path("soft")))

    def test_what_is_no_file_may_be_shared(self):
        self.shell("$S q.tsv -o /dev/null --errors /dev/null --summary /dev/null", 0)
        self.shell("$S q.tsv > all 2>&1", 0)
        self.shell("$S q.tsv -o /dev/null --errors /dev/stderr 2> log", 0)
        self.assertTrue(self.read("log").startswith(b"file\tline"))

    def test_standard_output_by_name_goes_on_where_it_is(self):
        self.shell("{ echo first; $S q.tsv -o /dev/stdout; echo last; } > all", 0)
        lines = self.read("all").split(b"\n")
        self.assertEqual((lines[0], len(lines), lines[-2]), (b"first", 9, b"last"))

    def test_neighbours(self):
        for line in ("--json r.tsv --plot ./r.tsv", "--json sub/new --plot dangling",
                     "--pairs q.tsv --json hard", "--pairs q.tsv --plot ./soft",
                     "--pairs q.tsv >> q.tsv", "--json r.tsv > r.tsv"):
            _, err = self.shell(f"$B -m {MGEO} --duration 0.1 {line}", 2)
            self.assertIn("same file", err, line)
        self.assertEqual(self.read("q.tsv"), table())
        for line in ("q.tsv >> q.tsv", "hard >> ./q.tsv", "-v q.tsv >> soft"):
            self.refused("$J " + line, "same file")


class Signals(Case):
    def running(self, *arguments, program=PROGRAM, **how):
        """A run that has begun to write its file and goes on, its input open."""
        child = subprocess.Popen([program, "-m", MGEO, "-o", self.path("out"), "--errors",
                                  self.path("errors"), *arguments], stdin=subprocess.PIPE,
                                 stderr=subprocess.PIPE, **how)
        self.addCleanup(child.stderr.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        self.addCleanup(child.stdin.close)
        child.stdin.write(table(300))
        child.stdin.flush()
        while not any(os.path.getsize(self.path(name)) > 100 for name in self.leftovers()):
            self.assertIsNone(child.poll(), "ended before the signal")
            time.sleep(0.01)
        return child

    def test_no_signal_leaves_a_file(self):
        for number in ENDING:
            child = self.running(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
            child.send_signal(number)
            self.assertEqual(child.wait(LIMIT), -number)
            self.assertEqual(os.listdir(self.folder), [], number)

    def test_hanging_up_is_as_terminating(self):
        child = self.running()
        child.send_signal(signal.SIGHUP)
        self.assertEqual(child.wait(LIMIT), 130)
        self.assertEqual(child.stderr.read(),
                         b"mgeo-score: interrupted; the output file was not written\n")
        self.assertEqual(os.listdir(self.folder), [])

    def test_what_is_ignored_stays_so(self):
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGUSR1):
            child = self.running(preexec_fn=lambda: signal.signal(number, signal.SIG_IGN))
            child.send_signal(number)
            child.stdin.close()
            self.assertEqual(child.wait(LIMIT), 0, number)
            self.assertEqual(self.read("out").count(b"\n"), 301)
            os.remove(self.path("out"))
            os.remove(self.path("errors"))

    def test_what_was_blocked_ends_it_all_the_same(self):
        def block():
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG))
        for number, status in ((signal.SIGTERM, 130), (signal.SIGUSR1, -signal.SIGUSR1)):
            child = self.running(preexec_fn=block)
            child.send_signal(number)
            self.assertEqual(child.wait(LIMIT), status)
            self.assertEqual(os.listdir(self.folder), [])

    def test_a_stopped_run_goes_on(self):
        child = self.running()
        child.send_signal(signal.SIGTSTP)
        self.assertTrue(os.WIFSTOPPED(os.waitpid(child.pid, os.WUNTRACED)[1]))
        child.send_signal(signal.SIGCONT)
        child.stdin.close()
        self.assertEqual(child.wait(LIMIT), 0)
        self.assertEqual(self.read("out").count(b"\n"), 301)

    def test_a_limit_on_files_is_an_error(self):
        given = self.path("in", table(3000))
        for ignored in (signal.SIG_DFL, signal.SIG_IGN):
            def limit():
                signal.signal(signal.SIGXFSZ, ignored)
                resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
            done = subprocess.run([PROGRAM, "-m", ONE_LOGIT, "-o", self.path("out"), given],
                                  capture_output=True, preexec_fn=limit)
            self.assertEqual(done.returncode, 2)
            self.assertEqual(done.stderr, f"mgeo-score: {self.path('out')}: cannot write: File too "
                             "large\n".encode())
            self.assertEqual(os.listdir(self.folder), ["in"])

    def test_a_broken_pipe_with_its_signal_ignored_is_an_error(self):
        done = subprocess.run(
            ["sh", "-c", f"trap '' PIPE; {{ {PROGRAM} -m {ONE_LOGIT} {self.path('in', table(20000))}; "
             "echo $? >&2; } | head -n 1"], capture_output=True, timeout=LIMIT)
        self.assertEqual(done.stderr, b"mgeo-score: standard output: cannot write: Broken pipe\n2\n")

    def test_a_pipe_that_does_not_block_is_waited_for(self):
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        child = subprocess.Popen([PROGRAM, "-m", ONE_LOGIT, self.path("in", table(20000))], stdout=writer)
        os.close(writer)
        time.sleep(0.3)  # so that it meets a full pipe; it is right without, too
        with os.fdopen(reader, "rb") as pipe:
            self.assertEqual(pipe.read().count(b"\n"), 20001)
        self.assertEqual(child.wait(LIMIT), 0)

    def test_bench_leaves_no_file(self):
        for number, status in ((signal.SIGQUIT, -signal.SIGQUIT), (signal.SIGHUP, 130)):
            child = subprocess.Popen([BENCH, "-m", MGEO, "--duration", "60", "--json", self.path("j"),
                                      "--plot", self.path("p")], stdout=subprocess.DEVNULL,
                                     stderr=subprocess.PIPE)
            child.stderr.readline()  # "calling for …"
            self.assertEqual(len(self.leftovers()), 2)
            child.send_signal(number)
            self.assertEqual(child.wait(LIMIT), status)
            child.stderr.close()
            self.assertEqual(self.leftovers(), [])


if __name__ == "__main__":
    unittest.main()
