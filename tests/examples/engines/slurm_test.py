#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A Slurm array over shards, on a cluster of one node: the joined parts are one run's bytes, also where tasks were killed.

Where Slurm's programs are missing, the script's body runs with the variables that Slurm sets, and the test ends as skipped.
"""
import os
import re
import sys

sys.dont_write_bytecode = True
import engines  # noqa: E402
import slurm_cluster  # noqa: E402

SHARDS = 3
OFTEN = ("--resume-every", "50")
SCRIPT = "examples/engines/slurm/score.sbatch"


class Joined(engines.Case):
    def joined(self):
        joined = self.folder / "joined.tsv"
        done = self.run_in_folder("examples/engines/join_shards.sh", SHARDS, "out")
        joined.write_text(done.stdout, encoding="utf-8")
        return joined

    def committed(self, shard):
        return lambda: (self.folder / "out" / f".part.{shard}.tsv.mgeo-resume" / "manifest").exists()


class Script(Joined):
    """The body alone: scontrol is a program that notes what it was asked."""

    def run_task(self, shard, status, **more):
        noting = self.folder / "scontrol"
        noting.write_text('#!/bin/sh\necho "$@" >>"$(dirname "$0")/asked"\n')
        noting.chmod(0o755)
        path = os.pathsep.join([str(self.folder), engines.environment()["PATH"]])
        return self.run_in_folder(SCRIPT, SHARDS, self.tsv, "out", *OFTEN, status=status, PATH=path, SLURM_CPUS_PER_TASK="1",
                                  SLURM_ARRAY_TASK_ID=str(shard), SLURM_ARRAY_JOB_ID="7", **more)

    def asked(self):
        asked = self.folder / "asked"
        return asked.read_text() if asked.exists() else ""

    def test_a_killed_task_asks_for_its_requeue(self):
        with engines.Killer(os.getpid(), r"mgeo-score .*--shard 2/3", self.committed(2)) as killer:
            self.run_task(2, status=137)
        self.assertIsNotNone(killer.killed, "nothing was killed: the file is too small")
        self.assertEqual(self.asked(), "requeue 7_2\n")
        for shard in range(1, SHARDS + 1):
            self.run_task(shard, status=0)
        self.same_file(self.joined())

    def test_not_for_ever(self):
        with engines.Killer(os.getpid(), r"mgeo-score .*--shard 2/3", self.committed(2)):
            self.run_task(2, status=137, SLURM_RESTART_COUNT="10")
        self.assertEqual(self.asked(), "")

    def test_what_cannot_run_is_not_queued_again(self):
        self.tsv, kept = self.folder / "none.tsv", self.tsv
        done = self.run_task(1, status=2)
        type(self).tsv = kept
        self.assertIn("none.tsv", done.stderr)
        self.assertEqual(self.asked(), "")


class Cluster(Joined):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cluster = cls.enterClassContext(slurm_cluster.Cluster())

    def submit(self):
        done = self.run_in_folder("sbatch", "--parsable", f"--array=1-{SHARDS}", SCRIPT, SHARDS, self.tsv, "out", *OFTEN,
                                  **self.cluster.environment)
        return done.stdout.strip()

    def wait(self, job):
        engines.wait_for(lambda: not self.cluster.ask("squeue", "--noheader", "--jobs", job).strip(), f"the end of job {job}",
                         seconds=300, every=0.2)

    def log(self, job, shard):
        return (self.folder / f"mgeo-score-{job}_{shard}.log").read_text()

    def test_readme(self):
        self.readme("slurm", **self.cluster.environment)
        scored = (self.folder / "scored.tsv").read_text().splitlines()
        self.assertEqual(len(scored), len((self.folder / "pairs.tsv").read_text().splitlines()))

    def test_killed_and_requeued_tasks_go_on(self):
        """Shard 2 loses mgeo-score, shard 1 is requeued by the administrator, as after the failure of a node."""
        job = self.submit()
        mine = rf"mgeo-score .*--shard 2/3 .*{self.tsv}"
        with engines.Killer(engines.INIT, mine, self.committed(2)) as killer:  # a step is no child of slurmd
            engines.wait_for(self.committed(1), "shard 1's commit")
            self.cluster.ask("scontrol", "requeue", f"{job}_1")
            self.wait(job)
        self.assertIsNotNone(killer.killed, "nothing was killed: the file is too small")
        self.assertIn("shard 2 ended with status 137", self.log(job, 2))
        self.assertTrue(re.search("requeue|CANCELLED", self.log(job, 1), re.I), self.log(job, 1))
        self.same_file(self.joined())


if __name__ == "__main__":
    engines.need(programs=["bash"])
    if slurm_cluster.missing():
        del Cluster
        engines.main(unseen=f"no cluster: no program {', '.join(slurm_cluster.missing())}; the script's body was tested")
    engines.main()
