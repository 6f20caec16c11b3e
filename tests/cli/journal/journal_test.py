# SPDX-License-Identifier: Apache-2.0
"""mgeo-journal: what it prints of a journal, and what it says of one that was tampered with.

The journals are written here, by what docs/journal.md says, and one by the library itself."""
import ctypes
import hashlib
import json
import os
import subprocess
import unittest

from harness import LIMIT, SANITIZED, Case, Result

PROGRAM = os.environ["MGEO_JOURNAL"]
LIBRARY = os.environ["MGEO_LIBRARY"]
ZEROS = "0" * 64


def model(version, generation):
    return {"generation": generation, "version": version, "fingerprint": "ab" * 16, "slot": "blue",
            "precision": "fp32", "device": "cpu", "bytes": 4096}


EVENTS = [
    {"event": "open", "actor": "pid 7", "library": "0.1.0", "pid": 7},
    {"event": "load", "actor": "wang", "model": model("v1", 1)},
    {"event": "load", "actor": "wang", "reason": "更准", "model": model("v2", 2)},
    {"event": "refuse", "actor": "wang", "why": "psi 0.3 is above 0.2", "from": model("v1", 1),
     "to": model("v2", 2), "checks": [
         {"name": "psi", "measured": 0.3, "limit": 0.2, "passed": False},
         {"name": "flip_share", "measured": 0.01, "limit": 0.05, "passed": True},
         {"name": "accuracy_loss", "measured": None, "limit": None, "passed": None}]},
    {"event": "swap", "actor": "li", "reason": "周五上线", "from": model("v1", 1),
     "to": model("v2", 2), "calls_in_flight": 3, "turn_seconds": 1.25e-06},
    {"event": "canary", "actor": "li", "from_share": 0, "to_share": 500, "standby": model("v1", 1)},
    {"event": "swap", "actor": "li", "from": model("v2", 2), "to": model("v1", 1)},
]


def sha(line):
    return hashlib.sha256(line).hexdigest()


def lines_of(events=EVENTS):
    lines, prev = [], ZEROS
    for seq, event in enumerate(events, 1):
        members = {"seq": seq, "time": f"2026-11-22T09:30:{seq:02}.123456Z", "event": "",
                   "actor": "", "reason": ""}
        members.update(event)
        members["prev"] = prev
        lines.append(json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode())
        prev = sha(lines[-1])
    return lines


class Journal(Case):
    def write(self, lines, head=None):
        """head: the lines that FILE.head counts; None: these."""
        path = self.path("journal", b"".join(line + b"\n" for line in lines))
        head = head or lines
        self.path("journal.head",
                  b'{"seq":%d,"hash":"%s"}\n' % (len(head), sha(head[-1]).encode()))
        return path

    def run_journal(self, *arguments, status=0):
        command = [PROGRAM, *arguments]
        done = subprocess.run(command, capture_output=True, timeout=LIMIT)
        result = Result(done.returncode, done.stdout, done.stderr)
        self.assertEqual(result.status, status, f"{command}: {result.err}")
        if status == 0:
            self.assertEqual(result.err, "")
        else:
            self.assertEqual(result.err.count("\n"), 1, result.err)
            self.assertTrue(result.err.startswith("mgeo-journal: "), result.err)
        return result

    def rows(self, result):
        rows = [line.decode() for line in result.lines]
        self.assertTrue(rows[0].split()[:2] == ["line", "time"], rows[0])
        return rows[1:]


