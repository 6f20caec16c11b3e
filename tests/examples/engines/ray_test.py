#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ray Data: every row scored once as mgeo-score does, also where an actor was killed, and after a restart no row twice."""
import os
import re
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
import engines  # noqa: E402

SCRIPT = "examples/engines/ray/score.py"
# Two actors of one core each; batches so small that a killed actor has done some.
SETTINGS = ("--actors", "2", "--piece", "200", "--batch", "100")


class Ray(engines.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_parquet()

    def environment(self):
        """Without the token that Ray would write to the home folder, and what it keeps in a folder of the test's."""
        return {"RAY_AUTH_MODE": "disabled", "RAY_TMPDIR": str(self.folder / "ray"), "RAY_USAGE_STATS_ENABLED": "0"}

    def command(self, *more):
        return [sys.executable, SCRIPT, self.parquet, "out", *SETTINGS, *more]

    def written(self):
        """How many rows a run says that it wrote."""
        return [int(rows) for rows in re.findall(r"(\d+) rows and .* written", self.log)]

    def run_script(self, *more):
        self.log = self.run_in_folder(*self.command(*more), **self.environment()).stderr

    def test_readme(self):
        self.readme("ray", **self.environment())

    def test_a_killed_actor_is_replaced(self):
        with engines.Killer(os.getpid(), None, lambda: True) as killer:
            self.run_script()
        self.assertIsNotNone(killer.killed, "nothing was killed")
        self.same_rows(engines.read_parquet(self.folder / "out"), self.int8)

    def parts(self):
        """Those that are whole: what is being written has Parquet's mark at its beginning alone, and the next run takes it away."""
        return [part for part in (self.folder / "out").glob("*.parquet") if part.read_bytes()[4:].endswith(b"PAR1")]

    def test_goes_on_where_it_ended(self):
        """Ray as a whole is killed once a part is written."""
        command = [str(word) for word in self.command("--checkpoint", str(self.folder / "done"))]
        process = subprocess.Popen(command, cwd=self.folder, env=engines.environment(**self.environment()),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        engines.wait_for(self.parts, "a part", seconds=300, every=0.01)
        below = [pid for pid, _ in engines.descendants(process.pid)]
        for pid in [process.pid, *below]:
            engines.kill(pid, signal.SIGKILL)
        process.wait()
        for pid in below:
            engines.wait_for(lambda: not engines.runs(pid), "the end of what was killed")
        early = self.parts()
        self.assertLess(sum(len(engines.read_parquet(part)) for part in early), engines.rows, "all was done: the file is too small")
        self.run_script("--checkpoint", str(self.folder / "done"))
        before = sum(len(engines.read_parquet(part)) for part in self.parts() if part in early)
        self.assertEqual(self.written()[-1], engines.rows - before, "rows that were written are scored again")
        self.same_rows(engines.read_parquet(self.folder / "out"), self.int8)


if __name__ == "__main__":
    engines.need(modules=["mgeo", "ray", "pyarrow"])
    engines.main()
