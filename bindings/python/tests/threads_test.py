# SPDX-License-Identifier: Apache-2.0
"""One engine in many threads: the same answers, swaps under load, closing while calls run, and no GIL held."""
import gc
import sys
import threading
import time
import unittest

import support
from support import PAIRS, loaded, many_pairs

support.need("numpy")
import mgeo  # noqa: E402

THREADS = 8


def in_threads(work, count=THREADS):
    """Runs work(number) in threads; what they raise comes out."""
    problems = []

    def run(number):
        try:
            work(number)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


class Threads(unittest.TestCase):
    def test_many_threads_answer_as_one_call(self):
        pairs = many_pairs(1000)
        with loaded() as engine:
            expected = [tuple(score) for score in engine.score(pairs)]
            found = [None] * len(pairs)

            def work(number):
                for i in range(number, len(pairs), THREADS):
                    found[i] = tuple(engine.score(*pairs[i]))

            in_threads(work)
            self.assertEqual(found, expected)

    def test_swaps_under_load(self):
        with loaded(version="first") as engine:
            engine.load(threads=1, version="second", partial_weight=0)
            done = threading.Event()
            seen = {1: set(), 2: set()}

            def work(number):
                if number == 0:
                    for _ in range(20):
                        engine.swap()
                        time.sleep(0.005)
                    done.set()
                while not done.is_set():
                    one, many = engine.score(*PAIRS[2]), engine.score(PAIRS)
                    seen[one.generation].add(one.similarity)
                    seen[many.generation].add(float(many.similarity[2]))

            in_threads(work)
            self.assertEqual(engine.rollout().swaps, 20)
            self.assertTrue(seen[1] or seen[2])
            for generation, similarities in seen.items():
                self.assertLessEqual(len(similarities), 1, generation)
            self.assertFalse(seen[1] & seen[2])

    def test_close_waits_for_calls(self):
        for _ in range(5):
            engine = loaded()
            job, refused, answered = engine.job(), [], []

            def work(number):
                if number == 0:
                    while len(answered) < THREADS:
                        time.sleep(0.001)
                    engine.close()
                    return
                scorer = job if number % 2 else engine
                try:
                    while True:
                        answered.append((scorer.score(*PAIRS[0]), scorer.score(PAIRS), engine.stats()))
                except mgeo.ClosedError:
                    refused.append(number)

            in_threads(work)
            self.assertEqual(len(refused), THREADS - 1)
            for one, many, _ in answered:
                self.assertEqual(tuple(one), tuple(many[0]))

    def test_many_close_at_once(self):
        engine = loaded()
        in_threads(lambda _: engine.close())
        with self.assertRaises(mgeo.ClosedError):
            engine.score("a", "b")

    def test_close_inside_a_call_is_refused(self):
        engine = loaded()
        token = object()
        engine._native.enter(token)  # as a signal's handler finds it
        try:
            with self.assertRaisesRegex(mgeo.BusyError, "inside one of its own calls"):
                engine.close()
        finally:
            engine._native.running.pop(token)
        engine.close()

    def test_results_outlive_the_engine(self):
        engine = loaded()
        result = engine.score(many_pairs(600))
        expected = result.similarity.tolist()
        engine.close()
        del engine
        gc.collect()
        self.assertEqual(result.similarity.tolist(), expected)

    def test_garbage_in_a_cycle_is_freed(self):
        engine = loaded()
        job = engine.job()
        engine.own, job.own = job, job
        native = engine._native
        del engine, job
        gc.collect()
        self.assertTrue(native.closed)

    def test_other_threads_run_meanwhile(self):
        """While one thread is inside a long call, another one goes on: ctypes holds no GIL."""
        with loaded() as engine:
            pairs = many_pairs(2000)
            inside, over, steps = threading.Event(), threading.Event(), []

            def score():
                inside.set()
                engine.score(pairs)
                over.set()

            thread = threading.Thread(target=score)
            thread.start()
            inside.wait()
            progress = engine.stats().calls_in_flight
            while not over.is_set():
                progress = max(progress, engine.stats().calls_in_flight)
                steps.append(progress)
                time.sleep(0)
            thread.join()
            self.assertGreater(sum(1 for step in steps if step == 1), 10)


if __name__ == "__main__":
    print(sys.version)
    support.main()
