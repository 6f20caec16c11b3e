# SPDX-License-Identifier: Apache-2.0
"""What runs in Spark's Python workers: one engine for each process, and batches of Arrow scored with it.

It is a module of its own, which Spark imports once in each worker: what a function that Spark pickles keeps in its globals is
made anew for every task. Spark forks its workers from a daemon; the engine is made in the worker, after that.
"""
import functools

import mgeo
import pyarrow
from pyspark import TaskContext


@functools.cache
def engine(precision):
    """The worker's engine. Spark uses a worker for one task at a time, and for many one after another."""
    made = mgeo.Engine()
    made.load(precision=precision, threads=TaskContext.get().cpus())
    return made


def score(batches, precision):
    """Each batch with similarity and label behind its own columns; null where there is no score."""
    for batch in batches:
        scores = pyarrow.record_batch(engine(precision).score(batch, columns=("sentence1", "sentence2")))
        label = scores["label"].cast(pyarrow.string())
        yield batch.append_column("similarity", scores["similarity"]).append_column("label", label)
