#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures libmgeo on a GPU against its peers, and writes one table.

    benchmarks/gpu/run.py --build build-gpu [--out bench-out] [--steps ready,throughput,…] [--quick]
    benchmarks/gpu/run.py --out bench-out --table results-1.jsonl results-2.jsonl …

The first form runs the steps and writes OUT/results.jsonl, a line for each measurement, and
OUT/results.md. The second makes the table anew from such files, where the steps did not run at
once: of equal measurements the last counts. OUT is $OUT or ./bench-out unless given.
Needs pairs_bench and mgeo-score in the build folder. The peers need torch and transformers.
"""
import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STEPS = ["ready", "throughput", "one", "callers", "tsv", "parity", "swap", "rounds", "cards", "peers"]
GOLDEN = ["bare", "bf16", "fp16", "gelu_new", "mgeo", "rank", "relu", "shards_bin", "shards_safetensors",
          "tanh", "two_labels"]
GFLOP_A_PAIR = 7.20  # 45 tokens, the last layer for [CLS] alone
MIB = 1 << 20


# ---- the machine

def output_of(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def first_line(text):
    return text.splitlines()[0] if text else ""


def machine():
    def card(field):
        return output_of("nvidia-smi", "--query-gpu=" + field, "--format=csv,noheader").splitlines()
    names = card("name")
    torch = first_line(output_of(sys.executable, "-c",
                                 "import torch; print(torch.__version__, 'CUDA', torch.version.cuda)"))
    nvcc = re.search(r"release ([\d.]+)", output_of("nvcc", "--version"))
    driver = re.search(r"CUDA Version: ([\d.]+)", output_of("nvidia-smi"))
    model = re.search(r"model name\s*:\s*(.*)", output_of("cat", "/proc/cpuinfo"))
    return {"part": "machine", "cards": f"{len(names)} × {names[0]}" if names else "none",
            "driver": first_line("\n".join(card("driver_version"))),
            "driver_cuda": driver.group(1) if driver else "", "nvcc": nvcc.group(1) if nvcc else "",
            "torch": torch, "host": f"{os.cpu_count()} cores, {model.group(1) if model else platform.machine()}",
            "system": platform.platform(), "date": datetime.date.today().isoformat(),
            "commit": output_of("git", "-C", ROOT, "rev-parse", "--short", "HEAD")}


# ---- running

class Run:
    def __init__(self, options, out):
        self.options, self.lines = options, []
        self.out = out
        self.scratch = tempfile.TemporaryDirectory()

    def add(self, step, lines):
        for line in lines:
            line["step"] = step
            self.lines.append(line)
            self.out.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.out.flush()

    def program(self, name):
        return os.path.join(self.options.build, name)

    def command(self, step, command):
        """Runs it under the time limit; what it prints is shown as it comes."""
        print("$ " + " ".join(command), flush=True)
        began = time.monotonic()
        try:
            status = subprocess.run(command, timeout=self.options.limit).returncode
        except subprocess.TimeoutExpired:
            status = "time limit"
        except OSError as error:
            status = str(error)
        print(f"# {step}: {time.monotonic() - began:.0f} s, status {status}", flush=True)
        if status not in (0, 1):
            self.add(step, [{"part": step, "failed": f"status {status}"}])

    def bench(self, step, *arguments):
        path = os.path.join(self.scratch.name, "bench.jsonl")
        if os.path.exists(path):
            os.remove(path)
        self.command(step, [self.program("benchmarks/pairs_bench"), "-m", self.options.model,
                            "-d", self.options.device, "--json", path, *arguments, step])
        self.add(step, read_lines(path))

    def peers(self):
        path = os.path.join(self.scratch.name, "peers.jsonl")
        script = os.path.join(ROOT, "bench", "gpu", "peers.py")
        self.command("peers", [sys.executable, script, "--json", path] + ["--quick"] * self.options.quick)
        self.add("peers", read_lines(path))


def read_lines(path):
    if not os.path.exists(path):
        return []
    lines = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            try:
                lines.append(json.loads(line))
            except ValueError:  # cut short by the time limit
                pass
    return lines


def split_precisions(options):
    """fp32 is several times slower: it gets fewer pairs."""
    quick = [p for p in options.precisions.split(",") if p != "fp32"]
    return ",".join(quick), "fp32" in options.precisions.split(",")


def step_throughput(run):
    options = run.options
    fast, with_fp32 = split_precisions(options)
    more = ["--batch-tokens", options.batch_tokens] if options.batch_tokens else []
    if fast:
        run.bench("throughput", "-p", fast, "--pairs", str(options.pairs), *more)
    if with_fp32:
        run.bench("throughput", "-p", "fp32", "--pairs", str(max(1, options.pairs // 10)), "--repeats", "2")


def step_tsv(run):
    """mgeo-score from file to file, on the pairs of the step throughput."""
    options = run.options
    table = os.path.join(run.scratch.name, "pairs.tsv")
    subprocess.run([run.program("benchmarks/pairs_bench"), "-m", options.model, "--pairs", str(options.pairs),
                    "--write-tsv", table], check=True)
    for precision in options.main.split(","):
        summary = os.path.join(run.scratch.name, f"summary-{precision}.json")
        run.command("tsv", [run.program("cli/mgeo-score"), "-q", "-m", options.model, "-d", options.device,
                            "-p", precision, "--summary", summary,
                            "-o", os.path.join(run.scratch.name, "scored.tsv"), table])
        if os.path.exists(summary):
            with open(summary, encoding="utf-8") as file:
                told = json.load(file)
            run.add("tsv", [{"part": "tsv", "precision": precision, "rows": told["rows"],
                             "pairs_per_second": told["pairs_per_second"]}])


def step_parity(run):
    folders = [os.path.join("models", "mini")]
    folders += [os.path.join("tests", "golden", "models", name) for name in GOLDEN]
    models = [os.path.relpath(os.path.join(ROOT, folder)) for folder in folders]
    run.bench("parity", "-p", run.options.precisions, "--table", run.options.table_of_pairs,
              "--models", ",".join(models))


def step_cards(run):
    if not run.options.device.startswith("cuda"):
        return
    count = len(output_of("nvidia-smi", "-L").splitlines())
    if count < 2:
        print("# cards: skipped, there are not two")
        return
    cards = ",".join(f"cuda:{i}" for i in range(2))
    run.bench("cards", "-p", run.options.main, "--cards", cards, "--pairs", str(2 * run.options.pairs))


def run_step(run, step):
    options = run.options
    simple = {"ready": ["-p", options.main],
              "one": ["-p", options.main, "--calls", str(options.calls)],
              "callers": ["-p", options.main, "--seconds", str(options.seconds)],
              "swap": ["-p", options.main.split(",")[0], "--seconds", str(options.seconds),
                       "--swaps", str(options.swaps)],
              "rounds": ["-p", options.main.split(",")[0], "--rounds", str(options.rounds)]}
    own = {"throughput": step_throughput, "tsv": step_tsv, "parity": step_parity, "cards": step_cards,
           "peers": Run.peers}
    if step in simple:
        run.bench(step, *simple[step])
    else:
        own[step](run)


# ---- the table

class Figures:
    """What the lines say; of equal measurements the last counts."""

    def __init__(self, lines):
        self.lines = lines

    def all(self, part, **wanted):
        return [line for line in self.lines if line.get("part") == part and "failed" not in line
                and all(line.get(key) == value for key, value in wanted.items())]

    def one(self, part, key, **wanted):
        found = [line for line in self.all(part, **wanted) if line.get(key) is not None]
        return found[-1][key] if found else None

    def throughput(self, precision):
        """The library's own batch size where several were tried would hide the best: tell the best."""
        rates = [line["pairs_per_second"] for line in self.all("throughput", precision=precision, step="throughput")]
        return max(rates, default=None)

    def best_peer(self):
        return max(self.all("peer"), key=lambda line: line["pairs_per_second"], default=None)


