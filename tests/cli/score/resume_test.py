# SPDX-License-Identifier: Apache-2.0
"""--resume: killed anywhere and run again, the files are those of a run that was left alone.

    resume_test.py [--kills N] [TEST …]    N: how many random points a long run is killed at (default: 12)"""
import fcntl
import gzip
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

from harness import LABELS, LIMIT, MGEO, NAMES, ONE_LOGIT, PAIRS, PROGRAM, SANITIZED, Case, table, tsv

KILLS = 12
KILL_POINT = os.environ.get("MGEO_KILL_POINT", "")
BAD = [("", "路"), ("路",), ("NULL", "路"), ("路", " "), ("路\udc80", "路"), ("1", "2", "3", "4", "5", "6")]


def many(count, seed=1):
    """A table with bad rows, rows that come again, labels of all kinds."""
    chance = random.Random(seed)
    rows = [NAMES]
    for i in range(count):
        a, b = PAIRS[chance.randrange(len(PAIRS))]
        kind = chance.random()
        if kind < 0.1:
            rows.append((str(i), *chance.choice(BAD)))
        elif kind < 0.3:
            rows.append((str(i), a, b, chance.choice(LABELS + ["完全匹配", "no", "?", ""])))
        else:
            rows.append((str(i), a + str(i), b + str(chance.randrange(count)), chance.choice(LABELS)))
    return b"".join("\t".join(row).encode("utf-8", "surrogateescape") + b"\n" for row in rows)


class ResumeCase(Case):
    OUTPUTS = ("out", "errors")

    def setUp(self):
        super().setUp()
        self.where = self.path("work")
        os.mkdir(self.where)

    def arguments(self, *more, inputs=("in",), resume=True):
        kept = ["--resume", "--resume-every", "32"] if resume else []
        return ["-o", "out", "--errors", "errors", "--summary", "summary", *kept, *more, *inputs]

    def put(self, name, content):
        with open(os.path.join(self.where, name), "wb") as file:
            file.write(content)

    def get(self, name):
        with open(os.path.join(self.where, name), "rb") as file:
            return file.read()

    def names(self):
        return sorted(os.listdir(self.where))

    def go(self, *arguments, env=None, status=None, model=MGEO):
        done = subprocess.run([PROGRAM, "-m", model, *arguments], cwd=self.where, capture_output=True,
                              timeout=LIMIT, stdin=subprocess.DEVNULL, env=env)
        if status is not None:
            self.assertEqual(done.returncode, status, done.stderr.decode())
        return done.returncode, done.stderr.decode()

    def counts(self):
        """The summary without what is measured."""
        summary = json.loads(self.get("summary"))
        for name in ("seconds", "pairs_per_second", "tokens_per_second"):
            del summary[name]
        for name in ("load_seconds", "warm_up_seconds", "threads", "batch_tokens"):
            del summary["model"][name]
        return summary

    def results(self):
        return {name: self.get(name) for name in self.OUTPUTS}, self.counts()

    def expect(self, *more, inputs=("in",), status=1, model=MGEO):
        """What one run makes that nothing stops and that knows no --resume; removes it again."""
        self.go(*self.arguments(*more, inputs=inputs, resume=False), status=status, model=model)
        expected = self.results()
        for name in (*self.OUTPUTS, "summary"):
            os.remove(os.path.join(self.where, name))
        return expected

    def clear(self, inputs=("in",)):
        for name in self.names():
            path = os.path.join(self.where, name)
            if name in inputs:
                continue
            if os.path.isdir(path):
                shutil.rmtree(path)
            else:
                os.remove(path)

    def stopped(self, *more, inputs=("in",), bad=3):
        """Leaves the parts of a run that stopped by itself after some commits."""
        status, err = self.go(*self.arguments("--max-errors", str(bad), *more, inputs=inputs))
        self.assertEqual(status, 2, err)
        self.assertIn("rows are kept in ./.out.mgeo-resume; the same command goes on", err)
        self.assertIn(".out.mgeo-resume", self.names())
        return err

    def check_same(self, expected, message=None):
        (files, counts), (wanted_files, wanted) = self.results(), expected
        for name in self.OUTPUTS:
            self.assertEqual(files[name], wanted_files[name], f"{message} {name}")
        self.assertEqual(counts, wanted, message)


