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


def start_ray():
    """Joins the cluster of $RAY_ADDRESS, or starts one here. Reading and writing need a core that no actor holds, or nothing ever
    begins: they use little of it, so here there is one more than the machine has."""
    if os.environ.get("RAY_ADDRESS"):
        ray.init()
    else:
        ray.init(num_cpus=os.cpu_count() + 1, include_dashboard=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", help="with id, sentence1 and sentence2; all columns are kept")
    parser.add_argument("folder", help="where the scored rows go")
    parser.add_argument("--checkpoint", help="a folder for the ids of rows that are written: a second run leaves them out")
    parser.add_argument("--actors", type=int, help="processes; without it as many as there are cores, but one")
    parser.add_argument("--cores", type=int, default=1, help="of an actor: its threads")
    parser.add_argument("--blocks", type=int, help="pieces that are written, and lost, one by one; without it four an actor")
    parser.add_argument("--batch", type=int, default=5_000, help="rows in a call")
    parser.add_argument("--precision", default="int8")
    options = parser.parse_args()
    start_ray()
    if options.checkpoint:
        ray.data.DataContext.get_current().checkpoint_config = CheckpointConfig(
            id_column="id", checkpoint_path=options.checkpoint, delete_checkpoint_on_success=False)
    actors = options.actors or max((int(ray.cluster_resources()["CPU"]) - 1) // options.cores, 1)
    pairs = ray.data.read_parquet(options.pairs, override_num_blocks=options.blocks or 4 * actors)
    scored = pairs.map_batches(Scorer, fn_constructor_args=(options.precision, options.cores), batch_format="pyarrow",
                               batch_size=options.batch, num_cpus=options.cores, compute=ray.data.ActorPoolStrategy(size=actors))
    scored.write_parquet(options.folder)


if __name__ == "__main__":
    main()
