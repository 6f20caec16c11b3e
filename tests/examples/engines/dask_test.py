#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Dask: every row scored once as mgeo-score does, also where a worker was killed, and with one engine for each worker."""
import os
import sys

sys.dont_write_bytecode = True
import engines  # noqa: E402

SCRIPT = "examples/engines/dask/score.py"


class Dask(engines.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_parquet()

    def test_readme(self):
        self.readme("dask")

    def test_same_as_mgeo_score(self):
        self.run_in_folder(sys.executable, SCRIPT, self.parquet, "out", "--workers", "1", "--threads", "2")
        self.same_rows(engines.read_parquet(self.folder / "out"), self.int8)

    def test_a_killed_worker_is_replaced(self):
        with engines.Killer(os.getpid(), None, lambda: (self.folder / "out").exists()) as killer:
            self.run_in_folder(sys.executable, SCRIPT, self.parquet, "out")
        self.assertIsNotNone(killer.killed, "nothing was killed")
        self.same_rows(engines.read_parquet(self.folder / "out"), self.int8)

    def test_a_missing_column_is_told(self):
        import pyarrow
        import pyarrow.parquet
        pyarrow.parquet.write_table(pyarrow.table({"id": [1], "text": ["人民路1号"]}), self.folder / "other.parquet")
        done = self.run_in_folder(sys.executable, SCRIPT, "other.parquet", "out", "--workers", "1", status=1)
        self.assertIn("sentence1", done.stderr)


if __name__ == "__main__":
    engines.need(modules=["mgeo", "dask", "distributed", "pandas", "pyarrow"])
    engines.main()
