#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""libmgeo and its peers on a CPU: the same model, the same pairs, the same cores, one run.

    python3 benchmarks/make_bert_base.py DIR
    python3 benchmarks/cpu_peers.py DIR [--build build] [--threads 1,2,4] [--isa avx2] [--json FILE] …

Measured, on as many cores as each of --threads says: pairs a second, and the median and P99 of calls of
one pair. DIR is BERT-base with random weights (speed does not depend on them); the bundled model is
measured as well.

Ours is mgeo-score, text in and scores out, and mgeo-bench with one caller. The peers get token ids
without having to make them, sorted by length and padded to the longest of a batch, each at its best
batch size: ONNX Runtime with one session of all threads and with a session for each; OpenVINO with an
asynchronous queue under its hint THROUGHPUT, and LATENCY; torch, eager. Rounds of all are interleaved,
so that drift of the machine falls on all alike, and the best round counts.

--isa holds ours to an instruction set (MGEO_CPU_ISA) and the peers to the nearest one that oneDNN, ATen
and MKL know. ONNX Runtime has no such switch and is left out then. OpenVINO's fp32 products ask the
processor themselves, so its fp32 rows are not masked for certain; the column of kernels says what ran.

Needs torch, transformers, onnx, onnxruntime, openvino and nncf; what is missing is left out with a line.
Nothing is downloaded.
"""
import argparse
import collections
import hashlib
import json
import os
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from cpu import machine, ours, pairs, peers, worker  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PRECISIONS = ("fp32", "bf16", "int8")
OURS = "libmgeo"

# name, model directory, mean and deviation of the tokens of a pair, rows for each core in a pass
Workload = collections.namedtuple("Workload", "name model mean deviation rows")


def say(*words):
    print(*words, flush=True)


def note(*words):
    """How far it is: on standard error, so that the tables stay clean."""
    print(time.strftime("%H:%M:%S"), *words, file=sys.stderr, flush=True)


class Board:
    """All that was measured: one entry for each way of running, the best of its rounds."""

    def __init__(self):
        self.entries = {}

    def put(self, entry, better):
        key = tuple(entry[part] for part in ("workload", "threads", "measure", "name"))
        if key not in self.entries or better(entry, self.entries[key]):
            self.entries[key] = entry

    def rate(self, value, **entry):
        self.put({"measure": peers.THROUGHPUT, "pairs_per_second": value, **entry},
                 lambda new, old: new["pairs_per_second"] > old["pairs_per_second"])

    def latency(self, median, p99, calls, **entry):
        self.put({"measure": peers.LATENCY, "median_ms": median, "p99_ms": p99, "calls": calls, **entry},
                 lambda new, old: new["median_ms"] < old["median_ms"])

    def select(self, **wanted):
        return [entry for entry in self.entries.values() if all(entry[key] == value for key, value in wanted.items())]

    def best(self, **wanted):
        """The best entry: most pairs a second, or the lowest median. None if there is none."""
        return min(self.select(**wanted), default=None,
                   key=lambda entry: entry.get("median_ms", -entry.get("pairs_per_second", 0)))


# ---- one workload on so many cores

class Measurement:
    def __init__(self, options, board, workload, threads, folder):
        self.options, self.board, self.workload, self.threads = options, board, workload, threads
        count = (options.rows or workload.rows) * threads
        if options.pairs:
            self.rows, self.sizes = pairs.read(workload.model, options.pairs, count)
        else:
            self.rows, self.sizes = pairs.invented(workload.model, count, workload.mean, workload.deviation)
        self.single = pairs.alike(workload.model, 64, workload.mean)
        self.ours = ours.Ours(options.build, workload.model, folder)
        self.names = {"workload": workload.name, "threads": threads}

    def start_peers(self, folder):
        job = peers.Job(self.workload.model, folder, self.threads, self.options.isa)
        size = len(pairs.vocabulary(self.workload.model))
        self.workers = {}
        for library in self.options.peers:
            try:
                self.workers[library] = worker.Worker(self.options.log, worker.Bench, library, job, self.sizes,
                                                      self.workload.mean, size)
            except worker.Failed as problem:
                say(f"left out: {library}: {problem}")

    def stop_peers(self):
        for each in self.workers.values():
            each.stop()

    def offers(self, measure):
        """(library, key, name, precision, rows) of every runner, all libraries in turn."""
        for library in list(self.workers):
            for key, name, precision, kind, rows in self.workers[library].ask("offers"):
                if kind == measure:
                    yield library, key, name, precision, rows

    def ask(self, library, name, *request):
        """A worker's answer, or None; a worker that has failed is asked no more."""
        if library not in self.workers:
            return None
        try:
            return self.workers[library].ask(*request)
        except worker.Failed as problem:
            say(f"left out: {name}: {problem}")
            if not self.workers[library].process.is_alive():
                del self.workers[library]
        return None

    def rate_peers(self, first):
        """The first round tries every batch size, the others the one that was best."""
        for library, key, name, precision, sizes in list(self.offers(peers.THROUGHPUT)):
            best = self.board.best(**self.names, measure=peers.THROUGHPUT, name=name)
            if not first and best is None:
                continue  # it failed
            for rows in sizes if first else (best["batch"],):
                answer = self.ask(library, name, "rate", key, rows, 0 if first else self.options.seconds)
                if answer is None:
                    break
                value, kernels = answer
                note(f"{name}, batch {rows}: {value:.1f} pairs/s")
                self.board.rate(value, **self.names, name=name, library=library, precision=precision, batch=rows,
                                kernels=kernels)

    def rate_ours(self):
        """As many rows as --seconds take at the rate of the round before."""
        for precision in PRECISIONS:
            last = self.board.best(**self.names, measure=peers.THROUGHPUT, library=OURS, precision=precision)
            count = len(self.rows)
            if last is not None:
                count = max(count, round(last["pairs_per_second"] * self.options.seconds))
            try:
                value, tokens, kernels = self.ours.throughput(precision, self.threads, self.rows, count)
            except ours.Failed as problem:
                say(f"left out: {OURS} {precision}: {problem}")
                continue
            note(f"{OURS} {precision}: {value:.1f} pairs/s")
            self.check_tokens(tokens, count)
            self.board.rate(value, **self.names, name=f"{OURS} {precision}", library=OURS, precision=precision,
                            batch=None, kernels=kernels)

    def check_tokens(self, tokens, count):
        expected = sum(self.sizes[i % len(self.sizes)] for i in range(count)) / count
        if abs(tokens - expected) > expected / 100:
            say(f"warning: {OURS} counts {tokens:.1f} tokens a pair, the peers get {expected:.1f}")

    def latency_peers(self):
        for library, key, name, precision, _ in list(self.offers(peers.LATENCY)):
            answer = self.ask(library, name, "latency", key, self.options.latency_seconds)
            if answer is not None:
                figures, kernels = answer
                note(f"{name}: {figures[0]:.2f} ms")
                self.board.latency(*figures, **self.names, name=name, library=library, precision=precision,
                                   batch=1, kernels=kernels)

    def latency_ours(self):
        for precision in PRECISIONS:
            try:
                *figures, kernels = self.ours.latency(precision, self.threads, self.single,
                                                      self.options.latency_seconds)
            except ours.Failed as problem:
                say(f"left out: {OURS} {precision}: {problem}")
                continue
            note(f"{OURS} {precision}: {figures[0]:.2f} ms")
            self.board.latency(*figures, **self.names, name=f"{OURS} {precision}", library=OURS,
                               precision=precision, batch=1, kernels=kernels)

    def run(self, folder):
        self.start_peers(folder)
        try:
            for number in range(self.options.rounds):
                self.rate_peers(number == 0)
                self.rate_ours()
            for _ in range(self.options.latency_rounds):
                self.latency_peers()
                self.latency_ours()
        finally:
            self.stop_peers()


