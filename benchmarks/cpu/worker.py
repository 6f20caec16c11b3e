# SPDX-License-Identifier: Apache-2.0
"""A process for one peer, which builds its runners and times them when asked: pools of threads stay apart."""
import multiprocessing
import os
import time

from cpu import pairs, peers

SPAWN = multiprocessing.get_context("spawn")


class Failed(Exception):
    """What the worker could not do, in one line."""


def one_line(problem):
    words = str(problem).strip().splitlines() or [""]
    return words[0] if isinstance(problem, peers.Left) else f"{type(problem).__name__}: {words[0]}"


def rate(compute, feeds, seconds):
    """Pairs a second over whole passes of at least `seconds`; one pass at least."""
    count = sum(len(feed["input_ids"]) for feed in feeds)
    begin, done = time.perf_counter(), 0
    while True:
        compute(feeds)
        done += count
        passed = time.perf_counter() - begin
        if passed >= seconds:
            return done / passed


def latency(compute, feeds, seconds):
    """Median and P99 of one call after another, in milliseconds, and how many calls there were."""
    times, end = [], time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        for feed in feeds:
            begin = time.perf_counter()
            compute([feed])
            times.append((time.perf_counter() - begin) * 1e3)
    times.sort()
    return times[len(times) // 2], times[min(len(times) * 99 // 100, len(times) - 1)], len(times)


class Bench:
    """What lives in the worker: the runners of one library, and the batches."""

    def __init__(self, library, job, sizes, one, vocabulary_size):
        self.runners = peers.runners(library, job)
        self.sizes, self.one, self.vocabulary_size = sizes, one, vocabulary_size
        self.feeds = {}

    def offers(self):
        return [(key, runner.name, runner.precision, runner.measure, runner.rows)
                for key, runner in self.runners.items()]

    def inputs(self, rows):
        if rows not in self.feeds:
            self.feeds[rows] = pairs.batches(self.sizes, rows, self.vocabulary_size)
        return self.feeds[rows]

    def rate(self, key, rows, seconds):
        runner, feeds = self.runners[key], self.inputs(rows)
        runner.compute(feeds[::max(len(feeds) // 2, 1)])  # warm, on short and long rows
        return rate(runner.compute, feeds, seconds), runner.kernels()

    def latency(self, key, seconds):
        runner, feeds = self.runners[key], pairs.batches([self.one] * 64, 1, self.vocabulary_size)
        latency(runner.compute, feeds[:8], seconds / 10)
        return latency(runner.compute, feeds, seconds), runner.kernels()


def serve(connection, log, make, arguments):
    """The worker's main loop: make(*arguments), then one method of it a request, until None comes."""
    with open(log, "a", encoding="utf-8") as said:  # libraries talk
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    try:
        served = make(*arguments)
        connection.send((True, None))
    except Exception as problem:
        connection.send((False, one_line(problem)))
        return
    while (request := connection.recv()) is not None:
        try:
            connection.send((True, getattr(served, request[0])(*request[1:])))
        except Exception as problem:
            connection.send((False, one_line(problem)))


class Worker:
    """The other end, in the process that measures."""

    def __init__(self, log, make, *arguments):
        self.connection, theirs = SPAWN.Pipe()
        self.process = SPAWN.Process(target=serve, args=(theirs, log, make, arguments), daemon=True)
        self.process.start()
        theirs.close()
        try:
            self.receive()
        except Failed:
            self.stop()
            raise

    def receive(self):
        try:
            good, answer = self.connection.recv()
        except (EOFError, ConnectionResetError):
            self.process.join()
            raise Failed(f"its process ended with {self.process.exitcode}") from None
        if not good:
            raise Failed(answer)
        return answer

    def ask(self, *request):
        try:
            self.connection.send(request)
        except (BrokenPipeError, OSError):
            raise Failed("its process has ended") from None
        return self.receive()

    def stop(self):
        try:
            self.connection.send(None)
        except (BrokenPipeError, OSError):
            pass
        self.process.join()


class Converter:
    """What lives in the worker that writes the peers' files."""

    def convert(self, model, folder, sizes, vocabulary_size):
        return peers.convert(model, folder, pairs.batches(sizes[:64], 1, vocabulary_size))
