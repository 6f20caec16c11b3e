# SPDX-License-Identifier: Apache-2.0
"""Runs mgeo-ctl for tests: $MGEO_CTL is the program, beside a mgeo-serve of the test's own."""
import json
import os
import subprocess

from server import LIMIT, SANITIZER, Case, Server

PROGRAM = os.environ["MGEO_CTL"]
TOKEN = "0123456789abcdef0123456789abcdef"


class CtlCase(Case):
    def operated(self, *arguments, **how):
        """A server whose operating side is a socket in the test's folder."""
        self.server = self.serve("--operate", "unix:" + self.path("o.sock"), "--threads", "1", *arguments,
                                 **how)
        return self.server

    def environment(self, server=None):
        return {**os.environ, "MGEO_OPERATE": server or self.server.operate}

    def ctl(self, *arguments, status=0, server=None, environment=None, warned=False):
        """Runs to the end and checks the exit status; what it printed, and its lines of error, which a
        success has none of unless it is warned."""
        done = subprocess.run([PROGRAM, *arguments], capture_output=True, timeout=LIMIT,
                              env={**self.environment(server), **(environment or {})}, cwd=self.folder)
        out, err = done.stdout.decode(), done.stderr.decode()
        self.assertIsNone(SANITIZER.search(err), err)
        self.assertEqual(done.returncode, status, f"{arguments}: {out}{err}")
        if status == 0 and not warned:
            self.assertEqual(err, "", arguments)
        else:
            self.assertTrue(all(line.startswith("mgeo-ctl: ") for line in err.splitlines()), err)
        return out, err

    def ctl_json(self, *arguments, status=0):
        return json.loads(self.ctl(*arguments, "--json", status=status)[0])

    def status(self):
        return self.ctl_json("status")

    def start_ctl(self, *arguments):
        child = subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 env=self.environment(), cwd=self.folder)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.stderr.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        return child


__all__ = ["CtlCase", "Server", "TOKEN"]