class Killed(ResumeCase):
    def until_killed(self, arguments, seconds):
        child = subprocess.Popen([PROGRAM, "-m", MGEO, *arguments], cwd=self.where,
                                 stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
        child.stderr.close()
        return child.wait()

    def test_at_random_moments(self):
        rows = 4000
        self.put("in", many(rows))
        more = ("--gold", "gold", "--threshold", "0.3,0.8", "--probabilities")
        begun = time.monotonic()
        expected = self.expect(*more)
        whole = time.monotonic() - begun
        chance, killed = random.Random(7), 0
        while killed < KILLS:
            self.clear()
            for _ in range(chance.randrange(1, 4)):
                status = self.until_killed(self.arguments(*more), chance.random() * whole)
                killed += status == -signal.SIGKILL
                self.assertIn(status, (1, -signal.SIGKILL))
                if status == 1:
                    break
                for name in set(self.names()) & set(self.OUTPUTS):  # whole, or not there
                    self.assertEqual(self.get(name), expected[0][name])
            self.go(*self.arguments(*more), status=1)
            self.check_same(expected, f"after {killed} kills")
            self.assertEqual(self.names(), ["errors", "in", "out", "summary"])

    def points(self, arguments):
        counted = self.path("count")
        self.go(*arguments, env={**os.environ, "LD_PRELOAD": KILL_POINT, "KILL_POINT_COUNT": counted},
                status=1)
        with open(counted, encoding="ascii") as file:
            return int(file.read())

    @unittest.skipIf(SANITIZED or not KILL_POINT, "a sanitizer wants to be the first that is loaded")
    def test_before_every_call_that_changes_a_file(self):
        self.put("in", many(60))
        expected = self.expect("--gold", "gold")
        arguments = self.arguments("--gold", "gold")
        self.go(*arguments, status=1)  # the number of points with nothing there
        self.clear()
        points = self.points(arguments)
        self.assertGreater(points, 40)
        for point in range(1, points + 1):
            self.clear()
            env = {**os.environ, "LD_PRELOAD": KILL_POINT, "KILL_POINT": str(point)}
            if point % 2:
                env["KILL_POINT_HALF"] = "1"
            status, err = self.go(*arguments, env=env)
            self.assertEqual(status, -signal.SIGKILL, f"point {point} of {points}: {err}")
            self.go(*arguments, status=1)
            self.check_same(expected, f"killed at point {point} of {points}")
            self.assertEqual(self.names(), ["errors", "in", "out", "summary"])

    @unittest.skipIf(SANITIZED or not KILL_POINT, "a sanitizer wants to be the first that is loaded")
    def test_on_a_disk_that_is_full_from_any_call_on(self):
        self.put("in", many(60))
        expected = self.expect()
        arguments = self.arguments()
        points = self.points(arguments)
        for point in range(1, points + 1, 3):
            self.clear()
            env = {**os.environ, "LD_PRELOAD": KILL_POINT, "FULL_POINT": str(point)}
            status, err = self.go(*arguments, env=env)
            if status == 2:
                self.assertIn("No space left on device", err)
                self.go(*arguments, status=1)
            else:
                self.assertEqual(status, 1, err)
            self.check_same(expected, f"full from point {point} of {points} on")
            self.assertEqual(self.names(), ["errors", "in", "out", "summary"])


class GoesOn(ResumeCase):
    def check(self, *more, inputs=("in",), model=MGEO):
        expected = self.expect(*more, inputs=inputs, model=model)
        self.stopped(*more, inputs=inputs)
        _, err = self.go(*self.arguments(*more, inputs=inputs), status=1)
        self.assertIn("goes on after row ", err)
        self.check_same(expected)
        self.assertEqual(self.names(), sorted(["errors", *inputs, "out", "summary"]))

    def test_with_a_compressed_input(self):
        self.put("in", gzip.compress(many(300)))
        self.check()

    def test_with_several_inputs(self):
        self.put("in", many(20, seed=1))
        self.put("in2", many(200, seed=2))
        self.put("in3", many(200, seed=3))
        self.check("--gold", "gold", inputs=("in", "in2", "in3"))

    def test_in_other_formats_and_encodings(self):
        lines = many(200).decode("utf-8", "replace").splitlines()
        self.put("in", "\n".join(lines).encode("gb18030", "replace") + b"\n")
        self.check("-f", "jsonl")
        self.clear()
        quoted = "\n".join(",".join(f'"{cell}"' for cell in line.split("\t")) for line in lines)
        self.put("in", quoted.encode())
        self.check("-f", "tsv")

    def test_without_a_header_and_without_errors(self):
        self.put("in", table(300, header=False))
        plain = ["-c", "2,3", "-o", "out", "in"]
        self.go(*plain, status=0)
        expected = self.get("out")
        os.remove(os.path.join(self.where, "out"))
        child = subprocess.Popen([PROGRAM, "-m", MGEO, "--resume", "--resume-every", "1", *plain],
                                 cwd=self.where, stderr=subprocess.PIPE)
        while not os.path.exists(os.path.join(self.where, ".out.mgeo-resume", "manifest")):
            if child.poll() is not None:
                break
            time.sleep(0.001)
        child.kill()
        child.communicate()
        self.go("--resume", "--resume-every", "1", *plain, status=0)
        self.assertEqual(self.get("out"), expected)
        self.assertEqual(self.names(), ["in", "out"])

    def test_with_the_rows_that_came_before(self):
        """Answers of pairs are kept too: no pair is scored twice, which the tokens would tell."""
        rows = [NAMES] + [(str(i), PAIRS[i % 5][0], PAIRS[i % 5][1], "") for i in range(300)]
        self.put("in", tsv(*rows[:150], ("x",), ("x",), ("x",), ("x",), *rows[150:]))
        self.check()
        self.assertEqual(json.loads(self.get("summary"))["repeated_rows"], 295)

    def test_another_label_count(self):
        self.put("in", many(200))
        self.check("--threshold", "0.5", "--gold", "gold", "--gold-map", "?=no", model=ONE_LOGIT)

    def stopped(self, *more, inputs=("in",), bad=3):
        model = ONE_LOGIT if "?=no" in more else MGEO
        status, err = self.go(*self.arguments("--max-errors", str(bad), *more, inputs=inputs), model=model)
        self.assertEqual(status, 2, err)
        return err

    def go(self, *arguments, env=None, status=None, model=MGEO):
        return super().go(*arguments, env=env, status=status, model=ONE_LOGIT if "?=no" in arguments else model)

    def test_with_what_was_too_many_errors(self):
        self.put("in", many(200))
        self.stopped(bad=5)
        self.assertEqual(self.get("errors").count(b"\n"), 7)
        self.assertNotIn("out", self.names())
        self.stopped(bad=9)
        self.assertEqual(self.get("errors").count(b"\n"), 11)

    def test_an_output_that_was_there_stays_until_the_end(self):
        self.put("in", many(200))
        expected = self.expect()
        self.put("out", b"old")
        os.chmod(os.path.join(self.where, "out"), 0o640)
        self.stopped()
        self.assertEqual(self.get("out"), b"old")
        self.go(*self.arguments(), status=1)
        self.check_same(expected)
        self.assertEqual(os.stat(os.path.join(self.where, "out")).st_mode & 0o777, 0o640)

    def test_options_that_come_to_the_same_and_those_that_change_nothing(self):
        self.put("in", many(200))
        expected = self.expect()
        self.stopped()
        same = ("-f", "tsv", "-c", "sentence1,3", "--resume-every", "50", "-j", "1", "--histogram", "-q")
        arguments = ["-o", "./out", "--errors", "errors", "--summary", "summary", "--resume", *same, "in"]
        self.go(*arguments, status=1)
        self.check_same(expected)

    def test_a_signal_keeps_what_was_scored(self):
        self.put("in", many(3000))
        expected = self.expect()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self.clear()
            child = subprocess.Popen([PROGRAM, "-m", MGEO, *self.arguments()], cwd=self.where,
                                     stderr=subprocess.PIPE)
            while not os.path.exists(os.path.join(self.where, ".out.mgeo-resume", "manifest")):
                self.assertIsNone(child.poll(), "ended before the signal")
            child.send_signal(number)
            err = child.communicate()[1].decode()
            if child.returncode == 130:
                self.assertIn("interrupted; the output file was not written\n", err)
                self.assertRegex(err, r"\d+ rows are kept in \./\.out\.mgeo-resume; the same command goes on")
                self.assertEqual(self.names(), [".out.mgeo-resume", "in"])
            self.go(*self.arguments(), status=1)
            self.check_same(expected)

    def test_nothing_is_left_of_a_run_that_committed_nothing(self):
        self.put("in", many(200))
        self.go(*self.arguments("-c", "x,y"), status=2)
        self.go(*self.arguments(), status=2, model="/nonexistent")
        self.assertEqual(self.names(), ["in"])

    def test_empty_inputs(self):
        for content in (b"", tsv(NAMES)):
            self.put("in", content)
            expected = self.expect(status=0)
            self.go(*self.arguments(), status=0)
            self.check_same(expected)

    def test_a_run_without_it_says_what_lies_there(self):
        self.put("in", many(200))
        self.stopped()
        _, err = self.go(*self.arguments(resume=False), status=1)
        self.assertIn(".out.mgeo-resume holds an unfinished run, which its command goes on with", err)
        self.assertIn(".out.mgeo-resume", self.names())


class Refused(ResumeCase):
    def setUp(self):
        super().setUp()
        self.put("in", many(200))

    def refuse(self, *more, say, inputs=("in",), model=MGEO):
        kept = {name: self.get(".out.mgeo-resume/" + name)
                for name in os.listdir(os.path.join(self.where, ".out.mgeo-resume"))}
        status, err = self.go(*self.arguments(*more, inputs=inputs), model=model)
        self.assertEqual(status, 2, err)
        lines = [line for line in err.splitlines() if "read as" not in line and "warning:" not in line]
        self.assertEqual(len(lines), 1, err)
        self.assertIn(say, lines[0])
        self.assertIn("remove", lines[0])
        for name, content in kept.items():
            self.assertEqual(self.get(".out.mgeo-resume/" + name), content, name)

    def test_another_run_s_parts(self):
        self.stopped()
        for more, say in ((("-f", "csv"), "--format was"), (("-f", "jsonl"), "--format was"),
                          (("--probabilities",), "--probabilities was"),
                          (("--threshold", "0.5"), '--threshold was "" and is "0.5" now'),
                          (("-p", "int8"), '--precision was "fp32" and is "int8" now'),
                          (("--max-length", "32"), "--max-length was"),
                          (("--partial-weight", "0.25"), "--partial-weight was"),
                          (("--positive-label", "not_match"), "--positive-label was"),
                          (("--unknown", "keep"), "--unknown was"),
                          (("--null-words", "x"), "--null-words was"),
                          (("--encoding", "latin1"), "--encoding was"),
                          (("--header", "yes"), "--header was"),
                          (("--input-format", "tsv"), "--input-format was"),
                          (("--delimiter", "tab"), "--delimiter was"),
                          (("--gold", "gold"), "--gold was"),
                          (("--shard", "1/1"), '--shard was "" and is "1/1" now'),
                          (("--sample", "50"), "--sample was"),
                          (("-c", "3,2"), "the first of --columns was"),
                          (("-c", "2,4"), "the second of --columns was")):
            with self.subTest(more):
                self.refuse(*more, say=say)
        self.refuse(model=ONE_LOGIT, say="--model was")
        os.symlink("in", os.path.join(self.where, "other"))
        self.refuse(inputs=("other",), say='an input was "in" and is "other" now')
        self.refuse(inputs=("in", "other"), say="the number of inputs was")
        status, err = self.go("-o", "out", "--resume", "in")
        self.assertEqual(status, 2)
        self.assertIn('--errors was "given" and is "not given" now', err)

    def test_every_option_is_noted_or_changes_nothing_that_is_written(self):
        """So that a new option is thought about."""
        free = {"threads", "batch-tokens", "summary", "histogram", "max-errors", "resume", "resume-every", "quiet",
                "progress"}
        elsewhere = {"check", "json", "expect", "tolerance", "stream", "version", "help"}  # do not go with it
        self.stopped()
        noted = set(re.findall(r"^is\t.*?--([a-z0-9-]+)", self.get(".out.mgeo-resume/manifest").decode(), re.M))
        told = set(re.findall(r"^ +(?:-\w, )?--([a-z0-9-]+)", self.run_score("--help", model=None).out.decode(), re.M))
        self.assertEqual(noted | free | elsewhere, told)
        self.assertFalse(noted & (free | elsewhere))

    def test_gold_that_is_read_otherwise(self):
        self.stopped("--gold", "gold")
        self.refuse("--gold", "gold", "--gold-map", "?=not_match", say="--gold-map was")

    def test_another_sample(self):
        self.stopped("--sample", "150", bad=9)
        self.refuse("--sample", "150", "--seed", "1", say="--seed was")

    def test_an_input_that_changed(self):
        self.stopped()
        content = self.get("in")
        for changed in (content + b"x\ty\tz\tu\n", content[:-1], content[:-1] + b"x", b"x" + content[1:]):
            about = os.stat(os.path.join(self.where, "in"))
            self.put("in", changed)
            os.utime(os.path.join(self.where, "in"), ns=(about.st_atime_ns, about.st_mtime_ns))
            self.refuse(say="what in holds was")
        self.put("in", content)
        os.utime(os.path.join(self.where, "in"))
        self.go(*self.arguments(), status=1)

    def test_damaged_parts(self):
        self.stopped()
        folder = os.path.join(self.where, ".out.mgeo-resume")
        for name in ("output", "errors", "answers", "manifest"):
            content = self.get(f".out.mgeo-resume/{name}")
            for damaged in (content[:20], b"", content[:10] + b"#" + content[11:]):
                self.put(f".out.mgeo-resume/{name}", damaged)
                self.refuse(say=name)
            if name != "manifest":
                os.remove(os.path.join(folder, name))
                self.refuse(say=name)
            self.put(f".out.mgeo-resume/{name}", content)
        self.go(*self.arguments(), status=1)

    def test_parts_of_a_run_that_died_before_it_committed(self):
        expected = self.expect()
        os.mkdir(os.path.join(self.where, ".out.mgeo-resume"))
        for name in ("output", "errors", "answers", "manifest.new"):
            self.put(f".out.mgeo-resume/{name}", b"leftover\n" * 1000)
        self.go(*self.arguments(), status=1)
        self.check_same(expected)
        self.assertEqual(self.names(), ["errors", "in", "out", "summary"])

    def test_two_runs_at_once(self):
        self.stopped()
        with open(os.path.join(self.where, ".out.mgeo-resume", "lock"), "rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            status, err = self.go(*self.arguments())
        self.assertEqual((status, err.count("\n")), (2, 1), err)
        self.assertIn("another run is writing this output", err)
        self.go(*self.arguments(), status=1)

    def test_inputs_and_outputs_that_cannot_be_gone_on_with(self):
        for arguments, say in ((("--resume", "-o", "out"), "standard input cannot be read a second time"),
                               (("--resume", "-o", "out", "-"), "standard input"),
                               (("--resume", "-o", "out", "/dev/stdin"), "standard input"),
                               (("--resume", "-o", "out", "/dev/null"), "/dev/null cannot be read a second"),
                               (("--resume", "in"), "name it: --output FILE"),
                               (("--resume", "-o", "-", "in"), "name it: --output FILE"),
                               (("--resume", "-o", "/dev/null", "in"), "is no file beside which"),
                               (("--resume", "-o", "in", "in"), "are the same file"),
                               (("--resume-every", "5", "-o", "out", "in"), "give that too"),
                               (("--resume", "-o", "none/out", "in"), "cannot write beside"),
                               (("--resume", "-o", "out", "--errors", "none/e", "in"), "none/e")):
            with self.subTest(arguments):
                status, err = self.go(*arguments)
                self.assertEqual((status, err.count("\n")), (2, 1), err)
                self.assertIn(say, err)
                self.assertEqual(self.names(), ["in"])

    def test_something_else_in_the_folder_s_place(self):
        self.put(".out.mgeo-resume", b"mine")
        status, err = self.go(*self.arguments())
        self.assertEqual(status, 2)
        self.assertIn("is no folder of --resume; move it away", err)
        self.assertEqual(self.get(".out.mgeo-resume"), b"mine")


if __name__ == "__main__":
    if "--kills" in sys.argv:
        place = sys.argv.index("--kills")
        KILLS = int(sys.argv[place + 1])
        del sys.argv[place:place + 2]
    unittest.main()
