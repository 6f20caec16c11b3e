# SPDX-License-Identifier: Apache-2.0
"""The dashboard of examples/grafana: the file is its script's, panels do not overlap, promtool takes each query."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

from deploy import EXAMPLES, cluster_queries, dashboard, dashboard_queries, parse_queries

SCRIPT = EXAMPLES / "grafana" / "make_dashboard.py"


def cells(panel):
    place = panel["gridPos"]
    return {(x, y) for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])}


class Dashboard(unittest.TestCase):
    def test_file_is_what_the_script_writes(self):
        done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_changed_file_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder) / SCRIPT.name
            script.write_bytes(SCRIPT.read_bytes())
            text = (SCRIPT.parent / "mgeo.json").read_text(encoding="utf-8")
            (script.parent / "mgeo.json").write_text(text.replace("mgeo_serve_ready", "mgeo_ready", 1), encoding="utf-8")
            done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)

    def test_panels_have_room_and_numbers_of_their_own(self):
        panels = dashboard()["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        taken = set()
        for panel in panels:
            place = cells(panel)
            self.assertLessEqual(max(x for x, _ in place), 23, panel["title"])
            self.assertFalse(taken & place, panel["title"])
            taken |= place

    def test_panels_name_the_chosen_source(self):
        for panel in dashboard()["panels"]:
            if panel["type"] == "row":
                continue
            self.assertEqual(panel["datasource"]["uid"], "${datasource}", panel["title"])
            self.assertTrue(panel["targets"], panel["title"])
            letters = [target["refId"] for target in panel["targets"]]
            self.assertEqual(len(set(letters)), len(letters), panel["title"])

    def test_queries_are_sound(self):
        queries = dashboard_queries() + cluster_queries()
        self.assertGreater(len(queries), 60)
        self.assertEqual(parse_queries(queries), "")

    def test_a_broken_query_is_found(self):
        self.assertNotEqual(parse_queries([("here", "sum(rate(mgeo_calls_total[5m])")]), "")


if __name__ == "__main__":
    unittest.main()
