#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks every #include of the project against its layers. `--self-test` checks the check."""
import pathlib
import re
import sys
import tempfile

# Each may include what stands to its left, and itself.
ORDER = ["core", "text", "backend", "model", "run", "engine", "api"]
MAY = {layer: set(ORDER[: i + 1]) for i, layer in enumerate(ORDER)}
MAY["stats"] = {"core", "stats"}
MAY["journal"] = {"core", "text", "journal"}
for user in ("engine", "api"):
    MAY[user].add("journal")
for user in ("run", "engine", "api"):
    MAY[user].add("stats")

# Foreign headers that have one home: (what is included, which files may, who that is).
HOMES = [
    (r"utf8proc\.h$", r"lib/text/normalizer\.c$", "lib/text/normalizer.c"),
    (r"(torch|ATen|c10|caffe2)/", r"lib/backend/torch/torch_c\.cpp$", "lib/backend/torch/torch_c.cpp"),
    (r"(cuda|cublas|cudnn|nccl|cooperative_groups)[\w./]*$", r"lib/backend/cuda/", "lib/backend/cuda/"),
    (r"jansson\.h$", r"(lib/(core/json\.|model/|journal/(record|hash_chain)\.c$)|cli/|tests/)",
     "lib/core/json, lib/model/, the journal's lines and the CLI"),
    (r"openssl/", r"lib/journal/hash_chain\.c$", "lib/journal/hash_chain.c"),
    (r"(zlib|zstd)\.h$", r"(cli|tests)/", "the CLI"),
    (r"cmocka\.h$", r"tests/", "tests/"),
]
CPP = (".cpp", ".cc", ".cxx", ".hpp")
SOURCES = CPP + (".c", ".h", ".cu", ".cuh")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def layer_of(path):
    """The layer of a file of lib/, or None."""
    parts = path.split("/")
    return parts[1] if parts[0] == "lib" and len(parts) > 2 else None


def check_lib(path, layer, quote, header):
    folder = header.split("/")[0]
    if layer not in MAY:
        return f"lies in lib/{layer}/, which is no layer"
    if folder in MAY or header == "mgeo.h":
        if folder in MAY and folder not in MAY[layer]:
            return f'includes "{header}": {layer} may not know {folder}'
        if header == "backend/torch/torch_c.h" and not path.startswith("lib/backend/torch/"):
            return f'includes "{header}", which is for lib/backend/torch/ alone'
    elif quote == '"':
        return f'includes "{header}": write the layer too, as in "core/status.h"'
    return None


def check_user(root, path, header):
    """The CLI and the examples know <mgeo.h> and their own folder's headers."""
    own = (root / pathlib.PurePath(path).parent / header).is_file()
    top = path.split("/")[0]
    if header == "mgeo.h" or own or (root / top / header).is_file() or header.startswith(top + "/"):
        return None
    if header.split("/")[0] in MAY or (root / "lib" / header).is_file():
        return f'includes "{header}": {top}/ may know <mgeo.h> alone'
    return None


def check_file(root, path, text):
    problems = []
    layer = layer_of(path)
    for quote, header in INCLUDE.findall(text):
        if layer:
            problems.append(check_lib(path, layer, quote, header))
        elif path.split("/")[0] in ("cli", "examples"):
            problems.append(check_user(root, path, header))
        elif path.startswith("include/") and quote == '"':
            problems.append(f'includes "{header}": the public header stands alone')
        for pattern, files, home in HOMES:
            if path.split("/")[0] in ("lib", "cli", "examples", "include"):
                if re.match(pattern, header) and not re.match(files, path):
                    problems.append(f"includes <{header}>, which is for {home} alone")
    return [f"{path} {problem}" for problem in problems if problem]


def check_tree(root):
    problems, seen = [], 0
    for top in ("include", "lib", "cli", "examples"):
        for file in sorted((root / top).rglob("*")):
            if file.suffix not in SOURCES or not file.is_file():
                continue
            seen += 1
            path = file.relative_to(root).as_posix()
            if file.suffix in CPP and path != "lib/backend/torch/torch_c.cpp":
                problems.append(f"{path} is C++; only lib/backend/torch/torch_c.cpp may be")
            problems += check_file(root, path, file.read_text(encoding="utf-8"))
    return problems, seen


SOUND = {
    "include/mgeo.h": "#include <stdint.h>\n",
    "lib/api/api.c": '#include "engine/engine.h"\n#include "core/status.h"\n',
    "lib/text/normalizer.c": "#include <utf8proc.h>\n#include <mgeo.h>\n",
    "lib/run/queue.c": '#include "stats/counters.h"\n#include "model/model.h"\n',
    "lib/backend/torch/torch_c.cpp": '#include "backend/torch/torch_c.h"\n#include <ATen/ATen.h>\n',
    "lib/backend/torch/forward.c": '#include "backend/torch/torch_c.h"\n',
    "cli/score/main.c": '#include "table/tsv.h"\n#include <mgeo.h>\n#include <zlib.h>\n',
    "cli/table/tsv.h": "#include <stdio.h>\n",
}
PLANTED = [
    ("lib/core/alloc.c", '#include "text/tokenizer.h"\n'),
    ("lib/text/tokenizer.c", '#include "model/model.h"\n'),
    ("lib/stats/counters.c", '#include "run/runner.h"\n'),
    ("lib/model/model.c", '#include "stats/counters.h"\n'),
    ("lib/engine/engine.c", '# include "api/api.h"\n'),
    ("lib/text/wordpiece.c", "#include <utf8proc.h>\n"),
    ("lib/backend/fake.c", "#include <ATen/ATen.h>\n"),
    ("lib/backend/fake.c", '#include "backend/torch/torch_c.h"\n'),
    ("lib/backend/torch/forward.c", "#include <c10/core/Device.h>\n"),
    ("lib/backend/torch/more.cpp", "#include <vector>\n"),
    ("lib/run/queue.c", "#include <cuda_runtime.h>\n"),
    ("lib/core/log.c", '#include "log.h"\n'),
    ("lib/extra/extra.c", '#include "core/status.h"\n'),
    ("cli/score/main.c", '#include "core/status.h"\n'),
    ("examples/embed.c", '#include "engine/slots.h"\n'),
    ("include/mgeo.h", '#include "core/status.h"\n'),
    ("lib/run/queue.c", "#include <jansson.h>\n"),
    ("lib/engine/rollout/swap.c", "#include <jansson.h>\n"),
    ("lib/journal/writer.c", '#include "engine/state.h"\n'),
    ("lib/backend/fake.c", '#include "journal/journal.h"\n'),
    ("lib/journal/writer.c", "#include <openssl/evp.h>\n"),
]


def write(root, files):
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def self_test():
    failures = []
    for path, text in [(None, None)] + PLANTED:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            write(root, {**SOUND, **({path: text} if path else {})})
            problems, _ = check_tree(root)
            if path is None and problems:
                failures += ["a sound tree was refused: " + p for p in problems]
            if path is not None and not any(p.startswith(path) for p in problems):
                failures.append(f"not caught: {path} with {text.strip()}")
    print("\n".join(failures) or f"{len(PLANTED)} planted violations caught")
    return 1 if failures else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if len(sys.argv) != 2:
        print("usage: check_layers.py ROOT | --self-test", file=sys.stderr)
        return 2
    problems, seen = check_tree(pathlib.Path(sys.argv[1]))
    print("\n".join(problems) or f"{seen} files keep to their layers")
    return 1 if problems or seen == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