# ---- the peers' files

def converted(options, workload):
    """A folder with the model in the peers' formats, kept under --work for the next run."""
    weights = os.stat(os.path.join(workload.model, "model.safetensors"))
    facts = f"{os.path.abspath(workload.model)} {weights.st_size} {weights.st_mtime_ns} {machine.versions()}"
    folder = os.path.join(options.work, hashlib.sha256(facts.encode()).hexdigest()[:16])
    os.makedirs(folder, exist_ok=True)
    _, sizes = pairs.invented(workload.model, 64, workload.mean, workload.deviation)
    converter = worker.Worker(options.log, worker.Converter)
    try:
        for problem in converter.ask("convert", workload.model, folder, sizes,
                                     len(pairs.vocabulary(workload.model))):
            say(f"left out: {problem}")
    finally:
        converter.stop()
    return folder


# ---- what is told

def table(title, heads, lines):
    say(f"\n{title}\n")
    say("| " + " | ".join(heads) + " |")
    say("|" + "---|" * len(heads))
    for line in lines:
        say("| " + " | ".join(str(cell) for cell in line) + " |")


def tell_all(board, workload, threads):
    chosen = {"workload": workload.name, "threads": threads}
    rates = sorted(board.select(**chosen, measure=peers.THROUGHPUT), key=lambda entry: -entry["pairs_per_second"])
    table(f"{workload.name}, {cores_of(threads)}: pairs a second", ["", "pairs/s", "batch", "kernels"],
          [(e["name"], f"{e['pairs_per_second']:,.1f}", e["batch"] or "", e["kernels"]) for e in rates])
    times = sorted(board.select(**chosen, measure=peers.LATENCY), key=lambda entry: entry["median_ms"])
    table(f"{workload.name}, {cores_of(threads)}: one pair of {workload.mean} tokens, ms",
          ["", "median", "P99", "calls", "kernels"],
          [(e["name"], f"{e['median_ms']:.2f}", f"{e['p99_ms']:.2f}", e["calls"], e["kernels"]) for e in times])


def cores_of(threads):
    return "1 core" if threads == 1 else f"{threads} cores"


