# SPDX-License-Identifier: Apache-2.0
"""From start to end: readiness, drain, reload, and what systemd is told and hands over."""
import os
import signal
import socket
import subprocess
import threading
import unittest

from server import LIMIT, MGEO, PROGRAM, Case, Connection, Server, surroundings

PAIR = {"address1": "人民路1号", "address2": "人民路1号"}


class Start(Case):
    def test_live_before_ready_and_ready_with_a_model(self):
        server = self.serve(wait="listening")
        self.assertEqual(server.call("GET", "/livez").json(), {"status": "alive"})
        server.wait_for("ready: ")
        self.assertEqual(server.call("GET", "/readyz").json(), {"status": "ready"})
        health = server.call("GET", "/health").json()
        self.assertEqual((health["status"], health["model_loaded"]), ("healthy", True))
        self.assertEqual((health["model_version"], health["slot"]), ("mgeo", "blue"))
        self.assertEqual(server.match("人民路1号", "人民路1号").status, 200)

    def test_a_model_that_cannot_be_loaded_ends_it(self):
        server = Server("--model", os.path.join(self.folder, "none"), model=None, wait=None)
        self.addCleanup(server.kill)
        server.wait(2)
        self.assertEqual(len([line for line in server.lines if "cannot load the model" in line]), 1)
        self.assertEqual([line for line in server.lines if "load failed" in line], [])  # it is told once

    def test_an_address_in_use_is_named(self):
        server = self.serve()
        out, err = self.run_serve("--listen", server.address, status=2)
        self.assertIn(server.address, err.splitlines()[-1])

    def test_bad_settings_are_one_line(self):
        path = self.path("serve.conf", "max-queue = 0\n")
        for arguments in (["--max-queue", "0"], ["--config", path], ["--nonsense"], ["stray"]):
            out, err = self.run_serve(*arguments, status=2)
            self.assertEqual((out, err.count("\n")), ("", 1), err)
        self.run_serve("--check-config", "--config", path, status=2)
        path = self.path("serve.conf", "max-queue = 1\n")
        out, err = self.run_serve("--check-config", "--config", path)
        self.assertIn("sound", err)

    def test_the_check_looks_at_what_is_named(self):
        for line in ("operate-token-file = /no/such", "model = /no/such", "model-store = /no/such",
                     "access-log = /no/such/log", "journal = /no/such/journal"):
            path = self.path("serve.conf", line + "\n")
            out, err = self.run_serve("--check-config", "--config", path, status=2)
            self.assertEqual(err.count("\n"), 1, err)
            self.assertIn("/no/such", err)

    def test_variables_that_nobody_reads_are_named(self):
        known = {"MGEO_MAX_QUEUE": "3", "MGEO_OPERATE_TOKEN": "x", "MGEO_SERVICE_HOST": "10.0.0.1",
                 "MGEO_PORT": "tcp://10.0.0.1:80"}
        out, err = self.run_serve("--check-config", environment={**known, "MGEO_MAX_QUEU": "3"})
        self.assertEqual(err.count("\n"), 2, err)
        self.assertIn("MGEO_MAX_QUEU in the environment is no setting", err)

    def test_help_and_version(self):
        self.assertIn("--max-queue", self.run_serve("--help")[0])
        self.assertRegex(self.run_serve("--version")[0], r"^mgeo-serve \d")

    def test_the_probe_asks_the_server(self):
        server = self.serve()
        out, err = self.run_serve("--health", "--listen", server.address)
        self.assertRegex(err, r'^mgeo-serve: \S+: status 200: \{ ?"status": "ready" ?\}\n$')
        self.run_serve("--health", environment={"MGEO_LISTEN": server.address})
        server.stop()
        out, err = self.run_serve("--health", "--listen", server.address, status=1)
        self.assertEqual(err.count("\n"), 1)


