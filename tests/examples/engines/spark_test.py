#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Spark: every row scored once as mgeo-score does, also where a Python worker was killed, and one engine for each worker."""
import json
import os
import sys

sys.dont_write_bytecode = True
import engines  # noqa: E402

SCRIPT = "examples/engines/spark/score.py"
MASTER = "local[2,4]"  # two tasks at a time, each tried up to four times
# Scores twice over the same workers, and tells which engine each task met and how many loads it has seen.
LOADS = """
import json, os, sys
sys.path.insert(0, "examples/engines/spark")
import mgeo_worker, score
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.sparkContext.addPyFile("examples/engines/spark/mgeo_worker.py")

def ask(batches):
    import mgeo_worker, pyarrow
    for batch in mgeo_worker.score(batches, "int8"):
        engine = mgeo_worker.engine("int8")
        info = engine.info()
        yield pyarrow.record_batch([[os.getpid()], [id(engine)], [engine.rollout().loads], [info.threads]],
                                   names=["pid", "engine", "loads", "threads"])

pairs = spark.read.parquet(sys.argv[1])
answers = [tuple(row) for _ in range(2) for row in
           pairs.repartition(6).mapInArrow(ask, "pid long, engine long, loads long, threads long").collect()]
print("ANSWERS", json.dumps(answers))
"""


class Spark(engines.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_parquet()

    def submit(self, *arguments):
        return self.run_in_folder("spark-submit", "--master", MASTER, "--conf", "spark.ui.enabled=false", *arguments,
                                  SPARK_LOCAL_IP="127.0.0.1")

    def test_readme(self):
        self.readme("spark", SPARK_LOCAL_IP="127.0.0.1")

    def test_a_killed_worker_is_replaced(self):
        with engines.Killer(os.getpid(), None, lambda: True) as killer:
            done = self.submit(SCRIPT, self.parquet, "out")
        self.assertIsNotNone(killer.killed, "nothing was killed")
        self.assertIn("Python worker exited unexpectedly", done.stderr)
        self.same_rows(engines.read_parquet(self.folder / "out"), self.int8)

    def test_one_engine_for_each_worker(self):
        program = self.folder / "loads.py"
        program.write_text(LOADS)
        done = self.submit(program, self.parquet)
        line = next(line for line in done.stdout.splitlines() if line.startswith("ANSWERS"))
        answers = json.loads(line.partition(" ")[2])
        self.assertEqual(len(answers), 12)
        engines_met = {(pid, engine) for pid, engine, *_ in answers}
        self.assertEqual(len(engines_met), len({pid for pid, *_ in answers}), "a worker had several engines")
        self.assertLessEqual(len(engines_met), 2)
        self.assertEqual({(loads, threads) for *_, loads, threads in answers}, {(1, 1)})


if __name__ == "__main__":
    engines.need(modules=["mgeo", "pyspark", "pyarrow"], programs=["java"])
    engines.main()
