# SPDX-License-Identifier: Apache-2.0
"""The server over real sockets: persistence, streams, clients that are slow or leave, limits, the end."""
import os
import resource
import signal
import socket
import stat
import subprocess
import threading
import time
import unittest
from random import Random

from http_echo import HOST, LIMIT, MARKER, PROGRAM, SANITIZED, Case, Connection

GET = b"GET /get HTTP/1.1\r\n" + HOST + b"\r\n"


def post(path, body=b"", *headers):
    lines = b"".join(header + b"\r\n" for header in headers)
    return b"POST %s HTTP/1.1\r\n%sContent-Length: %d\r\n%s\r\n%s" % (path, HOST, len(body), lines, body)


class Persistence(Case):
    def test_many_requests_of_one_connection(self):
        self.start()
        connection = self.connect()
        for number in range(50):
            body = b"x" * (number * 97)
            connection.send(post(b"/echo?n=%d" % number, body))
            reply = connection.reply()
            self.assertEqual(reply.body, b"POST /echo n=%d %d\n" % (number, len(body)) + body)
            self.assertRegex(reply.headers["date"], r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")
        self.assertEqual(self.counts()["accepted"], 2)

    def test_one_byte_at_a_time(self):
        self.start()
        connection = self.connect()
        connection.send_slowly(post(b"/echo", b"hello") * 3)
        for _ in range(3):
            self.assertEqual(connection.reply().body, b"POST /echo  5\nhello")

    def test_pipelined_requests_keep_their_order(self):
        self.start()
        connection = self.connect()
        requests = b""
        for number in range(40):  # answers from other threads, of different slowness, among those at once
            path = b"/later?ms=%d" % (number % 7) if number % 3 == 0 else b"/echo"
            requests += post(path + (b"&" if b"?" in path else b"?") + b"n=%d" % number, b"b%d" % number)
        connection.send(requests)
        for number in range(40):
            self.assertIn(b"n=%d " % number, connection.reply().body)

    def test_what_waits_behind_a_request_stays_with_the_kernel(self):
        self.start()
        connection = self.connect()
        connection.send(post(b"/later?ms=60000", b""))
        connection.socket.setblocking(False)
        sent, stuck_at = 0, time.monotonic() + LIMIT
        idle_since = time.monotonic()
        while time.monotonic() - idle_since < 0.3 and time.monotonic() < stuck_at:
            try:
                sent += connection.socket.send(GET * 1000)
                idle_since = time.monotonic()
            except BlockingIOError:
                time.sleep(0.01)
        counts = self.counts()
        self.assertEqual((counts["in_flight"], counts["ran"]), (2, 2))
        self.assertLess(sent, 64 << 20, "the server reads on and on")
        self.reset(connection)  # its FIN would wait behind what is unread

    def test_connection_close(self):
        self.start()
        connection = self.connect()
        connection.send(b"GET / HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n" + MARKER)
        self.assertEqual(connection.reply().headers["connection"], "close")
        self.assertTrue(connection.is_closed())
        self.assertEqual(self.counts()["ran"], 2)

    def test_http_1_0(self):
        self.start()
        connection = self.connect()
        connection.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        self.assertEqual(connection.reply().headers["connection"], "keep-alive")
        connection.send(b"GET / HTTP/1.0\r\n\r\n")
        self.assertEqual(connection.reply().headers["connection"], "close")
        self.assertTrue(connection.is_closed())

    def test_head(self):
        self.start()
        connection = self.connect()
        connection.send(b"HEAD /big?bytes=1000 HTTP/1.1\r\n" + HOST + b"\r\n" + GET)
        self.assertEqual(connection.reply(head=True).headers["content-length"], "1000")
        self.assertEqual(connection.reply().body, b"GET /get  0\n")

    def test_continue(self):
        self.start()
        for path in (b"/echo", b"/stream"):
            connection = self.connect()
            connection.send(b"POST %s HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n" % path + HOST + b"\r\n")
            self.assertEqual(connection.reply().status, 100)
            connection.send(b"hello")
            self.assertTrue(connection.reply().body.endswith(b"hello"))
        connection = self.connect()
        connection.send(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 99999999999\r\n" + HOST + b"\r\n")
        self.assertEqual(connection.reply().status, 413)
        self.assertTrue(connection.is_closed())


class Streams(Case):
    def test_of_any_length(self):
        self.start()
        body = bytes(range(256)) * 20000
        connection = self.connect()
        writer = threading.Thread(target=connection.send, args=(post(b"/stream", body) + GET,))
        writer.start()
        reply = connection.reply()
        self.assertEqual(reply.headers["transfer-encoding"], "chunked")
        self.assertTrue(reply.body == body)
        self.assertEqual(connection.reply().body, b"GET /get  0\n")
        writer.join()
        self.assertEqual(self.counts()["body_bytes"], 0)

    def test_goes_to_and_fro(self):
        self.start()
        connection = self.connect()
        connection.send(b"POST /stream HTTP/1.1\r\nContent-Length: 30\r\n" + HOST + b"\r\n")
        connection.until(b"\r\n\r\n")
        for number in range(10):
            line = b"%02d\n" % number
            connection.send(line)
            self.assertEqual(connection.until(b"\r\n"), b"3")
            self.assertEqual(connection.exactly(5), line + b"\r\n")
        self.assertEqual(connection.exactly(5), b"0\r\n\r\n")

    def test_of_http_1_0_ends_with_the_connection(self):
        self.start()
        connection = self.connect()
        connection.send(b"POST /stream HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello")
        reply = connection.reply()
        self.assertNotIn("transfer-encoding", reply.headers)
        self.assertEqual(reply.body, b"hello")

    def test_that_is_cut_is_not_taken_for_whole(self):
        self.start()
        connection = self.connect()
        connection.send(post(b"/stream?cut=1", b"hello"))
        self.assertFalse(connection.rest().endswith(b"0\r\n\r\n"))

    def test_answered_without_reading(self):
        self.start()
        connection = self.connect()
        connection.send(b"POST /stream?refuse=1 HTTP/1.1\r\nContent-Length: 100\r\n" + HOST + b"\r\nsome")
        reply = connection.reply()
        self.assertEqual((reply.status, reply.headers["connection"]), (422, "close"))
        self.assertTrue(connection.is_closed())

    def test_client_that_leaves(self):
        self.start()
        connection = self.connect()
        connection.send(b"POST /stream HTTP/1.1\r\nContent-Length: 100\r\n" + HOST + b"\r\nsome")
        connection.until(b"some")
        connection.socket.close()
        self.await_counts(left=1, in_flight=1)

    def test_client_that_does_not_read(self):
        self.start("write_ms=300")
        connection = self.connect()
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.socket.settimeout(0.1)
        try:
            connection.send(b"POST /stream HTTP/1.1\r\nContent-Length: 99999999999\r\n" + HOST + b"\r\n")
            while True:  # until nothing is taken any more, or the connection is cut
                connection.send(b"x" * 100000)
        except (TimeoutError, ConnectionError):
            pass
        self.await_counts(timed_out=1, in_flight=1)


class BadClients(Case):
    def test_half_closed_in_flight_has_left(self):
        self.start()
        connection = self.connect()
        connection.send(post(b"/later?ms=60000"))
        connection.socket.shutdown(socket.SHUT_WR)
        self.assertTrue(connection.is_closed())
        self.await_counts(left=1, in_flight=1)

    def test_half_closed_behind_requests_answered_at_once(self):
        self.start()
        connection = self.connect()
        connection.send(GET * 20)
        connection.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(connection.rest().count(b"HTTP/1.1 200 OK"), 20)

    def test_reset_in_flight(self):
        self.start()
        connection = self.connect()
        connection.send(post(b"/later?ms=60000"))
        self.await_counts(in_flight=2)
        self.reset(connection)
        self.await_counts(left=1, in_flight=1)

    def test_left_within_a_body(self):
        self.start()
        connection = self.connect()
        connection.send(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n" + HOST + b"\r\nsome")
        connection.socket.close()
        self.await_counts(left=1, body_bytes=0, in_flight=1)

    def test_slow_head(self):
        self.start("head_ms=200")
        connection = self.connect()
        connection.send(b"GET / HTTP/1.1\r\nHos")
        reply = connection.reply()
        self.assertEqual((reply.status, reply.json()["code"]), (408, "slow_head"))
        self.assertTrue(connection.is_closed())
        self.assertEqual(self.counts()["timed_out"], 1)

    def test_slow_body(self):
        self.start("body_ms=200")
        connection = self.connect()
        connection.send(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n" + HOST + b"\r\nsome")
        reply = connection.reply()
        self.assertEqual((reply.status, reply.json()["code"]), (408, "slow_body"))
        self.assertTrue(connection.is_closed())

    def test_trickling_body(self):
        self.start("body_ms=300")
        connection = self.connect()
        connection.send(b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n" + HOST + b"\r\n")
        status = None
        connection.socket.settimeout(0.02)
        while status is None:
            try:
                connection.send(b"x")
                status = connection.reply().status
            except TimeoutError:
                pass
        self.assertEqual(status, 408)

    def test_idle(self):
        self.start("idle_ms=200")
        connection = self.connect()
        connection.send(GET)
        connection.reply()
        self.assertTrue(connection.is_closed())
        self.assertEqual(self.counts()["timed_out"], 0)

    def test_slow_reader(self):
        self.start("write_ms=300")
        connection = self.connect()
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.send(b"GET /big?bytes=30000000 HTTP/1.1\r\n" + HOST + b"\r\n")
        self.await_counts(timed_out=1, in_flight=1)
        with self.assertRaises((EOFError, ConnectionResetError)):
            connection.reply()

    def test_refused_upload_can_read_its_answer(self):
        """What is still on its way does not turn the answer into a reset."""
        self.start()
        for _ in range(10):
            connection = self.connect()
            connection.send(b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n" + HOST + b"\r\n" + b"x" * 1000000)
            self.assertEqual(connection.reply().status, 413)
            connection.send(b"x" * 100000)
            self.assertTrue(connection.is_closed())


class ManyAtOnce(Case):
    """Clients of every kind at the same time: what is left in the end is nothing."""

    def visit(self, random):
        connection = Connection(self.address)
        try:
            connection.socket.settimeout(random.choice([0.002, 0.02, LIMIT]))
            for _ in range(random.randrange(1, 6)):
                if not self.act(connection, random):
                    break
        except (OSError, EOFError):
            pass  # it was cut, or left early
        if random.random() < 0.3:
            self.reset(connection)
        connection.socket.close()

    def act(self, connection, random):
        """Whether the connection can go on."""
        kind = random.randrange(7)
        body = b"x" * random.choice([0, 10, 3000, 200000])
        if kind == 0:
            connection.send(post(b"/later?ms=%d" % random.randrange(20), body) * 3)
            for _ in range(random.randrange(1, 4)):
                connection.reply()
        elif kind == 1:
            connection.send(post(b"/stream?cut=%d" % random.randrange(2), body) + GET)
            connection.reply()
            connection.reply()
        elif kind == 2:
            connection.send(b"POST /stream?refuse=1 HTTP/1.1\r\nContent-Length: 300000\r\n" + HOST + b"\r\n" + body)
            connection.reply()
        elif kind == 3:
            connection.send(b"POST /echo HTTP/1.1\r\nContent-Length: 300000\r\n" + HOST + b"\r\n" + body)
        elif kind == 4:
            connection.send(b"GET /big?bytes=1000000 HTTP/1.1\r\n" + HOST + b"\r\n")
            connection.socket.recv(1000)
        elif kind == 5:
            connection.send(post(b"/later?ms=5", body))
            connection.socket.shutdown(socket.SHUT_WR)
            connection.rest()
        else:
            connection.send(b"GET / HTTP/1.1\r\nA : b\r\n" + HOST + b"\r\n")
            connection.reply()
        return kind < 2

    def test_nothing_is_left(self):
        server = self.start("write_ms=400", "body_ms=400", "head_ms=400")

        def visits(seed):
            source = Random(seed)
            for _ in range(40):
                self.visit(source)

        clients = [threading.Thread(target=visits, args=(seed,)) for seed in range(12)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        counts = self.await_counts(in_flight=1, body_bytes=0, open=1)
        self.assertEqual(counts["done"], counts["ran"] - 1)
        self.assertGreater(counts["whole"], 0)
        self.assertGreater(counts["left"], 0)
        server.send_signal(signal.SIGTERM)
        self.assertEqual(server.wait(LIMIT), 0)


class Limits(Case):
    def test_connections(self):
        self.start("connections=3")
        kept = [self.connect() for _ in range(3)]
        for connection in kept:
            connection.send(GET)
            self.assertEqual(connection.reply().status, 200)
        turned_away = self.connect()
        reply = turned_away.reply()
        self.assertEqual((reply.status, reply.headers["retry-after"]), (503, "1"))
        self.assertTrue(turned_away.is_closed())
        turned_away.socket.close()
        kept[0].socket.close()
        while True:  # until the server has seen it
            connection = self.connect()
            try:
                connection.send(GET)
                if connection.reply().status == 200:
                    break
            except (ConnectionError, EOFError):
                pass
            connection.socket.close()
        self.assertGreaterEqual(self.counts_by(connection)["refused"], 1)

    def counts_by(self, connection):
        connection.send(b"GET /counts HTTP/1.1\r\n" + HOST + b"\r\n")
        return connection.reply().json()

    def test_memory_of_all_bodies(self):
        self.start("bodies=100000")
        first, second = self.connect(), self.connect()
        first.send(b"POST / HTTP/1.1\r\nContent-Length: 90000\r\n" + HOST + b"\r\n" + b"x" * 60000)
        self.assertGreaterEqual(self.await_bodies(60000), 60000)
        second.send(post(b"/", b"y" * 60000))
        reply = second.reply()
        self.assertEqual((reply.status, reply.headers["retry-after"]), (503, "1"))
        first.send(b"x" * 30000)
        self.assertEqual(first.reply().status, 200)
        self.assertEqual(self.counts()["body_bytes"], 0)

    def await_bodies(self, least):
        until = time.monotonic() + LIMIT
        held = 0
        while held < least and time.monotonic() < until:
            held = self.counts()["body_bytes"]
        return held

    def test_out_of_descriptors(self):
        server = self.start()
        kept = self.connect()
        kept.send(GET)
        kept.reply()
        used = len(os.listdir(f"/proc/{server.pid}/fd"))
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (used, used))
        for _ in range(5):  # nobody waits: whom there is no descriptor for is closed
            self.assertTrue(self.connect().is_closed())
        kept.send(GET)
        self.assertEqual(kept.reply().status, 200)

    @unittest.skipIf(SANITIZED, "memory says nothing")
    def test_idle_connections_cost_little(self):
        many = 2000
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 2 * many + 200
        if hard != resource.RLIM_INFINITY and hard < wanted:
            self.skipTest(f"no more than {hard} descriptors are allowed")
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        server = self.start()
        self.counts()
        before = self.memory(server)
        connections = [self.connect() for _ in range(many)]
        for connection in connections:
            connection.send(post(b"/echo", b"x" * 3000))
        for connection in connections:
            self.assertEqual(connection.reply().status, 200)
        counts = self.counts()
        self.assertEqual((counts["open"], counts["body_bytes"]), (many + 1, 0))
        self.assertLess(self.memory(server) - before, 20000)
        for connection in connections:
            connection.socket.close()

    def memory(self, server):
        with open(f"/proc/{server.pid}/status") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


class Ending(Case):
    def test_drain(self):
        server = self.start()
        connection, idle = self.connect(), self.connect()
        for each in (connection, idle):
            each.send(GET)
            self.assertNotIn("connection", each.reply().headers)
        server.send_signal(signal.SIGUSR1)
        while True:  # the signal is on its way
            late = self.connect()
            late.send(GET)
            if late.reply().headers.get("connection") == "close":
                break
        idle.send(GET)
        self.assertEqual(idle.reply().headers["connection"], "close")
        self.assertTrue(idle.is_closed())

    def test_stop_waits_for_what_is_in_flight(self):
        server = self.start()
        connection, idle = self.connect(), self.connect()
        connection.send(post(b"/later?ms=500", b"hello"))
        self.await_counts(in_flight=2)
        server.send_signal(signal.SIGTERM)
        self.assertTrue(idle.is_closed())
        reply = connection.reply()
        self.assertEqual((reply.body, reply.headers["connection"]), (b"POST /later ms=500 5\nhello", "close"))
        connection.socket.close()
        self.assertEqual(server.wait(LIMIT), 0)

    def test_stop_serves_what_has_come(self):
        """Requests that wait in sockets when the server is told to stop."""
        server = self.start()
        server.send_signal(signal.SIGSTOP)
        connections = [self.connect() for _ in range(20)]
        for connection in connections:
            connection.send(GET)
        server.send_signal(signal.SIGTERM)
        server.send_signal(signal.SIGCONT)
        for connection in connections:
            self.assertEqual(connection.reply().status, 200)
            connection.socket.close()
        self.assertEqual(server.wait(LIMIT), 0)

    def test_grace_ends(self):
        server = self.start("grace_ms=100")
        connection = self.connect()
        connection.send(post(b"/later?ms=60000"))
        self.await_counts(in_flight=2)
        server.send_signal(signal.SIGTERM)
        self.assertTrue(connection.is_closed())
        self.assertEqual(server.wait(LIMIT), 0)


class Addresses(Case):
    def test_unix_socket(self):
        path = os.path.join(self.folder, "socket")
        server = self.start(listen="unix:" + path)
        self.assertEqual(self.address, "unix:" + path)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o660)
        self.assertEqual(self.counts()["peer"], "unix")
        second = subprocess.run([PROGRAM, "unix:" + path], capture_output=True, text=True, timeout=LIMIT)
        self.assertEqual(second.returncode, 1)
        self.assertIn("another process listens there", second.stderr)
        self.assertEqual(self.counts()["ran"], 2)
        server.send_signal(signal.SIGTERM)
        self.assertEqual(server.wait(LIMIT), 0)
        self.assertFalse(os.path.exists(path))

    def test_stale_unix_socket_is_replaced(self):
        path = os.path.join(self.folder, "socket")
        server = self.start(listen="unix:" + path, status=-signal.SIGKILL)
        server.kill()
        server.wait()
        self.assertTrue(os.path.exists(path))
        self.start(listen="unix:" + path)
        self.assertEqual(self.counts()["ran"], 1)

    def test_other_files_are_left_alone(self):
        path = os.path.join(self.folder, "file")
        with open(path, "w") as file:
            file.write("mine")
        done = subprocess.run([PROGRAM, "unix:" + path], capture_output=True, text=True, timeout=LIMIT)
        self.assertEqual(done.returncode, 1)
        with open(path) as file:
            self.assertEqual(file.read(), "mine")

    def test_ipv6(self):
        if not socket.has_ipv6:
            self.skipTest("no IPv6")
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError as error:
            self.skipTest(f"no IPv6 here: {error}")
        self.start(listen="[::1]:0")
        self.assertTrue(self.counts()["peer"].startswith("[::1]:"))

    def test_all_addresses(self):
        self.start(listen=":0")
        self.address = "127.0.0.1:" + self.address.rsplit(":", 1)[1]
        self.assertTrue(self.counts()["peer"].startswith("127.0.0.1:"))

    def test_taken_and_wrong(self):
        self.start()
        for address, said in ((self.address, "in use"), ("nowhere", "write HOST:PORT"), ("127.0.0.1:70000", "port"),
                              ("::1:80", "write HOST:PORT"), ("unix:", "a path follows"),
                              ("unix:/" + "x" * 200, "longer than"), ("unix:/no/such/x.sock", "make it first"),
                              ("127.0.0.1:", "port")):
            done = subprocess.run([PROGRAM, address], capture_output=True, text=True, timeout=LIMIT)
            self.assertEqual(done.returncode, 1, address)
            self.assertIn(said, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1)

    def test_repeating_tasks(self):
        self.start()
        before = self.counts()["ticks"]
        while self.counts()["ticks"] < before + 3:
            time.sleep(0.01)


if __name__ == "__main__":
    unittest.main(verbosity=2)