class Drain(Case):
    def clients(self, server, count):
        """Keep-alive clients that count answers and failures until they are told to close."""
        self.answers, self.failures = [0] * count, []

        def run(place):
            try:
                connection = server.connect()
                while True:
                    answer = connection.call("POST", "/match", PAIR)
                    if answer.status != 200:
                        self.failures.append(answer.status)
                    self.answers[place] += 1
                    if answer.headers.get("Connection", "").lower() == "close":
                        return
            except OSError as error:
                self.failures.append(repr(error))

        threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
        for thread in threads:
            thread.start()
        server.until(lambda: all(self.answers) or self.failures)
        return threads

    def test_no_request_is_lost_when_it_ends(self):
        server = self.serve("--drain-time", "1s")
        threads = self.clients(server, 8)
        server.send(signal.SIGTERM)
        for thread in threads:
            thread.join(LIMIT)
        self.assertEqual(self.failures, [])
        server.wait(0)

    def test_draining_is_not_ready_but_serves(self):
        server = self.serve("--drain-time", "60s")
        server.send(signal.SIGTERM)
        server.wait_for("draining")
        self.assertEqual(server.call("GET", "/readyz").status, 503)
        health = server.call("GET", "/health")
        self.assertEqual((health.status, health.json()["status"]), (503, "unhealthy"))
        self.assertIn("draining", health.json()["reason"])
        self.assertEqual(server.call("GET", "/livez").status, 200)
        answer = server.match("人民路1号", "人民路1号")
        self.assertEqual((answer.status, answer.headers["Connection"]), (200, "close"))
        server.send(signal.SIGTERM)  # the wait ends
        server.wait(0)

    def test_a_request_in_flight_is_answered(self):
        server = self.serve("--max-queue-delay", "1s")
        answers = []
        thread = threading.Thread(target=lambda: answers.append(server.match("a", "b")))
        thread.start()
        server.until(lambda: server.metric("mgeo_serve_queue_requests") == 1)
        server.send(signal.SIGINT)
        thread.join(LIMIT)
        server.wait(0)
        self.assertEqual(answers[0].status, 200)

    def hold(self, server, text):
        """A client that has sent this and stays."""
        client = socket.create_connection(server.address.split(":"), LIMIT)
        self.addCleanup(client.close)
        client.sendall(text)
        return client

    def test_the_end_waits_no_longer_than_the_timeout(self):
        server = self.serve("--timeout", "100ms", "--body-timeout", "1h")
        self.hold(server, b"POST /match HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                          b"Content-Length: 100\r\n\r\n{")
        server.until(lambda: server.metric("http_server_active_requests") == 2)  # this one asks
        server.stop()

    def test_a_signal_more_ends_the_wait(self):
        server = self.serve("--timeout", "0", "--body-timeout", "1h")
        client = self.hold(server, b"POST /match HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
                                   b"Content-Length: 1000\r\n\r\n[\"a\", \"b\"]\n")
        server.until(lambda: server.metric("mgeo_serve_streams") == 1)
        server.send(signal.SIGINT)
        server.wait_for("draining")
        server.send(signal.SIGTERM)
        server.wait_for("asked again")
        server.wait(0)
        answer = b""
        try:
            while piece := client.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
        self.assertFalse(answer.endswith(b"0\r\n\r\n"), "a stream that was cut looks whole")

    def test_a_load_is_cancelled(self):
        server = self.serve(wait="listening")
        server.stop(signal.SIGINT)


class Reload(Case):
    def test_limits_change_and_the_rest_is_named(self):
        path = self.path("serve.conf", "max-pairs = 1\n")
        server = self.serve("--config", path)
        pairs = {"pairs": [["a", "b"], ["c", "d"]]}
        self.assertEqual(server.call("POST", "/match", pairs).status, 422)
        self.path("serve.conf", "max-pairs = 2\nmodel-name = other\n")
        server.send(signal.SIGHUP)
        server.wait_for("reloaded; only a restart changes --model-name")
        self.assertEqual(server.call("POST", "/match", pairs).status, 200)
        settings = server.call("GET", "/info").json()["settings"]
        self.assertEqual(settings["max-pairs"], {"value": "2", "source": "file"})
        self.assertEqual(settings["model-name"], {"value": "mgeo", "source": "default"})
        self.assertEqual(settings["listen"]["source"], "flag")

    def test_a_mistake_changes_nothing(self):
        path = self.path("serve.conf", "max-pairs = 1\n")
        server = self.serve("--config", path)
        self.path("serve.conf", "max-pairs = none\n")
        server.send(signal.SIGHUP)
        server.wait_for("not reloaded")
        self.assertIn(f"{path}:1: ", server.lines[-1])
        self.assertEqual(server.call("GET", "/info").json()["limits"]["max_pairs"], 1)


class Manager:
    """The socket that systemd would listen at."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.settimeout(LIMIT)

    def wait_for(self, line):
        while True:
            message = self.socket.recv(4096).decode()
            if line in message.split("\n"):
                return message


class Systemd(Case):
    def test_it_tells_of_ready_reload_watchdog_and_end(self):
        manager = Manager(self.path("notify"))
        self.addCleanup(manager.socket.close)
        server = self.serve(environment={"NOTIFY_SOCKET": self.path("notify"), "WATCHDOG_USEC": "300000"})
        self.assertIn("STATUS=serving mgeo", manager.wait_for("READY=1"))
        manager.wait_for("WATCHDOG=1")
        server.send(signal.SIGHUP)
        self.assertRegex(manager.wait_for("RELOADING=1"), r"MONOTONIC_USEC=\d+")
        manager.wait_for("READY=1")
        server.send(signal.SIGTERM)
        manager.wait_for("STOPPING=1")
        server.send(signal.SIGTERM)
        server.wait(0)

    def activated(self, names, *sockets):
        """Descriptors from 3 on, as systemd leaves them to what it starts."""
        script = 'export LISTEN_PID=$$; exec "$@"'
        command = ["sh", "-c", script, "sh", PROGRAM, "--model", MGEO, "--operate", "none"]

        def move():
            kept = [os.dup(number) for number in sockets]  # above those that are written over
            for place, number in enumerate(kept):
                os.dup2(number, 3 + place)

        environment = {**surroundings(), "LISTEN_FDS": str(len(sockets)), "LISTEN_FDNAMES": names}
        process = subprocess.Popen(command, preexec_fn=move, close_fds=False, env=environment,
                                   stderr=subprocess.PIPE)

        def end():
            process.kill()
            process.wait()
            process.stderr.close()
        self.addCleanup(end)
        return process

    def test_what_is_no_listening_socket_is_refused(self):
        with socket.socket(type=socket.SOCK_DGRAM) as datagrams, socket.socket() as silent:
            datagrams.bind(("127.0.0.1", 0))
            pair = socket.socketpair()
            file = os.open(self.path("file", "x"), os.O_RDONLY)
            for one in (datagrams.fileno(), silent.fileno(), pair[0].fileno(), file):
                process = self.activated("data", one)
                err = process.communicate(timeout=LIMIT)[1].decode()
                self.assertEqual((process.returncode, err.count("\n")), (2, 1), err)
                self.assertIn("descriptor 3 is no stream socket that listens", err)
            os.close(file)
            for end in pair:
                end.close()

    def test_numbers_of_sockets_that_cannot_be(self):
        for number in ("-1", "999999", "two", "1"):  # with 1 descriptor 3 is closed
            process = subprocess.Popen(["sh", "-c", 'export LISTEN_PID=$$; exec "$@"', "sh", PROGRAM, "--model", MGEO],
                                       env=surroundings({"LISTEN_FDS": number}), stderr=subprocess.PIPE)
            err = process.communicate(timeout=LIMIT)[1].decode()
            self.assertEqual((process.returncode, err.count("\n")), (2, 1), err)
            self.assertIn("LISTEN_FDS=" + number, err)

    def test_sockets_are_taken_over(self):
        data, operate = socket.socket(), socket.socket(socket.AF_UNIX)
        with data, operate:
            data.bind(("127.0.0.1", 0))
            operate.bind(self.path("operate.sock"))
            for one in (data, operate):
                one.listen(16)
            address = "127.0.0.1:%d" % data.getsockname()[1]
            process = self.activated("data:operate", data.fileno(), operate.fileno())
            lines = [process.stderr.readline().decode() for _ in range(2)]
        self.assertEqual(lines[0], f"mgeo-serve: listening on {address}\n")
        self.assertIn("operating side at", lines[1])
        connection = Connection(address)
        self.addCleanup(connection.close)
        self.assertEqual(connection.call("GET", "/livez").status, 200)
        connection = Connection("unix:" + self.path("operate.sock"))
        self.addCleanup(connection.close)
        self.assertEqual(connection.call("GET", "/operate/status").status, 200)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(LIMIT), 0)


if __name__ == "__main__":
    unittest.main()
