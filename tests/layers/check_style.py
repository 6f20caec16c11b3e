#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what the house style asks of every source and clang-tidy cannot see (CONTRIBUTING.md).

    check_style.py ROOT [FOLDER …]    looks at the whole tree and tells what it finds (in FOLDER)
    check_style.py --self-test        plants a violation of each rule and expects it to be found

The rules, each a function below:
    license    the first line (after #!) is the SPDX line
    braces     a body without braces stands on the line of its if, else, for or while (C, C++, CUDA)
    pointers   NULL stands behind what is compared with it; that pointers are compared at all is for
               tools/lint.sh, by clang-query
    private    a name with mgi_, mgt_, mgk_ or their capitals occurs in more than one file: what
               stays in a file has a bare name
    exported   what leaves a file of lib/ has one of the library's prefixes
    headers    95% of the functions that headers of lib/ declare are named after their header:
               mgi_queue_put in queue.h; folders may stand between (mgi_journal_tail_read in
               journal/tail.h), `_internal` may be left out, and a plural's s
    folders    no folder holds more than 30 sources
    functions  no function is longer than 40 lines, or 60 in tests and benchmarks
"""
import os
import pathlib
import re
import sys

sys.dont_write_bytecode = True
import planted  # noqa: E402

TOPS = ("include", "lib", "cli", "examples", "bindings", "benchmarks", "tests", "tools", "pkgconfig")
SOURCES = (".c", ".h", ".cpp", ".hpp", ".cu", ".cuh")
SCRIPTS = (".py", ".sh", ".build", ".go", ".rs", ".java", ".js", ".ts", ".lua", ".cs", ".R", ".rb")
LICENSE = "SPDX-License-Identifier: Apache-2.0"
MOST_IN_FOLDER = 30
LONG_FUNCTIONS = re.compile(r"(tests|benchmarks)/|bindings/\w+/tests?/")
MOST_LINES, MOST_LINES_THERE = 40, 60
NAMED_AFTER_HEADER = 0.95

OURS = re.compile(r"\b(?:mg[itk]|MG[ITK])_\w+")
# Headers with a prefix of their own.
OWN_PREFIX = {"lib/backend/torch/torch_c.h": "mgt_"}


class Source:
    def __init__(self, path, text):
        self.path, self.text = path, text
        self.code = blank(text)
        self.top = path.split("/")[0]

    def line(self, at):
        return self.code.count("\n", 0, at) + 1

    def problem(self, at, what):
        return f"{self.path}:{self.line(at)}: {what}"


def blank(text):
    """The text with comments, and what stands in quotes, replaced by spaces; lines stay lines."""
    token = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def spaces(match):
        found = match.group(0)
        if found[0] in "\"'":
            return found[0] + " " * (len(found) - 2) + found[0]
        return re.sub(r"[^\n]", " ", found)

    return token.sub(spaces, text)


def without_directives(code):
    """Preprocessor lines, continued ones too, as empty lines."""
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), code,
                  flags=re.M)


def closing(code, at):
    """Where the parenthesis that opens at `at` is closed."""
    depth = 0
    for i in range(at, len(code)):
        depth += (code[i] == "(") - (code[i] == ")")
        if depth == 0:
            return i
    return len(code) - 1


# ---- rules on one file


def check_license(source):
    lines = source.text.split("\n", 2)
    first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
    return [] if LICENSE in first else [f"{source.path}:1: the first line is not {LICENSE}"]


def check_braces(source):
    problems = []
    code = without_directives(source.code)
    for match in re.finditer(r"\b(if|for|while|else)\b", code):
        end = match.end()
        if match.group(1) != "else":
            if re.match(r"\s*(constexpr\s*)?\(", code[end:end + 20]) is None:
                continue
            end = closing(code, code.index("(", end)) + 1
        body = re.match(r"[ \t]*(\n\s*)?(\S)", code[end:])
        if body and body.group(1) and body.group(2) not in "{":
            problems.append(source.problem(match.start(), f"the body of `{match.group(1)}` has no braces"))
    return problems


def check_pointers(source):
    found = re.finditer(r"\bNULL\s*[!=]=", source.code)
    return [source.problem(m.start(), "write `pointer == NULL`, in this order") for m in found]


def functions(source):
    """Each function defined at the left margin: its name, where it begins, how many lines it has."""
    code = without_directives(source.code)
    for match in re.finditer(r"^(?![ \t}{#])[^\n;{}=]*?\b(\w+)\(", code, re.M):
        end = closing(code, match.end() - 1) + 1
        opening = re.match(r"[\s\w(),]*\{", code[end:end + 200])
        if opening is None or ";" in opening.group(0):
            continue
        at = end + opening.end() - 1
        close = re.compile(r"^\}|(?<=\{)[^\n]*\}$", re.M).search(code, at)
        last = close.end() if close else at
        yield match.group(1), match.start(), code.count("\n", match.start(), last) + 1


def check_functions(source):
    most = MOST_LINES_THERE if LONG_FUNCTIONS.match(source.path) else MOST_LINES
    return [source.problem(at, f"{name} has {lines} lines, more than {most}")
            for name, at, lines in functions(source) if lines > most]


def check_exported(source):
    """Definitions of lib/'s C files that are not static."""
    if source.top != "lib" or not source.path.endswith((".c", ".cpp", ".cu")):
        return []
    code = without_directives(source.code)
    problems = []
    for name, at, _ in functions(source):
        # Its type may stand on the line before.
        begin = max(code.rfind(end, 0, at) for end in (";", "}", "\n\n")) + 1
        head = re.split(rf"\b{name}\(", code[begin:])[0]
        if re.search(r"\b(static|INLINE|namespace|struct|enum|template|__global__|__device__)\b", head) or "::" in head:
            continue
        if in_braces(code, at) or name.isupper() or re.match(r"(mgeo|mgi|mgt|mgk)_", name):
            continue
        problems.append(source.problem(at, f"{name} leaves its file without a prefix: make it static"))
    return problems


def in_braces(code, at):
    """Within a block that does not end before `at`, as a C++ file's namespace { … }."""
    opened = re.compile(r"^(?:namespace\b[^\n]*|template[^\n]*)\{?", re.M)
    before = code[:at]
    return bool(opened.search(before)) and before.count("{") > before.count("}")


# ---- rules on the tree


def check_private(sources, build_files):
    """A name with a prefix that one file alone knows, and that no macro (X##name) or build file makes."""
    where = {}
    for source in sources:
        for name in set(OURS.findall(source.code)):
            where.setdefault(name, set()).add(source.path)
    built = set(OURS.findall("\n".join(re.sub(r"-D(?=MG)", " ", text) for text in build_files)))
    pasted = tuple({begin for source in sources for begin in re.findall(r"\b(MG[ITK]_\w*)##", source.code)})
    problems = []
    for source in sources:
        if source.top != "lib" or source.path.endswith((".h", ".cuh")):
            continue
        for name in sorted(set(OURS.findall(source.code))):
            if len(where[name]) == 1 and name not in built and not name.startswith(pasted or ("-",)):
                at = re.search(r"\b%s\b" % name, source.code).start()
                problems.append(source.problem(at, f"{name} stays in its file: give it a bare name"))
    return problems


DECLARED = re.compile(r"^(?![ \t#}])(?!typedef\b)[^\n;{}()=]*?\b(mg[itk]_\w+)\(", re.M)


def says_header(name, path):
    """Does the function's name begin with its header's?"""
    if path in OWN_PREFIX and name.startswith(OWN_PREFIX[path]):
        return True
    parts = pathlib.PurePath(path).parts[1:]
    folders, stem = "|".join(parts[:-1]), re.sub(r"_internal$", "", parts[-1].rsplit(".", 1)[0])
    singular = stem[:-1] if stem.endswith("s") else stem
    return re.match(rf"mg[itk]_(?:(?:{folders})_)*(?:{stem}|{singular})(?:_|$)", name) is not None


def declared(sources):
    for source in sources:
        if source.top == "lib" and source.path.endswith((".h", ".cuh")):
            for match in DECLARED.finditer(without_directives(source.code)):
                yield match.group(1), source, match.start(1)


def check_headers(sources):
    all_of = {(name, source.path): (source, at) for name, source, at in declared(sources)}
    odd = {key: place for key, place in all_of.items() if not says_header(*key)}
    share = 1 - len(odd) / max(len(all_of), 1)
    if share >= NAMED_AFTER_HEADER:
        return []
    problems = [source.problem(at, f"{name} is not named after its header")
                for (name, _), (source, at) in sorted(odd.items(), key=lambda item: item[0][1])]
    return problems + [f"lib/: {share:.1%} of the {len(all_of)} functions that headers declare are named "
                       f"after them, less than {NAMED_AFTER_HEADER:.0%}"]


def check_folders(sources):
    count = {}
    for source in sources:
        folder = os.path.dirname(source.path)
        count[folder] = count.get(folder, 0) + 1
    return [f"{folder}/ holds {number} sources, more than {MOST_IN_FOLDER}"
            for folder, number in sorted(count.items()) if number > MOST_IN_FOLDER]


def read(root, suffixes):
    for top in TOPS:
        for file in sorted((root / top).rglob("*")):
            if file.suffix in suffixes and file.is_file():
                yield file.relative_to(root).as_posix(), file.read_text(encoding="utf-8")


def check_tree(root):
    sources = [Source(path, text) for path, text in read(root, SOURCES)]
    scripts = [Source(path, text) for path, text in read(root, SCRIPTS)]
    problems = []
    for source in sources + scripts:
        problems += check_license(source)
    for source in sources:
        problems += check_braces(source) + check_pointers(source)
        problems += check_functions(source) + check_exported(source)
    build_files = [source.text for source in scripts if source.path.endswith("meson.build")]
    build_files += [file.read_text(encoding="utf-8") for file in root.glob("meson.build")]
    problems += check_private(sources, build_files) + check_headers(sources) + check_folders(sources)
    return problems, sources


# ---- the check of the check

SPDX = f"// {LICENSE}\n"
SOUND = {
    "lib/run/queue.h": SPDX + "typedef struct mgi_queue mgi_queue;\nvoid mgi_queue_put(mgi_queue *queue);\n"
                              "mgeo_status mgi_run_queue_take(mgi_queue *queue,\n"
                              "                               int rows);\n",
    "lib/run/queue.c": SPDX + '#include "run/queue.h"\n\nenum { ROWS = 4 };\n\nstatic int rows_of(int i) {\n'
                              "    if (i == 0) return ROWS;\n    for (;;) {\n        i++;\n    }\n}\n\n"
                              "void mgi_queue_put(mgi_queue *queue) { lock(MGI_RANK_QUEUE); }\n",
    "lib/run/rank.h": SPDX + "#define RANKS(X) X(QUEUE)\n#define RANK(name) MGI_RANK_##name,\n",
    "lib/run/meson.build": f"# {LICENSE}\n",
    "tools/run.sh": f"#!/bin/sh\n# {LICENSE}\n",
}
PLANTED = {
    "license": ("cli/main.c", "/* A file without a licence. */\n"),
    "license of a binding": ("bindings/go/other.go", "package mgeo\n"),
    "braces in a binding": ("bindings/cpp/more.hpp", SPDX + "inline void f(int i) {\n    if (i)\n        g();\n}\n"),
    "license of a script": ("tools/other.sh", "#!/bin/sh\nset -eu\n"),
    "braces of an if": ("cli/main.c", SPDX + "static void f(int i) {\n    if (i > (2))\n        g();\n}\n"),
    "braces of an else": ("lib/run/more.cu", SPDX + "static void f(int i) {\n    if (i) {\n    } else\n        g();\n}\n"),
    "NULL first": ("cli/main.c", SPDX + "static int f(int *i) { return NULL == i; }\n"),
    "a private function": ("lib/run/more.c", SPDX + "static void mgi_more(void) {}\n"),
    "a private constant": ("lib/run/more.c", SPDX + "enum { MGI_MORE_MOST = 3 };\n"),
    "an exported function": ("lib/run/more.c", SPDX + "void more_rows(void) {\n}\n"),
    "an exported function below its type": ("lib/run/more.c", SPDX + "enum { A };\nint\nmore_rows(int a) {\n    return a;\n}\n"),
    "an exported function in two lines": ("lib/run/more.c", SPDX + "int more_rows(int a,\n              int b) {\n    return a;\n}\n"),
    "a header's names": ("lib/run/more.h", SPDX + "void mgi_put_more(int *rows);\n"),
    "a long function": ("cli/long.c", SPDX + "int main(void) {\n" + "    f();\n" * 40 + "}\n"),
}


def self_test():
    mistakes = [(path, {path: text}) for path, text in PLANTED.values()]
    mistakes.append(("cli/ ", {f"cli/part{i}.c": SPDX for i in range(MOST_IN_FOLDER + 1)}))
    return planted.self_test(check_tree, SOUND, mistakes)


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if len(sys.argv) < 2:
        print("usage: check_style.py ROOT [FOLDER …] | --self-test", file=sys.stderr)
        return 2
    problems, sources = check_tree(pathlib.Path(sys.argv[1]))
    if sys.argv[2:]:
        problems = [p for p in problems if p.startswith(tuple(sys.argv[2:]))]
    print("\n".join(problems) or f"{len(sources)} sources keep to the house style")
    return 1 if problems or not sources else 0


if __name__ == "__main__":
    sys.exit(main())
