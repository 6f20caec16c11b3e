#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/map.md: every file of the house with the sentence that it opens with.

    tools/make-map.py            writes it
    tools/make-map.py --check    fails if it would change, or if a file opens without a sentence

A header and its source stand in one row, with the header's sentence. A new folder needs a line in FOLDERS."""
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAP = ROOT / "docs/map.md"
SOURCES = (".h", ".c", ".cpp", ".cuh", ".cu")

# In the order of a walk from the host inwards; each layer of lib/ may know those below it in the list.
FOLDERS = {
    "include": "The public contract: one header.",
    "lib/api": "The entries of mgeo.h: checks pointers, sizes and enumerators, and delegates.",
    "lib/match": "From addresses to candidates and clusters; knows the two lowest layers alone.",
    "lib/match/normal": "The form of an address that ways of writing it share, and the names of places.",
    "lib/match/index": "Records that are searched: terms, the score, segments, snapshots, and changes beside readers.",
    "lib/match/index/build": "Makes a segment of records or of other segments, on many threads.",
    "lib/match/index/file": "A segment's file: written, mapped, and checked since it is not trusted.",
    "lib/match/cluster": "Clusters of linked rows, and how components that break a guard are cut.",
    "lib/arrow": "Tables in Arrow's layout: columns of texts in, columns of scores out.",
    "lib/engine": "Two slots for models, loads, calls, jobs, questions and metrics.",
    "lib/engine/rollout": "What judges a new model and moves traffic to it and back.",
    "lib/run": "One model at work: rows in a queue, batches, and the threads that compute them.",
    "lib/model": "An immutable model: configuration, labels, weights by name, tokenizer and encoder.",
    "lib/model/fields": "Every field of a model directory's JSON files, and what is done with it.",
    "lib/model/formats": "The files that weights come in, none of which is trusted.",
    "lib/backend": "The contract for devices that compute an encoder, and the list of those there are.",
    "lib/backend/cpu": "The CPU: packed weights, a lane's working memory, and what is made of a batch, phase by phase.",
    "lib/backend/cpu/kernels": "Arithmetic for each instruction set, which knows nothing of libmgeo.",
    "lib/backend/torch": "The reference, on libtorch's own operations: a module.",
    "lib/backend/cuda": "NVIDIA cards: the host's side; a module.",
    "lib/backend/cuda/kernels": "Device code, which knows nothing of libmgeo.",
    "lib/journal": "The log of changes, in which each line holds its predecessor's hash; knows no engine.",
    "lib/text": "From two texts to token ids.",
    "lib/stats": "Counters, histograms and OpenMetrics text.",
    "lib/core": "What all layers need: status, memory, threads, files, names.",
    "lib/core/bytes": "What bytes that others chose are: fit to be shown, or a file of another kind.",
    "lib/core/json": "JSON as it is read, and as a tree.",
    "lib/core/host": "What the machine allows this process.",
    "cli/common": "What all programs share.",
    "cli/common/files": "Which files a program reads and writes: standard descriptors, links, one file under two names.",
    "cli/columnar": "Files of columns as programs in C see them: what the module offers, and Arrow's C data.",
    "cli/columnar/arrow": "Parquet and Arrow by Apache Arrow's C++ libraries: a module.",
    "cli/input": "Bytes of files on their way in: decompression, encodings, lines.",
    "cli/table": "Tables made of them: formats, headers, columns, rows.",
    "cli/table/columns": "The same out of files of columns.",
    "cli/scoring": "What programs that score pairs share: the model, its options, progress, rows out.",
    "cli/scoring/cascade": "A small model first, where it is sure: the rule, how it is chosen, and normal forms.",
    "cli/scoring/resume": "What --resume keeps of an unfinished run, and how the next one goes on with it.",
    "cli/score": "mgeo-score: a table of pairs in, scores out.",
    "cli/score/check": "What --check tells of a model directory.",
    "cli/score/report": "What a run adds up to: totals, gold labels, quantiles.",
    "cli/score/resume": "What mgeo-score alone keeps: its counts, its options.",
    "cli/loadtest": "mgeo-bench: a load test of a model on this machine.",
    "cli/loadtest/load": "The load: arrivals, callers and what they record.",
    "cli/loadtest/report": "What a load test tells: statistics, text, JSON and plots.",
    "cli/journal": "mgeo-journal: asks and verifies a journal.",
    "cli/http": "HTTP/1.1: what a client sends, as requests; answers, as what is sent; and a client of our own.",
    "cli/http/loop": "The server's one thread: sockets, times, tasks.",
    "cli/serve": "mgeo-serve: settings, the way of a request to its route, and what is counted and logged of it.",
    "cli/serve/data": "Routes that score pairs: bodies in, answers out.",
    "cli/serve/scoring": "Requests that wait, and the threads that score them, many in one call.",
    "cli/serve/operate": "Routes that change which model answers, and the console.",
    "cli/serve/pages": "What is asked of the server itself: health, metrics, settings.",
    "cli/serve/process": "From start to end: sockets, the first model, signals, systemd.",
    "cli/match": "mgeo-match: its options, and what its runs have in common.",
    "cli/match/reference": "Tables and index files that are searched: made, changed, asked.",
    "cli/match/search": "From queries to candidates and scored pairs, in stages.",
    "cli/match/rows": "match: what each row of a table gets.",
    "cli/match/clusters": "cluster: pairs that are scored already.",
    "cli/match/dedupe": "A table searched in itself.",
    "cli/ctl": "mgeo-ctl: operates a mgeo-serve.",
    "cli/ctl/load": "The load test of a deployment.",
    "benchmarks": "Programs by which a change is measured.",
    "benchmarks/bindings/java": "Java and Node.js beside C.",
    "benchmarks/serve": "What a server is measured by, beside its peers.",
    "benchmarks/gpu": "The same on a card, and of peers.",
    "benchmarks/gpu/gemm": "Our products on the card, each by itself: are they right, and how fast are they.",
    "tests/support": "What tests of several layers share.",
}
HEAD = """<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Written by tools/make-map.py from the files' first sentences: `make map`. Change those, not this. -->

# Map

Every folder, from the host inwards, and what lives in each file. How they work together is told in
[architecture.md](architecture.md).
"""