class Printing(Journal):
    def test_each_line_is_a_row(self):
        rows = self.rows(self.run_journal(self.write(lines_of())))
        self.assertEqual(len(rows), len(EVENTS))
        self.assertEqual(rows[4].split()[:4], ["5", "2026-11-22T09:30:05Z", "swap", "li"])
        self.assertIn("v1 (1) \u2192 v2 (2)  周五上线  calls_in_flight=3  turn_seconds=1.25e-06",
                      rows[4])
        self.assertIn("v2 (2)  更准", rows[2])
        self.assertIn("from_share=0  to_share=500", rows[5])
        self.assertNotIn("ab" * 16, "".join(rows))

    def test_checks_stand_beside_their_limits(self):
        row = self.rows(self.run_journal(self.write(lines_of())))[3]
        self.assertIn("psi 0.3 BREAKS 0.2", row)
        self.assertIn("flip_share 0.01 of 0.05", row)
        self.assertNotIn("accuracy_loss", row)
        self.assertIn('why="psi 0.3 is above 0.2"', row)

    def test_columns_stand_below_each_other(self):
        rows = self.rows(self.run_journal(self.write(lines_of())))
        self.assertEqual({row.index(" 2026") for row in rows}, {7})
        self.assertEqual({row.index("v") for row in rows if "load" in row}, {57})

    def test_json_is_what_stands_in_the_file(self):
        path = self.write(lines_of())
        self.assertEqual(self.run_journal("--json", path).out, self.read("journal"))

    def test_event_and_last_choose_lines(self):
        path = self.write(lines_of())
        for arguments, numbers in ((["-e", "swap"], [5, 7]), (["-n", "2"], [6, 7]),
                                   (["-e", "load", "-n", "1"], [3]), (["--last=99"], range(1, 8)),
                                   (["--event", "watch"], [])):
            result = self.run_journal("--json", *arguments, path)
            self.assertEqual([json.loads(line)["seq"] for line in result.lines if line],
                             list(numbers))
        self.assertEqual(len(self.rows(self.run_journal("-e", "load", path))), 2)

    def test_texts_cannot_steer_the_terminal(self):
        events = [{"event": "open", "actor": "a\x1b[2J\u009b1m\x7f\x01\nb"}]
        out = self.run_journal(self.write(lines_of(events))).out
        self.assertIn(rb"a\x1B[2J\xC2\x9B1m\x7F\x01\x0Ab", out)
        self.assertEqual(out.count(b"\n"), 2)
        self.assertFalse(any(byte < 32 and byte != 10 or byte == 127 for byte in out))

    def test_an_empty_journal_is_sound(self):
        path = self.path("journal", b"")
        self.assertEqual(self.run_journal(path).out, b"")
        self.assertIn(b"lines      0", self.run_journal("--verify", path).out)

    def test_members_of_other_kinds(self):
        events = [{"event": "new", "actor": 5, "flag": True, "none": None, "deep": {"a": [1]},
                   "number": -2.5, "reason": 7, "time": 0}]
        row = self.rows(self.run_journal(self.write(lines_of(events))))[0]
        self.assertIn("flag=yes  deep=…  number=-2.5", row)


class Verifying(Journal):
    def test_a_sound_journal_is_called_so(self):
        lines = lines_of()
        out = self.run_journal("--verify", self.write(lines)).out.decode()
        self.assertEqual(out, f"lines      {len(lines)}\nlast hash  {sha(lines[-1])}\n"
                              "sound      yes\n")

    def test_a_head_one_line_behind(self):
        lines = lines_of()
        self.run_journal("--verify", self.write(lines, lines[:-1]))
        self.run_journal("--verify", self.write(lines, lines[:-2]), status=1)

    def test_tampering_is_found(self):
        lines = lines_of()
        edited = lines[:2] + [lines[2].replace(b"wang", b"zhao")] + lines[3:]
        cases = {"edited": (edited, 2, "line 3 was changed"),
                 "first removed": (lines[1:], 0, "line 1 carries the number 2"),
                 "one removed": (lines[:3] + lines[4:], 3, "line 4 carries the number 5"),
                 "last removed": (lines[:-1], 6, "FILE.head names line 7: lines were cut off"),
                 "moved": ([lines[1], lines[0]] + lines[2:], 0, "line 1 carries the number 2"),
                 "twice": (lines + lines, 7, "line 8 carries the number 1"),
                 "garbage": (lines + [b"x"], 7, "line 8: it is not one JSON object")}
        for name, (bad, sound, reason) in cases.items():
            with self.subTest(name):
                path = self.write(bad, lines)
                result = self.run_journal("--verify", path, status=1)
                self.assertIn(reason, result.err)
                self.assertEqual(result.lines[0], b"lines      %d" % sound)
                self.assertEqual(result.lines[2], b"sound      no")

    def test_lines_that_are_not_sound_are_printed_after_a_mark(self):
        lines = lines_of()
        result = self.run_journal(self.write(lines[:3] + lines[4:], lines), status=1)
        rows = self.rows(result)
        self.assertEqual(len(rows), len(lines))
        self.assertIn("not sound from here on", rows[3])

    def test_a_torn_line_is_no_tampering(self):
        lines = lines_of()
        path = self.write(lines)
        with open(path, "ab") as file:
            file.write(b'{"seq":8,')
        result = self.run_journal(path, status=1)
        self.assertIn("line 8 is torn", result.err)
        self.assertEqual(len(self.rows(result)), len(lines) + 2)

    def test_an_expected_hash_must_be_there(self):
        lines = lines_of()
        path = self.write(lines)
        for noted in (sha(lines[0]), sha(lines[3]).upper(), sha(lines[-1])):
            self.run_journal("--verify", "--expect-hash", noted, path)
        for strange in (ZEROS, "f" * 64):
            result = self.run_journal("--verify", "--expect-hash", strange, path, status=1)
            self.assertIn("no sound line has the hash", result.err)

    def test_an_expected_hash_shows_a_journal_that_was_written_anew(self):
        noted = sha(lines_of()[4])
        anew = [dict(event, actor="nobody") for event in EVENTS]
        path = self.write(lines_of(anew))
        self.run_journal("--verify", path)
        self.run_journal("--verify", "--expect-hash", noted, path, status=1)


