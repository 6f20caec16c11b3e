# SPDX-License-Identifier: Apache-2.0
"""Files that the server is told of and that are pipes, devices or folders: it never waits for anybody."""
import os
import signal
import socket
import threading
import unittest

from server import LIMIT, MGEO, Case


class Pipes(Case):
    def pipe(self, name):
        path = self.path(name)
        os.mkfifo(path)
        return path

    def test_a_pipe_at_the_start_is_refused(self):
        path = self.pipe("pipe")
        for arguments in (["--config", path], ["--access-log", path],
                          ["--operate", "unix:" + self.path("o"), "--operate-token-file", path]):
            out, err = self.run_serve("--model", MGEO, "--listen", "127.0.0.1:0", *arguments, status=2)
            told = [line for line in err.splitlines() if path in line]
            self.assertEqual(len(told), 1, err)

    def test_a_folder_or_device_at_the_start_is_refused(self):
        for path in (self.folder, "/dev/null"):
            out, err = self.run_serve("--config", path, status=2)
            self.assertIn(path, err)
            self.assertEqual(err.count("\n"), 1)
        self.assertIn(self.folder, self.run_serve("--access-log", self.folder, status=2)[1])

    def test_a_pipe_in_a_reload_changes_nothing(self):
        path = self.path("serve.conf", "max-pairs = 1\n")
        server = self.serve("--config", path)
        self.path("serve.conf", f"max-pairs = 2\naccess-log = {self.pipe('log')}\n")
        server.send(signal.SIGHUP)
        server.wait_for("not reloaded")
        self.assertIn(self.path("log"), server.lines[-1])
        os.remove(path)
        os.mkfifo(path)
        server.send(signal.SIGHUP)
        server.wait_for("not reloaded", 2)
        self.assertIn(path, server.lines[-1])
        self.assertEqual(server.call("GET", "/info").json()["limits"]["max_pairs"], 1)

    def test_a_pipe_with_a_reader_gets_the_lines(self):
        path, lines = self.pipe("log"), []
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(reader, True)

        def read():
            with open(reader, "rb") as file:
                lines.extend(file)
        server = self.serve("--access-log", path)
        thread = threading.Thread(target=read)
        thread.start()
        server.call("GET", "/livez")
        server.stop()
        thread.join(LIMIT)
        self.assertIn(b'"path": "/livez"', lines[0])

    def test_a_log_that_nobody_reads_gives_way_to_another(self):
        stuck, path = self.pipe("log"), self.path("serve.conf")
        reader = os.open(stuck, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        self.path("serve.conf", f"access-log = {stuck}\n")
        server = self.serve("--config", path)
        connection = server.connect()
        self.addCleanup(connection.close)
        for _ in range(400):  # more than a pipe holds
            connection.call("GET", "/livez", User_Agent="a" * 250)
        self.path("serve.conf", f"access-log = {self.path('access.log')}\n")
        server.send(signal.SIGHUP)
        server.wait_for("reloaded")
        server.call("GET", "/health")
        server.until(lambda: "/health" in read_text(self.path("access.log")))
        self.assertGreater(server.metric("mgeo_serve_access_log_dropped_total"), 0)

    def test_devices_are_logs(self):
        self.serve("--access-log", "/dev/null").call("GET", "/livez")


def read_text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Output(Case):
    """--access-log - into something that nobody reads does not hold the end up."""

    def ends(self, output, log):
        server = self.serve("--access-log", log, stdout=output)
        connection = server.connect()
        for _ in range(400):
            connection.call("GET", "/livez", User_Agent="a" * 250)
        connection.close()
        server.stop()

    def test_a_pipe(self):
        for log in ("-", "/dev/stdout"):
            with self.subTest(log):
                reader, writer = os.pipe()
                self.addCleanup(os.close, reader)
                self.ends(writer, log)
                os.close(writer)

    def test_a_full_pipe_that_others_write_too(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        os.set_blocking(writer, False)
        while True:
            try:
                os.write(writer, b"x" * 4096)
            except BlockingIOError:
                break
        os.set_blocking(writer, True)
        self.ends(writer, "-")

    def test_a_terminal(self):
        master, terminal = os.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, terminal)
        self.ends(terminal, "-")

    def test_a_socket(self):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self.ends(theirs, "-")


if __name__ == "__main__":
    unittest.main()
