# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL of a test's own: programs, extensions and data in one folder, run by a user who is not root, and a mgeo-serve
beside it that can be killed and started again."""
import os
import pathlib
import pwd
import shutil
import signal
import subprocess

import engines

PROGRAMS = ("postgres", "initdb", "pg_ctl", "psql")
SERVE = str(pathlib.Path(engines.SCORE).parent / "mgeo-serve")
CTL = str(pathlib.Path(engines.SCORE).parent / "mgeo-ctl")


def pg_config(what):
    return pathlib.Path(subprocess.run(["pg_config", f"--{what}"], check=True, capture_output=True, text=True).stdout.strip())


def missing():
    """What is not here, or None."""
    programs = ("pg_config", "make", "cc", "pkg-config", "setpriv")
    absent = [name for name in programs if shutil.which(name) is None]
    if absent:
        return f"no program {', '.join(absent)}"
    headers = pg_config("includedir-server") / "postgres.h"
    absent = [path for path in [headers, *(pg_config("bindir") / name for name in PROGRAMS)] if not path.exists()]
    return f"no {absent[0]}: install postgresql and postgresql-server-dev" if absent else None


def user():
    """Who runs PostgreSQL, which refuses root: a command's first words."""
    if os.geteuid() != 0:
        return []
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres", names.get("nobody"))
    return ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]


class Cluster:
    """PostgreSQL finds its files from where its program lies, so a copy of the programs has extensions of its own."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        os.chmod(self.folder, 0o755)
        self.bin = self.carried(pg_config("bindir"))
        self.bin.mkdir(parents=True)
        for name in PROGRAMS:
            shutil.copy2(pg_config("bindir") / name, self.bin)
        for what in ("pkglibdir", "sharedir"):
            source = pg_config(what)
            self.carried(source).parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-rs", f"{source}/.", f"{self.carried(source)}/"], check=True)
        self.sources = self.folder / "examples/engines/postgresql"
        shutil.copytree(engines.EXAMPLES / "postgresql", self.sources)
        self.home = self.folder / "home"
        self.home.mkdir()
        os.chmod(self.home, 0o777)
        self.servers = []

    def carried(self, path):
        return self.folder / path.relative_to("/")

    @property
    def environment(self):
        return engines.environment(PGHOST=str(self.home), PGPORT="5432", PGUSER="owner", PGDATABASE="postgres",
                                   PATH=f"{self.bin}:{os.path.dirname(engines.SCORE)}:{os.environ['PATH']}", PSQLRC="/dev/null",
                                   DESTDIR=str(self.folder), LC_ALL="C.UTF-8", PGCLIENTENCODING="UTF8", PSQL_PAGER="cat")

    def run(self, *command, status=0):
        done = subprocess.run([str(word) for word in command], cwd=self.folder, env=self.environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == status, f"{command}\n{done.stdout}"
        return done.stdout

    def start(self):
        data = self.home / "data"
        self.run(*user(), self.bin / "initdb", "-D", data, "-U", "owner", "-A", "trust", "-E", "UTF8", "--no-sync")
        settings = {"listen_addresses": "''", "unix_socket_directories": f"'{self.home}'", "fsync": "off", "max_connections": "50"}
        with open(data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())
        self.run(*user(), self.bin / "pg_ctl", "-D", data, "-l", self.home / "log", "-w", "-s", "start")

    def stop(self):
        self.run(*user(), self.bin / "pg_ctl", "-D", self.home / "data", "-m", "immediate", "-w", "-s", "stop")

    @property
    def pid(self):
        return int((self.home / "data/postmaster.pid").read_text().split()[0])

    def psql(self, *statements, options=(), status=0):
        """What the statements answer, unaligned; with another status what psql complains of."""
        words = [word for statement in statements for word in ("-c", statement)]
        return self.run(self.bin / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *options, *words, status=status).strip()

    def psql_begin(self, *statements):
        """psql that is not waited for."""
        words = [word for statement in statements for word in ("-c", statement)]
        return subprocess.Popen([str(self.bin / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *words], text=True,
                                cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


class Serve:
    """A mgeo-serve at the socket that the cluster's extension asks."""

    def __init__(self, folder, model, *options):
        self.folder, self.model, self.options = pathlib.Path(folder), str(model), options
        self.socket, self.operate = self.folder / "serve.sock", self.folder / "operate.sock"
        self.process = None

    def start(self):
        with open(self.folder / "serve.log", "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([SERVE, "--model", self.model, "--listen", f"unix:{self.socket}", "--operate",
                                             f"unix:{self.operate}", "--drain-time", "0", *self.options], stderr=log)
        self.ctl("wait-ready")
        return self

    def ctl(self, *words):
        done = subprocess.run([CTL, "--server", f"unix:{self.operate}", *map(str, words)], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def end(self, how=signal.SIGTERM):
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(how)
            self.process.wait()
            self.process = None
