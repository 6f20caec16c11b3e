#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks every #include of the project against its layers. `--self-test` checks the check."""
import pathlib
import re
import sys

sys.dont_write_bytecode = True
import planted  # noqa: E402

# core -> text -> {journal, backend} -> model -> run -> engine (with its wing rollout/) -> arrow -> api
MAY = {
    "core": {"core"},
    "stats": {"core", "stats"},
    "text": {"core", "text"},
    "match": {"core", "text", "match"},
    "journal": {"core", "text", "journal"},
    "backend": {"core", "backend"},
    "model": {"core", "text", "backend", "model"},
    "run": {"core", "text", "backend", "model", "stats", "run"},
    "engine": {"core", "text", "backend", "model", "stats", "run", "journal", "engine"},
}
MAY["arrow"] = MAY["engine"] | {"arrow"}
MAY["api"] = MAY["arrow"] | {"match", "api"}

# The same for the rooms of the programs.
ROOMS = {
    "common": {"common"},
    "columnar": {"common", "columnar"},
    "input": {"common", "columnar", "input"},
    "table": {"common", "columnar", "input", "table"},
    "scoring": {"common", "columnar", "input", "table", "scoring"},
    "score": {"common", "columnar", "input", "table", "scoring", "score"},
    "match": {"common", "columnar", "input", "table", "scoring", "match"},
    "loadtest": {"common", "columnar", "input", "table", "loadtest"},
    "journal": {"common", "columnar", "input", "table", "journal"},
    "http": {"common", "http"},
    "serve": {"common", "http", "serve"},
    "ctl": {"common", "columnar", "input", "table", "http", "ctl"},
}

# Foreign headers that have one home: (what is included, which files may).
HOMES = [
    (r"utf8proc\.h$", r"lib/text/normalizer\.c$|cli/table/names\.c$"),
    (r"(torch|ATen|c10|caffe2)/", r"lib/backend/torch/torch_c\.cpp$"),
    (r"parquet/|arrow/(api|scalar|array/\w+|c/bridge|io/\w+|ipc/\w+|util/\w+)\.h$", r"cli/columnar/arrow/"),
    (r"(cuda|cublas|cudnn|nccl|cooperative_groups)[\w./]*$", r"lib/backend/cuda/"),
    (r"jansson\.h$", r"cli/journal/|cli/ctl/|cli/serve/operate/"),
    (r"llhttp\.h$", r"cli/http/parser\.c$"),
    (r"xxhash\.h$", r"lib/model/fingerprint\.c$|lib/match/|lib/engine/rollout/|cli/(score|scoring)/repeats\.c$|cli/(score|scoring)/resume/digest\.c$"),
    (r"zlib\.h$", r"cli/input/gzip\.c$"),
    (r"zstd\.h$", r"cli/input/zstd\.c$"),
    (r"getopt\.h$", r"cli/common/option_table\.c$"),
    (r"cmocka\.h$", r"(?!)"),
]
# Headers of libmgeo that a folder keeps to itself: (which, which files may include them).
PRIVATE = [
    (r"backend/cuda/kernels/\w+\.cuh$", r"lib/backend/cuda/kernels/|benchmarks/gpu/"),
    (r"backend/cuda/", r"lib/backend/cuda/|tests/backend/cuda/|benchmarks/gpu/"),
    (r"backend/torch/", r"lib/backend/torch/|tests/backend/torch/|benchmarks/"),
]
# Device code knows CUDA, the standard headers and its own folder, and nothing of libmgeo.
KERNELS = "lib/backend/cuda/kernels/"
KERNELS_QUOTED = re.compile(r"backend/cuda/kernels/\w+\.(h|cuh)$")
KERNELS_ANGLE = re.compile(r"(cuda|cublas)\w*\.h$|[a-z_]+$|(math|pthread|stdbool|stddef|stdint|string)\.h$")
KERNELS_FOREIGN = re.compile(r"\b(?:mgi_|mgeo_|MGEO_|MGI_(?!BACKEND_CUDA_KERNELS_\w+_C?U?H\b))\w*")

CPP = (".cpp", ".cc", ".cxx", ".hpp")
CPP_HOMES = r"lib/backend/torch/torch_c\.cpp$|cli/columnar/arrow/\w+\.cpp$|bindings/cpp/"
SOURCES = CPP + (".c", ".h", ".cu", ".cuh")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)


