# SPDX-License-Identifier: Apache-2.0
"""Matching from Python: normal forms, an index that is changed and searched at once, clusters, and their errors."""
import os
import pathlib
import tempfile
import threading
import unittest

import support

support.need("numpy")
import mgeo  # noqa: E402
import numpy as np  # noqa: E402

RECORDS = [("a", "杭州市西湖区文三路90号"), ("b", "杭州西湖区文三路９０号"), ("c", "南京市鼓楼区新模范马路5号"),
           ("d", "天津市和平区南京路219号")]


def filled(records=None):
    index = mgeo.Index(threads=1)
    index.put(RECORDS if records is None else records)
    return index


class Forms(unittest.TestCase):
    def test_ways_of_writing_share_a_form(self):
        self.assertEqual(mgeo.normal_form(RECORDS[0][1]), mgeo.normal_form(RECORDS[1][1]))
        self.assertNotEqual(mgeo.normal_form(RECORDS[0][1]), mgeo.normal_form(RECORDS[2][1]))
        self.assertEqual(mgeo.normal_form(""), "")

    def test_what_is_no_text_is_refused(self):
        for wrong in ("\ud800", 5):
            with self.assertRaises(mgeo.ArgumentError):
                mgeo.normal_form(wrong)


class Searches(unittest.TestCase):
    def test_one_text_and_many(self):
        with filled() as index:
            found = index.search(RECORDS[0][1], top=2)
            self.assertEqual([(one.id, one.text, one.row) for one in found], [(*RECORDS[0], 0), (*RECORDS[1], 1)])
            self.assertEqual(mgeo.candidate_flag_names(found[0].flags), ("same_text", "same_form"))
            self.assertEqual(mgeo.candidate_flag_names(found[1].flags), ("same_form",))
            queries = [RECORDS[0][1], None, "", "\ud800", RECORDS[2][1]]
            many = index.search(queries, top=2)
            self.assertEqual(many[0], found)
            self.assertEqual(([len(one) for one in many[1:4]], many[4][0].id), ([0, 0, 0], "c"))
            for column in (tuple(queries), np.array(queries, object), iter(queries)):
                self.assertEqual(index.search(column, top=2), many)
            self.assertEqual(index.search(queries * 9, top=2, threads=2), many * 9)
            self.assertEqual(index.search([]), [])
            self.assertEqual([one.id for one in index.search(RECORDS[0][1], least=0.99)], ["a", "b"])

    def test_rows_find_each_pair_once(self):
        with filled() as index:
            found = index.search_rows(0, 4, later=True)
            self.assertEqual(found.generation, index.info().generation)
            self.assertEqual(found.candidates[0][0].id, "b")
            self.assertNotIn("a", [one.id for one in found.candidates[1]])
            self.assertEqual(index.search_rows(0, 4, later=True, generation=found.generation), found)
            with self.assertRaises(mgeo.RefusedError):
                index.search_rows(0, 4, generation=99)
            for first, count in ((-1, 1), (0, 5), (0.5, 1), ("0", 1), (None, 1), (0, 2**63)):
                with self.assertRaises(mgeo.ArgumentError):
                    index.search_rows(first, count)

    def test_ids_that_are_numbers_are_refused_with_what_to_do(self):
        with mgeo.Index() as index:
            for ids in ([5], np.array([5])):
                with self.assertRaisesRegex(mgeo.ArgumentError, r"row 0: a text is int, not str: 5; .*astype\(str\)"):
                    index.put(ids, ["杭州市文三路1号"])

    def test_options_are_checked(self):
        with filled() as index:
            for wrong in ({"top": 1001}, {"top": -1}, {"least": float("nan")}, {"threads": "two"}):
                with self.assertRaises(mgeo.ArgumentError, msg=wrong):
                    index.search("x", **wrong)
            with self.assertRaises(mgeo.ArgumentError):
                index.search(5)
            progress = mgeo.Progress()
            progress.cancel()
            with self.assertRaises(mgeo.Cancelled):
                index.search([RECORDS[0][1]] * 20, progress=progress)