def opening(path):
    """The first sentence of a file's first comment, or None if it does not begin with one."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"\A(/\*|//) SPDX-License-Identifier: [\w.-]+( \*/)?\n", "", text)
    block = re.match(r"\s*(/\*.*?\*/|(?://[^\n]*\n)+)", text, re.S)
    if block is None:
        return None
    comment = re.sub(r"^[ \t]*(/\*+|\*(?!/)|//)|\*/", "", block.group(1), flags=re.M)
    comment = re.split(r"\n[ \t]*\n", comment.strip())[0]
    comment = re.sub(r"\s+", " ", comment)
    sentence = re.match(r".*?[.?!](?= |$)", comment)
    return (sentence.group(0) if sentence else comment.rstrip(":") + ".") or None


def rows_of(folder, missing):
    """(names, sentence) of each module of a folder."""
    modules = {}
    for file in sorted((ROOT / folder).iterdir()):
        if file.suffix in SOURCES and file.is_file():
            modules.setdefault(file.stem, []).append(file)
    for stem, files in modules.items():
        files.sort(key=lambda file: SOURCES.index(file.suffix))
        sentences = [opening(file) for file in files]
        missing += [file for file, sentence in zip(files, sentences) if sentence is None]
        names = ", ".join(f"`{file.name}`" for file in files)
        yield names, next((s for s in sentences if s), "")


def folders_of_tree():
    for top in ("include", "lib", "cli", "benchmarks", "tests/support"):
        for folder, _, files in os.walk(ROOT / top):
            if any(file.endswith(SOURCES) for file in files):
                yield pathlib.Path(folder).relative_to(ROOT).as_posix()


def escape(text):
    """A cell of a table; what looks like markup is shown as it is."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([|*<>])", r"\\\1", part) for part in parts)


def make():
    """The map and what is wrong with the tree."""
    problems = [f"{folder}/ has no line in FOLDERS of tools/make-map.py"
                for folder in sorted(set(folders_of_tree()) - FOLDERS.keys())]
    text, missing = HEAD, []
    for folder, purpose in FOLDERS.items():
        if not (ROOT / folder).is_dir():
            problems.append(f"{folder}/ stands in FOLDERS of tools/make-map.py and is no more")
            continue
        text += f"\n## {folder}/\n\n{purpose}\n\n| file | what lives there |\n|---|---|\n"
        text += "".join(f"| {names} | {escape(sentence)} |\n" for names, sentence in rows_of(folder, missing))
    problems += [f"{file.relative_to(ROOT)}: opens without a sentence on what lives there" for file in missing]
    return text, problems


def main():
    if sys.argv[1:] not in ([], ["--check"]):
        print("usage: tools/make-map.py [--check]", file=sys.stderr)
        return 2
    text, problems = make()
    if not sys.argv[1:]:
        MAP.write_text(text, encoding="utf-8")
    elif not MAP.is_file() or MAP.read_text(encoding="utf-8") != text:
        problems.append("docs/map.md is not what the files say: `make map`")
    print("\n".join(problems) or "docs/map.md says what the files say")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