class Asking(Journal):
    def test_help_and_version_are_printed(self):
        self.assertIn(b"Usage: mgeo-journal", self.run_journal("--help").out)
        self.assertTrue(self.run_journal("-V").out.startswith(b"mgeo-journal 0."))

    def test_options_that_are_wrong(self):
        path = self.write(lines_of())
        for wrong in ([], [path, path], ["-n", "0", path], ["-n", "1x", path], ["--last"],
                      ["--expect-hash", "12", path], ["--nothing", path],
                      ["--event", "swaps", path],
                      ["--verify", "--json", path]):
            self.assertEqual(self.run_journal(*wrong, status=2).out, b"")

    def test_files_that_cannot_be_read(self):
        self.run_journal(self.path("none"), status=2)
        self.run_journal("--verify", "/nowhere/at/all", status=2)
        pipe = self.path("pipe")
        os.mkfifo(pipe)  # nobody writes: it must not be waited for
        for path in ("/dev/null", pipe):
            self.assertIn("not a regular file", self.run_journal(path, status=2).err)

    def test_a_full_disk_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, self.write(lines_of())], stdout=full,
                                  stderr=subprocess.PIPE, timeout=LIMIT)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"standard output: cannot write", done.stderr)


class Options(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("log", ctypes.c_void_p),
                ("log_user", ctypes.c_void_p), ("queue_rows", ctypes.c_uint64),
                ("journal", ctypes.c_char_p), ("actor", ctypes.c_char_p)]


class OfTheLibrary(Journal):
    @unittest.skipIf(SANITIZED, "a sanitized library cannot be loaded into this interpreter")
    def test_a_journal_that_an_engine_wrote(self):
        library = ctypes.CDLL(LIBRARY)
        path = self.path("journal")
        for actor in (b"one", b"two"):
            options = Options(ctypes.sizeof(Options), None, None, 0, path.encode(), actor)
            engine = ctypes.c_void_p()
            self.assertEqual(
                library.mgeo_engine_create(ctypes.byref(options), ctypes.byref(engine), None), 0)
            library.mgeo_engine_destroy(engine)
        rows = self.rows(self.run_journal(path))
        self.assertEqual([row.split()[2:4] for row in rows], [["open", "one"], ["open", "two"]])
        lines = self.read("journal").splitlines()
        self.assertEqual([json.loads(line)["prev"] for line in lines], [ZEROS, sha(lines[0])])
        self.assertEqual(json.loads(self.read("journal.head")),
                         {"seq": 2, "hash": sha(lines[1])})


if __name__ == "__main__":
    unittest.main()
