# SPDX-License-Identifier: Apache-2.0
"""pg_trgm on PostgreSQL: a server of our own in a temporary folder, a GIN or GiST index of trigrams, two sessions that search.

The database's character type must be UTF-8 (C.UTF-8): in locale C pg_trgm takes no Chinese character for a letter and finds nothing.
"""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import numpy
import psutil

from engines import Engine

# GIN finds all above a similarity and sorts them; GiST walks to the nearest.
VARIANTS = {"pg_trgm": [(dict(kind="gin"), [dict(least=least) for least in (0.15, 0.05)]),
                        (dict(kind="gist"), [dict(least=0.0)])]}
SETTINGS = ["listen_addresses=", "shared_buffers=1GB", "work_mem=128MB", "maintenance_work_mem=1GB", "fsync=off",
            "full_page_writes=off", "synchronous_commit=off", "jit=off", "max_parallel_workers_per_gather=0",
            "max_parallel_maintenance_workers=2", "autovacuum=off", "gin_fuzzy_search_limit=0"]
INDEX = {"gin": "USING gin (text gin_trgm_ops) WITH (fastupdate=off)", "gist": "USING gist (text gist_trgm_ops(siglen=256))"}
SEARCH = {"gin": "SELECT id FROM reference r WHERE r.text % q.text ORDER BY similarity(r.text, q.text) DESC, id LIMIT {top}",
          "gist": "SELECT id FROM reference r ORDER BY r.text <-> q.text LIMIT {top}"}


def programs():
    if shutil.which("postgres"):
        return pathlib.Path(shutil.which("postgres")).resolve().parent
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        raise RuntimeError("PostgreSQL is not there: apt-get install postgresql")
    return found[-1]


def is_session(process):
    """Whether it serves a client still, or has ended and its times are not yet added to the server's."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE or "[local]" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False


class Server(Engine):
    most_queries = 200

    def __init__(self, kind):
        self.kind, self.bin, self.bytes = kind, programs(), 0
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mgeo-pg-"))
        # PostgreSQL does not run as root.
        self.user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        if self.user:
            shutil.chown(self.folder, "postgres", "postgres")
        data = str(self.folder / "data")
        self.call("initdb", "-D", data, "--locale=C.UTF-8", "-E", "UTF8", "-A", "trust", "-U", "postgres", "-N")
        settings = [part for setting in SETTINGS for part in ("-c", setting)]
        # The server ends when this process does, however that ends.
        start = ["setpriv", "--pdeathsig=INT", *self.user[1:]]
        self.server = subprocess.Popen([*start, self.bin / "postgres", "-D", data, "-k", str(self.folder), *settings],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder)
        try:
            self.begin()
        except BaseException:
            self.close()
            raise

    def begin(self):
        self.wait()
        version = self.ask("SHOW server_version").strip()
        self.versions = {"PostgreSQL": version, "pg_trgm": self.ask("CREATE EXTENSION pg_trgm; SELECT extversion FROM pg_extension "
                                                                    "WHERE extname='pg_trgm'").strip()}

    def wait(self):
        """pg_isready asks until the server answers, ten times a second."""
        ready = f"for i in $(seq 300); do {self.bin}/pg_isready -q -h {self.folder} && exit 0; sleep 0.1; done; exit 1"
        subprocess.run(["sh", "-c", ready], check=True, cwd=self.folder)

    def call(self, program, *arguments):
        subprocess.run([*self.user, self.bin / program, *arguments], check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    def psql(self):
        return [*self.user, str(self.bin / "psql"), "-h", str(self.folder), "-U", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1"]

    def ask(self, sql):
        return subprocess.run(self.psql(), input=sql, check=True, text=True, capture_output=True, cwd=self.folder).stdout

    def build(self, texts):
        self.fill("reference", texts)
        self.ask(f"CREATE INDEX ON reference {INDEX[self.kind]}; VACUUM ANALYZE reference")

    def fill(self, table, texts):
        path = self.folder / f"{table}.tsv"
        with open(path, "w", encoding="utf-8") as out:
            out.writelines("%d\t%s\n" % (row, text.replace("\\", "\\\\")) for row, text in enumerate(texts))
        self.ask(f"DROP TABLE IF EXISTS {table}; CREATE TABLE {table} (id int, text text);\n\\copy {table} FROM '{path}'")

    def search(self, texts, top, least):
        """Each of two sessions takes every second query, as two cores can."""
        self.fill("query", texts)
        self.ask("ANALYZE query")
        search = SEARCH[self.kind].format(top=top)
        sessions = [subprocess.Popen(self.psql(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=self.folder)
                    for _ in range(2)]
        for half, session in enumerate(sessions):
            session.stdin.write(f"SET pg_trgm.similarity_threshold={least}; SET enable_seqscan=off;\n"
                                f"SELECT q.id, (SELECT string_agg(f.id::text, ',' ORDER BY f.n) FROM (SELECT id, row_number() OVER () n "
                                f"FROM ({search}) s) f) FROM query q WHERE q.id % 2 = {half};\n")
            session.stdin.close()
        with self.watched():
            answers = [session.stdout.read() for session in sessions]
        if any(session.wait() != 0 for session in sessions):
            raise RuntimeError("a session of PostgreSQL failed")
        return answers, len(texts), top

    def rows(self, found):
        answers, count, top = found
        rows = numpy.full((count, top), -1)
        for line in "".join(answers).splitlines():
            query, ids = line.split("|")
            if ids:
                numbers = [int(number) for number in ids.split(",")]
                rows[int(query), :len(numbers)] = numbers
        return rows

    @contextlib.contextmanager
    def watched(self):
        """Meanwhile the memory of the server's processes is looked at four times a second."""
        over = threading.Event()

        def watch():
            while not over.wait(0.25):
                with contextlib.suppress(psutil.NoSuchProcess):
                    sizes = [part.memory_info() for part in psutil.Process(self.server.pid).children()]
                    shared = max((size.shared for size in sizes), default=0)
                    self.bytes = max(self.bytes, shared + sum(size.rss - size.shared for size in sizes))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()

    def outside_seconds(self):
        """The server and all its sessions, once they have ended; psql is a child of ours and counted there."""
        server = psutil.Process(self.server.pid)
        for _ in range(200):
            if not any(map(is_session, server.children())):
                break
            time.sleep(0.01)
        return sum(server.cpu_times())

    def outside_bytes(self):
        """Shared buffers that were touched, and what each process has beside them. The index on disk is not counted."""
        return self.bytes

    def close(self):
        self.server.send_signal(signal.SIGINT)  # sessions are cut
        self.server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def create(**settings):
    return Server(**settings)