def compare(board, **chosen):
    """The best peer and ours, and how ours stands to it; None where one of them is missing."""
    mine = board.best(**chosen, library=OURS)
    best = min((found for library in peers.LIBRARIES if (found := board.best(**chosen, library=library))),
               key=lambda entry: entry.get("median_ms", -entry.get("pairs_per_second", 0)), default=None)
    if mine is None or best is None:
        return None
    figure = "median_ms" if chosen["measure"] == peers.LATENCY else "pairs_per_second"
    return {**chosen, "peer": best["name"], "peer_figure": best[figure], "peer_p99_ms": best.get("p99_ms"),
            "ours": mine[figure], "ours_p99_ms": mine.get("p99_ms"), "ratio": mine[figure] / best[figure]}


def comparisons(board, workloads, counts):
    for measure in (peers.THROUGHPUT, peers.LATENCY):
        for workload in workloads:
            for threads in counts:
                for precision in PRECISIONS:
                    found = compare(board, workload=workload.name, threads=threads, measure=measure,
                                    precision=precision)
                    if found is not None:
                        yield found


def tell_comparisons(found):
    def with_p99(value, p99):
        return f"{value:,.1f}" if p99 is None else f"{value:.2f} ({p99:.2f})"
    for measure, title in ((peers.THROUGHPUT, "Pairs a second; more is better"),
                           (peers.LATENCY, "One pair, ms at the median (P99); less is better")):
        table(title, ["model", "cores", "precision", "best peer", "its figure", "ours", "ours / best peer"],
              [(c["workload"], c["threads"], c["precision"], c["peer"], with_p99(c["peer_figure"], c["peer_p99_ms"]),
                with_p99(c["ours"], c["ours_p99_ms"]), f"{c['ratio']:.2f}")
               for c in found if c["measure"] == measure])


# ---- the run

def numbers(text):
    return [int(part) for part in text.split(",")]


def names(known):
    def parse(text):
        chosen = [part for part in text.split(",") if part]
        unknown = set(chosen) - set(known)
        if unknown:
            raise argparse.ArgumentTypeError(f"no {', '.join(sorted(unknown))}: {', '.join(known)}")
        return chosen
    return parse


def parse():
    cores = len(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", help="what make_bert_base.py wrote")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"), help="build folder with cli/mgeo-score")
    parser.add_argument("--threads", type=numbers, default=[count for count in (1, 2, 4) if count <= cores])
    parser.add_argument("--isa", choices=list(machine.MASKS), help="hold all to these instructions")
    parser.add_argument("--pairs", help="TSV whose first two columns are texts, instead of invented ones")
    parser.add_argument("--rows", type=int, help="pairs for each core in a pass (BERT-base 64, bundled 256)")
    parser.add_argument("--seconds", type=float, default=5, help="of each way of running in a round (5)")
    parser.add_argument("--rounds", type=int, default=3, help="(3)")
    parser.add_argument("--latency-seconds", type=float, default=10, help="(10)")
    parser.add_argument("--latency-rounds", type=int, default=2, help="(2)")
    parser.add_argument("--peers", type=names(peers.LIBRARIES), default=list(peers.LIBRARIES))
    parser.add_argument("--workloads", type=names(["base", "bundled"]), default=["base", "bundled"])
    parser.add_argument("--work", help="folder that keeps the peers' converted models for the next run")
    parser.add_argument("--json", help="write all figures to this file")
    options = parser.parse_args()
    if max(options.threads) > cores:
        parser.error(f"this process may use {cores} cores")
    if not os.path.exists(os.path.join(options.model, "model.safetensors")):
        parser.error(f"no model in {options.model}: benchmarks/make_bert_base.py {options.model} writes one")
    return options


def write(options, board, facts, found):
    with open(options.json, "w", encoding="utf-8") as file:
        json.dump({"machine": facts, "versions": machine.versions(), "isa": options.isa,
                   "results": list(board.entries.values()), "comparisons": found}, file, indent=1,
                  ensure_ascii=False)
        file.write("\n")


def measure(options, workloads, folder):
    board, facts = Board(), machine.describe()
    say(f"{facts['date']}, {machine.sentence(facts)}")
    say(", ".join(f"{name} {version}" for name, version in machine.versions().items()))
    say(f"held to: {options.isa or 'nothing'}")
    for workload in workloads:
        formats = converted(options, workload)
        for threads in options.threads:
            with machine.cores(threads):
                Measurement(options, board, workload, threads, folder).run(formats)
            tell_all(board, workload, threads)
            found = list(comparisons(board, workloads, options.threads))
            if options.json:
                write(options, board, facts, found)
    tell_comparisons(found)
    say(f"\nload average {machine.load_average():.1f} at the end")


def main():
    options = parse()
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
    if options.isa:
        machine.mask(options.isa)
    known = {"base": Workload("BERT-base", os.path.abspath(options.model), 45, 12, 64),
             "bundled": Workload("bundled", os.path.join(ROOT, "models", "mini"), 38, 10, 256)}
    with tempfile.TemporaryDirectory() as folder:
        options.work = options.work or os.path.join(folder, "work")
        os.makedirs(options.work, exist_ok=True)
        options.log = os.path.join(options.work, "peers.log")
        measure(options, [known[name] for name in options.workloads], folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
