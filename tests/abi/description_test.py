#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What mgeo.json says is true of the library: description_test.py JSON LIBRARY READER_FOLDER [unittest's]."""
import ctypes as c
import os
import sys
import tempfile
import unittest

from ctypes_binding import Binding

JSON, LIBRARY, READER = sys.argv[1:4]
sys.path.insert(0, READER)
import read_header  # noqa: E402  its folder is an argument

BINDING = Binding(JSON, LIBRARY)
DESCRIPTION = BINDING.description


class Structs(unittest.TestCase):
    def test_members_lie_where_another_implementation_of_the_c_abi_puts_them(self):
        for struct in DESCRIPTION["structs"]:
            made = BINDING.structs[struct["name"]]
            self.assertEqual(c.sizeof(made), struct["size"], struct["name"])
            self.assertEqual(c.alignment(made), struct["alignment"], struct["name"])
            for member in struct["members"]:
                field = getattr(made, member["name"])
                self.assertEqual((field.offset, field.size), (member["offset"], member["size"]), member["name"])

    def test_a_versioned_struct_is_one_that_begins_with_its_size(self):
        fixed = {"mgeo_error", "mgeo_progress", "mgeo_pair", "mgeo_shift", "mgeo_check", "mgeo_record", "mgeo_text",
                 "mgeo_candidate", "mgeo_link", "mgeo_member", "ArrowSchema", "ArrowArray", "ArrowArrayStream"}
        for struct in DESCRIPTION["structs"]:
            self.assertEqual(struct["versioned"], struct["name"] not in fixed, struct["name"])
            names = [member["name"] for member in struct["members"]]
            self.assertEqual("struct_size" in names, struct["versioned"], struct["name"])


class Enums(unittest.TestCase):
    def test_the_library_spells_each_name_as_its_list_does(self):
        for enum in DESCRIPTION["enums"]:
            suffix = "text" if enum["name"] == "mgeo_status" else "name"
            spell = BINDING.functions[f"{enum['name']}_{suffix}"]
            for value in enum["values"]:
                self.assertEqual(spell(value["value"]).decode(), value["text"])

    def test_members_and_parameters_say_of_which_enum_they_are(self):
        of = {(struct["name"], member["name"]): member.get("enum")
              for struct in DESCRIPTION["structs"] for member in struct["members"]}
        of.update({(function["name"], parameter["name"]): parameter.get("enum")
                   for function in DESCRIPTION["functions"] for parameter in function["parameters"]})
        self.assertEqual(of["mgeo_load_options", "precision"], "mgeo_precision")
        self.assertEqual(of["mgeo_scores", "flags"], "mgeo_row_flag")
        self.assertEqual(of["mgeo_swap_receipt", "to_slot"], "mgeo_slot")
        self.assertEqual(of["mgeo_get_stats", "slot"], "mgeo_slot")
        self.assertEqual(of["mgeo_write_metrics", "format"], "mgeo_metrics_format")
        self.assertIsNone(of["mgeo_load_options", "threads"])


class Functions(unittest.TestCase):
    def test_what_can_fail_ends_in_an_error_and_names_its_errors(self):
        for function in DESCRIPTION["functions"]:
            kinds = [parameter["type"] for parameter in function["parameters"]]
            self.assertEqual(function["can_fail"], "mgeo_error *" in kinds[-1:], function["name"])
            if function["can_fail"] and "As mgeo_score" not in function["doc"]:
                self.assertIn("MGEO_E_ARGUMENT", function["errors"], function["name"])
            if not function["can_fail"]:
                self.assertEqual(function["errors"], [], function["name"])

    def test_each_has_words_and_stands_in_a_section(self):
        for function in DESCRIPTION["functions"]:
            self.assertTrue(function["doc"], function["name"])
            self.assertTrue(function["section"], function["name"])
            self.assertNotIn("/*", function["doc"])
        self.assertEqual({function["part"] for function in DESCRIPTION["functions"]},
                         {"", "I. Load and score", "II. Roll out and observe", "III. Match"})

    def test_errors_are_statuses(self):
        statuses = {value["name"] for enum in DESCRIPTION["enums"] for value in enum["values"]}
        for function in DESCRIPTION["functions"]:
            self.assertLessEqual(set(function["errors"]), statuses, function["name"])


class Constants(unittest.TestCase):
    def test_values(self):
        self.assertEqual(BINDING.numbers["MGEO_NUL_TERMINATED"], c.c_size_t(-1).value)
        self.assertEqual(BINDING.numbers["MGEO_SHARE_ALL"], 10000)
        self.assertEqual(BINDING.numbers["MGEO_VERSION"], BINDING.functions["mgeo_version"]().decode())
        self.assertEqual(DESCRIPTION["version"], BINDING.numbers["MGEO_VERSION"])


class Reader(unittest.TestCase):
    """The header cannot come to hold what bindings would misread."""

    def read(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "mgeo.h")
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"#ifndef MGEO_H\n#define MGEO_H\n{text}\n#endif\n")
            return read_header.read(path)

    def test_what_it_reads(self):
        header = self.read("/* What it\n * counts. */\nMGEO_API void mgeo_count(uint32_t n);")
        self.assertEqual(header["functions"][0]["doc"], "What it counts.")
        header = self.read("#if defined(X)\n#define MGEO_Y (1 + 1)\n#endif\nenum { MGEO_Z = 3 };")
        self.assertEqual([constant["name"] for constant in header["constants"]], ["MGEO_Z"])

    def test_a_macro_beside_an_enumerator_is_one_constant(self):
        header = self.read("enum { MGEO_Z = 3 };\n#define MGEO_Z 3u\n")
        self.assertEqual([constant["name"] for constant in header["constants"]], ["MGEO_Z"])

    def test_what_it_refuses(self):
        for text in ("MGEO_API int mgeo_f(unsigned long n);", "typedef struct mgeo_s { int32_t a, b; } mgeo_s;",
                     "typedef struct mgeo_s { int32_t a : 3; } mgeo_s;", "#define MGEO_X (1 << 3)",
                     "typedef struct mgeo_s { char a[MGEO_UNKNOWN]; } mgeo_s;", "typedef union mgeo_u { char a; } mgeo_u;",
                     "MGEO_API void mgeo_f(const char *format, ...);", "static inline int mgeo_f(void) { return 1; }",
                     "typedef enum mgeo_e { MGEO_A, MGEO_B } mgeo_e;", "#pragma pack(1)", "extern int mgeo_variable;",
                     "#define MGEO_E_LIST(X) \\\n    X(MGEO_A, 0x4, \"a\")", "#define MGEO_E_LIST(X) X(MGEO_A,4, \"a\")",
                     "#if A\n#if B\nMGEO_API void mgeo_f(void);\n#endif\n#endif"):
            with self.assertRaises(read_header.HeaderError, msg=text):
                self.read(text)


unittest.main(argv=sys.argv[:1] + sys.argv[4:])
