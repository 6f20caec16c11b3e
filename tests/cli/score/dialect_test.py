# SPDX-License-Identifier: Apache-2.0
"""Tables of other shapes: quoted, other delimiters, JSON lines, other line ends, headers of others."""
import json
import unittest

from harness import Case, tsv

ROWS = [("1", "人民路1号", "中山路22号"), ("2", "西湖区文三路", "文三路100号"), ("3", "阳光花园5幢", "阳光花园")]
NAMES = ("id", "sentence1", "sentence2")


class Shapes(Case):
    def scores(self, given, *arguments, status=0):
        """The rows' scores, by whatever reads the answer as JSON."""
        out = self.run_score("-f", "jsonl", *arguments, stdin=given, status=status).out
        return [json.loads(line)["similarity"] for line in out.decode().splitlines()]

    def setUp(self):
        super().setUp()
        self.plain = self.scores(tsv(NAMES, *ROWS))
        self.assertEqual(len(self.plain), 3)

    def agrees(self, given, *arguments):
        for score, expected in zip(self.scores(given, *arguments), self.plain, strict=True):
            self.assertAlmostEqual(score, expected, delta=2e-5)


def delimited(delimiter, quote='"', names=True, end="\n"):
    rows = [NAMES, *ROWS] if names else ROWS
    return "".join(delimiter.join(quote + cell + quote for cell in row) + end for row in rows).encode()


