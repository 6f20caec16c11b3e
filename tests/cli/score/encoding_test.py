# SPDX-License-Identifier: Apache-2.0
"""What bytes are: encodings, compressed data with something odd about it, files that are no tables."""
import gzip
import hashlib
import io
import os
import subprocess
import tarfile
import unittest
import zipfile

from harness import PROGRAM, Case, table, tsv

PLAIN = [("id", "sentence1", "sentence2"), ("1", "甲路1号", "甲路1号"), ("2", "浙江省杭州市西湖区文三路100号", "文三路100号"),
         ("3", "人民路", "𠮷祥街·5号")]
TEXT = tsv(*PLAIN).decode()


def zstd(*arguments, data):
    return subprocess.run(["zstd", "-q", "-c", *arguments], input=data, capture_output=True, check=True).stdout


class Encodings(Case):
    def scored(self, data, *arguments, status=0):
        result = self.run_score(*arguments, stdin=data, status=status)
        return result.out, result.err

    def setUp(self):
        super().setUp()
        self.expected = self.run_score(stdin=TEXT.encode()).out

    def test_auto_reads_what_tables_come_in(self):
        cases = [("gb18030", "GB18030"), ("utf-16-le", "UTF-16LE"), ("utf-16-be", "UTF-16BE"), ("utf-16", "UTF-16LE"),
                 ("utf-32-le", "UTF-32LE"), ("utf-32-be", "UTF-32BE"), ("utf-32", "UTF-32LE"), ("utf-8-sig", None)]
        for codec, told in cases:
            for wrap in (bytes, gzip.compress, lambda data: zstd(data=data)):
                out, err = self.scored(wrap(TEXT.encode(codec)))
                self.assertEqual(out, self.expected, codec)
                self.assertEqual("read as" in err, told is not None, err)
                if told:
                    self.assertIn(f"standard input: read as {told}; --encoding", err)
                    self.assertEqual(self.run_score("-q", stdin=TEXT.encode(codec)).err, "")

    def test_marks_are_taken_off(self):
        mark = "\ufeff".encode()
        self.assertEqual(self.scored(mark + mark + TEXT.encode())[0], self.expected)
        self.assertEqual(self.scored(b"\x84\x31\x95\x33" + TEXT.encode("gb18030"))[0], self.expected)

    def test_an_encoding_may_be_given(self):
        for name, codec in (("gbk", "gb18030"), ("GB2312", "gb18030"), ("cp936", "gb18030"), ("utf-16", "utf-16-be"),
                            ("UTF-16LE", "utf-16-le"), ("utf-8", "utf-8"), ("UTF-7", "utf-7")):
            out, err = self.scored(TEXT.encode(codec), "--encoding", name)
            self.assertEqual((out, err), (self.expected, ""), name)
        big5 = "sentence1\tsentence2\n臺北市信義路五段7號\t信義路五段7號\n"
        self.assertEqual(self.scored(big5.encode("big5"), "--encoding", "big5")[0].split(b"\t")[:2],
                         self.scored(big5.encode())[0].split(b"\t")[:2])
        self.assertIn("--encoding big5", self.one_line(self.run_score(stdin=big5.encode("big5"), status=2)))
        err = self.one_line(self.run_score("--encoding", "klingon", stdin=b"a\tb\n", status=2))
        self.assertIn("--encoding klingon: not known", err)

    def test_what_is_not_sure_is_refused(self):
        cases = [("windows-1252", "Königsallee 12, Düsseldorf\tKönigsallee 12\n"),
                 ("windows-1252", "12 rue de l'Église, Orléans\true de l'église\nAvenue Général Leclerc\tx\n"),
                 ("windows-1252", "Straße des 17. Juni\tStraße\n"), ("windows-1252", "São João\tCalçada Áurea\n"),
                 ("euc-kr", "서울특별시 강남구 테헤란로 152\t강남구 테헤란로 152\n부산광역시 해운대구\t해운대구\n"),
                 ("shift_jis", "東京都千代田区丸の内1丁目\t千代田区丸の内1-1\n大阪市北区うめだ\t北区うめだ\n"),
                 ("euc-jp", "東京都千代田区丸の内1丁目\t千代田区丸の内1-1\n大阪市北区うめだ\t北区うめだ\n"),
                 ("big5", "臺北市信義區信義路五段7號\t信義路五段7號\n高雄市苓雅區四維三路2號\t四維三路2號\n"),
                 ("utf-7", "杭州市文三路1号\t文三路1号\n"), ("iso-2022-jp", "東京都丸の内\t丸の内\n")]
        for name, text in cases:
            for data in (text.encode(name), ("a\tb\n" * 20 + text * 30).encode(name)):
                result = self.run_score("--header", "no", "-q", stdin=data, status=2)
                self.assertIn(f"--encoding {name}", self.one_line(result))
                self.assertEqual(result.out, b"")
                self.assertIn("ASCII" if name in ("utf-7", "iso-2022-jp") else "line ", result.err)
            self.assertEqual(len(self.run_score("--header", "no", "-q", "--encoding", name, stdin=text.encode(name)).lines),
                             text.count("\n"))

    def test_rows_that_are_not_quite_utf8_are_bad_rows(self):
        good = "人民路1号\t人民路\n".encode() * 3
        for bad in ("人民路".encode() + b"\xed\xa0\x80\tx\n", b"\xed\xa0\xbd\xed\xb8\x80\tx\n", "人民路".encode() + b"\xc0\xafa\tx\n",
                    "人民\0路\tx\n".encode(), b"\xf4\x90\x80\x80\tx\n", "人民路".encode()[:-1] + b"\tx\n"):
            result = self.run_score("--header", "no", stdin=good + bad + good, status=1)
            self.assertEqual(len(result.lines), 7)
            self.assertIn(":4:", result.err)

    def test_half_a_unit_at_the_end_is_told(self):
        for codec in ("utf-16-le", "utf-16-be"):
            data = TEXT.encode(codec)[:-1]
            self.assertIn("is not UTF-16", self.one_line(self.run_score("-q", stdin=data, status=2)))

    def test_the_euro_sign_of_windows(self):
        out, _ = self.scored("甲路1号\t甲路€1号\n".encode("gb18030").replace("€".encode("gb18030"), b"\x80"),
                             "--header", "no")
        self.assertIn("甲路€1号".encode(), out)

    def test_a_row_of_gbk_that_happens_to_be_utf8_is_none(self):
        row = "联通路\t联通\n".encode("gbk")
        lucky = bytes([0xC2, 0xB7, 0xC6, 0xBD]) + b"\t" + bytes([0xC2, 0xB7, 0xC6, 0xBD]) + b"\n"
        lucky.decode()  # valid both ways; 路平 in GBK
        err = self.one_line(self.run_score("--header", "no", stdin=lucky, status=2))
        self.assertIn("--encoding gb18030; it may also be utf-8", err)
        out, _ = self.scored(lucky, "--header", "no", "--encoding", "gbk")
        self.assertTrue(out.startswith("路平\t路平\t".encode()))
        self.assertIn("read as GB18030", self.scored(lucky + row, "--header", "no")[1])
        self.assertIn("GB18030", self.scored(row, "--header", "no")[1])

    def test_utf8_is_never_read_as_gbk(self):
        for text in ("São João\tÉvora\n", "12°\t13°\n", "John·Smith\tA·B\n", "Königsallee\tÅäö\n", "¥12\t§3\n"):
            for data in (text, "a\tb\n" * 5 + text * 9):
                out, err = self.scored(data.encode(), "--header", "no")
                self.assertNotIn("read as", err)
                self.assertNotIn("looks like", err)
                self.assertTrue(out.endswith(b"\n"))
                self.assertEqual(out.count(text[:-1].encode()), data.count(text))

    MOJIBAKE = {
        "UTF-8 that was read as Latin-1": lambda text: text.encode().decode("latin-1"),
        "UTF-8 that was read as Latin-1 and": lambda text: "".join(
            bytes([byte]).decode("cp1252", "replace").replace("\ufffd", chr(byte)) for byte in text.encode()),
        "GBK that was read as Latin-1": lambda text: text.encode("gbk").decode("latin-1"),
        "UTF-8 that was read as GBK": lambda text: text.encode().decode("gbk", "replace"),
        "text that has lost characters": lambda text: text.replace("区", "\ufffd"),
        "text that has lost characters: U+FFFD": lambda text: text.replace("区", "锟斤拷"),
    }

    def test_mojibake_is_told_once(self):
        plain = "北京市海淀区中关村大街1号\t海淀区中关村大街一号\n上海市浦东新区世纪大道8号\t世纪大道8号(浦东新区)\n"
        for kind, spoil in self.MOJIBAKE.items():
            given = spoil(plain).encode()
            for data in (given, given * 300, gzip.compress(given)):
                out, err = self.scored(data, "--header", "no")
                self.assertIn(f"looks like {kind}", err)
                self.assertEqual(len([line for line in err.splitlines() if "came before" not in line]), 1, err)
                self.assertTrue(out.startswith(given.split(b"\n")[0] + b"\t"))
            self.assertEqual(self.run_score("-q", "--header", "no", stdin=given).err, "")
            path = self.path("m", given)
            self.assertEqual(self.run_score("--header", "no", path, self.path("m2", given)).err.count("looks like"), 1)
        self.assertEqual(self.scored(plain.encode(), "--header", "no")[1], "")

    def test_chinese_in_ascii_is_told(self):
        ways = {
            "entities of HTML": lambda c: f"&#{ord(c)};", "entities of HTML (": lambda c: f"&#x{ord(c):x};",
            "escapes (\\u4e0a)": lambda c: f"\\u{ord(c):04x}", "escapes (\\u": lambda c: f"\\u{{{ord(c):x}}}",
            "percent signs": lambda c: "".join(f"%{byte:02X}" for byte in c.encode()),
            "octal bytes": lambda c: "".join(f"\\{byte:o}" for byte in c.encode()),
            "hexadecimal bytes": lambda c: "".join(f"\\x{byte:02x}" for byte in c.encode()),
            "quoted-printable": lambda c: "".join(f"={byte:02X}" for byte in c.encode()),
            "escapes (%u4e0a)": lambda c: f"%u{ord(c):04X}", "code points": lambda c: f"U+{ord(c):04X}",
        }
        text = "sentence1\tsentence2\n上海市浦东新区1号\t广州市天河区\n"
        for kind, write in ways.items():
            given = "".join(write(c) if c > "\x7f" else c for c in text)
            out, err = self.scored(given.encode())
            self.assertIn(f"written as {kind}", err)
            self.assertEqual(err.count("written as"), 1, err)
            self.assertEqual(out.count(b"\n"), 2)
            self.assertEqual(self.run_score("-q", stdin=given.encode()).err, "")
            command = err[err.index("python3 -c '") + 12:err.index("' < FILE")]
            decoded = subprocess.run(["python3", "-c", command], input=given.encode(), capture_output=True, check=True)
            self.assertEqual(decoded.stdout.decode(), text)
        for given in (b'{"a":"\\u4e0a\\u6d77","b":"\\u5e7f\\u5dde"}\n', b"a&#65;\tU+0041 100%20\n", b"x=E4\t\\u0041\n"):
            self.assertNotIn("written as", self.scored(given, "--header", "no")[1])

    def test_hz_is_refused(self):
        given = "\n".join(["sentence1\tsentence2"] + ["~{ETO#JPF=~}1\t~{9cV]JP~}"] * 3) + "\n"
        path = self.path("hz.tsv", given.encode())
        err = self.one_line(self.run_score(path, status=2))
        self.assertIn("is HZ", err)
        command = err[err.index("python3 -c '") + 12:err.index("' >")].replace("FILE", path)
        self.assertEqual(subprocess.run(["python3", "-c", command], capture_output=True, check=True).stdout.decode(),
                         given.encode().decode("hz"))
        self.scored(b"~{a b\tc~}\n~{r\tr~}\n~{x\ty}\n", "--header", "no")

    def test_large_tables_and_every_split(self):
        rows = tsv(*[(f"{i}", f"浙江省杭州市文三路{i}号", "x" * (i % 7) + "𠮷文三路") for i in range(60000)])
        for codec in ("gb18030", "utf-16-le"):
            data = rows.decode().encode(codec)
            self.assertGreater(len(data), 2 << 20)
            checked = subprocess.run([PROGRAM, "--check"], capture_output=True)  # the program is there
            self.assertEqual(checked.returncode, 0)
            path = self.path("big." + codec, data)
            result = self.run_score("-q", "-c", "1,1", path, status=2)
            self.assertIn("both texts are column 1", result.err)
        narrow = tsv(*[(f"{i}", "甲" * (i % 3) + "路𠮷") for i in range(400)])
        for codec in ("gb18030", "utf-16-be", "utf-32-le"):
            data = narrow.decode().encode(codec)
            with subprocess.Popen([PROGRAM, "-q", "--encoding", codec.replace("-be", "be").replace("-le", "le"),
                                   "--header", "no"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
                for at in range(0, len(data), 997):
                    child.stdin.write(data[at:at + 997])
                    child.stdin.flush()
                out = child.communicate()[0]
            self.assertEqual([line.rsplit(b"\t", 2)[0] for line in out.splitlines()], narrow.splitlines())


class Mixed(Case):
    """Two encodings in one table: half of it would be nonsense with a score."""
    # Over a megabyte, by which an encoding is judged, in few rows.
    GOOD = tsv(*[(str(i), f"浙江省杭州市文三路{i}号", f"文三路{i}号", "x" * 9000) for i in range(200)]).decode()

    def refused(self, data, *parts):
        err = self.one_line(self.run_score("-q", "-c", "2,3", "--max-length", "8", stdin=data, status=2, model=None))
        for part in parts:
            self.assertIn(part, err)

    def test_utf8_then_gbk(self):
        self.refused(self.GOOD.encode() + "9\t人民路1号\t中山路2号\tx\n".encode("gbk"), "GB18030", "UTF-8", ":201")

    def test_gbk_then_utf8(self):
        self.refused(self.GOOD.encode("gbk") + "9\t人民路1号\t中山路2号\tx\n".encode(), "UTF-8", "GB18030", "byte")
        self.refused(self.GOOD.encode("gbk") + "9\t人民路1号\t中山路\tx\n".encode(), "UTF-8", "GB18030")

    def test_damage_in_utf8_is_a_bad_row(self):
        rows = tsv(("人民路1号", "人民路"), ("人民路", "中山路"), ("中山路", "中山路")).splitlines(True)
        for bad in (b"\xff\t\xe8\xb7\xaf\n", "人民路".encode()[:-1] + b"\tx\n", b"caf\xe9\tcaf\xe9\n"):
            result = self.run_score("--header", "no", stdin=rows[0] + bad + b"".join(rows[1:]), status=1)
            self.assertEqual(len(result.lines), 4)
            self.assertIn(":2:", result.err)

    def test_damage_elsewhere_with_the_encoding_given(self):
        good = "人民路1号\t人民路\n".encode("gbk")
        data = good + b"\xc8\xff\t\xc2\xb7\n" + good + b"\xc2"
        result = self.run_score("--header", "no", "--encoding", "gbk", stdin=data, status=1)
        self.assertEqual([len(cells) for cells in result.cells], [4, 4, 4, 3 + 1])
        self.assertIn(":2:", result.err)
        self.assertIn("is not", self.one_line(self.run_score("-q", "--header", "no", stdin=data, status=2)))


class Compressed(Case):
    def test_bytes_after_the_end_are_passed_over(self):
        for data, name in ((gzip.compress(table()), "gzip"), (zstd(data=table()), "zstd")):
            good = self.run_score(stdin=data).out
            for tail in (b"\n", b"garbage" * 5000, b"\0\0\0x"):
                result = self.run_score("-o", self.path("o.tsv"), stdin=data + tail)
                self.assertEqual(self.read("o.tsv"), good)
                self.assertIn(f"after the {name} data", result.err)
                self.assertEqual(self.run_score("-q", stdin=data + tail).err, "")

    def test_what_zstd_needs_is_told(self):
        wide = zstd("--ultra", "-22", "--long=31", data=table() + b"\n" * (1 << 20))
        piped = subprocess.run(["zstd", "-q", "-c", "--long=31"], capture_output=True,
                               input=table() * 20, check=True).stdout
        errors = [self.run_score("-q", stdin=piped, status=2).err, self.run_score("-q", stdin=wide, status=2).err]
        self.assertIn("zstd -dc --long=31 FILE > NEW", errors[0] + errors[1])
        samples = [self.path(f"s{i}", (f"浙江省杭州市文三路{i}号\t人民路{i * 7}号\n" * 20).encode()) for i in range(200)]
        dictionary = self.path("d")
        subprocess.run(["zstd", "-q", "--train", *samples, "-o", dictionary, "--maxdict=4096"], check=True,
                       capture_output=True)
        self.assertIn("-D DICTIONARY", self.one_line(self.run_score(stdin=zstd("-D", dictionary, data=table()), status=2)))

    def test_streams_of_any_kind_follow_each_other(self):
        lines = table(60).splitlines(keepends=True)
        parts = [b"".join(lines[i:i + 13]) for i in range(0, 61, 13)]
        skippable = b"\x50\x2a\x4d\x18\x04\0\0\0abcd"
        plain = self.run_score(stdin=table(60)).out
        for packers in ((gzip.compress, lambda data: zstd(data=data)), (lambda data: zstd(data=data), gzip.compress)):
            for between in (b"", gzip.compress(b""), zstd(data=b""), skippable, b"\0" * 700, b"\0" + skippable + b"\0" * 70000):
                packed = b"".join(packers[i % 2](part) + between for i, part in enumerate(parts))
                result = self.run_score("-o", self.path("o"), self.path("in", packed))
                self.assertEqual((self.read("o"), result.err), (plain, ""))

    def test_each_stream_may_begin_with_its_own_mark_and_header(self):
        part = b"\xef\xbb\xbf" + table(3)
        result = self.run_score(stdin=gzip.compress(part) + zstd(data=part), status=1)
        self.assertEqual(len([line for line in result.lines if line.startswith(b"0\t")]), 2)
        self.assertIn("header", result.err)

    def test_a_frame_that_fills_the_buffer_is_whole(self):
        for size in (65536, 131072, 262144, 1 << 20):
            text = b"a\tb\n" * (size // 4)
            for options in ((), ("--check",), ("--no-check", "-19")):
                result = self.run_score("--header", "no", "-o", self.path("o"), stdin=zstd(*options, data=text))
                self.assertEqual(self.read("o").count(b"\n"), size // 4)
                self.assertNotIn("zstd", result.err)

    def test_rows_before_damage_are_scored(self):
        rows = table(4000)
        plain = self.run_score(stdin=rows).lines
        noise = bytes(os.urandom(200))
        for packed, word in (
                (gzip.compress(rows)[:-8] + b"\0\1\2\3" + gzip.compress(rows)[-4:], "damaged"),
                (gzip.compress(rows)[:-3], "ends early"),
                (gzip.compress(rows) + gzip.compress(rows)[:30] + noise, "damaged"),
                (zstd("--check", data=rows)[:-4] + b"\0\1\2\3", "damaged"),
                (zstd("--check", data=rows)[:-2], "ends early"),
                (zstd(data=rows) + zstd(data=rows)[:6] + b"\xff" * 400, "damaged")):
            result = self.run_score("-q", stdin=packed, status=2)
            self.assertIn(word, self.one_line(result))
            self.assertIn(f"after {len(rows)} bytes of its content", result.err)
            self.assertEqual(result.lines[:4001], plain)
            self.run_score("-q", "-o", self.path("whole.tsv"), stdin=packed, status=2)
            self.assertFalse(os.path.exists(self.path("whole.tsv")))

    def test_a_dictionary_that_is_not_named_is_thought_of(self):
        samples = [self.path(f"s{i}", (f"浙江省杭州市文三路{i}号\t人民路{i * 7}号\n" * 20).encode()) for i in range(200)]
        dictionary = self.path("d")
        subprocess.run(["zstd", "-q", "--train", *samples, "-o", dictionary, "--maxdict=4096"], check=True,
                       capture_output=True)
        text = "".join(f"浙江省杭州市文三路{i}号\t人民路{i * 7}号\n" for i in range(9)).encode()
        packed = zstd("--no-dictID", "-D", dictionary, data=text)
        line = self.one_line(self.run_score(stdin=packed, status=2))
        self.assertIn("made with a dictionary", line)
        self.assertIn("zstd -dc -D DICTIONARY", line)

    def test_cut_and_damaged_data_ends_the_run(self):
        data = gzip.compress(table(500), mtime=0)
        self.assertIn("ends early", self.run_score("-q", stdin=data[:-9], status=2).err)
        self.assertIn("damaged", self.run_score("-q", stdin=data[:-6] + b"\0\1\2\3\4\5", status=2).err)


class Refused(Case):
    def kinds(self):
        book = io.BytesIO()
        with zipfile.ZipFile(book, "w") as file:
            file.writestr("[Content_Types].xml", "<x/>")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as file:
            file.writestr("a.tsv", "a\tb\n")
        tape = io.BytesIO()
        with tarfile.open(fileobj=tape, mode="w") as file:
            about = tarfile.TarInfo("a.tsv")
            file.addfile(about, io.BytesIO())
        lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
        return {
            "an Excel workbook (xlsx)": book.getvalue(), "a zip archive": packed.getvalue(), "a tar archive": tape.getvalue(),
            "a Git LFS pointer": lfs, "a git-annex pointer": b"/annex/objects/SHA256E-s3--abc.tsv\n",
            "xls": b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + bytes(500), "a Parquet file": b"PAR1\x15\x04\0\0",
            "an Arrow (Feather) file": b"ARROW1\0\0\xff", "an ORC file": b"ORC\x08\0\x12", "an Avro file": b"Obj\x01\x04",
            "lz4 data": b"\x04\x22\x4D\x18\x64\x40", "a 7-Zip archive": b"7z\xBC\xAF\x27\x1C\0\4", "a RAR archive": b"Rar!\x1A\x07\x01",
            "xz data": b"\xFD7zXZ\0\0\4", "bzip2 data": b"BZh91AY&SY12345678", "lzip data": b"LZIP\x01\x0c",
            "an SQLite database": b"SQLite format 3\0\x10\0", "a DuckDB database": bytes(8) + b"DUCK" + bytes(20),
            "a PDF document": b"%PDF-1.7\n", "a web page": b"<!DOCTYPE html><html>", "an XML document": b"<?xml version='1.0'?>",
            "a NumPy array": b"\x93NUMPY\x01\0", "an HDF5 file": b"\x89HDF\r\n\x1A\n", "a Python pickle": b"\x80\x04\x95\x10\0\0",
            "one JSON document": b'[\n  {"a": "b"}\n]\n', "an R object (RDS)": gzip.compress(b"X\n\0\0\0\3\0"),
            "a picture (PNG)": b"\x89PNG\r\n\x1a\n", "encrypted by GnuPG": b"-----BEGIN PGP MESSAGE-----\n",
        }

    def test_each_kind_is_named_with_what_to_do(self):
        for kind, data in self.kinds().items():
            path = self.path("given", data)
            self.path("o.tsv", b"kept")
            err = self.one_line(self.run_score("-o", self.path("o.tsv"), path, status=2))
            self.assertIn(kind, err)
            self.assertIn(";", err)
            self.assertEqual(self.read("o.tsv"), b"kept")
            if data[:2] != b"\x1f\x8b":
                self.assertIn(kind, self.one_line(self.run_score(stdin=gzip.compress(data), status=2)))
                self.assertIn(kind, self.one_line(self.run_score(stdin=zstd(data=data), status=2)))

    def test_compressed_twice_or_behind_a_mark_is_named(self):
        data = gzip.compress(TEXT.encode() * 50)
        for twice in (gzip.compress(data), zstd(data=data)):
            self.assertIn("holds, compressed, gzip data; decompress it", self.one_line(self.run_score(stdin=twice, status=2)))
        packed = zstd(data=TEXT.encode())
        for twice in (gzip.compress(packed), zstd(data=packed)):
            self.assertIn("holds, compressed, zstd data", self.one_line(self.run_score(stdin=twice, status=2)))
        for kind, inner in (("gzip data", data), ("zstd data", packed), ("xz data", b"\xFD7zXZ\0\0\4")):
            for before in (b"\xef\xbb\xbf", b"\n", b"\r\n\r\n", b"\xef\xbb\xbf\r\n"):
                err = self.one_line(self.run_score(stdin=before + inner, status=2))
                self.assertIn(f"is {kind} behind {len(before)} bytes", err)
                self.assertIn(f"tail -c +{len(before) + 1}", err)
        spoilt = data.decode("utf-8", "replace").encode()
        self.assertIn("saved as text", self.one_line(self.run_score(stdin=spoilt, status=2)))
        self.assertIn("one JSON document", self.one_line(self.run_score(stdin=b'\n[{"a":1}]', status=2)))

    def test_binary_data_of_no_known_kind_is_refused(self):
        noise = b"".join(hashlib.sha256(bytes([i])).digest() for i in range(100))
        for data in (b"\x8b" + noise, gzip.compress(b"\x8b" + noise), noise[:64], b"\x8b" + noise * 9):
            self.assertIn("binary data", self.one_line(self.run_score(stdin=data, status=2)))
        self.assertIn("a Feather file", self.one_line(self.run_score(stdin=b"FEA1" + noise, status=2)))
        self.assertIn("a Feather file", self.one_line(self.run_score(stdin=b"FEA1" + bytes(4), status=2)))

    def test_sql_and_python_are_named(self):
        a, b = "北京市海淀区中关村大街1号", "海淀区中关村大街一号"
        kinds = {
            "an SQL dump": [
                f"INSERT INTO t VALUES ('{a}','{b}');\n", f"insert into `t` (`a`,`b`) values\n('{a}','{b}'),\n('x','y');\n",
                f"-- MySQL dump 10.13\n--\n-- Host: x\n\n/*!40101 SET NAMES utf8 */;\nINSERT INTO t VALUES ('{a}','{b}');\n",
                f"--\n-- PostgreSQL database dump\n--\n\nSET a = 0;\nCOPY t (a, b) FROM stdin;\n{a}\t{b}\n\\.\n",
                f"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nINSERT INTO t VALUES('{a}','{b}');\n",
                f"/*\n Navicat dump\n*/\n\nDROP TABLE IF EXISTS t;\nCREATE TABLE t (a text, b text);\n",
                f"REPLACE INTO t VALUES ('{a}','{b}');\n", "BEGIN TRANSACTION;\nCREATE TABLE t(a);\n"],
            "rows of an SQL dump": [f"('{a}','{b}'),\n('x','y');\n", f"(1, '{a}', '{b}');\n"],
            "Python's dicts": [f"{{'sentence1': '{a}', 'sentence2': '{b}'}}\n" * 2, f"{{'a': 1, 'b': \"{b}\"}}",
                               f"[{{'sentence1': '{a}', 'sentence2': '{b}'}}]\n"],
            "Python's lists": [f"['{a}', '{b}']\n"], "Python's tuples": [f"('{a}', '{b}')\n"],
        }
        for kind, texts in kinds.items():
            for text in texts:
                for data in (text.encode(), gzip.compress(text.encode()), b"\n" + text.encode()):
                    err = self.one_line(self.run_score(stdin=data, status=2))
                    self.assertIn(kind, err)
                    self.assertIn(" > NEW", err.split(";", 1)[1])
                if "python3" in err:
                    command = err[err.index("python3 -c '") + 12:err.index("' < FILE")]
                    made = subprocess.run(["python3", "-c", command], input=text.encode(), capture_output=True, check=True)
                    self.assertIn("0.", self.run_score("--header", "no", stdin=made.stdout).out.decode())
        for first in ("INSERT INTO路", "insert into", "SET", "-- 路", "{'路", "['路", "('路')", "CREATE TABLE 路", "use 路", "/*路"):
            out = self.run_score("-q", "--header", "no", stdin=tsv((first, "人民路"), ("人民路", first))).lines
            self.assertEqual(len(out), 2, first)

    def test_text_that_begins_like_one_is_scored(self):
        for first in ("BZh路", "PK中心", "ORC大厦", "DUCK", "<html路", "PAR1号楼", "MZ路", "GIF8楼", "../路", "[1]路", "FEA1座", "CDF路",
                      "%PDF路", "Rar!路", "{路", "SEQ路", "GGUF路"):
            out = self.run_score("-q", "--header", "no", stdin=tsv((first, "人民路"), ("人民路", first))).lines
            self.assertEqual(len(out), 2, first)


class Neighbours(Case):
    def test_bench_reads_and_refuses_the_same(self):
        bench = os.environ["MGEO_BENCH"]
        common = [bench, "--duration", "0.1", "--warm-up", "0", "-q", "--pairs"]
        path = self.path("p.tsv", TEXT.encode("gb18030"))
        for extra in ([], ["--encoding", "gbk"]):
            done = subprocess.run([*common, path, *extra], capture_output=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stderr)
        path = self.path("p.parquet", b"PAR1\x15\x04\0\0")
        done = subprocess.run([*common, path], capture_output=True, timeout=120)
        self.assertEqual((done.returncode, b"a Parquet file" in done.stderr), (2, True))

    def test_journal_names_a_pointer(self):
        path = self.path("j.jsonl", b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1\n")
        done = subprocess.run([os.environ["MGEO_JOURNAL"], "show", path], capture_output=True, timeout=120)
        self.assertEqual(done.returncode in (1, 2), True, done)


if __name__ == "__main__":
    unittest.main()
