#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""GNU parallel over shards: the joined parts are one run's bytes, also where a shard was killed or all of them were."""
import os
import shutil
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
import engines  # noqa: E402

SHARDS = "4"
OFTEN = ("--resume-every", "50")  # rows between commits
SHARD = r"mgeo-score .*--shard 2/4"


class Parallel(engines.Case):
    def command(self, *options):
        return ["examples/engines/parallel/score.sh", SHARDS, self.tsv, "out", *OFTEN, *options]

    def joined(self):
        joined = self.folder / "joined.tsv"
        joined.write_text(self.run_in_folder("examples/engines/join_shards.sh", SHARDS, "out").stdout, encoding="utf-8")
        return joined

    def committed(self):
        """Shard 2 has rows that a second run need not score."""
        return (self.folder / "out" / ".part.2.tsv.mgeo-resume" / "manifest").exists()

    def test_readme(self):
        self.readme("parallel")

    def test_the_parts_are_one_run(self):
        self.run_in_folder(*self.command())
        self.same_file(self.joined())

    def test_a_killed_shard_is_tried_again(self):
        with engines.Killer(os.getpid(), SHARD, self.committed) as killer:
            self.run_in_folder(*self.command())
        self.assertIsNotNone(killer.killed, "nothing was killed: the file is too small")
        self.same_file(self.joined())

    def test_goes_on_after_all_was_killed(self):
        process = subprocess.Popen([str(word) for word in self.command()], cwd=self.folder, env=engines.environment(),
                                   start_new_session=True)
        engines.wait_for(self.committed, "a shard's commit")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pid in list(self.orphans(process.pid)):
            engines.wait_for(lambda: not engines.runs(pid), "a killed shard's end")
        early = self.run_in_folder("examples/engines/join_shards.sh", SHARDS, "out", status=1)
        self.assertIn("run it again", early.stderr)
        self.run_in_folder(*self.command())
        self.same_file(self.joined())

    def orphans(self, session):
        return [pid for pid, _ in engines.descendants(engines.INIT) if session_of(pid) == session]

    def test_parts_of_other_inputs_are_refused(self):
        out = self.folder / "out"
        out.mkdir()
        for part, lines in ((1, 3), (2, 9), (3, 3), (4, 3)):
            (out / f"part.{part}.tsv").write_text("x\n" * lines)
        self.assertIn("not of one input", self.run_in_folder("examples/engines/join_shards.sh", SHARDS, "out", status=1).stderr)

    def remote_shell(self, script):
        ssh = self.folder / "ssh"
        ssh.write_text(f"#!/bin/sh\n{script}\n")
        ssh.chmod(0o755)
        return {"SSHLOGIN": "one,two", "PARALLEL_SSH": str(ssh)}

    def this_machine(self):
        return self.remote_shell('while [ "$1" != -- ]; do shift; done\nshift\nexec bash -c "$*"')

    def test_several_machines(self):
        """The remote shell is this machine's."""
        self.run_in_folder(*self.command(), **self.this_machine())
        self.same_file(self.joined())
        hosts = {line.split("\t")[1] for line in (self.folder / "out" / "joblog").read_text().splitlines()[1:]}
        self.assertEqual(hosts, {"one", "two"})

    def test_an_environment_as_crons(self):
        for shell in (["-u", "SHELL"], ["SHELL=/bin/sh"], ["SHELL=/bin/false"]):
            with self.subTest(shell=shell):
                shutil.rmtree(self.folder / "out", ignore_errors=True)
                self.run_in_folder("env", "-u", "HOME", *shell, *self.command(), **self.this_machine())
                self.same_file(self.joined())

    def test_machines_that_do_nothing(self):
        """What they say of themselves is not believed."""
        done = self.run_in_folder(*self.command(), status=1, **self.remote_shell("exit 0"))
        self.assertIn("part.1.tsv was not written", done.stderr)


def session_of(pid):
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


if __name__ == "__main__":
    engines.need(programs=["parallel", "bash"])
    engines.main()