class Csv(Shapes):
    def test_delimiters_are_found(self):
        for delimiter in ",;|\x01\t":
            for quote in ("", '"'):
                for end in ("\n", "\r\n"):
                    self.agrees(delimited(delimiter, quote, end=end))
                    self.agrees(delimited(delimiter, quote, False, end), "-c", "2,3")
        self.agrees(delimited(" "))
        self.agrees("sep=;\n".encode() + delimited(";"))
        self.agrees(delimited("~", ""), "--delimiter", "~")

    def test_rows_stay_as_they_came(self):
        given = '编号,sentence1,sentence2\n1,"人民路1号, A座","他说""好"""\n2,"甲\n路",乙路\n'
        result = self.run_score(stdin=given.encode())
        out = result.out.decode()
        self.assertTrue(out.startswith("编号,sentence1,sentence2,similarity,label\n"))
        self.assertIn('\n1,"人民路1号, A座","他说""好""",0.', out)
        self.assertIn('\n2,"甲\n路",乙路,0.', out)
        self.assertEqual(self.one_line(result), "mgeo-score: standard input: read as CSV with ','; "
                         "--input-format says otherwise\n")
        self.assertEqual(self.run_score("-q", stdin=given.encode()).err, "")

    def test_quoted_cells_are_scored_without_their_quotes(self):
        one = self.scores('sentence1,sentence2\n"人民""路""",x\n'.encode())
        self.assertAlmostEqual(one[0], self.scores(tsv(NAMES[1:], ('人民"路"', "x")))[0], delta=2e-5)

    def test_quotes_of_other_writers_are_read_where_all_texts_have_them(self):
        bare, quoted = "\t".join(NAMES) + "\n", "".join("\t".join((row[0], *(f'"{cell}"' for cell in row[1:]))) + "\n" for row in ROWS)
        self.agrees((bare + quoted).encode())
        self.agrees((bare + quoted).replace("\t", ",").encode())
        for delimiter in (", ", "; ", " | ", " ,", " , "):
            self.agrees(delimited(delimiter))
            self.agrees((delimiter.join(NAMES) + "\n" + quoted.replace("\t", delimiter)).encode())
        for delimiter in (",", ";", "|", "\t", ", "):
            for names in (True, False):
                self.agrees(delimited(delimiter, "'", names), "-c", "2,3")
            self.agrees((delimiter.join(NAMES) + "\n").encode() + delimited(delimiter, "'", False), "-c", "2,3")
        result = self.run_score(stdin=delimited(", ", "'"))
        self.assertIn("read as CSV with ',' and single quotes, blanks around them left out", self.one_line(result))
        self.assertTrue(result.lines[1].startswith("'1', '人民路1号', '中山路22号',0.".encode()))
        self.assertTrue(self.run_score("-q", "-f", "csv", stdin=delimited(",", "'")).lines[1].startswith("1,人民路1号,中山路22号,0.".encode()))

    def test_a_delimiter_or_a_line_end_in_such_quotes_is_text(self):
        for form in ("'{}';'{}'", "'{}'; '{}'", '"{}"; "{}"', '"{}" ;"{}"'):
            given = "sentence1;sentence2\n" + form.format("甲路; 3楼", "乙\n路") + "\n" + form.format("丙路", "丁") + "\n"
            lines = self.run_score("-q", "-f", "jsonl", stdin=given.encode()).lines
            self.assertEqual([json.loads(line)["sentence1"] for line in lines], ["甲路; 3楼", "丙路"], form)
            self.assertEqual(json.loads(lines[0])["sentence2"], "乙\n路")
        lines = self.run_score("-q", "-f", "jsonl", stdin="sentence1,sentence2\n'a''b','c'\n".encode()).lines
        self.assertEqual(json.loads(lines[0])["sentence1"], "a'b")

    def test_quotes_that_are_scored_are_told(self):
        for opened, closed in (("“", "”"), ("「", "」"), ('="', '"'), ("'", "'"), ('"', '"'), ("`", "`")):
            rows = [(row[0], opened + row[1] + closed, row[2]) for row in ROWS]
            err = self.one_line(self.run_score(stdin=tsv(NAMES, *rows)))
            self.assertIn("scored as text", err)
            self.assertEqual(self.run_score("-q", stdin=tsv(NAMES, *rows)).err, "")
        for cells in (('"好"路', "x"), ("'a", "b'"), ("L'Église", "“好”路")):
            self.assertEqual(self.run_score(stdin=tsv(NAMES[1:], cells)).err, "")

    def test_r_row_names_are_told(self):
        given = '"sentence1" "sentence2"\n"1" "人民路" "中山路"\n"2" "甲 路" "乙"\n'.encode()
        result = self.run_score(stdin=given)
        self.assertIn("row names", result.err)
        self.assertEqual(result.lines[0], b'"sentence1" "sentence2" similarity label')
        self.assertTrue(result.lines[2].startswith('"2" "甲 路" "乙" '.encode()))
        self.assertNotEqual(self.scores(given)[0], None)

    def test_a_broken_quote_costs_its_line(self):
        good = "".join(f"{i},人民路{i}号,乙路\n" for i in range(5))
        for bad, reason in (('9,"甲,乙\n', "open_quote"), ('9,"甲"路,乙\n', "stray_quote")):
            given = ("id,sentence1,sentence2\n" + good + bad + good).encode()
            result = self.run_score("--errors", self.path("e"), stdin=given, status=1)
            report = self.read("e").decode().splitlines()
            self.assertEqual(len(report), 2, report)
            self.assertEqual(report[1].split("\t")[1:4:2], ["7", reason])
            self.assertEqual(len(result.lines), 12)
            # what was broken does not break the output
            self.assertEqual(len(self.scores(result.out, "--input-format", "csv")), 11)

    def test_half_a_record_is_not_scored(self):
        """A stray quote makes it TSV without quoting, so the newline in a cell ends the line."""
        for half in ('1\t甲\t"乙\n路"\n', '1\t"甲\n路"\t乙\n'):
            given = tsv(NAMES) + half.encode() + '2\t"甲"路\t乙\n3\t丙\t丁\n'.encode()
            self.assertEqual([score is None for score in self.scores(given, status=1)],
                             [True, True, False, False])

    def test_tsv_is_without_quotes_if_it_is_said(self):
        given = '"sentence1"\t"sentence2"\n"甲""路"\t"乙"\n'.encode()
        self.assertIn("quotes", self.run_score(stdin=given).err)
        result = self.run_score("--input-format", "tsv", "--header", "no", stdin=given)
        self.assertNotIn("quotes", result.err)
        self.assertEqual(len(self.scores(given, "--input-format", "tsv", "--header", "no")), 2)

    def test_conversions_hold_what_they_can(self):
        given = 'sentence1,sentence2\n"a\tb\nc","x ""y"", z"\n'.encode()
        result = self.run_score("-f", "tsv", stdin=given)
        self.assertTrue(result.lines[1].startswith(b'a b c\tx "y", z\t'))
        self.assertRegex(result.err, "for which TSV has blanks: 1\n")
        back = self.run_score("-f", "csv", stdin=tsv(NAMES[1:], ('a"b', "c,d")))
        self.assertTrue(back.lines[1].startswith(b'"a""b","c,d",0.'))

    def test_files_may_have_dialects_of_their_own(self):
        result = self.run_score(self.path("a", tsv(NAMES, *ROWS)), self.path("b", delimited(";")))
        self.assertEqual([len(cells) for cells in result.cells], [5] * 7)
        self.same(result.cells[1:4], result.cells[4:])