def check_lib(path, quote, header):
    """A layer knows those below it."""
    parts = path.split("/")
    if len(parts) < 3 or parts[1] not in MAY:
        return f"lies in {path.rsplit('/', 1)[0]}/, which is no layer"
    layer, folder = parts[1], header.split("/")[0]
    if folder in MAY and folder not in MAY[layer]:
        return f'includes "{header}": {layer} may not know {folder}'
    if folder not in MAY and header != "mgeo.h" and quote == '"':
        return f'includes "{header}": write the layer too, as in "core/status.h"'
    return None


def check_kernels(quote, header):
    known = KERNELS_QUOTED if quote == '"' else KERNELS_ANGLE
    if known.match(header):
        return None
    return f"includes {header}: kernels may know CUDA and their own folder alone"


def check_room(path, quote, header):
    """The programs know <mgeo.h>, and the rooms below their own."""
    room, folder = path.split("/")[1], header.split("/")[0]
    if room not in ROOMS:
        return f"lies in {path.rsplit('/', 1)[0]}/, which is no room"
    foreign = quote == "<" and (folder not in MAY or any(re.match(what, header) for what, _ in HOMES))
    if header == "mgeo.h" or folder in ROOMS[room] or foreign:
        return None
    if folder in ROOMS:
        return f'includes "{header}": cli/{room}/ may not know cli/{folder}/'
    return f'includes "{header}": cli/ may know <mgeo.h> and its own rooms, written from cli/'


def check_example(root, path, header):
    if (root / pathlib.PurePath(path).parent / header).is_file():
        return None
    if (root / "lib" / header).is_file() or header.split("/")[0] in MAY:
        return f'includes "{header}": examples/ may know <mgeo.h> alone'
    return None


def check_binding(root, path, header):
    """A binding knows its own headers, those that bindings share, and the packages of its language."""
    name = header.rsplit("/", 1)[-1]
    places = (root / "bindings" / "common", root / "/".join(path.split("/")[:2]))
    if header == "mgeo.h" or any(next(place.rglob(name), None) for place in places):
        return None
    if (root / "lib" / header).is_file() or header.split("/")[0] in MAY:
        return f'includes "{header}": bindings/ may know <mgeo.h> alone'
    return None


def check_test_of_cli(path, quote, header):
    """A room's tests know what the room does."""
    room, folder = path.split("/")[2], header.split("/")[0]
    if room in ROOMS and quote == '"' and folder in ROOMS and folder not in ROOMS[room]:
        return f'includes "{header}": tests/cli/{room}/ may not know cli/{folder}/'
    return None


def check_place(root, path, quote, header):
    """Who may know whom, by the folder of the file."""
    if ".." in header.split("/") and not path.startswith(("tests/", "benchmarks/")):
        return f'includes "{header}": write the path from the top, without ..'
    if path.startswith(KERNELS):
        return check_kernels(quote, header)
    if path.startswith("lib/"):
        return check_lib(path, quote, header)
    if path.startswith("cli/"):
        return check_room(path, quote, header)
    if path.startswith("examples/"):
        return check_example(root, path, header)
    if path.startswith("bindings/"):
        return check_binding(root, path, header)
    if path.startswith("tests/cli/"):
        return check_test_of_cli(path, quote, header)
    if path.startswith("include/") and quote == '"':
        return f'includes "{header}": the public header stands alone'
    return None


def check_homes(path, header):
    for pattern, files in PRIVATE:
        if re.match(pattern, header) and not re.match(files, path):
            return f'includes "{header}", which only {files} may'
    if path.startswith(("tests/", "benchmarks/")):
        return None
    for pattern, files in HOMES:
        if re.match(pattern, header) and not re.match(files, path):
            return f"includes <{header}>, which only {files} may"
    return None


def check_file(root, path, text):
    problems = []
    if path.endswith(CPP) and not re.match(CPP_HOMES, path):
        problems.append("is C++; only lib/backend/torch/torch_c.cpp, cli/columnar/arrow/ and bindings/cpp/ may be")
    for quote, header in INCLUDE.findall(text):
        problems += [check_place(root, path, quote, header), check_homes(path, header)]
    if re.search(r"^[ \t]*#[ \t]*include[ \t]+[A-Za-z_]", text, re.M):
        problems.append("includes what a macro names: write the header")
    if path.startswith(KERNELS):
        names = sorted(set(KERNELS_FOREIGN.findall(COMMENT.sub(" ", text))))
        problems += [f"says {name}: kernels know nothing of libmgeo" for name in names]
    return [f"{path} {problem}" for problem in problems if problem]


