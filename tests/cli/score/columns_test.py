# SPDX-License-Identifier: Apache-2.0
"""Parquet and Arrow, in and out. Most of it reads committed files and needs no Python module; what looks into
the columns that were written needs pyarrow, and is skipped without it."""
import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from harness import LIMIT, MGEO, ONE_LOGIT, PROGRAM, SANITIZED, Case, tsv

try:
    import pyarrow as pa
    import pyarrow.ipc as ipc
    import pyarrow.parquet as pq
except ImportError:
    pa = None

FILES = pathlib.Path(os.environ["MGEO_SOURCE"]) / "tests" / "cli" / "columnar" / "files"
PAIRS = [str(FILES / name) for name in ("pairs.parquet", "pairs.arrow", "pairs.arrows")]
TEXTS = [str(FILES / name) for name in ("views.arrow", "large.arrows", "dictionary.parquet")]
EMPTY = [0, 5, 7, 14, 21]  # rows whose texts are null or empty, of 23
ADDED = ["similarity", "label"]


def rows(result):
    return [json.loads(line) for line in result.lines]


def read(path):
    if str(path).endswith(".parquet"):
        return pq.read_table(path)
    with (ipc.open_stream if str(path).endswith(".arrows") else ipc.open_file)(path) as reader:
        return reader.read_all()


def write(table, path, **options):
    if str(path).endswith(".parquet"):
        pq.write_table(table, path, **options)
        return
    with (ipc.new_stream if str(path).endswith(".arrows") else ipc.new_file)(path, table.schema) as writer:
        writer.write_table(table, **options)


