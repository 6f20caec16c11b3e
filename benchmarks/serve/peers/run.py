#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mgeo-serve beside FastAPI with transformers or ONNX Runtime: same weights, same machine, same run, one table.

    benchmarks/serve/peers/run.py --build build [--model DIR] [--rounds N] [--seconds S] [--out results.md]

Needs fastapi, uvicorn, uvloop, httptools, transformers, torch, onnx and onnxruntime (python3 -m pip install …) in the Python
that runs it. The load is build/benchmarks/serve/http_load. Each server is started anew in each round, one after the other, and
what other work disturbed is measured again; the table has the median of the rounds, and the processor time of an answer. On a
machine that is never quiet, --nice -20 (as root) lets servers and load go before all else. Before it is measured, each answers
the example pairs: in fp32 as mgeo-serve does to 1e-4, or the run ends.
"""
import argparse
import collections
import contextlib
import http.client
import json
import os
import pathlib
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
from cpu import machine, peers  # noqa: E402

CONNECTIONS = (1, 8, 32, 64)
OURS = "mgeo-serve"
ALIKE = 1e-4
QUIET = 0.15  # cores that other work may use
# Linux weighs sessions before it weighs what is in them, where sched_autogroup is on.
FIRST = 'level=$1; shift; echo "$level" 2>/dev/null >/proc/self/autogroup; exec nice -n "$level" "$@"'
# server, load: the cores that each may use.
Layout = collections.namedtuple("Layout", "title server load")
Server = collections.namedtuple("Server", "name precision engine threads workers batch pool")


def peer(name, precision, engine, threads=1, workers=1, batch=1, pool=False):
    return Server(name, precision, engine, threads, workers, batch, pool)


def layouts(cores):
    """One core each for server and load; then all for both, where servers can show how they use more than one."""
    made = [(Layout("Server on one core, load on another", cores[:1], cores[1:2]),
             [peer(OURS, "fp32", "ours"),
              peer("FastAPI + transformers, in the pool", "fp32", "torch", pool=True),
              peer("FastAPI + transformers", "fp32", "torch"),
              peer("FastAPI + transformers, batching", "fp32", "torch", batch=32),
              peer("FastAPI + ONNX Runtime", "fp32", "onnx"),
              peer("FastAPI + ONNX Runtime, batching", "fp32", "onnx", batch=32),
              peer(OURS, "int8", "ours"),
              peer("FastAPI + transformers", "int8", "torch-int8"),
              peer("FastAPI + ONNX Runtime", "int8", "onnx-int8")])]
    made.append((Layout(f"Server and load share {len(cores)} cores", cores, cores),
                 [peer(OURS, "fp32", "ours", threads=len(cores)),
                  peer("FastAPI + transformers, 1 worker", "fp32", "torch", threads=len(cores)),
                  peer(f"FastAPI + transformers, {len(cores)} workers", "fp32", "torch", workers=len(cores)),
                  peer("FastAPI + ONNX Runtime, 1 worker", "fp32", "onnx", threads=len(cores)),
                  peer(f"FastAPI + ONNX Runtime, {len(cores)} workers", "fp32", "onnx", workers=len(cores)),
                  peer(OURS, "int8", "ours", threads=len(cores)),
                  peer(f"FastAPI + ONNX Runtime, {len(cores)} workers", "int8", "onnx-int8", workers=len(cores))]))
    return made


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def machine_seconds():
    """Processor time that the machine has spent on anything."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, irq, soft, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")


def load_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def wait_until_quiet(patience):
    """Until the machine did nearly nothing for a second, or the patience is over."""
    limit = time.monotonic() + patience
    while time.monotonic() < limit:
        before = machine_seconds()
        time.sleep(1)
        if machine_seconds() - before < QUIET:
            return