def check_tree(root):
    problems, seen = [], 0
    for top in ("include", "lib", "cli", "examples", "bindings", "tests", "benchmarks"):
        for file in sorted((root / top).rglob("*")):
            if file.suffix in SOURCES and file.is_file():
                seen += 1
                path = file.relative_to(root).as_posix()
                problems += check_file(root, path, file.read_text(encoding="utf-8"))
    return problems, seen


SOUND = {
    "include/mgeo.h": "#include <stdint.h>\n",
    "lib/api/load.c": '#include "engine/engine.h"\n#include "api/check.h"\n#include <mgeo.h>\n',
    "lib/text/normalizer.c": "#include <utf8proc.h>\n#include <mgeo.h>\n",
    "lib/journal/record.c": '#include "core/utf8.h"\n#include "core/json/json.h"\n',
    "lib/run/queue.c": '#include "stats/counters.h"\n#include "model/model.h"\n',
    "lib/engine/rollout/swap.c": '#include "engine/slots.h"\n#include "journal/journal.h"\n',
    "lib/engine/events.c": '#include "engine/rollout/watch.h"\n',
    "lib/backend/torch/torch_c.cpp": '#include "backend/torch/torch_c.h"\n#include <ATen/ATen.h>\n',
    "lib/backend/torch/forward.c": '#include "backend/torch/torch_c.h"\n',
    "lib/backend/cuda/gemm.c": '#include "backend/cuda/kernels/gemm_sm90.h"\n#include <cublasLt.h>\n',
    "lib/backend/cuda/kernels/gemm_sm90.cu": '#include "backend/cuda/kernels/dtype.cuh"\n'
                                             "#include <cuda_runtime.h>\n#include <atomic>\n"
                                             "/* as mgeo_score wants it */\n",
    "lib/backend/cuda/kernels/dtype.cuh": "#ifndef MGI_BACKEND_CUDA_KERNELS_DTYPE_CUH\n",
    "cli/score/main.c": '#include "table/reader.h"\n#include "common/error.h"\n#include <mgeo.h>\n',
    "cli/columnar/arrow/reader.cpp": '#include "columnar/module.h"\n#include <arrow/api.h>\n#include <vector>\n',
    "cli/input/gzip.c": '#include "input/input.h"\n#include <zlib.h>\n',
    "examples/embed.c": "#include <mgeo.h>\n",
    "bindings/cpp/include/mgeo.hpp": '#include "mgeo/score.hpp"\n#include <mgeo.h>\n',
    "bindings/cpp/include/mgeo/score.hpp": "#include <vector>\n",
    "bindings/common/texts.h": "#include <mgeo.h>\n",
    "bindings/node/native/addon.c": '#include "texts.h"\n#include <node_api.h>\n',
    "tests/cli/table/table_test.c": '#include "table/table.h"\n#include <cmocka.h>\n',
    "tests/backend/cuda/device_test.c": '#include "backend/cuda/device.h"\n',
    "benchmarks/gpu/gemm_bench.cu": '#include "backend/cuda/kernels/dtype.cuh"\n',
}
PLANTED = [
    ("lib/core/alloc.c", '#include "core/../engine/slots.h"\n'),
    ("lib/core/alloc.c", '#define H "engine/slots.h"\n#include H\n'),
    ("cli/score/main.c", "#include <engine/slots.h>\n"),
    ("examples/embed.c", '#include "../lib/core/alloc.h"\n'),
    ("bindings/node/native/addon.c", '#include "core/status.h"\n'),
    ("bindings/node/native/addon.c", '#include "core/../common/texts.h"\n'),
    ("bindings/node/native/addon.cpp", "#include <vector>\n"),
    ("lib/core/alloc.c", '#include "text/tokenizer.h"\n'),
    ("lib/text/tokenizer.c", '#include "model/model.h"\n'),
    ("lib/text/tokenizer.c", '#include "journal/journal.h"\n'),
    ("lib/stats/counters.c", '#include "run/runner.h"\n'),
    ("lib/model/model.c", '#include "stats/counters.h"\n'),
    ("lib/model/model.c", '#include "journal/journal.h"\n'),
    ("lib/run/queue.c", '#include "journal/journal.h"\n'),
    ("lib/journal/writer.c", '#include "engine/slots.h"\n'),
    ("lib/journal/writer.c", '#include "backend/backend.h"\n'),
    ("lib/backend/fake.c", '#include "text/tokenizer.h"\n'),
    ("lib/backend/fake.c", '#include "journal/journal.h"\n'),
    ("lib/engine/engine.c", '# include "api/check.h"\n'),
    ("lib/engine/rollout/swap.c", '#include "api/check.h"\n'),
    ("lib/text/wordpiece.c", "#include <utf8proc.h>\n"),
    ("lib/backend/fake.c", "#include <ATen/ATen.h>\n"),
    ("lib/backend/fake.c", '#include "backend/torch/torch_c.h"\n'),
    ("lib/backend/registry.c", '#include "backend/cuda/device.h"\n'),
    ("lib/backend/torch/forward.c", "#include <c10/core/Device.h>\n"),
    ("lib/backend/torch/more.cpp", "#include <vector>\n"),
    ("lib/backend/cuda/gemm.c", '#include "backend/cuda/kernels/dtype.cuh"\n'),
    ("lib/backend/cuda/kernels/norm.cu", '#include "backend/cuda/device.h"\n'),
    ("lib/backend/cuda/kernels/norm.cu", '#include "core/alloc.h"\n'),
    ("lib/backend/cuda/kernels/norm.cu", "#include <mgeo.h>\n"),
    ("lib/backend/cuda/kernels/norm.cu", "static mgeo_status f(void);\n"),
    ("lib/backend/cuda/kernels/norm.cu", "enum { MGI_ROWS = 3 };\n"),
    ("lib/run/queue.c", "#include <cuda_runtime.h>\n"),
    ("lib/core/log.c", '#include "log.h"\n'),
    ("lib/extra/extra.c", '#include "core/status.h"\n'),
    ("lib/api.c", '#include "core/status.h"\n'),
    ("lib/core/json/json.c", "#include <jansson.h>\n"),
    ("lib/engine/rollout/swap.c", "#include <jansson.h>\n"),
    ("lib/run/queue.c", "#include <xxhash.h>\n"),
    ("lib/run/queue.c", "#include <cmocka.h>\n"),
    ("cli/score/main.c", '#include "core/status.h"\n'),
    ("cli/score/main.c", '#include "loadtest/options.h"\n'),
    ("cli/score/run.c", '#include "report.h"\n'),
    ("cli/common/sink.c", '#include "input/input.h"\n'),
    ("cli/table/table.c", '#include "score/run.h"\n'),
    ("cli/input/input.c", '#include "table/reader.h"\n'),
    ("cli/loadtest/main.c", '#include "score/help.h"\n'),
    ("cli/journal/main.c", '#include "loadtest/help.h"\n'),
    ("cli/other/main.c", "#include <mgeo.h>\n"),
    ("cli/columnar/open.c", '#include "table/table.h"\n'),
    ("cli/columnar/more.cpp", "#include <vector>\n"),
    ("cli/columnar/arrays.c", "#include <arrow/api.h>\n"),
    ("cli/table/reader.c", "#include <parquet/arrow/reader.h>\n"),
    ("cli/input/input.c", "#include <zlib.h>\n"),
    ("cli/input/input.c", "#include <zstd.h>\n"),
    ("cli/score/options.c", "#include <getopt.h>\n"),
    ("cli/score/report/report.c", "#include <jansson.h>\n"),
    ("tests/cli/input/lines_test.c", '#include "table/reader.h"\n'),
    ("tests/engine/engine_test.c", '#include "backend/cuda/device.h"\n'),
    ("tests/backend/cuda/device_test.c", '#include "backend/cuda/kernels/dtype.cuh"\n'),
    ("examples/embed.c", '#include "engine/slots.h"\n'),
    ("include/mgeo.h", '#include "core/status.h"\n'),
]


if __name__ == "__main__":
    mistakes = [(path, {path: text}) for path, text in PLANTED]
    sys.exit(planted.main(check_tree, SOUND, mistakes, "files keep to their layers"))