class JsonLines(Shapes):
    def test_objects_are_read_by_name(self):
        rows = [dict(zip(NAMES, row)) for row in ROWS]
        self.agrees("".join(json.dumps(row) + "\n" for row in rows).encode())
        turned = [dict(reversed(row.items())) for row in rows]
        self.agrees("".join(json.dumps(row, ensure_ascii=False) + "\r\n" for row in turned).encode())
        lists = self.run_score("-c", "2,3", stdin="".join(json.dumps(row) + "\n" for row in ROWS).encode())
        for line, expected in zip(lists.lines, self.plain, strict=True):
            self.assertAlmostEqual(json.loads(line)[3], expected, delta=2e-5)

    def test_rows_stay_as_they_came(self):
        given = '{"sentence1": "\\u7532路", "n": 1.50, "sentence2": "乙"} \n'.encode()
        out = self.run_score(stdin=given).out
        self.assertTrue(out.startswith(given[:-3] + b',"similarity":0.'), out)
        self.assertEqual(json.loads(out)["n"], 1.5)
        self.assertTrue(self.run_score("-f", "tsv", stdin=given).lines[1].startswith("甲路\t1.50\t乙\t".encode()))

    def test_bad_rows_are_kept_in_place(self):
        bad = ['{"sentence1":"甲"}', "nonsense", '{"sentence1":"甲","sentence1":"乙","sentence2":"丙"}',
               '["甲","乙"]', '{"sentence1":"甲","sentence2":null}', '{"sentence1":"\\ud800","sentence2":"丙"}',
               '{"sentence1":"甲","sentence2":"乙"}x', '{"sentence1":"甲","sentence2":"乙"', ""]
        good = '{"sentence1":"甲路","sentence2":"乙路"}\n'
        given = (good + "\n".join(bad) + "\n" + good).encode()
        result = self.run_score("--errors", self.path("e"), stdin=given, status=1)
        answers = [json.loads(line) for line in result.lines]
        self.assertEqual([row["similarity"] is None for row in answers], [False] + [True] * 9 + [False])
        reasons = [line.split("\t")[3] for line in self.read("e").decode().splitlines()[1:]]
        self.assertEqual(reasons, ["too_few_columns", "invalid_json", "invalid_json", "invalid_json",
                                   "empty_text", "invalid_json", "invalid_json", "invalid_json",
                                   "blank_line"])

    def test_values_that_are_no_texts_are_bad_rows(self):
        good = '{"a":"甲路","b":"乙路","n":NaN,"m":[-Infinity,Infinity]}\n'
        for value in ("true", "false", '["甲"]', '{"x":"甲"}'):
            result = self.run_score(stdin=(good + '{"a":"甲路","b":%s}\n' % value).encode(), status=1)
            self.assertIn(":2: column 2 (\"b\") is no text", result.err)
            self.assertIsNone(json.loads(result.lines[1])["similarity"])

    def test_columns_of_arrays_are_told(self):
        given = '["甲路","乙路"]\n'.encode()
        self.assertIn("members 1 and 2 are taken", self.run_score(stdin=given).err)
        self.assertNotIn("members 1", self.run_score("-c", "1,2", stdin=given).err)

    def test_a_first_record_may_be_long(self):
        given = json.dumps({"a": "甲路", "b": "乙路", "c": "1.5," * 70000}).encode() + b"\n"
        self.assertEqual(len(self.run_score(stdin=given).lines), 1)

    def test_inner_objects_are_named(self):
        given = '{"r":{"a":"甲路","b":"乙路"}}\n'.encode()
        self.assertIn("inner objects", self.run_score(stdin=given, status=2).err)

    def test_whole_documents_are_refused(self):
        for given in ('[{"a":1,"b":2}]', '[\n{"a":1,"b":2}\n]', '{\n "a": 1\n}', '\x1e{"a":1}\n'):
            self.assertIn("jq", self.one_line(self.run_score(stdin=given.encode(), status=2)))


