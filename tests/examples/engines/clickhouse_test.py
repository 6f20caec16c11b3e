#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ClickHouse over mgeo-score --stream: its code in a process (chdb), and its protocol byte by byte."""
import os
import shlex
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

sys.dont_write_bytecode = True
import engines  # noqa: E402

CONFIG = engines.EXAMPLES / "clickhouse" / "mgeo_function.xml"
STREAMING = r"mgeo-score -q --stream"

# Run as a process of its own: chdb reads where functions are when it starts, and ends its pools when it ends.
ASK = """
import sys
import chdb
chdb.g_udf_path = sys.argv[1]
from chdb.session import Session
with Session() as session:
    for sql in sys.argv[2:]:
        try:
            session.query(sql)
            print("done")
        except RuntimeError as problem:
            print(str(problem).splitlines()[0])
        sys.stdout.flush()
"""


def commands():
    return {function.findtext("name"): shlex.split(function.findtext("command")) for function in
            ElementTree.parse(CONFIG).getroot()}


class Protocol(engines.Case):
    """What ClickHouse does: writes a block, reads as many rows as it wrote, writes the next one to the same process."""

    def exchange(self, command, blocks):
        process = subprocess.Popen([engines.SCORE, *command[1:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        answers = []
        for block in blocks:
            process.stdin.write(block)
            process.stdin.flush()
            answers.append([process.stdout.readline() for _ in block.splitlines()])
        process.stdin.close()
        left = process.stdout.read()
        process.stdout.close()
        process.wait()
        self.assertEqual(left, b"")
        return answers

    def test_rows_as_json(self):
        blocks = [b'{"a":"\\u4eba\\u6c11\\/\\u8def1","b":"x\\t\\"y\\\\"}\n{"a":null,"b":"1"}\n', b'{"a":"","b":"\\u0000"}\n']
        for command in commands().values():
            first, second = self.exchange(command, blocks)
            self.assertRegex(first[0], rb'^\{"a":.*,"similarity":0\.\d+,"label":"\w+"\}\n$')
            for row in (first[1], second[0]):
                self.assertTrue(row.endswith(b'"similarity":null,"label":null}\n'), row)

    def test_rows_in_tab_separated(self):
        command = ["mgeo-score", *shlex.split("-q --stream --input-format tsv --encoding utf-8 --header no --columns 1,2")]
        blocks = ["人民路1号\t人民路一号\n\\N\t人民路1号\n".encode(), "a\\tb\\nc\\\\d\tsentence2\n".encode()]
        first, second = self.exchange(command, blocks)
        self.assertEqual([len(row.split(b"\t")) for row in first + second], [4, 4, 4])
        self.assertEqual(first[1], "\\N\t人民路1号\t\t\n".encode())
        self.assertTrue(second[0].startswith(b"a\\tb\\nc\\\\d\tsentence2\t0."))


class Chdb(engines.Case):
    def scripts(self):
        """What the README copies to a server's folders, in the one that chdb reads both from."""
        scripts = self.folder / "scripts"
        scripts.mkdir()
        shutil.copy(CONFIG, scripts / "udf_config.xml")
        (scripts / "mgeo-score").symlink_to(engines.SCORE)
        return scripts

    def ask(self, *queries):
        return self.run_in_folder(sys.executable, "-c", ASK, self.scripts(), *queries).stdout.splitlines()

    def function_query(self, name):
        return f"""SELECT id, sentence1, sentence2, mgeo_similarity(sentence1, sentence2) AS similarity,
            mgeo_label(sentence1, sentence2) AS label FROM file('{self.parquet}', Parquet)
            INTO OUTFILE '{self.folder / name}' TRUNCATE FORMAT Parquet"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_parquet()

    def test_readme(self):
        self.readme("clickhouse")

    def test_functions_in_two_queries(self):
        done = self.ask(self.function_query("one.parquet"), self.function_query("two.parquet"))
        self.assertEqual(done, ["done", "done"])
        for name in ("one.parquet", "two.parquet"):
            self.same_rows(engines.read_parquet(self.folder / name), self.int8)

    def test_a_killed_function_fails_its_query_and_no_other(self):
        pattern = rf"{self.folder}/scripts/{STREAMING}"
        with engines.Killer(os.getpid(), pattern, lambda: True) as killer:
            first, second = self.ask(self.function_query("one.parquet"), self.function_query("two.parquet"))
        self.assertIsNotNone(killer.killed)
        self.assertIn("CHILD_WAS_NOT_EXITED_NORMALLY", first)
        self.assertEqual(second, "done")
        self.same_rows(engines.read_parquet(self.folder / "two.parquet"), self.int8)

    def command(self, slice_of):
        return [sys.executable, "examples/engines/clickhouse/score.py", self.parquet, "out", "--slice", slice_of]

    def parts(self):
        return sorted(path.name for path in (self.folder / "out").glob("part-*.parquet"))

    def test_a_killed_slice_is_tried_again(self):
        slice_of = max(engines.rows // 4, 1)
        with engines.Killer(os.getpid(), STREAMING, lambda: self.parts() == ["part-00000.parquet"]) as killer:
            done = self.run_in_folder(*self.command(slice_of))
        self.assertIsNotNone(killer.killed, "nothing was killed: the file is too small")
        self.assertIn("part-00001.parquet, try 1", done.stderr)
        self.same_rows(engines.read_parquet(self.folder / "out"), self.int8)

    def test_goes_on_where_it_ended(self):
        slice_of = max(engines.rows // 4, 1)
        self.run_in_folder(*self.command(slice_of))
        kept, lost = self.folder / "out" / "part-00000.parquet", self.folder / "out" / "part-00002.parquet"
        before = kept.stat().st_mtime_ns
        lost.unlink()
        self.run_in_folder(*self.command(slice_of))
        self.assertEqual(kept.stat().st_mtime_ns, before)
        self.same_rows(engines.read_parquet(self.folder / "out"), self.int8)

    def test_what_cannot_run_is_told(self):
        done = self.run_in_folder(*self.command(100), "--options", "--model none", status=1)
        self.assertRegex(done.stderr, "score.py: part-00000.parquet: (0 of 100 rows|.*Broken pipe)")
        self.assertEqual(self.parts(), [])


if __name__ == "__main__":
    missing = engines.missing_modules(["chdb", "pyarrow"])
    if missing:
        del Chdb
    engines.main(unseen=missing and f"{missing}; the protocol was tested")
