# SPDX-License-Identifier: Apache-2.0
"""What a terminal gets: a bar that fits, or none, and a histogram."""
import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
import unittest

from harness import LIMIT, MGEO, PROGRAM, Case, table, tsv

ERASE = b"\r\x1b[K"


def set_width(descriptor, columns):
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


class Terminal(Case):
    def on_terminal(self, *arguments, columns=80, resize=None, environment=None, slow=True, given=None, awaited=b""):
        """What standard error shows on a terminal; rows come slowly, so that the bar is drawn meanwhile, until it has
        shown what is awaited."""
        main, end = pty.openpty()
        set_width(end, columns)
        child = subprocess.Popen([PROGRAM, "-m", MGEO, *arguments], stdin=subprocess.PIPE, stderr=end,
                                 stdout=subprocess.DEVNULL, env={**os.environ, "TERM": "xterm", **(environment or {})})
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        os.close(end)
        child.stdin.write(given or table(20))
        child.stdin.flush()
        shown, until = b"", time.monotonic() + (0.6 if slow else 0)
        late = until + LIMIT
        resizes = list(resize or [])
        closed = False
        while True:
            now = time.monotonic()
            if not closed and now >= until and (awaited in shown or now >= late):
                if resizes:
                    set_width(main, resizes.pop(0))
                    until = time.monotonic() + 0.4
                    shown += b"|"
                else:
                    child.stdin.close()
                    closed = True
            if not select.select([main], [], [], 0.05)[0]:
                continue
            try:
                piece = os.read(main, 65536)
            except OSError:  # the other end is closed
                piece = b""
            if not piece:
                break
            shown += piece
        os.close(main)
        self.assertEqual(child.wait(LIMIT), 0)
        return shown

    def drawn(self, shown):
        return [re.sub(rb"[|\r\n].*", b"", piece, flags=re.S) for piece in shown.split(ERASE)[1:]]

    def test_the_bar_fits_or_is_left_out(self):
        for columns in (1, 4, 12, 20, 44, 45, 46, 200):
            lines = self.drawn(self.on_terminal(columns=columns, awaited=b"20" if columns >= 20 else b""))
            self.assertLess(max(map(len, lines), default=0), columns, lines)
            if columns >= 20:
                self.assertTrue(any(b"20" in line for line in lines), (columns, lines))

    def test_a_terminal_that_cannot_redraw_gets_no_bar(self):
        for term in ("dumb", ""):
            self.assertEqual(self.on_terminal(environment={"TERM": term}), b"")
            shown = self.on_terminal("--progress", "always", environment={"TERM": term})
            self.assertNotIn(b"\x1b", shown)
            self.assertIn(b"20 rows", shown)

    def test_a_terminal_that_becomes_narrow(self):
        before, narrow, wide = self.on_terminal(resize=[11, 70]).split(b"|")
        for part, columns in ((before, 80), (narrow, 11), (wide, 80)):
            # the first drawing after a change may have been measured before it
            for line in self.drawn(part)[1:]:
                self.assertLess(len(line), columns)
        self.assertTrue(any(self.drawn(wide)))

    def test_a_locale_without_utf8_gets_the_same_bar(self):
        for locale in ("C", "POSIX"):
            shown = self.on_terminal(environment={"LC_ALL": locale})
            self.assertTrue(self.drawn(shown))
            shown.decode("ascii")

    def test_the_histogram_fits_the_terminal(self):
        for columns in (20, 40, 79, 120):
            shown = self.on_terminal("--histogram", "--threshold", "0.5,0.9", "--progress", "never", columns=columns,
                                     slow=False, environment={"LC_ALL": "C.UTF-8"})
            lines = shown.decode().split("\r\n")
            self.assertEqual(len(lines), 22)
            self.assertLess(max(map(len, lines)), columns)
            self.assertIn("█", shown.decode())


class Histogram(Case):
    def test_counts_every_score_once(self):
        result = self.run_score("--histogram", "--summary", self.path("s"), stdin=table(300))
        scores = [float(cells[4]) for cells in result.cells[1:]]
        lines = result.err.split("\n")[1:-1]
        expected = [sum(i <= score * 20 < i + 1 or (i == 19 and score == 1) for score in scores) for i in range(20)]
        self.assertEqual([int(line.split()[1]) for line in lines], expected)
        self.assertEqual(json.loads(self.read("s"))["similarity"]["bins"], expected)

    def test_hashes_where_the_locale_is_not_utf8(self):
        for locale, sign in (("C", "#"), ("C.UTF-8", "█")):
            done = subprocess.run([PROGRAM, "-m", MGEO, "--histogram", "-q", "--threshold", "0.5"], input=table(50),
                                  capture_output=True, timeout=LIMIT, env={**os.environ, "LC_ALL": locale})
            err = done.stderr.decode()
            self.assertIn(sign, err)
            self.assertEqual(err.isascii(), locale == "C")
            self.assertRegex(err, r"0\.50-0\.55 .*(<-|◄) 0\.5\n")

    def test_no_row_has_a_score(self):
        self.assertIn("no row has a score", self.run_score("--histogram", stdin=b"").err)
        self.assertIn("no row has a score",
                      self.run_score("--histogram", "-q", stdin=tsv(("NULL", "NULL")), status=1).err)

    def test_check_has_none(self):
        self.assertIn("scores no rows", self.one_line(self.run_score("--check", "--histogram", status=2)))


if __name__ == "__main__":
    unittest.main()
