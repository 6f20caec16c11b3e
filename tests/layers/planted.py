# SPDX-License-Identifier: Apache-2.0
"""What the checkers of this folder share: a sound tree with one mistake planted must be told of, and their command line."""
import pathlib
import sys
import tempfile


def write(root, files):
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def problems_of(check_tree, files):
    """What check_tree(root) -> (problems, what it looked at) finds in a project of these files."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder) / "project"
        write(root, files)
        return check_tree(root)[0]


def self_test(check_tree, sound, planted):
    """planted: (the path a problem begins with, files that are added), one mistake each."""
    failures = ["a sound tree was refused: " + p for p in problems_of(check_tree, sound)]
    for path, files in planted:
        if not any(p.startswith(path) for p in problems_of(check_tree, {**sound, **files})):
            failures.append(f"not caught: {path} with {next(iter(files.values())).strip()}")
    print("\n".join(failures) or f"{len(planted)} planted mistakes caught")
    return 1 if failures else 0


def main(check_tree, sound, planted, all_good):
    """all_good: what is said of N files without a problem. Answers the exit status."""
    if sys.argv[1:] == ["--self-test"]:
        return self_test(check_tree, sound, planted)
    if len(sys.argv) != 2:
        print(f"usage: {pathlib.Path(sys.argv[0]).name} ROOT | --self-test", file=sys.stderr)
        return 2
    problems, seen = check_tree(pathlib.Path(sys.argv[1]))
    print("\n".join(problems) or f"{seen} {all_good}")
    return 1 if problems or seen == 0 else 0
