# SPDX-License-Identifier: Apache-2.0
"""Every class of malformed framing of RFC 9112: it is refused, and the request behind it never runs."""
import unittest

from http_echo import HOST, MARKER, Case

LIMITS = ("head_bytes=4096", "headers=20")
GET = b"GET /marker HTTP/1.1\r\n"
POST = b"POST /marker HTTP/1.1\r\n" + HOST
SMUGGLED = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"
CHUNKED = b"0\r\n\r\n"


def request(*headers, line=b"GET /marker HTTP/1.1", host=HOST):
    return line + b"\r\n" + host + b"".join(header + b"\r\n" for header in headers) + b"\r\n"


# (what is wrong, the status, the bytes)
MALFORMED = [
    # Request line: its parts and its blanks.
    ("an empty method", 400, request(line=b" /marker HTTP/1.1")),
    ("a method with a sign that is no token", 400, request(line=b"G(T /marker HTTP/1.1")),
    ("a method with a colon", 400, request(line=b"GET: /marker HTTP/1.1")),
    ("an unknown method", 501, request(line=b"BREW /marker HTTP/1.1")),
    ("a method in small letters", 501, request(line=b"get /marker HTTP/1.1")),
    ("CONNECT", 501, request(line=b"CONNECT localhost:80 HTTP/1.1")),
    ("two blanks before the target", 400, request(line=b"GET  /marker HTTP/1.1")),
    ("two blanks before the version", 400, request(line=b"GET /marker  HTTP/1.1")),
    ("a blank behind the version", 400, request(line=b"GET /marker HTTP/1.1 ")),
    ("a tab for a blank", 400, request(line=b"GET\t/marker HTTP/1.1")),
    ("a tab before the version", 400, request(line=b"GET /marker\tHTTP/1.1")),
    ("a blank within the target", 400, request(line=b"GET /mar ker HTTP/1.1")),
    ("a blank before the method", 400, b" " + request()),
    ("no target", 505, request(line=b"GET HTTP/1.1")),
    ("a word alone", 400, request(line=b"GET")),
    ("two empty lines first", 400, b"\r\n\r\n" + request()),
    ("a header line first", 400, HOST + request()),
    # Versions.
    ("HTTP/0.9", 505, b"GET /marker\r\n\r\n"),
    ("HTTP/0.9 by number", 505, request(line=b"GET /marker HTTP/0.9")),
    ("HTTP/1.2", 505, request(line=b"GET /marker HTTP/1.2")),
    ("HTTP/2.0", 505, request(line=b"GET /marker HTTP/2.0")),
    ("the preface of HTTP/2", 505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("HTTP/3.1", 505, request(line=b"GET /marker HTTP/3.1")),
    ("HTTP/1.10", 400, request(line=b"GET /marker HTTP/1.10")),
    ("HTTP/11", 400, request(line=b"GET /marker HTTP/11")),
    ("HTTP/1", 400, request(line=b"GET /marker HTTP/1")),
    ("http/1.1", 400, request(line=b"GET /marker http/1.1")),
    ("HTTP 1.1", 400, request(line=b"GET /marker HTTP 1.1")),
    ("ICE/1.1", 400, request(line=b"GET /marker ICE/1.1")),
    ("HTTP/+1.1", 400, request(line=b"GET /marker HTTP/+1.1")),
    # Targets.
    ("a target without a slash", 400, request(line=b"GET marker HTTP/1.1")),
    ("an asterisk for GET", 400, request(line=b"GET * HTTP/1.1")),
    ("an authority for GET", 400, request(line=b"GET localhost:80 HTTP/1.1")),
    ("a fragment", 400, request(line=b"GET /marker#part HTTP/1.1")),
    ("an absolute target for another host", 400, request(line=b"GET http://other/marker HTTP/1.1")),
    ("an absolute target for another port", 400, request(line=b"GET http://localhost:1/marker HTTP/1.1")),
    ("an absolute target with a user", 400, request(line=b"GET http://a@localhost/marker HTTP/1.1")),
    ("an absolute target without host", 400, request(line=b"GET http:///marker HTTP/1.1")),
    ("a scheme of another kind", 400, request(line=b"GET file:///marker HTTP/1.1")),
    ("UTF-8 in the target", 400, request(line="GET /marker?q=路 HTTP/1.1".encode())),
    ("NUL in the target", 400, request(line=b"GET /mar\0ker HTTP/1.1")),
    ("DEL in the target", 400, request(line=b"GET /mar\x7fker HTTP/1.1")),
    ("an escape in the target", 400, request(line=b"GET /mar\x1b[1mker HTTP/1.1")),
    # Line ends.
    ("line feeds alone", 400, request().replace(b"\r\n", b"\n")),
    ("a line feed alone behind the request line", 400, request().replace(b"\r\n", b"\n", 1)),
    ("a line feed alone behind a header", 400, GET + b"Host: localhost\n\r\n"),
    ("a line feed alone at the end of the head", 400, GET + HOST + b"\n"),
    ("carriage returns alone", 400, request().replace(b"\r\n", b"\r")),
    ("a carriage return alone in the request line", 400, request(line=b"GET /marker\rHTTP/1.1")),
    ("a carriage return alone in a value", 400, request(b"A: b\rc")),
    ("a carriage return alone in a name", 400, request(b"A\rB: c")),
    ("a carriage return too many", 400, request(b"A: b\r")),
    ("a carriage return and a header behind it", 400, request(b"A: b\rContent-Length: 5")),
    ("a line feed and a header behind it", 400, request(b"A: b\nContent-Length: 5")),
    ("a carriage return first", 400, b"\r" + request()),
    ("a line feed first", 400, b"\n" + request()),
    # Headers.
    ("a folded value", 400, request(b"A: b", b" c")),
    ("a value folded by a tab", 400, request(b"A: b", b"\tc")),
    ("a folded Content-Length", 400, POST + b"Content-Length:\r\n 5\r\n\r\nhello"),
    ("a blank before the first header", 400, GET + b" " + HOST + b"\r\n"),
    ("a blank before the colon", 400, request(b"A : b")),
    ("a tab before the colon", 400, request(b"A\t: b")),
    ("a blank before Content-Length's colon", 400, POST + b"Content-Length : 5\r\n\r\nhello"),
    ("a blank before Transfer-Encoding's colon", 400, POST + b"Transfer-Encoding : chunked\r\n\r\n" + CHUNKED),
    ("a blank within a name", 400, request(b"A b: c")),
    ("a line without a colon", 400, request(b"no colon")),
    ("an empty name", 400, request(b": value")),
    ("a name in brackets", 400, request(b"[A]: b")),
    ("a name with a slash", 400, request(b"A/B: c")),
    ("UTF-8 in a name", 400, request("路: b".encode())),
    ("NUL in a name", 400, request(b"A\0B: c")),
    ("NUL in a value", 400, request(b"A: b\0c")),
    ("a bell in a value", 400, request(b"A: b\x07c")),
    ("DEL in a value", 400, request(b"A: b\x7fc")),
    ("a vertical tab in a value", 400, request(b"A: b\x0bc")),
    ("a form feed before a value", 400, request(b"A:\x0cb")),
    # Host.
    ("no Host", 400, request(host=b"")),
    ("an empty Host", 400, request(host=b"Host:\r\n")),
    ("two Hosts", 400, request(b"Host: localhost")),
    ("two Hosts that differ", 400, request(b"host: other")),
    ("a list of Hosts", 400, request(host=b"Host: a, b\r\n")),
    ("a list of Hosts without a blank", 400, request(host=b"Host: a,b\r\n")),
    ("a Host with signs that no name has", 400, request(host=b"Host: a;b=(c)!\r\n")),
    ("a Host with a quoted byte", 400, request(host=b"Host: a%2Fb\r\n")),
    ("a Host with an empty label", 400, request(host=b"Host: a..b\r\n")),
    ("a Host of a point", 400, request(host=b"Host: .\r\n")),
    ("a Host longer than names are", 400, request(host=b"Host: " + b"a" * 256 + b"\r\n")),
    ("a Host with a port beyond 65535", 400, request(host=b"Host: a:65536\r\n")),
    ("a Host whose brackets hold a name", 400, request(host=b"Host: [abc]\r\n")),
    ("a Host whose brackets hold a list", 400, request(host=b"Host: [::1,::2]\r\n")),
    ("a Host with a blank", 400, request(host=b"Host: a b\r\n")),
    ("a Host with a path", 400, request(host=b"Host: a/b\r\n")),
    ("a Host with a user", 400, request(host=b"Host: a@b\r\n")),
    ("a Host with a port that is none", 400, request(host=b"Host: a:b\r\n")),
    ("a Host with a port too long", 400, request(host=b"Host: a:123456\r\n")),
    ("a Host with a scheme", 400, request(host=b"Host: http://a\r\n")),
    ("a Host whose bracket is open", 400, request(host=b"Host: [::1\r\n")),
    ("a Host with text behind its bracket", 400, request(host=b"Host: [::1]a\r\n")),
    ("a Host with a port alone", 400, request(host=b"Host: :80\r\n")),
    ("two Hosts of HTTP/1.0", 400, request(b"Host: b", line=b"GET /marker HTTP/1.0")),
    # Content-Length.
    ("no Content-Length on POST", 411, POST + b"\r\n"),
    ("no Content-Length on PUT", 411, request(line=b"PUT /marker HTTP/1.1")),
    ("no Content-Length on PATCH", 411, request(line=b"PATCH /marker HTTP/1.1")),
    ("no Content-Length on POST of HTTP/1.0", 411, request(line=b"POST /marker HTTP/1.0")),
    ("an empty Content-Length", 400, POST + b"Content-Length:\r\n\r\n"),
    ("two equal Content-Lengths", 400, POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
    ("two Content-Lengths", 400, POST + b"Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello"),
    ("two Content-Lengths, of them one 0", 400, POST + b"Content-Length: 0\r\nContent-Length: 44\r\n\r\n" + SMUGGLED),
    ("a list of Content-Lengths", 400, POST + b"Content-Length: 5, 5\r\n\r\nhello"),
    ("a list that begins empty", 400, POST + b"Content-Length: ,5\r\n\r\nhello"),
    ("a positive sign", 400, POST + b"Content-Length: +5\r\n\r\nhello"),
    ("a negative Content-Length", 400, POST + b"Content-Length: -5\r\n\r\nhello"),
    ("a hexadecimal Content-Length", 400, POST + b"Content-Length: 0x5\r\n\r\nhello"),
    ("a Content-Length with a point", 400, POST + b"Content-Length: 5.0\r\n\r\nhello"),
    ("a Content-Length with an exponent", 400, POST + b"Content-Length: 5e0\r\n\r\nhello"),
    ("a Content-Length with an underscore", 400, POST + b"Content-Length: 1_0\r\n\r\nhellohello"),
    ("a Content-Length with a blank inside", 400, POST + b"Content-Length: 1 0\r\n\r\nhellohello"),
    ("a Content-Length with text behind it", 400, POST + b"Content-Length: 5 bytes\r\n\r\nhello"),
    ("a Content-Length in quotes", 400, POST + b"Content-Length: \"5\"\r\n\r\nhello"),
    ("a Content-Length of other digits", 400, POST + "Content-Length: ٥\r\n\r\nhello".encode()),
    ("a Content-Length of 2^64", 400, POST + b"Content-Length: 18446744073709551616\r\n\r\n"),
    ("a Content-Length of 2^64 + 5", 400, POST + b"Content-Length: 18446744073709551621\r\n\r\nhello"),
    ("a Content-Length of 2^63", 400, POST + b"Content-Length: 9223372036854775808\r\n\r\n"),
    ("a Content-Length of 40 digits", 400, POST + b"Content-Length: " + b"1" * 40 + b"\r\n\r\n"),
    ("a bad Content-Length on GET", 400, request(b"Content-Length: x")),
    # Transfer-Encoding.
    ("chunks", 501, POST + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED),
    ("chunks and a length", 501, POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + CHUNKED),
    ("a length and chunks", 501, POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED),
    ("chunks of HTTP/1.0", 501, request(b"Transfer-Encoding: chunked", line=b"POST /marker HTTP/1.0") + CHUNKED),
    ("chunks on GET", 501, request(b"Transfer-Encoding: chunked") + CHUNKED),
    ("identity", 501, POST + b"Transfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n"),
    ("xchunked", 501, POST + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKED),
    ("chunked in quotes", 501, POST + b"Transfer-Encoding: \"chunked\"\r\n\r\n" + CHUNKED),
    ("a vertical tab before chunked", 400, POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + CHUNKED),
    ("gzip, chunked", 501, POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKED),
    ("chunked, gzip", 501, POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n" + CHUNKED),
    ("chunked twice", 501, POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED),
    ("an empty Transfer-Encoding", 501, POST + b"Transfer-Encoding:\r\n\r\n" + CHUNKED),
    ("a Transfer-Encoding in capitals", 501, POST + b"TRANSFER-ENCODING: CHUNKED\r\n\r\n" + CHUNKED),
    # Expectations.
    ("another expectation", 417, POST + b"Expect: 200-ok\r\nContent-Length: 0\r\n\r\n"),
    ("two expectations", 417, POST + b"Expect: 100-continue, x\r\nContent-Length: 0\r\n\r\n"),
    ("an empty expectation", 417, POST + b"Expect:\r\nContent-Length: 0\r\n\r\n"),
    # Sizes.
    ("a target too long", 414, request(line=b"GET /marker?" + b"x" * 5000 + b" HTTP/1.1")),
    ("a header too long", 431, request(b"A: " + b"b" * 5000)),
    ("a name too long", 431, request(b"A" * 5000 + b": b")),
    ("headers too long together", 431, request(*[b"A: " + b"b" * 400] * 12)),
    ("too many headers", 431, request(*[b"A: b"] * 20)),
    # What is no HTTP at all.
    ("a TLS hello", 400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 32),
    ("SSH", 400, b"SSH-2.0-OpenSSH_9.2\r\n"),
    ("a line of JSON", 400, b'{"address1": "a", "address2": "b"}\r\n'),
    ("a response", 400, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ("chunks without a head", 400, b"5\r\nhello\r\n0\r\n\r\n"),
    ("the PROXY protocol", 400, b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n"),
]

# What looks odd and is sound: refusing it would be a fault, too.
SOUND = [
    ("an empty line first", b"\r\n" + request()),
    ("blanks around a value", request(b"A: \t b \t")),
    ("no blank before a value", GET + b"Host:localhost\r\n\r\n"),
    ("an empty value", request(b"A:")),
    ("a tab in a value", request(b"A: b\tc")),
    ("UTF-8 in a value", request("A: 路".encode())),
    ("capitals", GET + b"HOST: localhost\r\n\r\n"),
    ("a Host with a port", request(host=b"Host: localhost:8080\r\n")),
    ("a Host with the last port", request(host=b"Host: localhost:65535\r\n")),
    ("a Host with a point behind it", request(host=b"Host: localhost.\r\n")),
    ("a Host of a service", request(host=b"Host: my_service-1.a.b:80\r\n")),
    ("a Host of IPv4", request(host=b"Host: 127.0.0.1:80\r\n")),
    ("a Host of IPv6 with IPv4", request(host=b"Host: [::ffff:10.0.0.1]\r\n")),
    ("a Host of IPv6", request(host=b"Host: [::1]:8080\r\n")),
    ("every sign of a token", request(b"!#$%&'*+-.^_`|~09azAZ: b")),
    ("an absolute target", request(line=b"GET http://localhost/marker HTTP/1.1")),
    ("an absolute target in capitals", request(line=b"GET HTTP://LOCALHOST/marker HTTP/1.1")),
    ("an absolute target without a path", request(line=b"GET http://localhost HTTP/1.1")),
    ("an asterisk for OPTIONS", request(line=b"OPTIONS * HTTP/1.1")),
    ("percent-encoding", request(line=b"GET /%E8%B7%AF?q=%00 HTTP/1.1")),
    ("Content-Length 0", POST + b"Content-Length: 0\r\n\r\n"),
    ("zeros before a length", POST + b"Content-Length: 0005\r\n\r\nhello"),
    ("blanks around a length", POST + b"Content-Length:   5  \r\n\r\nhello"),
    ("a body on GET", request(b"Content-Length: 5") + b"hello"),
    ("DELETE without a length", request(line=b"DELETE /marker HTTP/1.1")),
    ("Upgrade", request(b"Connection: Upgrade", b"Upgrade: h2c")),
    ("Upgrade to WebSocket", request(b"Connection: Upgrade", b"Upgrade: websocket")),
    ("a body that looks like a request", POST + b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED),
]


class Malformed(Case):
    def refused(self, status, data, slowly):
        with self.connect() as connection:
            if slowly:
                connection.send_slowly(data + MARKER)
            else:
                connection.send(data + MARKER)
            reply = connection.reply()
            self.assertEqual(reply.status, status, reply.body)
            self.assertEqual(reply.headers["connection"], "close")
            self.assertEqual(reply.headers["content-type"], "application/json")
            error = reply.json()
            self.assertRegex(error["code"], "^[a-z_]+$")
            self.assertEqual(error["error_type"], "Validation")
            self.assertGreater(len(error["error"]), 10)
            self.assertTrue(connection.is_closed(), "something behind it was answered")

    def test_nothing_behind_it_runs(self):
        self.start(*LIMITS)
        for slowly in (False, True):
            for what, status, data in MALFORMED:
                with self.subTest(what, slowly=slowly):
                    self.refused(status, data, slowly and len(data) < 1000)
        counts = self.counts()
        self.assertEqual(counts["ran"], 1, "a request of those above ran")
        self.assertEqual(counts["malformed"], 2 * len(MALFORMED))
        self.assertEqual(counts["refused_requests"], 2 * len(MALFORMED))
        self.assertEqual(counts["body_bytes"], 0)

    def test_it_is_refused_behind_a_sound_one(self):
        self.start(*LIMITS)
        for what, status, data in MALFORMED:
            if data.startswith(b"\r\n"):
                continue
            with self.subTest(what), self.connect() as connection:
                connection.send(request(line=b"GET /first HTTP/1.1") + data + MARKER)
                self.assertEqual(connection.reply().body, b"GET /first  0\n")
                self.assertEqual(connection.reply().status, status)
                self.assertTrue(connection.is_closed())

    def test_what_is_sound_runs(self):
        self.start(*LIMITS)
        for what, data in SOUND:
            with self.subTest(what), self.connect() as connection:
                connection.send(data + request(line=b"GET /next HTTP/1.1"))
                reply = connection.reply()
                self.assertEqual(reply.status, 200, reply.body)
                self.assertNotIn("connection", reply.headers)
                self.assertEqual(connection.reply().body, b"GET /next  0\n")

    def test_a_body_is_not_read_as_a_request(self):
        self.start()
        with self.connect() as connection:
            connection.send(POST + b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED + MARKER)
            self.assertEqual(connection.reply().body, b"POST /marker  %d\n" % len(SMUGGLED) + SMUGGLED)
            self.assertEqual(connection.reply().body, b"GET /marker  0\n")
        self.assertEqual(self.counts()["ran"], 3)

    def test_there_are_many(self):
        self.assertGreaterEqual(len(MALFORMED), 80)


if __name__ == "__main__":
    unittest.main(verbosity=2)
