# SPDX-License-Identifier: Apache-2.0
"""Every metric, label and label's value that rules, panels, the autoscaler and analyses name is a real server's."""
import re
import unittest

from deploy import FOREIGN_LABELS, MATCHER, SOURCE, Server, cluster_queries, dashboard_queries, read, rule_queries, selectors

# Labels whose values are all there from the start, and those that come with traffic.
CLOSED = {"reason", "outcome", "by", "state", "status"}
PROBES = ("/health", "/livez", "/readyz", "/metrics", "/info", "/openapi.json", "/v2/health/live", "/v2/health/ready")
SCORING = (
    ("/match", "/match", '{"address1": "文三路90号", "address2": "西湖区文三路90号"}'),
    ("/rerank", "/rerank", '{"query": "文三路90号", "texts": ["西湖区文三路90号", "长安路1号"]}'),
    ("/predict", "/predict", '{"inputs": ["文三路90号", "西湖区文三路90号"]}'),
    ("/v2/models/{model}/infer", "/v2/models/mgeo/infer",
     '{"inputs": [{"name": "address1", "datatype": "BYTES", "shape": [1], "data": ["文三路90号"]},'
     ' {"name": "address2", "datatype": "BYTES", "shape": [1], "data": ["西湖区文三路90号"]}]}'),
)
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? \S+$")


def families(text):
    return dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M))


def family_of(metric, kinds):
    for suffix in ("_bucket", "_count", "_sum"):
        if metric.endswith(suffix) and kinds.get(metric[:-len(suffix)]) == "histogram":
            return metric[:-len(suffix)]
    return metric if metric in kinds else None


def samples(text):
    """{metric: [{label: value}]}"""
    found = {}
    for line in text.splitlines():
        match = SAMPLE.match(line)
        if match:
            labels = {name: value for name, _, value in MATCHER.findall(match.group(2) or "")}
            found.setdefault(match.group(1), []).append(labels)
    return found


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(cls)
        cls.scoring = set()
        for route, path, body in SCORING:
            status, said = cls.server.ask("POST", path, body.encode(), {"Content-Type": "application/json"})
            assert status == 200, f"{path}: {said}"
            cls.scoring.add(route)
        for path in PROBES:
            assert cls.server.ask("GET", path)[0] == 200, path
        cls.text = cls.server.ask("GET", "/metrics")[1]
        cls.kinds, cls.samples = families(cls.text), samples(cls.text)

    def queries(self):
        return rule_queries() + dashboard_queries() + cluster_queries()

    def test_metrics_exist(self):
        seen = set()
        for where, query in self.queries():
            for metric, _ in selectors(query):
                seen.add(metric)
                if metric != "up":
                    self.assertIsNotNone(family_of(metric, self.kinds), f"{where}: {metric} is not in /metrics")
        self.assertGreater(len(seen), 50)

    def test_labels_exist(self):
        for where, query in self.queries():
            for metric, matchers in selectors(query):
                known = {label for sample in self.samples.get(metric, []) for label in sample}
                for label, _, _ in matchers:
                    if known:
                        self.assertIn(label, known | FOREIGN_LABELS, f"{where}: {metric} has no label {label}")

    def test_values_exist(self):
        known, checked = {}, 0
        for sample in (sample for all_of in self.samples.values() for sample in all_of):
            for label, value in sample.items():
                known.setdefault(label, set()).add(value)
        for where, query in self.queries():
            for label, operator, value in MATCHER.findall(query):
                if label in CLOSED and operator != "!~":
                    checked += 1
                    self.assertLessEqual(set(value.split("|")), known[label], f"{where}: {label}")
        self.assertGreater(checked, 8)

    def test_start_is_one_time(self):
        """Or each scrape would look like a restart."""
        starts = {samples_line for _ in range(20) for samples_line in self.server.ask("GET", "/metrics")[1].splitlines()
                  if samples_line.startswith("mgeo_serve_start_time_seconds ")}
        self.assertEqual(len(starts), 1, starts)

    def test_routes_that_score_are_meant(self):
        """Rules, panels and analyses mean the same routes: those that score, and no probe."""
        meant = {value for _, query in self.queries() for _, matchers in selectors(query)
                 for label, operator, value in matchers if (label, operator) == ("http_route", "=~")}
        self.assertEqual(len(meant), 1, meant)
        pattern = re.compile(meant.pop())
        routes = {sample["http_route"] for sample in self.samples["http_server_request_duration_seconds_count"]}
        self.assertGreater(len(routes), len(self.scoring))
        self.assertEqual({route for route in routes if pattern.fullmatch(route)}, self.scoring)

    def test_documented_metrics_are_the_server_s(self):
        documented = re.findall(r"^\| `(\w+)` \| (\w+) \|", read(SOURCE / "docs" / "watching.md"), re.M)
        self.assertGreater(len(documented), 15)
        own = {(name, kind) for name, kind in self.kinds.items() if name.startswith(("mgeo_serve_", "http_server_"))}
        self.assertEqual(set(documented), own)


if __name__ == "__main__":
    unittest.main()
