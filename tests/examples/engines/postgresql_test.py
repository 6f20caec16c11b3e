#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples/engines/postgresql: the extension in a PostgreSQL of the test's own, and one mgeo-serve that is swapped, stopped,
killed and started again under it."""
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

import engines
from postgresql_cluster import Cluster, Serve, missing

MINI = engines.ROOT / "models" / "mini"
OTHER = engines.ROOT / "tests" / "golden" / "models" / "mgeo"
PAIR = "'文三路100号', '西湖区文三路100号'"


class Session:
    """psql in one session, a statement at a time."""

    def __init__(self, cluster):
        self.process = subprocess.Popen([str(cluster.bin / "psql"), "-X", "-q", "-A", "-t"], text=True, cwd=cluster.folder,
                                        env=cluster.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)

    def send(self, statement):
        self.process.stdin.write(f"{statement};\n\\echo end\n")
        self.process.stdin.flush()

    def answer(self):
        lines = []
        while not lines or lines[-1] != "end":
            line = self.process.stdout.readline()
            assert line, lines
            lines.append(line.rstrip("\n"))
        return "\n".join(lines[:-1])

    def run(self, statement):
        self.send(statement)
        return self.answer()

    def end(self):
        self.process.stdin.close()
        self.process.stdout.read()
        self.process.stdout.close()
        self.process.wait()


def setUpModule():
    """One cluster, one server and one table for all tests."""
    holder = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(holder.cleanup)
    Case.cluster = cluster = Cluster(holder.name)
    cluster.run("make", "-C", cluster.sources)
    cluster.run("make", "-C", cluster.sources, "install")
    cluster.start()
    unittest.addModuleCleanup(cluster.stop)
    Case.serve = serve = Serve(cluster.folder, MINI)
    unittest.addModuleCleanup(serve.end)
    serve.start()
    Case.tsv, Case.expected = cluster.folder / "pairs.tsv", cluster.folder / "expected.tsv"
    Case.make_pairs(Case.tsv, engines.rows)
    Case.score(Case.tsv, Case.expected)
    cluster.psql("CREATE EXTENSION mgeo", f"ALTER SYSTEM SET mgeo.socket = '{serve.socket}'", "SELECT pg_reload_conf()",
                 "CREATE TABLE pairs (id int, a text, b text)", "CREATE ROLE guest LOGIN")
    cluster.psql(f"\\copy pairs FROM '{Case.tsv}' (FORMAT csv, DELIMITER E'\\t', HEADER, QUOTE E'\\b', NULL '')")
    cluster.psql("ANALYZE pairs")


class Case(engines.Case):
    @classmethod
    def setUpClass(cls):
        """What engines.Case makes for each class is made once, above."""

    def session(self):
        session = Session(self.cluster)
        self.addCleanup(session.end)
        return session

    def refused(self, *statements):
        """What psql is told, which must be one line and a hint at most, and not end the backend."""
        text = self.cluster.psql(*statements, status=1)
        self.assertRegex(text, r"\AERROR:  .*(\n(HINT|DETAIL):  .*)?(\nCONTEXT: .*)?\Z")
        return text


class Answers(Case):
    def found(self, query):
        rows = (line.split("|") for line in self.cluster.psql(query).splitlines())
        return [(int(number), a, b or None, float(score) if score else None, label or None) for number, a, b, score, label in rows]

    def test_arrays_are_what_mgeo_score_says(self):
        query = """SELECT ids, a, b, (r).similarity, (r).label FROM (
                       SELECT array_agg(id ORDER BY id) i, array_agg(a ORDER BY id) x, array_agg(b ORDER BY id) y FROM pairs) t,
                       ROWS FROM (unnest(i), unnest(x), unnest(y), mgeo_match(x, y)) AS u(ids, a, b, similarity, label, f, m, g),
                       LATERAL (SELECT u.similarity, u.label) r"""
        self.same_rows(self.found(query))

    def test_single_pairs_are_what_arrays_say(self):
        query = """WITH few AS (SELECT * FROM pairs ORDER BY id LIMIT 200), all_of_them AS (
                       SELECT mgeo_similarity(array_agg(a ORDER BY id), array_agg(b ORDER BY id)) s FROM few)
                   SELECT count(*) FROM few, all_of_them
                   WHERE mgeo_similarity(a, b) IS DISTINCT FROM s[id] OR (mgeo_match(a, b)).similarity IS DISTINCT FROM s[id]"""
        self.assertEqual(self.cluster.psql(query), "0")

    def test_requests_of_any_size_say_the_same(self):
        query = "SELECT md5(mgeo_similarity(array_agg(a ORDER BY id), array_agg(b ORDER BY id))::text) FROM pairs"
        found = {self.cluster.psql(f"SET mgeo.batch_pairs = {pairs}", query) for pairs in (7, 64, 1000)}
        self.assertEqual(len(found), 1)

    def test_nulls_and_empty_arrays(self):
        ask = self.cluster.psql
        self.assertEqual(ask("SELECT mgeo_similarity(NULL, 'a') IS NULL, mgeo_match('a', NULL) IS NULL, "
                             "mgeo_similarity(NULL::text[], '{}') IS NULL"), "t|t|t")
        self.assertEqual(ask("SELECT mgeo_similarity('{}'::text[], '{}'::text[])"), "{}")
        self.assertEqual(ask("SELECT count(*) FROM mgeo_match('{}'::text[], '{}'::text[])"), "0")
        self.assertRegex(ask(f"SELECT mgeo_similarity(ARRAY[NULL, a, a, NULL], ARRAY[b, b, NULL, NULL]) FROM (VALUES ({PAIR})) t(a, b)"),
                         r"^\{NULL,0\.95\d+,NULL,NULL\}$")
        self.assertRegex(ask(f"SELECT * FROM (VALUES ({PAIR})) t(a, b), mgeo_match(ARRAY[NULL, a, NULL], ARRAY[b, b, NULL])"),
                         r"^[^|]+\|[^|]+\|\|\|\|\|\n[^|]+\|[^|]+\|0\.95\d+\|exact_match\|\{\}\|mini\|1\n[^|]+\|[^|]+\|\|\|\|\|$")

    def test_rows_without_a_score_say_why(self):
        self.assertEqual(self.cluster.psql("SELECT * FROM mgeo_match('', 'a')"), "||{empty}|mini|1")
        self.assertEqual(self.cluster.psql("SELECT mgeo_similarity('', 'a') IS NULL"), "t")
        long = "repeat('文三路', 100)"
        self.assertEqual(self.cluster.psql(f"SELECT (mgeo_match({long}, {long})).flags"), "{truncated}")

    def test_parallel_workers_say_the_same(self):
        settings = ["SET parallel_setup_cost = 0", "SET parallel_tuple_cost = 0", "SET min_parallel_table_scan_size = 0",
                    "SET max_parallel_workers_per_gather = 2"]
        query = "SELECT sum(mgeo_similarity(a, b)::numeric) FROM pairs WHERE id <= 600"
        plan = self.cluster.psql(*settings, "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) " + query)
        self.assertIn("Workers Launched: 2", plan)
        self.assertRegex(plan, r"Partial Aggregate")
        self.assertEqual(self.cluster.psql(*settings, query), self.cluster.psql("SET max_parallel_workers_per_gather = 0", query))

    def test_another_encoding(self):
        self.cluster.psql("CREATE DATABASE gb ENCODING 'EUC_CN' LOCALE 'C' TEMPLATE template0")
        query = f"SELECT mgeo_match({PAIR})"
        ours = self.cluster.psql("CREATE EXTENSION mgeo", query, options=("-d", "gb"))
        self.assertEqual(ours, self.cluster.psql(query))

    def test_no_backend_holds_the_library(self):
        session = self.session()
        session.run(f"SELECT mgeo_similarity({PAIR})")
        pid = session.run("SELECT pg_backend_pid()")
        try:
            maps = pathlib.Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
        except PermissionError:
            self.skipTest("maps of another user's process")
        mapped = {path.split("/")[-1] for path in maps.split() if "mgeo" in path.split("/")[-1]}
        self.assertEqual(mapped, {"mgeo.so"})


class Refusals(Case):
    def test_arrays_that_do_not_fit(self):
        text = self.refused("SELECT mgeo_similarity('{a,b}'::text[], '{a}'::text[])")
        self.assertIn("array a has 2 elements and b has 1", text)
        text = self.refused("SELECT mgeo_similarity('{{a},{b}}'::text[], '{a,b}'::text[])")
        self.assertIn("array a has more than one dimension", text)

    def test_settings(self):
        for setting in ("socket = '/tmp/other'", "model = 'other'"):
            self.assertIn("permission denied", self.refused("LOAD 'mgeo'", "SET ROLE guest", f"SET mgeo.{setting}"))
        self.assertIn("absolute path", self.refused("LOAD 'mgeo'", "SET mgeo.socket = 'serve.sock'"))
        self.assertIn("absolute path", self.refused("LOAD 'mgeo'", f"SET mgeo.socket = '/{'x' * 200}'"))
        self.assertIn("name of letters", self.refused("LOAD 'mgeo'", "SET mgeo.model = '../x'"))
        self.assertIn("invalid configuration parameter", self.refused("LOAD 'mgeo'", "SET mgeo.sokcet = '/x'"))
        self.assertRegex(self.cluster.psql("SET ROLE guest", "SET mgeo.timeout = '5s'", f"SELECT mgeo_similarity({PAIR})"), r"^0\.95")

    def test_a_setting_from_before_the_extension_was_loaded(self):
        """PostgreSQL keeps it until it knows whose it is, and then it does not hold."""
        said = self.cluster.psql("SET mgeo.socket = '/tmp/other'", f"SELECT mgeo_similarity({PAIR})", options=("-U", "guest"))
        self.assertRegex(said, r"WARNING: .*permission denied.*mgeo.socket(.|\n)*0\.95")

    def test_what_the_server_refuses(self):
        text = self.refused("SET mgeo.model = 'other'", f"SELECT mgeo_similarity({PAIR})")
        self.assertRegex(text, r"mgeo-serve answers 404: .*other(.|\n)*HINT:  Set mgeo.model")
        many = "array_agg('文' || n) FROM generate_series(1, 1500) n"
        text = self.refused("SET mgeo.batch_pairs = 2000", f"WITH t AS (SELECT {many}) SELECT mgeo_similarity(array_agg, array_agg) FROM t")
        self.assertRegex(text, r"mgeo-serve answers 422: more than 1000 pairs(.|\n)*HINT:  Lower mgeo.batch_pairs")

    def test_nobody_listens(self):
        text = self.refused("SET mgeo.socket = '/nowhere/serve.sock'", f"SELECT mgeo_similarity({PAIR})")
        self.assertRegex(text, r"could not connect to /nowhere/serve.sock: No such file(.|\n)*HINT:  Start mgeo-serve --listen unix:/nowhere")

    def test_another_program_listens(self):
        path = str(self.cluster.folder / "stranger.sock")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            pathlib.Path(path).chmod(0o666)
            listener.listen()
            for said, told in ((b"220 mail.example ESMTP\r\n\r\n", "does not answer as mgeo-serve does"),
                               (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "does not answer as mgeo-serve does"),
                               (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "ends before its last tensor does"),
                               (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "answers 500: without a reason"),
                               (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", "closed the connection before it answered"),
                               (b"x" * 20000, "does not answer as mgeo-serve does")):
                speaker = threading.Thread(target=self.speak, args=(listener, said), daemon=True)
                speaker.start()
                text = self.refused(f"SET mgeo.socket = '{path}'", f"SELECT mgeo_similarity({PAIR})")
                speaker.join()
                self.assertIn(told, text)

    @staticmethod
    def speak(listener, said):
        client, _ = listener.accept()
        with client:
            client.recv(65536)
            client.sendall(said)


class Waiting(Case):
    """A server that does not answer, which is one that is stopped."""

    def setUp(self):
        super().setUp()
        self.calls = self.session()
        self.before = self.calls.run(f"SELECT mgeo_similarity({PAIR})")
        self.pid = self.calls.run("SELECT pg_backend_pid()")

    def tearDown(self):
        # The answer to the query that was given up must not be taken for the next one's.
        self.serve.process.send_signal(signal.SIGCONT)
        self.assertEqual(self.calls.run("SELECT mgeo_similarity('文三路1号', '文一路2号') = mgeo_similarity('文三路1号', '文一路2号')"), "t")
        self.assertEqual(self.calls.run(f"SELECT mgeo_similarity({PAIR})"), self.before)
        self.assertEqual(self.calls.run("SELECT pg_backend_pid()"), self.pid)
        super().tearDown()

    def wait(self):
        waits = f"SELECT wait_event = 'Extension' FROM pg_stat_activity WHERE pid = {self.pid}"
        engines.wait_for(lambda: self.cluster.psql(waits) == "t", "a backend that waits", every=0.05)

    def test_a_cancelled_query_ends(self):
        self.serve.process.send_signal(signal.SIGSTOP)
        self.calls.send(f"SELECT mgeo_similarity({PAIR})")
        self.wait()
        self.cluster.psql(f"SELECT pg_cancel_backend({self.pid})")
        self.assertIn("canceling statement due to user request", self.calls.answer())

    def test_statement_timeout(self):
        self.serve.process.send_signal(signal.SIGSTOP)
        self.calls.run("SET statement_timeout = '200ms'")
        self.assertIn("canceling statement due to statement timeout", self.calls.run(f"SELECT mgeo_similarity({PAIR})"))
        self.calls.run("RESET statement_timeout")

    def test_mgeo_timeout(self):
        self.serve.process.send_signal(signal.SIGSTOP)
        self.calls.run("SET mgeo.timeout = '200ms'")
        self.assertRegex(self.calls.run(f"SELECT mgeo_similarity({PAIR})"), r"no answer from /.*/serve.sock within 200 ms\nHINT:  Raise")
        self.calls.run("RESET mgeo.timeout")

    def test_an_error_is_caught_in_the_database(self):
        self.serve.process.send_signal(signal.SIGSTOP)
        caught = self.calls.run(f"""SET mgeo.timeout = '200ms';
            DO $$ BEGIN PERFORM mgeo_similarity({PAIR}); EXCEPTION WHEN connection_exception THEN RAISE NOTICE 'caught'; END $$""")
        self.assertIn("caught", caught)
        self.calls.run("RESET mgeo.timeout")


class Restarts(Case):
    def test_the_next_call_finds_the_new_server(self):
        session = self.session()
        before = session.run(f"SELECT mgeo_similarity({PAIR}), pg_backend_pid()")
        for how in (signal.SIGTERM, signal.SIGKILL):
            self.serve.end(how)
            text = session.run(f"SELECT mgeo_similarity({PAIR})")
            self.assertRegex(text, r"\AERROR:  mgeo: could not connect to .*serve.sock: (Connection refused|No such file or directory)\nHINT: .*\Z")
            self.serve.start()
            self.assertEqual(session.run(f"SELECT mgeo_similarity({PAIR}), pg_backend_pid()"), before)
            self.serve.end(how)
            self.serve.start()
            self.assertEqual(session.run(f"SELECT mgeo_similarity({PAIR}), pg_backend_pid()"), before)

    def test_a_server_killed_in_a_query(self):
        session = self.session()
        before = session.run(f"SELECT mgeo_similarity({PAIR})")
        pid = session.run("SELECT pg_backend_pid()")
        self.serve.process.send_signal(signal.SIGSTOP)
        session.send(f"SELECT mgeo_similarity({PAIR})")
        waits = f"SELECT wait_event = 'Extension' FROM pg_stat_activity WHERE pid = {pid}"
        engines.wait_for(lambda: self.cluster.psql(waits) == "t", "a backend that waits", every=0.05)
        self.serve.end(signal.SIGKILL)
        self.assertIn("could not connect to", session.answer())
        self.serve.start()
        self.assertEqual(session.run(f"SELECT mgeo_similarity({PAIR})"), before)

    def test_an_idle_connection_that_the_server_closed(self):
        session = self.session()
        self.serve.end()
        self.serve.options = ("--idle-timeout", "200ms")
        self.addCleanup(setattr, self.serve, "options", ())
        self.serve.start()
        before = session.run(f"SELECT mgeo_similarity({PAIR})")
        self.assertEqual(session.run(f"SELECT mgeo_similarity({PAIR}) FROM pg_sleep(0.6)"), before)


class Swaps(Case):
    def test_every_answer_is_one_models(self):
        """Sessions score without a pause, single pairs and arrays, while models are swapped; none fails."""
        wanted = {}
        for name in ("mini", "mgeo"):
            wanted[name] = self.cluster.psql(f"SELECT (mgeo_match({PAIR})).similarity") if name == "mini" else None
        self.serve.ctl("load", OTHER, "--model-version", "other")
        self.serve.ctl("swap")
        wanted = {"mini": wanted["mini"], "other": self.cluster.psql(f"SELECT (mgeo_match({PAIR})).similarity")}
        loop = f"""DO $$ DECLARE r mgeo_result; scores real[]; BEGIN FOR i IN 1..150 LOOP
                SELECT * INTO r FROM mgeo_match({PAIR}); INSERT INTO seen VALUES (r.model, r.similarity, r.generation);
                scores := mgeo_similarity(array_fill('文三路100号'::text, ARRAY[20]), array_fill('西湖区文三路100号'::text, ARRAY[20]));
                INSERT INTO arrays SELECT DISTINCT unnest(scores); COMMIT; END LOOP; END $$"""
        self.cluster.psql("CREATE TABLE seen (model text, similarity real, generation bigint)", "CREATE TABLE arrays (similarity real)")
        sessions = [self.cluster.psql_begin(loop) for _ in range(3)]
        swaps = 0
        while any(session.poll() is None for session in sessions):
            self.serve.ctl("swap" if swaps % 3 else "rollback")
            swaps += 1
        for session in sessions:
            said = session.communicate()[0]
            self.assertEqual((session.returncode, said), (0, ""))
        self.assertGreater(swaps, 4)
        seen = dict(line.split("|") for line in self.cluster.psql("SELECT DISTINCT model, similarity FROM seen").splitlines())
        self.assertEqual(seen, wanted)
        self.assertEqual(self.cluster.psql("SELECT count(*), count(DISTINCT (model, generation)) FROM seen"), "450|2")
        self.assertEqual(set(self.cluster.psql("SELECT DISTINCT similarity FROM arrays").splitlines()), set(wanted.values()))


class Readme(Case):
    def test_commands(self):
        """The blocks of the README one after the other, in a folder and a database of their own."""
        folder = self.cluster.folder / "readme"
        folder.mkdir()
        (folder / "examples").symlink_to(self.cluster.folder / "examples")
        self.cluster.run("make", "-C", self.cluster.sources, "clean")
        self.cluster.psql("CREATE DATABASE readme")
        self.addCleanup(self.cluster.psql, f"ALTER SYSTEM SET mgeo.socket = '{self.serve.socket}'", "SELECT pg_reload_conf()")
        blocks = engines.readme_blocks("postgresql", "sh", "sql")
        self.assertEqual([kind for kind, _ in blocks], ["sh", "sh", "sql", "sql"])
        script = "".join(block if kind == "sh" else f"psql -v ON_ERROR_STOP=1 <<'SQL'\n{block}SQL\n" for kind, block in blocks)
        said = self.cluster.run("bash", "-euo", "pipefail", "-c",
                                f"cd readme; export PGDATABASE=readme; trap 'kill %1; wait' EXIT\n{script}")
        self.assertRegex(said, r"0\.95\d+ \| exact_match \| \{\} +\| mini +\| +1")
        self.assertIn("INSERT 0 5000", said)


if __name__ == "__main__":
    if missing() is not None:
        engines.skip(missing())
    engines.main()
