#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""DuckDB: the function on a file, on NULLs, in a join that finds its candidates in SQL, and once for each row."""
import os
import signal
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
import engines  # noqa: E402

HEADERS = os.environ.get("MGEO_DUCKDB_HEADERS")
SCRIPT = "examples/engines/duckdb/score.py"


class Duckdb(engines.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_parquet()
        sys.path.insert(0, str(engines.EXAMPLES / "duckdb"))
        import mgeo_duckdb
        cls.connection = mgeo_duckdb.connect(threads=2)
        cls.addClassCleanup(cls.connection.close)

    def ask(self, sql, parameters=None):
        return self.connection.execute(sql, parameters).fetchall()

    def test_readme(self):
        self.assertIn("exact_match", self.readme("duckdb"))

    def test_same_as_mgeo_score(self):
        self.run_in_folder(sys.executable, SCRIPT, self.parquet, "scored.parquet")
        self.same_rows(engines.read_parquet(self.folder / "scored.parquet"), self.int8)

    def test_goes_through_after_a_kill(self):
        """A run that is killed leaves no file that looks whole; the next one makes it."""
        command = [sys.executable, SCRIPT, str(self.parquet), "scored.parquet"]
        process = subprocess.Popen(command, cwd=self.folder, env=engines.environment())
        engines.wait_for(lambda: engines.uses_library(process.pid), "the library in the process")
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.assertFalse(os.path.exists(self.folder / "scored.parquet"))
        self.run_in_folder(*command)
        self.same_rows(engines.read_parquet(self.folder / "scored.parquet"), self.int8)

    def test_nulls(self):
        answers = self.ask("SELECT mgeo(a, b) FROM (VALUES (NULL, '人民路1号'), ('人民路1号', NULL), (NULL, NULL), "
                           "('', '人民路1号'), ('人民路1号', '人民路1号')) AS pairs(a, b)")
        self.assertEqual([answer is None for answer, in answers], [True, True, True, True, False])
        self.assertEqual(answers[4][0]["label"], "exact_match")

    def test_no_rows(self):
        self.assertEqual(self.ask("SELECT mgeo(a, b) FROM (SELECT 'x' AS a, 'y' AS b) WHERE a = b"), [])

    def test_candidates_from_a_join(self):
        sql = (engines.EXAMPLES / "duckdb" / "match.sql").read_text(encoding="utf-8")
        self.ask("CREATE OR REPLACE TABLE customers AS SELECT id, sentence1 AS address FROM read_parquet($1) LIMIT 300",
                 [str(self.parquet)])
        self.ask("CREATE OR REPLACE TABLE places AS SELECT id, sentence2 AS address FROM read_parquet($1) LIMIT 300",
                 [str(self.parquet)])
        found = self.ask(sql)
        self.assertTrue(found)
        self.assertEqual(len({customer for customer, *_ in found}), len(found), "the best place of each customer, once")
        for _, customer, _, place, similarity in found:
            self.assertGreaterEqual(similarity, 0.5)
            answer, = self.ask("SELECT mgeo($1, $2).similarity", [customer, place])
            self.assertAlmostEqual(answer[0], similarity, delta=engines.ALIKE)

    def test_each_pair_is_scored_once(self):
        import mgeo
        import duckdb
        import mgeo_duckdb
        engine = mgeo.Engine()
        engine.load(precision="int8", threads=2)
        with duckdb.connect() as connection:
            mgeo_duckdb.create_function(connection, engine)
            import score as program
            connection.execute(program.SCORE, {"pairs": str(self.parquet), "scored": str(self.folder / "scored.parquet")})
        lacking = engines.rows // engines.WITHOUT_ADDRESS
        stats = engine.stats()
        self.assertIn(stats.pairs + stats.bad_rows, (engines.rows, engines.rows - lacking, engines.rows + lacking))


@unittest.skipUnless(HEADERS, "MGEO_DUCKDB_HEADERS does not say where duckdb_extension.h is")
class Extension(engines.Case):
    """The function in C, built and loaded as the README says."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_parquet()
        import duckdb
        extension = cls.shared / "mgeo.duckdb_extension"
        subprocess.run([engines.EXAMPLES / "duckdb" / "build_extension.sh", HEADERS, extension], check=True)
        cls.connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
        cls.addClassCleanup(cls.connection.close)
        cls.connection.execute(f"LOAD '{extension}'")

    def test_same_as_mgeo_score(self):
        rows = self.connection.execute(
            "SELECT id, sentence1, sentence2, answer.similarity, answer.label FROM "
            "(SELECT *, mgeo(sentence1, sentence2) AS answer FROM read_parquet($1))", [str(self.parquet)]).fetchall()
        self.same_rows(rows, self.int8)

    def test_nulls(self):
        answers = self.connection.execute("SELECT mgeo(a, b) FROM (VALUES (NULL, '1'), ('1', NULL), ('', '1'), ('人民路1号', "
                                          "'人民路1号')) AS pairs(a, b)").fetchall()
        self.assertEqual([answer is None for answer, in answers], [True, True, True, False])


if __name__ == "__main__":
    engines.need(modules=["mgeo", "duckdb", "pyarrow"])
    engines.main()
