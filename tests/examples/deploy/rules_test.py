# SPDX-License-Identifier: Apache-2.0
"""The rules of examples/prometheus: promtool takes them, each alert is tested and has its runbook."""
import re
import unittest

from deploy import EXAMPLES, RULES, SOURCE, promtool, read, rule_queries

PROMETHEUS = EXAMPLES / "prometheus"
RUNBOOKS = SOURCE / "docs" / "watching.md"
ALERT = re.compile(r"- alert: (\w+)\n(.*?)(?=\n\s*- alert:|\n\s*- name:|\Z)", re.S)
TESTED = re.compile(r"alertname: (\w+)\n\s*exp_alerts:( \[\])?")


def alerts():
    return dict(ALERT.findall(read(RULES / "alerts.yml")))


class Rules(unittest.TestCase):
    def test_configuration_is_sound(self):
        status, said = promtool("check", "config", PROMETHEUS / "prometheus.yml")
        self.assertEqual(status, 0, said)
        self.assertIn("2 rule files found", said)

    def test_rules_are_sound(self):
        status, said = promtool("check", "rules", *sorted(RULES.glob("*.yml")))
        self.assertEqual(status, 0, said)
        found = sum(map(int, re.findall(r"(\d+) rules found", said)))
        self.assertEqual(found, len(rule_queries()), said)

    def test_alerts_fire_and_do_not(self):
        status, said = promtool("test", "rules", PROMETHEUS / "tests.yml")
        self.assertEqual(status, 0, said)

    def test_order_of_groups_is_fixed(self):
        """Without it promtool takes any, and alerts see what is recorded now or one step late."""
        order, = re.findall(r"^group_eval_order: \[(.*)\]$", read(PROMETHEUS / "tests.yml"), re.M)
        groups = [name for path in RULES.glob("*.yml") for name in re.findall(r"^  - name: (\S+)$", read(path), re.M)]
        self.assertEqual(sorted(order.split(", ")), sorted(groups))

    def test_each_alert_is_seen_firing_and_silent(self):
        firing, silent = set(), set()
        for name, nothing in TESTED.findall(read(PROMETHEUS / "tests.yml")):
            (silent if nothing else firing).add(name)
        self.assertEqual(firing, set(alerts()))
        self.assertEqual(silent, set(alerts()))

    def test_each_alert_says_what_it_is(self):
        headings = set(re.findall(r"^### (Mgeo\w+)$", read(RUNBOOKS), re.M))
        self.assertEqual(headings, set(alerts()), "docs/watching.md has one heading for each alert")
        for name, text in alerts().items():
            with self.subTest(name):
                self.assertRegex(text, r"labels: \{severity: (critical|warning)\}")
                for annotation in ("summary", "description"):
                    self.assertRegex(text, rf"\n\s+{annotation}: \S")
                self.assertIn(f"runbook_url: docs/watching.md#{name.lower()}\n", text + "\n")


if __name__ == "__main__":
    unittest.main()