class Ends(Shapes):
    def test_carriage_returns_alone_are_ends(self):
        for given in (tsv(NAMES, *ROWS, end="\r"), tsv(NAMES, *ROWS, end="\r") + b"\n"):
            self.agrees(given)
            self.assertIn("carriage returns", self.run_score(stdin=given).err)

    def test_a_carriage_return_between_rows_is_named(self):
        given = tsv(NAMES, *ROWS) + tsv(ROWS[0], end="\r") + tsv(ROWS[1])
        self.assertIn("carriage return", self.run_score(stdin=given, status=1).err)

    def test_other_line_ends_are_named(self):
        for end, name in (("\u2028", "U+2028"), ("\x85", "U+0085"), ("\v", "vertical tab"), ("\f", "form feed")):
            result = self.run_score(stdin=tsv(NAMES, *ROWS, end=end), status=2)
            self.assertIn(name, self.one_line(result))

    def test_no_delimiter_is_refused_at_once(self):
        for given, word in (("人民路1号\n中山路\n", "--delimiter"), ("a||b\nc||d\n", "'||'"),
                            ("a\\tb\nc\\td\n", "backslash"), ("甲，乙\n丙，丁\n", "fullwidth comma")):
            result = self.run_score(stdin=given.encode(), status=2)
            self.assertIn(word, self.one_line(result))
            self.assertEqual(result.out, b"")

    def test_a_bad_first_line_is_a_bad_row(self):
        given = "only\n".encode() + tsv(*ROWS)
        self.assertEqual([score is None for score in self.scores(given, "-c", "2,3", status=1)],
                         [True, False, False, False])

    def test_columns_beyond_the_table_are_refused(self):
        for arguments in (("-c", "1,5000"), ("--gold", "9"), ("-c", "2,4", "--header", "no")):
            self.assertIn("asked for", self.one_line(self.run_score(*arguments, stdin=tsv(*ROWS), status=2)))

    def test_wide_tables_and_trailing_delimiters(self):
        wide = tsv(["c%d" % i for i in range(5000)], ["人民路"] * 5000)
        self.assertEqual(len(self.run_score("-c", "c7,c4999", stdin=wide).cells[1]), 5002)
        rows = ["\t".join(row) + "\t" for row in ROWS]
        for header in ("\t".join(NAMES), "\t".join(NAMES) + "\t"):
            self.agrees("\n".join([header, *rows, ""]).encode())

    def test_no_rows_are_told(self):
        for given in (b"", tsv(NAMES), b"\xef\xbb\xbf"):
            self.assertEqual(self.run_score(stdin=given).err, "mgeo-score: there are no rows\n")


