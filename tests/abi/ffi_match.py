# SPDX-License-Identifier: Apache-2.0
"""Part III of mgeo.h through a binding made from mgeo.json: an index of a few addresses, all that can be done with it,
normal forms and clusters. ffi_rollout.py runs it."""
import ctypes as c
import os
import pathlib

RECORDS = [("a", "杭州市西湖区文三路90号"), ("b", "杭州西湖区文三路９０号"), ("c", "南京市鼓楼区新模范马路5号"),
           ("d", "天津市和平区南京路219号")]


class Match:
    """`call` and `plain` are the caller's, which count what was called."""

    def __init__(self, binding, call, plain):
        self.binding, self.known, self.make = binding, binding.numbers, binding.make
        self.call, self.plain = call, plain
        self.index = c.c_void_p()

    def array(self, name, rows):
        made = (self.binding.structs[name] * len(rows))()
        for struct, row in zip(made, rows):
            for member, text in row.items():
                setattr(struct, member, text.encode())
                setattr(struct, member + "_len", self.known["MGEO_NUL_TERMINATED"])
        return made

    def records(self, *rows):
        return self.array("mgeo_record", [{"id": name, "text": text} for name, text in rows])

    def info(self):
        info = self.make("mgeo_index_info")
        self.call("mgeo_index_get_info", self.index, c.byref(info))
        return info

    def found(self, candidates, query):
        """(id, text, flags) of a query's candidates."""
        count = c.c_size_t(9)
        array = self.plain("mgeo_candidates_of", candidates, query, c.byref(count))
        assert bool(array) == (count.value > 0)
        rows = array[: count.value] if count.value else []
        assert all(0 < row.score <= 1 and row.id_len == len(row.id) and row.text_len == len(row.text) for row in rows)
        return [(row.id.decode(), row.text.decode(), row.flags) for row in rows]

    def search(self, *texts):
        queries = self.array("mgeo_text", [{"text": text} for text in texts])
        options = self.make("mgeo_search_options", top=3, threads=1)
        candidates = c.c_void_p()
        self.call("mgeo_index_search", self.index, queries, len(texts), c.byref(options), c.byref(candidates))
        answers = [self.found(candidates, query) for query in range(len(texts))]
        assert self.found(candidates, len(texts)) == []
        self.plain("mgeo_candidates_destroy", candidates)
        return answers

    def check_search(self):
        same_text = self.known["MGEO_CANDIDATE_SAME_TEXT"] | self.known["MGEO_CANDIDATE_SAME_FORM"]
        first, nothing = self.search(RECORDS[0][1], "。。。")
        assert first[0] == (*RECORDS[0], same_text) and nothing == []
        assert first[1] == (*RECORDS[1], self.known["MGEO_CANDIDATE_SAME_FORM"])

    def check_rows(self):
        """Each pair once; a generation that never was is refused."""
        candidates, generation = c.c_void_p(), c.c_uint64(0)
        rows = (self.index, 0, len(RECORDS), 1)
        self.call("mgeo_index_search_rows", *rows, c.byref(generation), None, c.byref(candidates))
        assert generation.value == self.info().generation
        assert self.found(candidates, 0)[0][0] == "b"
        assert "a" not in [name for name, _, _ in self.found(candidates, 1)]
        self.plain("mgeo_candidates_destroy", candidates)
        self.call("mgeo_index_search_rows", *rows, c.byref(c.c_uint64(99)), None, c.byref(candidates), expect="MGEO_E_REFUSED")
        assert candidates.value is None

    def check_changes(self, file):
        """Removed, compacted, swapped for the file that holds all, and put back."""
        removed = c.c_uint64()
        gone = self.records(RECORDS[1], ("nobody", "x"))
        self.call("mgeo_index_remove", self.index, gone, len(gone), c.byref(removed))
        assert removed.value == 1 and self.info().removed == 1
        self.call("mgeo_index_compact", self.index)
        assert (self.info().records, self.info().removed) == (3, 0)
        self.call("mgeo_index_swap", self.index, file)
        assert (self.info().records, self.info().previous_records) == (4, 3)
        assert self.info().path == file and self.info().bytes_mapped > 0
        self.call("mgeo_index_roll_back", self.index)
        assert self.info().records == 3

    def check_index(self, folder):
        file = os.fsencode(pathlib.Path(folder) / "places.index")
        options = self.make("mgeo_index_options", threads=1)
        self.call("mgeo_index_create", c.byref(options), c.byref(self.index))
        rows = self.records(*RECORDS)
        self.call("mgeo_index_put", self.index, rows, len(rows))
        line = self.call("mgeo_index_put", self.index, self.records(("", "x")), 1, expect="MGEO_E_ARGUMENT")
        assert "records[0].id is empty" in line
        self.call("mgeo_index_roll_back", self.index, expect="MGEO_E_REFUSED")
        self.check_search()
        self.check_rows()
        self.call("mgeo_index_save", self.index, file)
        self.check_changes(file)
        self.plain("mgeo_index_destroy", self.index)
        self.call("mgeo_index_open", file, None, c.byref(self.index))
        self.check_search()
        self.plain("mgeo_index_destroy", self.index)
        pathlib.Path(os.fsdecode(file)).write_bytes(b"not an index")
        self.call("mgeo_index_open", file, None, c.byref(self.index), expect="MGEO_E_FORMAT")
        assert self.index.value is None

    def form(self, text):
        length = c.c_size_t()
        words = (text.encode(), self.known["MGEO_NUL_TERMINATED"])
        self.call("mgeo_normal_form", *words, None, 0, c.byref(length))
        form = c.create_string_buffer(length.value + 1)
        self.call("mgeo_normal_form", *words, form, len(form), c.byref(length))
        assert len(form.value) == length.value
        return form.value

    def check_forms(self):
        assert self.form(RECORDS[0][1]) == self.form(RECORDS[1][1]) != self.form(RECORDS[2][1])
        assert self.form("") == b""

    def check_clusters(self):
        """Rows 0, 1 and 2 hold together until a cluster may have two rows; row 3 is alone."""
        links = (self.binding.structs["mgeo_link"] * 3)()
        for link, values in zip(links, ((0, 1, 0.9), (1, 2, 0.8), (2, 3, 0.1))):
            link.a, link.b, link.score = values
        members = (self.binding.structs["mgeo_member"] * 4)()
        options = self.make("mgeo_cluster_options", threshold=0.5)
        self.call("mgeo_cluster", links, 3, 4, c.byref(options), members)
        assert [(row.cluster, row.representative, row.size) for row in members] == [(0, 1, 3)] * 3 + [(3, 3, 1)]
        assert abs(members[0].weakest - 0.8) < 1e-6 and members[3].link != members[3].link
        options.max_size = 2
        self.call("mgeo_cluster", links, 3, 4, c.byref(options), members)
        assert [row.size for row in members] == [2, 2, 1, 1]
        links[0].a = 4
        self.call("mgeo_cluster", links, 3, 4, None, members, expect="MGEO_E_ARGUMENT")


def check(binding, call, plain, folder):
    match = Match(binding, call, plain)
    match.check_index(folder)
    match.check_forms()
    match.check_clusters()
    assert plain("mgeo_candidate_flag_name", 2) == b"same_form"
    assert plain("mgeo_cut_name", 1) == b"correlation"
