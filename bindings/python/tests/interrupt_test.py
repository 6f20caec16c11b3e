# SPDX-License-Identifier: Apache-2.0
"""Long calls are ended: by Ctrl-C, by a Progress, by the task that awaits them; and tqdm shows them in a terminal."""
import asyncio
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import unittest

import support
from support import PAIRS, loaded, many_pairs

support.need("numpy")
import mgeo  # noqa: E402


def when_scoring(progress, then):
    """A thread that runs `then` once pairs are scored."""

    def watch():
        while progress.read().done == 0:
            time.sleep(0.001)
        then()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


class Cancelling(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = loaded()
        cls.pairs = many_pairs(400) * 100
        cls.columns = [a for a, _ in cls.pairs], [b for _, b in cls.pairs]

    @classmethod
    def tearDownClass(cls):
        cls.engine.close()

    def stopped_early(self):
        """The engine is well, and most of the pairs were not scored."""
        self.assertEqual(self.engine.score(*PAIRS[0]).label, "exact_match")
        self.assertEqual(self.engine.stats().calls_in_flight, 0)

    def test_progress_cancels(self):
        progress = mgeo.Progress()
        thread = when_scoring(progress, progress.cancel)
        with self.assertRaises(mgeo.Cancelled):
            self.engine.score(*self.columns, progress=progress)
        thread.join()
        self.assertLess(progress.read().done, len(self.pairs))
        self.stopped_early()

    def test_ctrl_c(self):
        progress = mgeo.Progress()
        thread = when_scoring(progress, lambda: os.kill(os.getpid(), signal.SIGINT))
        with self.assertRaises(KeyboardInterrupt):
            self.engine.score(*self.columns, progress=progress)
        thread.join()
        self.assertLess(progress.read().done, len(self.pairs))
        self.stopped_early()

    @unittest.skipUnless(support.has("pyarrow"), "no pyarrow")
    def test_tables_are_cancelled(self):
        import pyarrow

        progress = mgeo.Progress()
        thread = when_scoring(progress, progress.cancel)
        with self.assertRaises(mgeo.Cancelled):
            self.engine.score(*map(pyarrow.array, self.columns), progress=progress)
        thread.join()
        self.stopped_early()


class Asynchronous(unittest.TestCase):
    def test_awaited(self):
        async def work(engine):
            ones = await asyncio.gather(*(engine.score_async(a, b) for a, b in PAIRS))
            many = await engine.score_async(PAIRS, logits=True)
            with self.assertRaises(mgeo.ArgumentError):
                await engine.score_async(["a"], ["b", "c"])
            return ones, many

        with loaded() as engine:
            ones, many = asyncio.run(work(engine))
        self.assertEqual([tuple(one) for one in ones], [tuple(row) for row in many])
        self.assertEqual(many.logits.shape, (4, 3))

    def test_cancelled_task(self):
        async def work(engine):
            task = asyncio.create_task(engine.score_async(many_pairs(400) * 100))
            while not engine.stats().calls_in_flight:
                await asyncio.sleep(0.001)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            return engine.stats()

        with loaded() as engine:
            stats = asyncio.run(work(engine))
            self.assertEqual(stats.calls_in_flight, 0)
            self.assertLess(stats.pairs, 40000)
            self.assertEqual(engine.score(*PAIRS[0]).label, "exact_match")

    def test_event_loop_goes_on(self):
        async def work(engine):
            task, steps = asyncio.create_task(engine.score_async(many_pairs(2000))), 0
            while not task.done():
                await asyncio.sleep(0)
                steps += engine.stats().calls_in_flight
            return steps

        with loaded() as engine:
            self.assertGreater(asyncio.run(work(engine)), 10)


class Bars(unittest.TestCase):
    CODE = """if True:
        import sys, mgeo
        from mgeo import progress
        progress._FIRST_LOOK = 0.0
        with mgeo.Engine() as engine:
            engine.load(threads=1)
            engine.score(["杭州市西湖区"] * 600, ["西湖区"] * 600, progress={progress})
        print("tqdm" in sys.modules)
    """

    def run_in(self, terminal, progress):
        """What a child prints to its standard error, and whether it imported tqdm."""
        main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        child = subprocess.Popen([sys.executable, "-c", self.CODE.format(progress=progress)], stdout=subprocess.PIPE,
                                 stderr=side if terminal else subprocess.PIPE,
                                 env={**os.environ, "PYTHONPATH": str(support.PACKAGE), "TERM": "xterm"})
        os.close(side)
        printed = b""
        if terminal:
            while True:
                try:
                    printed += os.read(main, 4096) or b""
                except OSError:  # the child has closed it
                    break
        out, err = child.communicate()
        os.close(main)
        self.assertEqual(child.returncode, 0, printed + (err or b""))
        return printed + (err or b""), out == b"True\n"

    @unittest.skipUnless(support.has("tqdm"), "no tqdm")
    def test_bar_where_somebody_looks(self):
        self.assertIn(b"/600 [", self.run_in(True, None)[0])
        self.assertEqual(self.run_in(False, None), (b"", False))
        self.assertEqual(self.run_in(True, False), (b"", False))
        self.assertIn(b"/600 [", self.run_in(False, True)[0])


if __name__ == "__main__":
    support.main()
