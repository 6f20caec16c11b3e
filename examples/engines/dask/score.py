# SPDX-License-Identifier: Apache-2.0
"""Scores a table of pairs with Dask: score.py PAIRS FOLDER [OPTIONS]; both are Parquet, anywhere Dask reads."""
import argparse

import dask.dataframe
import mgeo
import pandas
from dask.distributed import Client, LocalCluster, WorkerPlugin, get_worker


class Scorer(WorkerPlugin):
    """Gives each worker process one engine, with as many threads as it has; its tasks share it. A worker that is started anew
    gets one too."""

    name = "mgeo"

    def __init__(self, precision):
        self.precision = precision

    def setup(self, worker):
        self.engine = mgeo.Engine()
        self.engine.load(precision=self.precision, threads=worker.state.nthreads)

    def teardown(self, worker):
        self.engine.close()


def score(pairs):
    """A partition's rows with similarity and label; missing where there is no score."""
    engine = get_worker().plugins[Scorer.name].engine
    result = engine.score(pairs, columns=("sentence1", "sentence2"))
    similarity = pandas.Series(result.similarity, index=pairs.index)
    label = pandas.Series(result.label_names(), index=pairs.index, dtype="string[pyarrow]")
    return pairs.assign(similarity=similarity, label=label)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", help="with sentence1 and sentence2; all columns are kept. A row group is a task")
    parser.add_argument("folder", help="where the scored rows go")
    parser.add_argument("--scheduler", help="address of a cluster; without it one is started on this machine")
    parser.add_argument("--workers", type=int, default=2, help="processes on this machine")
    parser.add_argument("--threads", type=int, default=1, help="of each")
    parser.add_argument("--precision", default="int8")
    options = parser.parse_args()
    cluster = options.scheduler or LocalCluster(n_workers=options.workers, threads_per_worker=options.threads)
    with Client(cluster) as client:
        client.register_plugin(Scorer(options.precision))
        pairs = dask.dataframe.read_parquet(options.pairs, split_row_groups=True)
        columns = {**pairs.dtypes, "similarity": "float32", "label": "string[pyarrow]"}
        pairs.map_partitions(score, meta=columns).to_parquet(options.folder, write_index=False)


if __name__ == "__main__":
    main()
