# SPDX-License-Identifier: Apache-2.0
"""Scores a table of pairs with Ray Data: score.py PAIRS FOLDER [OPTIONS]; both are Parquet, anywhere Ray reads."""
import argparse
import os

import mgeo
import pyarrow
import ray
from ray.data.checkpoint import CheckpointConfig


class Scorer:
    """An actor: one process with one engine, which scores batch after batch."""

    def __init__(self, precision, threads):
        self.engine = mgeo.Engine()
        self.engine.load(precision=precision, threads=threads)

    def __call__(self, table):
        """The rows with similarity and label; null where there is no score."""
        scores = pyarrow.record_batch(self.engine.score(table, columns=("sentence1", "sentence2")))
        label = scores["label"].cast(pyarrow.string())
        return table.append_column("similarity", scores["similarity"]).append_column("label", label)


def start_ray(spare):
    """Joins the cluster of $RAY_ADDRESS, or starts one here. If actors hold all cores, nothing ever begins: `spare` ones are for
    what uses little of them, so here there are as many more than the machine has. Returns how many are left for actors."""
    if os.environ.get("RAY_ADDRESS"):
        ray.init()
    else:
        ray.init(num_cpus=os.cpu_count() + spare, include_dashboard=False)
    return int(ray.cluster_resources()["CPU"]) - spare


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", help="with id, sentence1 and sentence2; all columns are kept")
    parser.add_argument("folder", help="where the scored rows go")
    parser.add_argument("--checkpoint", help="a folder for the ids of rows that are written: a second run leaves them out")
    parser.add_argument("--actors", type=int, help="processes; without it as many as the cores allow")
    parser.add_argument("--cores", type=int, default=1, help="of an actor: its threads")
    parser.add_argument("--piece", type=int, default=50_000, help="rows that are a task, a file, and what a failure loses")
    parser.add_argument("--batch", type=int, default=5_000, help="rows in a call")
    parser.add_argument("--precision", default="int8")
    options = parser.parse_args()
    cores = start_ray(spare=2 if options.checkpoint else 1)  # reading and writing; leaving out what is done
    if options.checkpoint:
        folder = options.checkpoint if "://" in options.checkpoint else os.path.abspath(options.checkpoint)
        ray.data.DataContext.get_current().checkpoint_config = CheckpointConfig(
            id_column="id", checkpoint_path=folder, delete_checkpoint_on_success=False)
    actors = options.actors or max(cores // options.cores, 1)
    pairs = ray.data.read_parquet(options.pairs).repartition(target_num_rows_per_block=options.piece)
    scored = pairs.map_batches(Scorer, fn_constructor_args=(options.precision, options.cores), batch_format="pyarrow",
                               batch_size=options.batch, num_cpus=options.cores, compute=ray.data.ActorPoolStrategy(size=actors))
    scored.write_parquet(options.folder)


if __name__ == "__main__":
    main()