class Running:
    """A server that answers, on its cores; ended when the block is left."""

    def __init__(self, server, layout, options, log):
        self.server, self.layout, self.options, self.log = server, layout, options, log
        self.port = free_port()

    def command(self):
        server, address = self.server, f"127.0.0.1:{self.port}"
        if server.engine == "ours":
            return [str(self.options.build / "cli" / "mgeo-serve"), "--listen", address, "--model", self.options.model,
                    "--precision", server.precision, "--device", "cpu", "--threads", str(server.threads),
                    "--drain-time", "0s"]
        return [sys.executable, "-m", "uvicorn", "article_server:app", "--port", str(self.port), "--workers", str(server.workers),
                "--log-level", "warning", "--no-access-log", "--loop", "uvloop", "--http", "httptools"]

    def environment(self):
        server = self.server
        own = {"PEER_MODEL": self.options.model, "PEER_ENGINE": server.engine, "PEER_THREADS": str(server.threads),
               "PEER_BATCH": str(server.batch), "PEER_POOL": "yes" if server.pool else "", "PEER_ONNX": self.options.work,
               "OMP_NUM_THREADS": str(server.threads), "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false",
               "PYTHONDONTWRITEBYTECODE": "1"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
        return {**kept, **own}

    def __enter__(self):
        pinned = self.options.first + ["taskset", "-c", ",".join(map(str, self.layout.server))]
        self.process = subprocess.Popen(pinned + self.command(), env=self.environment(), cwd=HERE, stdout=self.log,
                                        stderr=self.log, start_new_session=True)
        limit = time.monotonic() + 120
        while time.monotonic() < limit:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.ask("GET", "/health")[0] == 200:
                    return self
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        self.__exit__()
        raise SystemExit(f"{self.server.name} did not start: see {self.log.name}")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def scores(self, pairs):
        """Of each pair: similarity, and whether ours capped it for characters that the vocabulary lacks."""
        found = []
        for a, b in pairs:
            status, body = self.ask("POST", "/match?digits=6", json.dumps({"address1": a, "address2": b}).encode())
            if status != 200:
                raise SystemExit(f"{self.server.name} answered {status}: {body[:300]}")
            answer = json.loads(body)
            found.append((answer["similarity"], bool(answer.get("flags"))))
        return found

    def processes(self):
        """The folders in /proc of the server's session, each with the fields behind its name in stat."""
        for entry in os.scandir("/proc"):
            with contextlib.suppress(OSError, IndexError):
                if entry.name.isdigit():
                    fields = pathlib.Path(entry.path, "stat").read_text().rsplit(")", 1)[1].split()
                    if int(fields[3]) == self.process.pid:
                        yield pathlib.Path(entry.path), fields

    def processor_seconds(self):
        """User and system."""
        return sum(int(fields[11]) + int(fields[12]) for _, fields in self.processes()) / os.sysconf("SC_CLK_TCK")

    def megabytes(self):
        """Memory, what is shared counted once."""
        rolled = "".join((folder / "smaps_rollup").read_text() for folder, _ in self.processes())
        return sum(int(line.split()[1]) for line in rolled.splitlines() if line.startswith("Pss:")) * 1024 / 1e6

    def load(self, connections, seconds):
        """What http_load tells, and the processor time of the server: all of an answer's, whatever else the machine did."""
        command = self.options.first + ["taskset", "-c", ",".join(map(str, self.layout.load)),
                   str(self.options.build / "benchmarks" / "serve" / "http_load"), f"127.0.0.1:{self.port}",
                   str(connections), str(seconds)]
        before, began, all_before, load_before = self.processor_seconds(), time.monotonic(), machine_seconds(), load_seconds()
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 120, start_new_session=True)
        wall = time.monotonic() - began
        if done.returncode != 0:
            raise SystemExit(f"{self.server.name} under {connections} connections: {done.stdout}{done.stderr}")
        found = json.loads(done.stdout.replace("-nan", "NaN").replace("nan", "NaN"))
        used = (self.processor_seconds() - before) / wall
        others = (machine_seconds() - all_before - load_seconds() + load_before) / wall - used
        return {**found, "others": max(others, 0), "cores": used, "cpu_ms": used / found["rate"] * 1000 if found["rate"] else float("nan")}