class Headers(Case):
    KNOWN = [("原地址", "标准地址"), ("地址１", "地址２"), ("source", "target"), ("源地址", "目标地址"),
             (" Address_A", "address-b "), ("address_l", "address_r"), ("addr_x", "addr_y"), ("左", "右"),
             ("query", "passage"), ("premise", "hypothesis"), ("SENTENCE 1", "SENTENCE 2"), ("甲", "乙"),
             ("src_addr", "dst_addr"), ("str1", "str2"), ("收货地址", "标准地址"), ("地址", "标准地址"),
             ("address_left", "address_right"), ("sent1", "sent2"), ("左地址", "右地址"),
             ("地址", "地址.1"), ("地址(1)", "地址（2）"), ("t1.addr", "t2.addr"), ("#sentence1", "sentence2"),
             ("住所1", "住所2")]
    UNKNOWN = [("人民路1", "人民路2"), ("甲路1号", "甲路2号"), ("1", "2"), ("北京市", "上海市"), ("A座", "B座")]

    def test_known_names_are_a_header(self):
        for a, b in self.KNOWN:
            for given in ((a, b), ("\ufeff\ufeff" + a, b)):
                result = self.run_score(stdin=tsv(given, ("人民路", "中山路")))
                self.assertTrue(result.lines[0].endswith(b"\tsimilarity\tlabel"), (a, b))
                self.assertEqual(result.err, "", (a, b))
        for a, b in self.UNKNOWN:
            result = self.run_score(stdin=tsv((a, b), ("人民路", "中山路")))
            self.assertEqual(len(result.lines), 2)
            self.assertFalse(result.lines[0].endswith(b"\tlabel"), (a, b))
            self.assertIn("line 1", self.one_line(result))

    def test_guesses_are_told_and_orders_are_not(self):
        given = tsv(("人民路1号", "中山路"), ("人民路", "中山路"))
        self.assertIn("taken as data", self.one_line(self.run_score(stdin=given)))
        for arguments in (("-q",), ("--header", "no"), ("-c", "1,2")):
            self.assertEqual(self.run_score(*arguments, stdin=given).err, "")
        unknown = tsv(("外部名", "内部名"), ("人民路", "中山路"))
        self.assertIn("looks like a header", self.one_line(self.run_score(stdin=unknown)))
        several = tsv(("name1", "name2", "address1", "address2"), ("a", "b", "c", "d"))
        self.assertIn('"address1" and "address2"', self.one_line(self.run_score(stdin=several)))

    def test_the_only_two_columns_of_addresses_are_taken(self):
        for a, b in (("门店地址", "客户地址"), ("crm_addr", "ERP address"), ("户籍住址", "现住址")):
            result = self.run_score(stdin=tsv((a, "电话", b), ("人民路", "1", "中山路")))
            self.assertTrue(result.lines[0].endswith(b"\tsimilarity\tlabel"), (a, b))
            self.assertIn("the only two called addresses", self.one_line(result))
        three = tsv(("门店地址", "客户地址", "开票地址"), ("人民路", "中山路", "甲路"))
        self.assertIn("line 1", self.one_line(self.run_score(stdin=three)))
        again = tsv(("门店地址", "客户地址"), ("甲", "乙")) * 2
        self.assertIn(":3: the line is a header", self.run_score(stdin=again, status=1).err)

    def test_numbers_of_columns_do_not_hide_a_header(self):
        given = tsv(("id", "门店地址", "工商注册地址"), ("1", "人民路", "中山路"))
        self.assertEqual(self.run_score("-c", "2,3", stdin=given).cells[0][-1], b"label")
        given = tsv(("id", "门店地址", "乙"), ("1", "人民路", "中山路"))
        self.assertIn("looks like a header", self.one_line(self.run_score("-c", "2,3", stdin=given)))

    def test_a_header_of_other_names_in_the_middle_is_no_pair(self):
        given = tsv(("addr1", "addr2"), ("甲路", "乙路"), ("地址1", "地址2"), ("甲路", "丙路"))
        self.assertIn(":3: the line is a header", self.run_score(stdin=given, status=1).err)

    def test_a_delimiter_inside_a_text_is_no_row_name(self):
        given = b"".join(b"%s\n" % row.encode() for row in ("addr1,addr2", "甲路,二层,乙路", "丙路,二层,丁路"))
        result = self.run_score(stdin=given, status=1)
        self.assertIn("3 columns instead of 2: a ',' inside a text", result.err)
        self.assertNotIn("row names", result.err)

    def test_a_blank_first_line_is_named(self):
        self.assertIn("line 1 is blank", self.run_score(stdin=b"\n" + tsv(("甲", "乙")), status=2).err)

    def test_a_header_in_the_middle_is_no_pair(self):
        for again in (NAMES, ("\ufeff" + NAMES[0], *NAMES[1:]), ("ID", "Sentence1", "SENTENCE2"),
                      ('"id"', '"sentence1"', '"sentence2"')):
            given = tsv(NAMES, *ROWS) + tsv(again, *ROWS)
            result = self.run_score(stdin=given, status=1)
            self.assertIn(":5: the line is a header", result.err)
            self.assertEqual(result.err.count("header"), 1)
        given = tsv(*ROWS) + tsv(NAMES, *ROWS)
        result = self.run_score("-c", "2,3", stdin=given, status=1)
        self.assertIn(":4: the line is a header", result.err)
        twice = tsv(("地址1", "地址2"), ("甲", "乙")) + tsv(("\ufeff地址1", "地址2"), ("甲", "乙"))
        self.assertIn(":3: the line is a header", self.run_score(stdin=twice, status=1).err)

    def test_columns_are_found_by_folded_names(self):
        given = tsv((" 原 名", "NEW_Name"), ("人民路", "中山路"))
        self.run_score("-c", "原名,new name", stdin=given)
        self.run_score("-c", "原名,x", stdin=given, status=2)


if __name__ == "__main__":
    unittest.main()
