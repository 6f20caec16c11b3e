# SPDX-License-Identifier: Apache-2.0
"""Forks: an engine is its process's own, a child makes one, and multiprocessing and gunicorn work with that."""
import multiprocessing
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

import support
from support import PAIRS, loaded

support.need("numpy")
import mgeo  # noqa: E402


def similarity_of(pair):
    return mgeo.score(*pair).similarity


def in_child(work):
    """Runs work() in a forked child; what it raises fails the test."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException as problem:
            print(repr(problem), file=sys.stderr)
        os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class Forks(unittest.TestCase):
    def test_engine_in_a_child(self):
        engine = loaded()
        job, expected = engine.job(), engine.score(*PAIRS[0])

        def work():
            for call in (lambda: engine.score(*PAIRS[0]), lambda: engine.score(PAIRS), engine.info,
                         lambda: job.score(*PAIRS[0]), engine.load):
                try:
                    call()
                    raise AssertionError("the parent's engine answered")
                except mgeo.ForkedError as problem:
                    assert problem.status_name == "MGEO_E_FORKED" and isinstance(problem, RuntimeError)
            job.close()
            engine.close()
            with loaded() as own:
                assert own.score(*PAIRS[0]) == expected

        self.assertEqual(in_child(work), 0)
        self.assertEqual(engine.score(*PAIRS[0]), expected)
        job.close()
        engine.close()

    def test_fork_while_threads_score(self):
        engine, done = loaded(), threading.Event()

        def score():
            while not done.is_set():
                engine.score(PAIRS)

        threads = [threading.Thread(target=score) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(5):
                self.assertEqual(in_child(engine.close), 0)
        finally:
            done.set()
            for thread in threads:
                thread.join()
        engine.close()

    def test_multiprocessing(self):
        expected = [similarity_of(pair) for pair in PAIRS]
        for method in ("fork", "spawn", "forkserver"):
            with multiprocessing.get_context(method).Pool(2) as pool:
                self.assertEqual(pool.map(similarity_of, PAIRS, 1), expected, method)

    def serve(self, *options):
        """What 20 requests to two workers of gunicorn answer."""
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "log")
            command = [sys.executable, "-m", "gunicorn", "-w", "2", "-b", "127.0.0.1:0", "--log-file", log,
                       "--worker-tmp-dir", folder, "--no-control-socket", *options, "fork_app:app"]
            if b"--no-control-socket" not in subprocess.run(command[:3] + ["--help"], capture_output=True).stdout:
                command.remove("--no-control-socket")
            path = os.pathsep.join([str(support.PACKAGE), os.path.dirname(os.path.abspath(__file__))])
            server = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, stderr=subprocess.STDOUT)
            try:
                address = self.address_of(server, log)
                found = [urllib.request.urlopen(address).read().decode().split(" ", 2) for _ in range(20)]
            finally:
                server.send_signal(signal.SIGTERM)
                self.assertEqual(server.wait(), 0)
        return found

    def address_of(self, server, log):
        while True:
            self.assertIsNone(server.poll(), "gunicorn ended")
            text = pathlib.Path(log).read_text("utf-8") if os.path.exists(log) else ""
            found = re.search(r"Listening at: (http://[\d.]+:\d+)", text)
            if found:
                return found.group(1)
            time.sleep(0.05)

    @unittest.skipUnless(support.has("gunicorn"), "no gunicorn")
    def test_gunicorn(self):
        expected = f"{similarity_of(PAIRS[0]):.6f}"
        for options, early in ((["--preload"], "MGEO_E_FORKED\n"), ([], "generation 1\n")):
            found = self.serve(*options)
            self.assertEqual({(similarity, told) for _, similarity, told in found}, {(expected, early)}, options)


if __name__ == "__main__":
    support.main()