def example_pairs():
    lines = (ROOT / "examples" / "data" / "pairs.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [tuple(line.split("\t")[:2]) for line in lines]


def furthest(reference, scores):
    """The largest difference, and of how many pairs: what ours caps by a rule of its own says nothing of the weights."""
    distances = [abs(own - other) for (own, capped), (other, _) in zip(reference, scores) if not capped]
    return max(distances), len(distances)


class Run:
    def __init__(self, options, log):
        self.options, self.log, self.pairs = options, log, example_pairs()
        self.figures = collections.defaultdict(list)  # (layout, server, connections) -> answers of http_load
        self.distances = {}
        self.reference = None

    def check(self, running):
        server = running.server
        scores = running.scores(self.pairs)
        if self.reference is None:
            self.reference = scores
        distance, count = furthest(self.reference, scores)
        self.distances[server] = (distance, count)
        if server.precision == "fp32" and distance > ALIKE:
            raise SystemExit(f"{server.name} answers otherwise than {OURS}: by {distance:.6f}")

    def measure(self, layout, server, first):
        with Running(server, layout, self.options, self.log) as running:
            if first:
                self.check(running)
            for connections in self.options.connections:
                found = self.undisturbed(running, connections)
                found["megabytes"] = running.megabytes()
                self.figures[layout.title, server, connections].append(found)
                print(f"{layout.title}: {server.name} {server.precision}, {connections}: {found['rate']:.0f}/s, "
                      f"P99 {found['p99_ms']:.2f} ms, others used {found['others']:.2f} cores", file=sys.stderr)

    def undisturbed(self, running, connections):
        """Measured again while other work took more than QUIET of a core; of several tries the one with the least."""
        tries = []
        for _ in range(self.options.tries):
            wait_until_quiet(self.options.patience)
            tries.append(running.load(connections, self.options.seconds))
            if tries[-1]["others"] < QUIET:
                break
        return min(tries, key=lambda one: one["others"])

    def median(self, layout, server, connections, what):
        return statistics.median(one[what] for one in self.figures[layout.title, server, connections])

    def others(self, layout, server):
        return max(one["others"] for count in self.options.connections for one in self.figures[layout.title, server, count])

    def spread(self, layout, server):
        """How far the rounds were apart at 32 connections, as a share of the median."""
        rates = [one["rate"] for one in self.figures[layout.title, server, 32]]
        return (max(rates) - min(rates)) / statistics.median(rates)


def table(run, layout, servers):
    yield f"\n## {layout.title}\n"
    yield ("| server | precision | " + " | ".join(f"{count} conn.: req/s, P50, P99 ms" for count in run.options.connections) +
           " | at 32: CPU ms an answer, cores used, rounds apart | memory, MB | other work, cores at most |")
    yield "|---|---|" + "---|" * (len(run.options.connections) + 3)
    for server in servers:
        cells = [f"{run.median(layout, server, count, 'rate'):,.0f}, {run.median(layout, server, count, 'p50_ms'):.2f}, "
                 f"{run.median(layout, server, count, 'p99_ms'):.2f}" for count in run.options.connections]
        cells.append(f"{run.median(layout, server, 32, 'cpu_ms'):.2f}, {run.median(layout, server, 32, 'cores'):.2f}, "
                     f"{run.spread(layout, server):.0%}")
        cells += [f"{run.median(layout, server, 32, 'megabytes'):.0f}", f"{run.others(layout, server):.2f}"]
        yield f"| {server.name} | {server.precision} | " + " | ".join(cells) + " |"
    for precision in ("fp32", "int8"):
        of_it = [server for server in servers if server.precision == precision]
        own = [run.median(layout, of_it[0], 32, what) for what in ("rate", "cpu_ms")]
        parts = [f"{own[0] / run.median(layout, server, 32, 'rate'):.1f} × {server.name} "
                 f"({run.median(layout, server, 32, 'cpu_ms') / own[1]:.1f} × by processor time)" for server in of_it[1:]]
        if parts:
            yield f"\nAt 32 connections, {precision}, {OURS} answers {', '.join(parts)}."


def report(run, made, facts, before):
    yield "# mgeo-serve beside FastAPI\n"
    yield (f"{facts['date']}, {machine.sentence(facts)}; load average from {before:.1f} to {machine.load_average():.1f}, "
           f"the load of this run included. Model: {run.options.name}, pairs of `mgeo-bench`, one a request. "
           f"{run.options.rounds} rounds of {run.options.seconds} s each, servers in turns; medians. \"Rounds apart\": highest less "
           "lowest rate at 32 connections, against the median. Processor time counts what a server used, whatever else ran."
           + (f" Servers and load ran at nice {run.options.nice}, before the other work of the machine.\n" if run.options.nice else "\n"))
    yield ", ".join(f"{name} {version}" for name, version in versions().items()) + ".\n"
    yield ("FastAPI runs on uvicorn with uvloop and httptools, without an access log. \"In the pool\": the route is a plain "
           "function, which FastAPI calls in its threads, as articles have it; the others compute in the loop. "
           "\"Batching\": what waits is computed in one padded batch of up to 32, which articles do not do. text-embeddings-inference "
           "is a server in Rust that could not be had here; FastAPI with ONNX Runtime stands in for its way.\n")
    own = [pair for server, pair in run.distances.items() if server.precision == "fp32"]
    yield (f"In fp32 all answer {own[0][1]} of the example pairs alike, to {max(pair[0] for pair in own):.6f} (pairs that "
           f"{OURS} caps for characters that the vocabulary lacks are left out). In int8 each rounds in its own way: "
           + ", ".join(f"{server.name} {pair[0]:.3f}" for server, pair in run.distances.items()
                       if server.precision == "int8" and server in made[0][1])
           + " at most from fp32.")
    for layout, servers in made:
        yield from table(run, layout, servers)


def versions():
    import importlib.metadata
    found = machine.versions()
    for name in ("fastapi", "uvicorn", "uvloop", "httptools"):
        found[name] = importlib.metadata.version(name)
    return found


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--model", default=str(ROOT / "models" / "mini"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--tries", type=int, default=3, help="measure again, so often at most, what other work disturbed (3)")
    parser.add_argument("--patience", type=float, default=10, help="seconds to wait for a quiet machine before each (10)")
    parser.add_argument("--connections", type=lambda text: tuple(map(int, text.split(","))), default=CONNECTIONS,
                        help="(1,8,32,64); 32 must be one of them")
    parser.add_argument("--nice", type=int, default=0, help="of servers and load")
    parser.add_argument("--layouts", type=int, choices=(1, 2), default=2, help="1: only one core each")
    parser.add_argument("--out", default=str(HERE / "results.md"))
    options = parser.parse_args()
    options.build, options.model = options.build.resolve(), os.path.abspath(options.model)
    options.first = ["sh", "-c", FIRST, "sh", str(options.nice)] if options.nice else []
    options.name = "the bundled one" if pathlib.Path(options.model) == ROOT / "models" / "mini" else os.path.basename(options.model)
    if 32 not in options.connections:
        parser.error("--connections must have 32, which the figures are told for")
    if len(os.sched_getaffinity(0)) < 2:
        parser.error("this needs two cores")
    return options


def main():
    options = parse()
    made = layouts(sorted(os.sched_getaffinity(0))[:2])[:options.layouts]
    facts, before = machine.describe(), machine.load_average()
    with tempfile.TemporaryDirectory() as options.work, open(os.path.join(options.work, "log"), "wb") as log:
        os.environ["HF_HUB_OFFLINE"] = "1"
        for name, make in ((peers.ONNX, lambda path: peers.export(options.model, path)),
                           (peers.ONNX_INT8, lambda path: peers.quantise_onnx(os.path.join(options.work, peers.ONNX), path))):
            peers.make_whole(make, options.work, name)
        run = Run(options, log)
        for number in range(options.rounds):
            for layout, servers in made:
                for server in servers:
                    run.measure(layout, server, number == 0)
    text = "\n".join(report(run, made, facts, before)) + "\n"
    pathlib.Path(options.out).write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