class Changes(unittest.TestCase):
    def test_put_replaces_and_takes_columns(self):
        ids, texts = zip(*RECORDS)
        with filled([]) as index:
            index.put(list(ids), np.array(texts, object))
            index.put({"a": "天津市和平区南京路1号"}.items())
            info = index.info()
            self.assertEqual((info.records, info.removed, info.path), (4, 1, ""))
            self.assertEqual(index.search("天津市和平区南京路1号")[0].id, "a")
            self.assertEqual(index.remove(["a", "nobody"]), 1)
            index.compact()
            self.assertEqual((index.info().records, index.info().removed), (3, 0))

    def test_a_record_that_is_none_changes_nothing(self):
        with filled() as index:
            for wrong, line in (([("x", "y"), ("", "y")], r"records\[1\].id is empty"), ([("x", "\ud800")], "UTF-8"),
                                ([("x", None)], "record 0 has a null"), (["xy"], "no pair"), ("xy", "."), (5, ".")):
                with self.assertRaisesRegex(mgeo.ArgumentError, line, msg=wrong):
                    index.put(wrong)
            for wrong in ("a", None, 5):
                with self.assertRaises(mgeo.ArgumentError, msg=wrong):
                    index.remove(wrong)
            with self.assertRaisesRegex(mgeo.ArgumentError, "length"):
                index.put(["a"], ["b", "c"])
            self.assertEqual(index.info().generation, 2)

    def test_files_are_saved_opened_swapped_and_put_back(self):
        with tempfile.TemporaryDirectory() as folder, filled() as index:
            path = pathlib.Path(folder, "places.index")
            index.save(path)
            with mgeo.Index(path) as opened:
                self.assertEqual(opened.search(RECORDS[2][1]), index.search(RECORDS[2][1]))
                self.assertEqual((opened.info().path, opened.info().records), (str(path), 4))
            with self.assertRaises(mgeo.RefusedError):
                index.roll_back()
            index.remove(["a", "b"])
            index.swap(path)
            self.assertEqual((index.info().records, index.info().previous_records), (4, 2))
            index.roll_back()
            self.assertEqual(index.info().records, 2)
            path.write_bytes(b"no index")
            for function in (mgeo.Index, index.swap):
                with self.assertRaises(mgeo.FormatError):
                    function(path)
                with self.assertRaises(mgeo.ReadError):
                    function(path.with_name("nothing"))
            self.assertEqual(index.info().records, 2)

    def test_a_memory_limit_holds(self):
        with mgeo.Index(memory_limit=1) as index:
            with self.assertRaises(mgeo.OutOfMemoryError):
                index.put(RECORDS)
            self.assertEqual(index.info().records, 0)

    def test_a_change_that_is_cancelled_leaves_all_as_it_was(self):
        with filled() as index:
            index._block.cancel()  # as Ctrl-C does
            with self.assertRaises(mgeo.Cancelled):
                index.put([("e", "上海市浦东新区世纪大道1号")])
            self.assertEqual(index.info().records, 4)
            index.put([("e", "上海市浦东新区世纪大道1号")])
            self.assertEqual(index.info().records, 5)

    def test_searches_run_while_it_changes(self):
        problems = []

        def search(index):
            try:
                for _ in range(100):
                    assert index.search(RECORDS[2][1], top=1)[0].id == "c"
            except BaseException as problem:
                problems.append(problem)

        with filled() as index:
            threads = [threading.Thread(target=search, args=(index,)) for _ in range(3)]
            for thread in threads:
                thread.start()
            for number in range(30):
                index.put([(f"new{number}", f"上海市浦东新区世纪大道{number}号")])
            for thread in threads:
                thread.join()
            self.assertEqual((problems, index.info().records), ([], 34))

    def test_after_its_end_it_refuses(self):
        index = filled()
        candidates = index.search(RECORDS[0][1])
        index.close()
        index.close()
        self.assertEqual(candidates[0].text, RECORDS[0][1])
        for call in (index.info, index.compact, lambda: index.search("x"), lambda: index.put(RECORDS)):
            with self.assertRaises(mgeo.ClosedError):
                call()

    def test_a_forked_child_searches_and_changes(self):
        with filled() as index:
            with index._changing:  # as if a thread had been changing it
                child = os.fork()
                if child == 0:
                    index.put([("e", "上海市浦东新区世纪大道1号")])
                    os._exit(0 if index.search("上海市世纪大道1号")[0].id == "e" else 1)
            self.assertEqual(os.waitpid(child, 0)[1], 0)
            self.assertEqual(index.info().records, 4)


class Clusters(unittest.TestCase):
    LINKS = [0, 1, 2], [1, 2, 3], [0.9, 0.8, 0.1]

    def test_links_hold_rows_together(self):
        made = mgeo.cluster(*self.LINKS, 4, threshold=0.5)
        self.assertEqual((made.cluster.tolist(), made.size.tolist()), ([0, 0, 0, 3], [3, 3, 3, 1]))
        self.assertEqual(made.representative.tolist(), [1, 1, 1, 3])
        np.testing.assert_allclose(made.weakest, [0.8, 0.8, 0.8, np.nan], rtol=1e-6)
        np.testing.assert_allclose(made.link, [0.9, 0.9, 0.8, np.nan], rtol=1e-6)
        self.assertEqual(mgeo.cluster([], [], [], 2).cluster.tolist(), [0, 1])

    def test_guards_cut(self):
        for guard in ({"max_size": 2}, {"source": [0, 1, 0, 1], "one_to_one": True}):
            for cut in ("center", "correlation"):
                made = mgeo.cluster(*self.LINKS, 4, threshold=0.5, cut=cut, **guard)
                self.assertEqual(made.size.tolist(), [2, 2, 1, 1], (guard, cut))

    def test_what_is_no_link_is_refused(self):
        wrong = [(([0], [4], [1.0], 4), {}), (([-1], [1], [1.0], 4), {}), (([0], [1], [float("inf")], 4), {}),
                 (([0], [1, 2], [1.0], 4), {}), (([0.5], [1], [1.0], 4), {}), (([0], [1], [1.0], -1), {}),
                 (([0], [1], [1.0], 4), {"cut": "half"}), (([0], [1], [1.0], 4), {"cut": "none", "max_size": 2}),
                 (([0], [1], ["a"], 4), {}), (([0], [1], [[1.0], 2], 4), {}), (([0], [1], [1.0], 2.5), {}),
                 (([0], [1], [1.0], "4"), {}), (([0], [1], [1.0], 2**32), {}),
                 (([0], [1], [1.0], 2), {"source": [0, 2**32], "one_to_one": True}),
                 (([0], [1], [1.0], 4), {"source": [1]}), (([0], [1], [1.0], 4), {"one_to_one": True})]
        for arguments, options in wrong:
            with self.assertRaises(mgeo.ArgumentError, msg=(arguments, options)):
                mgeo.cluster(*arguments, **options)


support.main()