def number(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


def bar(text, value, shown, met):
    return [text, "not measured" if value is None else shown(value),
            "–" if value is None else "yes" if met(value) else "**no**"]


def at_least(text, value, least, digits=0, unit=""):
    return bar(text, value, lambda v: number(v, digits) + unit, lambda v: v >= least)


def at_most(text, value, most, digits=0, unit=""):
    return bar(text, value, lambda v: number(v, digits) + unit, lambda v: v <= most)


def ratio(a, b):
    return a / b if a is not None and b else None


def speed_bars(f, main):
    bf16, best = f.throughput("bf16"), f.best_peer()
    rows = [at_least("bf16: at least 80,000 pairs/s", bf16, 80000),
            at_least("bf16: at least 1.4 times the best peer" + (f" ({best['name']})" if best else ""),
                     ratio(bf16, best and best["pairs_per_second"]), 1.4, 2),
            at_least("fp8: at least 115,000 pairs/s", f.throughput("fp8"), 115000)]
    for p in main:
        rows += [at_most(f"one pair, {p}: median at most 0.30 ms", f.one("one", "median_ms", precision=p, lengths="45"),
                         0.30, 3, " ms"),
                 at_most(f"one pair, {p}: P99 at most 0.5 ms", f.one("one", "p99_ms", precision=p, lengths="45"),
                         0.5, 3, " ms"),
                 at_least(f"64 callers with one pair each, {p}: at least 30,000 pairs/s",
                          f.one("callers", "pairs_per_second", precision=p), 30000),
                 at_least(f"TSV to TSV with mgeo-score, {p}: at least 90% of the engine's rate",
                          ratio(f.one("tsv", "pairs_per_second", precision=p), f.throughput(p)), 0.9, 3)]
    return rows


def label_share(f, precision, bundled):
    lines = [line for line in f.all("parity", precision=precision) if (line["model"] == "mini") == bundled]
    newest = {line["model"]: line for line in lines}.values()
    rows = sum(line["rows"] for line in newest)
    return sum(line["same_labels"] for line in newest) / rows if rows else None


def parity_bars(f):
    shift = [line["probability_shift_max"] for line in f.all("parity", precision="fp32")]
    rows = [bar("fp32: probabilities within 1e-4 of the CPU's, all models", max(shift, default=None),
                lambda v: f"{v:.1e}", lambda v: v <= 1e-4)]
    for precision, least in (("bf16", 0.995), ("fp16", 0.995), ("fp8", 0.99), ("int8", None)):
        for name, bundled in (("bundled model", True), ("golden models", False)):
            share = label_share(f, precision, bundled)
            if least is not None:
                rows.append(bar(f"{precision}, {name}: keeps {least:.1%} of labels", share,
                                lambda v: f"{v:.3%}", lambda v, least=least: v >= least))
            elif share is not None:
                rows.append([f"{precision}, {name}: labels kept (no bar)", f"{share:.3%}", "–"])
    return rows


def life_bars(f):
    rows = []
    for line in {line["precision"]: line for line in f.all("ready")}.values():
        rows.append(at_most(f"ready to score, {line['precision']}: within 2 s", line["most_seconds"], 2, 2, " s"))
    first = f.one("ready", "first_of_process_seconds")
    if first is not None:
        rows.append(["of which apart: the process's first load, of a small model", f"{first:.2f} s", "–"])
    swaps, failed = f.one("swap", "swaps"), f.one("swap", "failed_calls")
    failed = None if failed is None else failed + f.one("swap", "failed_swaps")
    lost = f.one("rounds", "lost_bytes")
    return rows + [
        bar("1,000 swaps under full load: 0 failed", failed, lambda v: f"{number(swaps)} swaps, {number(v)} failed",
            lambda v: v == 0 and swaps >= 1000),
        at_most("throughput lost to them: at most 2%", f.one("swap", "loss_percent"), 2, 2, "%"),
        bar("200 load-unload rounds: free memory within 2 MiB", lost,
            lambda v: f"{v / MIB:.2f} MiB lost in {number(f.one('rounds', 'rounds'))}, of which "
                      f"{f.one('rounds', 'lost_since_first_bytes') / MIB:.2f} after the first",
            lambda v: abs(v) <= 2 * MIB and f.one("rounds", "rounds") >= 200),
        at_least("two cards: at least 1.9 times one", f.one("cards", "ratio"), 1.9, 2)]


def markdown(header, rows):
    text = "| " + " | ".join(header) + " |\n|" + "---|" * len(header) + "\n"
    return text + "".join("| " + " | ".join(row) + " |\n" for row in rows)


def our_table(f, ceilings):
    rows = []
    for line in f.all("throughput", step="throughput"):
        p = line["precision"]
        tflops = line["pairs_per_second"] * GFLOP_A_PAIR / 1e3
        ceiling = ceilings.get("fp8" if p == "fp8" else "bf16") if p in ("fp8", "bf16", "fp16") else None
        rows.append([p, number(line["batch_tokens"]), number(line["pairs_per_second"]), number(tflops),
                     f"{tflops / ceiling:.0%}" if ceiling else "–",
                     number(line.get("tokens_a_pair"), 1), number(line.get("batch_fill"), 3)])
    head = ["precision", "batch tokens", "pairs/s", "TFLOP/s", "of products alone", "tokens a pair", "batch fill"]
    return markdown(head, rows) if rows else ""


def latency_table(f):
    rows = []
    for part in ("one", "callers"):
        for line in f.all(part):
            what = f"{line['callers']} callers" if part == "callers" else "one, " + line["lengths"] + " tokens"
            rows.append([what, line["precision"], number(line.get("pairs_per_second")), number(line["median_ms"], 3),
                         number(line["p99_ms"], 3), number(line["p999_ms"], 3), number(line["most_ms"], 3)])
    head = ["calls of one pair", "precision", "pairs/s", "median ms", "P99 ms", "P99.9 ms", "most ms"]
    return markdown(head, rows) if rows else ""


def peer_table(f):
    bf16 = f.throughput("bf16")
    rows = [[line["name"], number(line["pairs_per_second"]), number(ratio(bf16, line["pairs_per_second"]), 2)]
            for line in f.all("peer")]
    rows += [[f"ceiling: the four products alone, {line['precision']}, {line['tokens']:,} tokens: "
              f"{number(line['tflops'])} TFLOP/s", number(line["pairs_per_second"]), "–"] for line in f.all("ceiling")]
    one = f.one("one", "median_ms", precision="bf16", lengths="45")
    rows += [[line["name"], f"{line['ms']:.3f} ms", number(ratio(line["ms"], one), 2)] for line in f.all("peer_one")]
    return markdown(["peer or ceiling, same run", "pairs/s, or ms for one pair", "ours, bf16, is faster by"], rows) \
        if rows else ""


def failures(lines):
    return "".join(f"- {line['part']} {line.get('device', '')} {line.get('precision', '')}: {line['failed']}\n"
                   for line in lines if "failed" in line)


def table(lines, main):
    f = Figures(lines)
    m = (f.all("machine") or [{}])[-1]
    ceilings = {}
    for line in f.all("ceiling"):
        ceilings[line["precision"]] = max(line["tflops"], ceilings.get(line["precision"], 0))
    text = f"## {m.get('date', '')}, {m.get('cards', '')}\n\n"
    text += markdown(["driver", "CUDA of the driver", "nvcc", "torch", "host", "system", "commit"],
                     [[m.get(key) or "–" for key in ("driver", "driver_cuda", "nvcc", "torch", "host", "system", "commit")]])
    text += "\n" + markdown(["bar", "measured", "met"], speed_bars(f, main) + parity_bars(f) + life_bars(f))
    for part in (our_table(f, ceilings), latency_table(f), peer_table(f)):
        text += "\n" + part if part else ""
    failed = failures(lines)
    return text + ("\nNot measured:\n\n" + failed if failed else "")


# ---- options

def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--build", default="build-gpu")
    add("--out", default=os.environ.get("OUT") or "bench-out")
    add("--steps", default=",".join(STEPS), help="some of " + ",".join(STEPS))
    add("--device", default="cuda")
    add("--model", help="BERT-base directory; made below the build folder if not given")
    add("--precisions", default="bf16,fp8,fp16,int8,fp32", help="of throughput and parity")
    add("--main", default="bf16,fp8", help="precisions of the other steps; swap and rounds take the first")
    add("--batch-tokens", help="list to try in throughput")
    add("--pairs", type=int, default=200000)
    add("--calls", type=int, default=3000)
    add("--seconds", type=float, default=4)
    add("--swaps", type=int, default=1000)
    add("--rounds", type=int, default=200)
    add("--table-of-pairs", default=os.path.join(ROOT, "examples", "data", "pairs.tsv"),
        help="for parity: TSV with columns sentence1 and sentence2")
    add("--quick", action="store_true", help="the best peers and the ceilings only")
    add("--limit", type=float, default=300, help="seconds for a step's program")
    add("--table", nargs="+", metavar="FILE", help="run nothing: make the table from these results")
    options = parser.parse_args()
    unknown = set(options.steps.split(",")) - set(STEPS)
    if unknown:
        parser.error("no such step: " + ", ".join(sorted(unknown)))
    return options


def make_model(options):
    if options.model:
        return
    options.model = os.path.join(options.build, "bert-base")
    if not os.path.exists(os.path.join(options.model, "config.json")):
        subprocess.run([sys.executable, os.path.join(ROOT, "bench", "make_bert_base.py"), options.model], check=True)


def measure(options):
    make_model(options)
    with open(os.path.join(options.out, "results.jsonl"), "w", encoding="utf-8") as out:
        run = Run(options, out)
        run.add("machine", [machine()])
        for step in STEPS:
            if step in options.steps.split(","):
                run_step(run, step)
    return run.lines


def main():
    options = parse()
    os.makedirs(options.out, exist_ok=True)
    if options.table:
        lines = [line for path in options.table for line in read_lines(path)]
    else:
        lines = measure(options)
    text = table(lines, options.main.split(","))
    with open(os.path.join(options.out, "results.md"), "w", encoding="utf-8") as file:
        file.write(text)
    print("\n" + text)


if __name__ == "__main__":
    main()
