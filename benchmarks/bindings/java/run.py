#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What Java's and Node.js's bindings cost over C: the same pairs scored in one call, in turns in one run.

usage: run.py [--pairs N] [--rounds N] [--model DIR] [java] [node]

libmgeo is the one that pkg-config finds (of a build tree: PKG_CONFIG_PATH=build/bindings). Processor time is what is
compared on a machine that others use too; the best of the rounds counts.
"""
import argparse
import os
import pathlib
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]


def pkg_config(*arguments):
    return subprocess.run(["pkg-config", *arguments, "libmgeo"], check=True, stdout=subprocess.PIPE,
                          text=True).stdout.split()


def write_pairs(path, count):
    lines = (ROOT / "examples/data/pairs.tsv").read_text(encoding="utf-8").splitlines()[1:]
    texts = [line.split("\t")[:2] for line in lines]
    with open(path, "w", encoding="utf-8") as file:
        for i in range(count):
            a, b = texts[i % len(texts)][0], texts[(i + i // len(texts)) % len(texts)][1]
            file.write(f"{a}\t{b}\n")


def c_program(work):
    program = work / "turns"
    subprocess.run(["cc", "-std=c11", "-O2", "-o", program, HERE / "turns.c", *pkg_config("--cflags", "--libs")],
                   check=True)
    return [program]


def java_program(work):
    jar = work / "mgeo.jar"
    subprocess.run([ROOT / "bindings/java/build.sh", jar], check=True)
    subprocess.run(["javac", "-cp", jar, "-d", work, HERE / "Turns.java"], check=True)
    return ["java", f"-Dmgeo.native.dir={work / 'native'}", "-cp", f"{jar}:{work}", "Turns"]


def node_program(work):
    os.environ["MGEO_NODE_ADDON"] = str(work / "mgeo.node")
    subprocess.run(["node", ROOT / "bindings/node/scripts/build.js", os.environ["MGEO_NODE_ADDON"]], check=True)
    return ["node", ROOT / "benchmarks/bindings/node/turns.js", ROOT / "bindings/node"]


def turn(process):
    process.stdin.write("go\n")
    process.stdin.flush()
    return [float(word) for word in process.stdout.readline().split()]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", default=ROOT / "models/mini")
    parser.add_argument("languages", nargs="*", default=["java", "node"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        write_pairs(work / "pairs.tsv", options.pairs)
        makers = {"c": c_program, "java": java_program, "node": node_program}
        running = {}
        for name in ["c", *options.languages]:
            command = [*makers[name](work), options.model, work / "pairs.tsv"]
            running[name] = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        times = {name: [] for name in running}
        for number in range(options.rounds):
            for name, process in running.items():
                times[name].append(turn(process))
                print(f"round {number + 1}: {name:4}  wall {times[name][-1][0]:8.3f} s  "
                      f"processor {times[name][-1][1]:8.3f} s", flush=True)
        for process in running.values():
            process.stdin.close()
            process.wait()
    best = {name: [min(column) for column in zip(*each)] for name, each in times.items()}
    for name in options.languages:
        wall, busy = (best["c"][i] / best[name][i] for i in (0, 1))
        print(f"{name}: {100 * wall:.1f}% of C's throughput by wall time, {100 * busy:.1f}% by processor time "
              f"({options.pairs} pairs, best of {options.rounds})")


main()