class Read(Case):
    """What is read, by the text that is made of it."""

    def test_each_format_gives_the_same_rows(self):
        results = [self.run_score("-q", "-f", "jsonl", path, status=1) for path in PAIRS]
        self.assertEqual(len(results[0].lines), 23)
        for result in results[1:]:
            self.assertEqual(result.out, results[0].out)

    def test_values_keep_their_kind_in_json(self):
        row = rows(self.run_score("-q", "-f", "jsonl", PAIRS[0], status=1))[3]
        self.assertEqual({name: row[name] for name in row if name not in ADDED},
                         {"id": 3, "address1": "人民路3号", "address2": "人民路1号", "gold": "not_match",
                          "seen": "2024-01-01 03:00:00.000Z", "price": 0.75, "ratio": None, "tags": [],
                          "place": {"x": 3, "y": "市3"}, "bytes": "03FF", "sure": False})
        self.assertTrue(0 <= row["similarity"] <= 1)

    @unittest.skipIf(pa is None, "no pyarrow")
    def test_values_of_rarer_types_are_json_too(self):
        table = pa.table({
            "a": ["x"] * 3, "b": ["y"] * 3,
            "half": pa.array([1.5, float("inf"), None], pa.float16()),
            "runs": pa.RunEndEncodedArray.from_arrays([1, 3], pa.array([None, {"n": 7}])),
            "view": pa.array([[1], [], [2, 3]], pa.list_view(pa.int32())),
            "sparse": pa.UnionArray.from_sparse(pa.array([0, 1, 0], pa.int8()), [pa.array([1, 2, 3]), pa.array(list("uvw"))]),
            "dense": pa.UnionArray.from_dense(pa.array([1, 0, 1], pa.int8()), pa.array([0, 0, 1], pa.int32()),
                                              [pa.array([4]), pa.array(["s", None])])})
        write(pa.concat_tables([table, table])[1:5], self.path("rare.arrow"))
        found = rows(self.run_score("-q", "-f", "jsonl", self.path("rare.arrow")))
        expected = [{"half": 1.5, "runs": None, "view": [1], "sparse": 1, "dense": "s"},
                    {"half": None, "runs": {"n": 7}, "view": [], "sparse": "v", "dense": 4},
                    {"half": None, "runs": {"n": 7}, "view": [2, 3], "sparse": 3, "dense": None}]
        self.assertEqual([{name: row[name] for name in expected[0]} for row in found],
                         (expected * 2)[1:5])

    def test_an_empty_file_is_no_table(self):
        for name in ("empty.parquet", "empty.arrow", "empty.ARROWS"):
            open(self.path(name), "w").close()
            self.assertIn("is empty", self.one_line(self.run_score("-q", self.path(name), status=2)))

    def test_rows_without_texts_have_no_score(self):
        found = rows(self.run_score("-q", "-f", "jsonl", PAIRS[0], status=1))
        self.assertEqual([i for i, row in enumerate(found) if row["similarity"] is None], EMPTY)
        self.assertEqual([i for i, row in enumerate(found) if row["label"] is None], EMPTY)

    def test_texts_of_every_type_score_as_in_tsv(self):
        whole = rows(self.run_score("-q", "-f", "jsonl", PAIRS[0], status=1))
        pairs = [("address1", "address2")] + [(row["address1"] or "", row["address2"]) for row in whole]
        expected = self.run_score("-q", stdin=tsv(*pairs), status=1)
        for path in [*TEXTS, *PAIRS]:
            result = self.run_score("-q", "-f", "tsv", path, status=1)
            self.same([[row[i] for i in (-2, -1)] for row in result.cells],
                      [[row[i] for i in (-2, -1)] for row in expected.cells])

    def test_columns_by_name_and_by_number(self):
        by_name = self.run_score("-q", "-f", "tsv", "-c", "address2,address1", PAIRS[0], status=1)
        self.assertEqual(self.run_score("-q", "-f", "tsv", "-c", "3,2", PAIRS[1], status=1).out, by_name.out)
        line = self.one_line(self.run_score("-c", "address1,nosuch", PAIRS[0], status=2))
        self.assertIn('its schema has no column "nosuch"; it has: id, address1', line)
        self.assertIn("its schema has 11 columns", self.one_line(self.run_score("-c", "1,12", PAIRS[0], status=2)))

    def test_columns_that_hold_no_texts_are_refused(self):
        for name, kind in (("bytes", "binary"), ("id", "int64"), ("place", "struct"), ("tags", "list"),
                           ("price", "decimal")):
            for path in PAIRS:
                line = self.one_line(self.run_score("-q", "-c", f"address1,{name}", path, status=2))
                self.assertIn(f'column "{name}" holds {kind}', line)
                self.assertIn("--columns", line)

    def test_gold_labels_of_any_type(self):
        for path in PAIRS:
            self.assertIn("18 rows", self.run_score("-f", "tsv", "-q", "--gold", "gold", path, status=1).err)
        result = self.run_score("-f", "tsv", "-q", "--gold", "sure", PAIRS[0], status=1)
        self.assertIn("accuracy", result.err)
        self.assertIn("and no labels", self.one_line(self.run_score("-q", "--gold", "place", PAIRS[0], status=2)))

    def test_several_files_are_one_table(self):
        one = self.run_score("-q", "-f", "tsv", PAIRS[0], status=1).lines
        self.assertEqual(self.run_score("-q", "-f", "tsv", *PAIRS, status=1).lines, one + one[1:] + one[1:])
        text = self.path("text.tsv", tsv(("address1", "address2"), ("a", "b")))
        for inputs in ((PAIRS[0], text), (text, PAIRS[0])):
            self.assertIn("score them in two runs", self.one_line(self.run_score("-q", *inputs, status=2)))
        self.assertIn("it has 2 columns, the first input has 11",
                      self.one_line(self.run_score("-q", PAIRS[0], TEXTS[0], status=2)))

    def test_rows_without_a_score_are_listed(self):
        for path in PAIRS:
            self.run_score("-q", "-f", "tsv", "--errors", self.path("errors"), path, status=1)
            cells = [line.split(b"\t") for line in self.read("errors").splitlines()[1:]]
            self.assertEqual([int(row[1]) - 1 for row in cells], EMPTY)
            self.assertEqual([int(row[2]) for row in cells], [i // 7 for i in EMPTY])
            self.assertEqual({row[3] for row in cells}, {b"empty_text"})
            self.assertIn('"id":0', cells[0][5].decode())
            err = self.run_score("-f", "tsv", path, status=1).err
            self.assertIn(path + ':6: column 3 ("address2") is empty or null (group 0)\n', err)
        self.assertIn("stopped at bad row 3", self.run_score("-q", "--max-errors", "2", "-f", "tsv", PAIRS[0],
                                                             status=2).err)

    def test_a_pair_that_comes_again_is_scored_once(self):
        result = self.run_score("-f", "tsv", PAIRS[0], PAIRS[1], status=1)
        self.assertIn("rows with a pair that came before: 18", result.err)


class Streams(Case):
    def test_standard_input(self):
        expected = self.run_score("-q", "-f", "tsv", PAIRS[0], status=1).out
        for path in PAIRS:
            with open(path, "rb") as file:  # a file: its end can be read first
                done = subprocess.run([PROGRAM, "-m", MGEO, "-q", "-f", "tsv"], stdin=file, capture_output=True,
                                      timeout=LIMIT)
            self.assertEqual((done.returncode, done.stdout), (1, expected), done.stderr)
        stream = pathlib.Path(PAIRS[2]).read_bytes()
        for content in (stream, gzip.compress(stream)):
            self.assertEqual(self.run_score("-q", "-f", "tsv", stdin=content, status=1).out, expected)

    def test_a_pipe_cannot_be_read_from_its_end(self):
        for path, kind in zip(PAIRS[:2], ("a Parquet file", "an Arrow (Feather) file")):
            content = pathlib.Path(path).read_bytes()
            line = self.one_line(self.run_score("-q", stdin=content, status=2))
            self.assertIn(f"standard input is {kind}, whose end is read first", line)
            line = self.one_line(self.run_score("-q", self.path("x.gz", gzip.compress(content)), status=2))
            self.assertIn(f"holds, compressed, {kind}; decompress it first", line)

    def test_a_stream_cut_short(self):
        content = pathlib.Path(PAIRS[2]).read_bytes()
        line = self.run_score("-q", "-f", "tsv", "-o", self.path("out"), stdin=content[:-700], status=2).err
        self.assertIn("standard input is an Arrow stream and cannot be read", line)
        self.assertEqual(os.listdir(self.folder), [])

    @unittest.skipIf(pa is None, "needs pyarrow")
    def test_each_batch_is_answered_at_once(self):
        child = self.start("-q", "--stream", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        table = pa.table({"address1": ["人民路1号", "中山路2号"], "address2": ["人民路一号", "中山路3号"]})
        writer = ipc.new_stream(child.stdin, table.schema)
        reader = None
        for _ in range(3):
            writer.write_table(table)
            child.stdin.flush()
            reader = reader or ipc.open_stream(child.stdout)
            answer = reader.read_next_batch()
            self.assertEqual(answer.num_rows, 2)
            self.assertEqual(answer.schema.names, ["address1", "address2", *ADDED])
        writer.close()
        child.stdin.close()
        self.assertRaises(StopIteration, reader.read_next_batch)
        self.assertEqual(child.wait(LIMIT), 0)
        child.stdout.close()


class Selected(Case):
    def ids(self, *arguments):
        done = subprocess.run([PROGRAM, "-m", MGEO, "-f", "tsv", *arguments], capture_output=True, timeout=LIMIT)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return [int(line.split(b"\t")[0]) for line in done.stdout.splitlines()[1:]]

    def test_shards_are_row_groups(self):
        groups = [list(range(i, min(i + 7, 23))) for i in range(0, 23, 7)]
        for path in PAIRS:
            for count in (1, 2, 3, 5):
                for i in range(1, count + 1):
                    expected = sum(groups[i - 1::count], [])
                    self.assertEqual(self.ids("-q", "--shard", f"{i}/{count}", path), expected)
        err = self.run_score("-f", "tsv", "--shard", "2/3", PAIRS[0], status=1).err
        self.assertIn("shard 2/3: 7 of 23 rows", err)

    def test_shards_go_on_over_the_inputs(self):
        found = [self.ids("-q", "--shard", f"{i}/3", *PAIRS) for i in (1, 2, 3)]
        self.assertEqual(sorted(sum(found, [])), sorted(list(range(23)) * 3))
        # 12 groups: the first file's are 0 to 3, the second's 4 to 7.
        self.assertEqual(found[1], [*range(7, 14), *range(7), *range(21, 23), *range(14, 21)])

    def test_a_sample_takes_the_rows_that_it_takes_of_text(self):
        lines = self.run_score("-q", "-f", "tsv", PAIRS[0], status=1).out
        for seed in ("0", "1", "2"):
            of_text = self.ids("-q", "-c", "2,3", "--header", "yes", "--sample", "6", "--seed", seed,
                               self.path("text", lines))
            for path in PAIRS[:2]:
                self.assertEqual(self.ids("-q", "--sample", "6", "--seed", seed, path), of_text)
        self.assertEqual(self.ids("-q", "--sample", "99", *PAIRS[:2]), [*range(23), *range(23)])

    def test_a_stream_cannot_be_sampled(self):
        content = pathlib.Path(PAIRS[2]).read_bytes()
        for how in ({"stdin": content}, {}):
            arguments = ("--sample", "3", "-q", "-f", "tsv", *(() if how else (PAIRS[2],)))
            self.assertIn("does not say beforehand", self.one_line(self.run_score(*arguments, status=2, **how)))


class Refused(Case):
    def test_options_of_text(self):
        for option, value in (("--header", "yes"), ("--input-format", "csv"), ("--delimiter", "tab"),
                              ("--encoding", "gbk")):
            line = self.one_line(self.run_score("-q", option, value, PAIRS[0], status=2))
            self.assertIn("are of text; leave them out", line)
        self.run_score("-q", "-f", "tsv", "--header", "auto", "--encoding", "auto", PAIRS[0], status=1)

    def test_compression_that_a_format_does_not_have(self):
        out = self.path("out.arrow")
        self.assertIn("by zstd or lz4, not by gzip",
                      self.one_line(self.run_score("-q", "-o", out, "--compression", "gzip", PAIRS[0], status=2)))
        self.assertIn("text is compressed by another program",
                      self.one_line(self.run_score("-f", "csv", "--compression", "zstd", PAIRS[0], status=2)))
        self.assertEqual(os.listdir(self.folder), [])

    def test_a_stream_of_what_has_an_end(self):
        for arguments in (("-f", "parquet"), ("-f", "arrow")):
            line = self.one_line(self.run_score("-q", "--stream", *arguments, PAIRS[2], status=2))
            self.assertIn("can be read once it is whole", line)

    def test_a_terminal(self):
        primary, secondary = os.openpty()
        done = subprocess.run([PROGRAM, "-m", MGEO, PAIRS[0]], stdout=secondary, stderr=subprocess.PIPE,
                              timeout=LIMIT)
        os.close(secondary)
        os.close(primary)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"parquet is no text for a terminal", done.stderr)

    def test_damaged_files(self):
        for path in PAIRS[:2]:
            content = pathlib.Path(path).read_bytes()
            for damaged in (content[:-1], content[:300], content[:-30] + b"\xff" * 30):
                line = self.one_line(self.run_score("-q", self.path("x", damaged), status=2))
                self.assertIn("and cannot be read: ", line)
                self.assertIn("fetch it again", line)


class Module(Case):
    """The module is a file of its own, which may be missing, or be another one."""

    def alone(self, *arguments, path=""):
        """The program without what lies beside it."""
        program = shutil.copy(PROGRAM, self.folder)
        env = {**os.environ, "LD_LIBRARY_PATH": os.path.dirname(os.environ["MGEO_LIBRARY"]), "MGEO_MODULE_PATH": path}
        return subprocess.run([program, "-m", ONE_LOGIT, *arguments], env=env, capture_output=True, timeout=LIMIT)

    def test_missing(self):
        pairs = tsv(("address1", "address2"), ("甲", "乙"))
        self.assertEqual(self.alone("-q", self.path("in", pairs)).returncode, 0)
        for arguments in ((PAIRS[0],), (PAIRS[2],), ("-o", self.path("out.parquet"), self.path("in")),
                          ("-f", "arrows", self.path("in"))):
            done = self.alone("-q", *arguments)
            if b"libmgeo-columnar.so" not in done.stderr and done.returncode in (0, 1):
                self.skipTest("a module is installed in the build's prefix")
            self.assertEqual((done.returncode, done.stderr.count(b"\n")), (2, 1), done.stderr)
            self.assertIn(b"needs the module libmgeo-columnar.so, which is not there: build libmgeo", done.stderr)
            self.assertIn(self.folder.encode(), done.stderr)
        self.assertNotIn("out.parquet", os.listdir(self.folder))

    def test_named_by_the_environment(self):
        folder = os.path.join(os.path.dirname(PROGRAM), "columnar")
        done = self.alone("-q", "-f", "tsv", PAIRS[0], path="/nonexistent:" + folder)
        self.assertEqual(done.returncode, 1, done.stderr)

    def test_another_file(self):
        self.path("libmgeo-columnar.so", b"nothing")
        done = self.alone("-q", PAIRS[0], path=self.folder)
        self.assertIn(b"cannot be opened", done.stderr)
        os.remove(self.path("libmgeo-columnar.so"))
        shutil.copy(os.environ["MGEO_LIBRARY"], self.path("libmgeo-columnar.so"))
        done = self.alone("-q", PAIRS[0], path=self.folder)
        self.assertIn(b"is no module of libmgeo", done.stderr)
        self.assertEqual((done.returncode, done.stderr.count(b"\n")), (2, 1))


@unittest.skipIf(pa is None, "needs pyarrow")
class Written(Case):
    def score(self, name, *arguments, status=1, **how):
        self.run_score("-q", "-o", self.path(name), *arguments, status=status, **how)
        return read(self.path(name))

    def check_kept(self, table, path):
        given = read(path)
        kept = table.select(given.column_names)
        self.assertEqual(kept.schema.types, given.schema.types)
        self.assertEqual(kept.to_pylist(), given.to_pylist())

    def test_every_format_into_every_other(self):
        similarities = None
        for path in PAIRS:
            for name in ("out.parquet", "out.arrow", "out.arrows", "out.pq"):
                self.run_score("-q", "-o", self.path(name), path, status=1)
                if name.endswith(".pq"):
                    table = pq.read_table(self.path(name))
                else:
                    table = read(self.path(name))
                self.check_kept(table, path)
                self.assertEqual(table.column_names[-2:], ADDED)
                similarities = similarities or table["similarity"].to_pylist()
                self.assertEqual(table["similarity"].to_pylist(), similarities)

    def test_the_step_that_decided_is_one_of_some_words(self):
        cascade = ("--first", "bundled", "--band", "0.1,0.9")
        for name in ("out.parquet", "out.arrow"):
            column = self.score(name, *cascade, PAIRS[0]).column("decided_by")
            self.assertTrue(pa.types.is_dictionary(column.type))
            texts = column.cast(pa.string()).to_pylist()
            lines = rows(self.run_score("-q", "-f", "jsonl", *cascade, PAIRS[0], status=1))
            self.assertEqual(texts, [row["decided_by"] for row in lines])
            self.assertTrue({None, "first"} <= set(texts), texts)

    def test_added_columns_have_types_and_nulls(self):
        table = self.score("out.parquet", "--threshold", "0.4,0.65", "--probabilities", PAIRS[0])
        types = {field.name: field.type for field in table.schema}
        self.assertEqual(types["similarity"], pa.float32())
        self.assertEqual(types["label"], pa.dictionary(pa.int32(), pa.string()))
        self.assertEqual((types["match_0.4"], types["p_exact_match"]), (pa.bool_(), pa.float32()))
        lines = rows(self.run_score("-q", "-f", "jsonl", "--threshold", "0.4,0.65", "--probabilities", PAIRS[0],
                                    status=1))
        for i, (row, line) in enumerate(zip(table.to_pylist(), lines)):
            for name in table.column_names[11:]:
                if i in EMPTY:
                    self.assertIsNone(row[name])
                elif name.startswith("match"):
                    self.assertEqual(row[name], line[name] == "yes")
                elif name == "label":
                    self.assertEqual(row[name], line[name])
                else:
                    self.assertAlmostEqual(row[name], line[name], delta=2e-5)

    def test_metadata_is_kept_but_for_what_would_no_longer_be_true(self):
        table = self.score("out.parquet", PAIRS[0])
        self.assertEqual(table.schema.metadata, {b"made by": b"make_files.py"})
        given = pa.table({"a": pa.array(["路"]), "b": pa.array(["街"])},
                         pa.schema([pa.field("a", pa.string(), False, {"is": "a"}), pa.field("b", pa.string())]))
        for name in ("in.parquet", "in.arrow"):
            write(given, self.path(name))
            field = self.score("out.arrow", "-c", "a,b", self.path(name), status=0).schema.field("a")
            self.assertEqual(field.metadata[b"is"], b"a")
            self.assertFalse(field.nullable)

    def test_text_becomes_columns_of_text(self):
        given = "id\taddress1\taddress2\n1\t路1\t路2\n2\t\t路\n3\n".encode() + b"\xff\xfe4\t\xe8\xb7\xaf\t\xe8\xb7\xaf\n"
        table = self.score("out.parquet", self.path("in.tsv", given))
        self.assertEqual(table.schema.types[:3], [pa.string()] * 3)
        self.assertEqual(table.select([0, 1, 2]).to_pylist(),
                         [{"id": "1", "address1": "路1", "address2": "路2"},
                          {"id": "2", "address1": "", "address2": "路"},
                          {"id": "3", "address1": None, "address2": None},
                          {"id": "\ufffd\ufffd4", "address1": "路", "address2": "路"}])
        self.assertEqual([value is None for value in table["similarity"].to_pylist()], [False, True, True, False])

    def test_json_lines_and_csv_become_columns(self):
        lines = '{"address1":"路\\n1","address2":"路2","n":1.5,"m":null}\n{"address2":"路","address1":"路"}\n'
        table = self.score("out.arrow", self.path("in", lines.encode()), status=0)
        self.assertEqual(table.select([0, 1, 2, 3]).to_pylist(),
                         [{"address1": "路\n1", "address2": "路2", "n": "1.5", "m": None},
                          {"address1": "路", "address2": "路", "n": None, "m": None}])
        table = self.score("out.arrows", self.path("in", '路,"a,b",x\n路,"c""d",y\n'.encode()), "-c", "1,2", status=0)
        self.assertEqual(table.column_names, ["column_1", "column_2", "column_3", *ADDED])
        self.assertEqual(table["column_2"].to_pylist(), ["a,b", 'c"d'])

    def test_names_that_are_taken(self):
        given = pa.table({"address1": ["路"], "address2": ["路"], "similarity": [3], "label": ["x"]})
        write(given, self.path("in.parquet"))
        table = self.score("out.parquet", self.path("in.parquet"), status=0)
        self.assertEqual(table.column_names[2:], ["similarity", "label", "mgeo_similarity", "mgeo_label"])
        self.assertEqual(table["similarity"].to_pylist(), [3])

    def test_no_rows(self):
        write(read(PAIRS[0]).slice(0, 0), self.path("none.parquet"))
        table = self.score("out.parquet", self.path("none.parquet"), status=0)
        self.assertEqual((table.num_rows, table.column_names[-2:]), (0, ADDED))
        table = self.score("out.arrow", self.path("none", b""), status=0)
        self.assertEqual((table.num_rows, table.column_names), (0, ADDED))

    def test_compression(self):
        for codec in ("auto", "none", "snappy", "zstd", "lz4", "gzip"):
            self.check_kept(self.score("out.parquet", "--compression", codec, PAIRS[0]), PAIRS[0])
            found = pq.ParquetFile(self.path("out.parquet")).metadata.row_group(0).column(0).compression
            expected = {"auto": "ZSTD", "none": "UNCOMPRESSED"}.get(codec, codec.upper())
            self.assertEqual(found, expected)
        for codec in ("auto", "none", "zstd", "lz4"):
            for name in ("out.arrow", "out.arrows"):
                self.check_kept(self.score(name, "--compression", codec, PAIRS[0]), PAIRS[0])

    def test_shards_and_samples_hold_their_rows(self):
        whole = self.score("whole.parquet", PAIRS[0])
        parts = [self.score(f"part{i}.parquet", "--shard", f"{i}/3", PAIRS[0]) for i in (1, 2, 3)]
        self.assertEqual(sorted(pa.concat_tables(parts).to_pylist(), key=lambda row: row["id"]), whole.to_pylist())
        table = self.score("sample.arrow", "--sample", "9", "--seed", "4", PAIRS[1])
        by_id = {row["id"]: row for row in whole.to_pylist()}
        self.assertEqual(table.num_rows, 9)
        self.assertEqual(table.to_pylist(), [by_id[row["id"]] for row in table.to_pylist()])

    def test_dictionaries_that_differ_between_groups(self):
        words = [[f"路{i * 40 + j % 40}" for j in range(100)] for i in range(4)]
        chunks = pa.chunked_array([pa.array(part).dictionary_encode() for part in words])
        write(pa.table({"address1": chunks, "address2": chunks}), self.path("in.parquet"), row_group_size=100)
        expected = sum(words, [])
        for name in ("out.arrow", "out.arrows", "out.parquet"):
            table = self.score(name, self.path("in.parquet"), status=0)
            self.assertEqual(table["address1"].to_pylist(), expected)
            self.assertEqual(table["address1"].type, pa.dictionary(pa.int32(), pa.string()))

    def test_several_files_of_one_schema(self):
        table = self.score("out.parquet", *PAIRS)
        self.assertEqual(table["id"].to_pylist(), list(range(23)) * 3)
        other = read(PAIRS[0]).set_column(0, "id", pa.array([str(i) for i in range(23)]))
        write(other, self.path("other.parquet"))
        line = self.one_line(self.run_score("-q", "-o", self.path("x.parquet"), PAIRS[0], self.path("other.parquet"),
                                            status=2))
        self.assertIn('its column 1 is not of the type of "id" of the first input', line)
        self.run_score("-q", "-f", "tsv", PAIRS[0], self.path("other.parquet"), status=1)

    def test_texts_that_are_not_utf8_are_bad_rows(self):
        odd = pa.array([b"\xff\xe8", "路".encode(), b"a\0b"]).view(pa.string())
        given = pa.table({"address1": odd, "address2": ["路"] * 3, "other": odd})
        for name in ("in.parquet", "in.arrow", "in.arrows"):
            write(given, self.path(name))
            found = rows(self.run_score("-q", "-f", "jsonl", "--errors", self.path("errors"), self.path(name), status=1))
            self.assertEqual([row["similarity"] is None for row in found], [True, False, True])
            self.assertEqual(found[0]["other"], "\ufffd\ufffd")
            reasons = [line.split(b"\t")[3] for line in self.read("errors").splitlines()[1:]]
            self.assertEqual(reasons, [b"invalid_utf8", b"nul_byte"])

    def test_its_own_input_is_replaced_when_it_is_whole(self):
        path = shutil.copy(PAIRS[0], self.path("pairs.parquet"))
        table = self.score("pairs.parquet", path)
        self.check_kept(table, PAIRS[0])
        self.assertEqual(os.listdir(self.folder), ["pairs.parquet"])

    def test_standard_output(self):
        for form in ("parquet", "arrow", "arrows"):
            out = self.run_score("-q", "-f", form, PAIRS[0], status=1).out
            self.path("out." + form, out)
            self.check_kept(read(self.path("out." + form)), PAIRS[0])
        self.path("out.arrow", self.run_score("-q", PAIRS[1], status=1).out)  # as the first input is
        self.check_kept(read(self.path("out.arrow")), PAIRS[1])

    def test_a_run_that_fails_leaves_no_file(self):
        self.run_score("-q", "-o", self.path("out.parquet"), "--max-errors", "1", PAIRS[0], status=2)
        self.assertEqual(os.listdir(self.folder), [])

    def test_two_columns_of_one_name(self):
        given = pa.table([pa.array(["路"])] * 3, names=["address1", "address2", "address2"])
        write(given, self.path("in.arrow"))
        line = self.one_line(self.run_score("-q", "-f", "tsv", self.path("in.arrow"), status=2))
        self.assertIn('two columns are called "address2"', line)

    @unittest.skipIf(SANITIZED, "memory says nothing")
    def test_memory_does_not_grow_with_the_file(self):
        def peak(count):
            text = pa.array([f"市{i % 50}路" * 40 for i in range(count)])
            table = pa.table({"address1": ["路1"] * count, "address2": ["路2"] * count, "other": text})
            write(table, self.path("in.parquet"), row_group_size=count, use_dictionary=False, compression="none")
            command = ["-q", "-m", ONE_LOGIT, "-o", self.path("out.parquet"), self.path("in.parquet")]
            program = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); " \
                      "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
            return int(subprocess.run([sys.executable, "-c", program, PROGRAM, *command], capture_output=True,
                                      check=True, timeout=LIMIT).stdout)
        small, large = peak(40000), peak(400000)  # 20 and 200 MB in one row group
        self.assertLess(large - small, 100 * 1024)


if __name__ == "__main__":
    unittest.main()
