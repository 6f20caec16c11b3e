# SPDX-License-Identifier: Apache-2.0
"""The console in a real browser beside a real server: a whole rollout by mouse, another by keyboard alone, in both
languages; foreign texts stay texts; what others change, and what is lost, is told. Skipped without chromium."""
import json
import os
import resource
import shutil
import sys
import threading
import unittest

import browser
import server

if browser.PROGRAM is None:
    print("skipped: there is no chromium")
    sys.exit(77)

TOKEN = "0123456789-the-token"
PAIRS = [("人民路1号", "人民路1号"), ("人民路1号", "中山路22号"), ("西湖区文三路100号", "文三路100号"), ("阳光花园5幢", "阳光花园5栋")]
MARKUP = '<img src=x onerror="window.struck=1">'


def golden(count):
    """A table with gold labels, as somebody would paste it."""
    rows = [("id", "sentence1", "sentence2", "gold")]
    rows += [(str(i), PAIRS[i % 4][0] + str(i), PAIRS[i % 4][1], "exact_match") for i in range(count)]
    return "\n".join("\t".join(row) for row in rows)


class Traffic:
    """Calls on the data side until it is stopped."""

    def __init__(self, running):
        self.connection, self.over, self.failed = running.connect(), threading.Event(), 0
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        i = 0
        while not self.over.wait(0.01):
            a, b = PAIRS[i % 4]
            self.failed += self.connection.call("POST", "/match", {"address1": f"{a}{i}", "address2": b}).status != 200
            i += 1

    def stop(self):
        self.over.set()
        self.thread.join()
        self.connection.close()


class ConsoleCase(server.Case):
    @classmethod
    def setUpClass(cls):
        cls.browser = browser.Browser()
        cls.addClassCleanup(cls.browser.close)

    def open(self, *arguments, language="en-US", journal=True, **look):
        """A server, and its console in a new tab, which stands at the prompt for the token."""
        token = self.path("token", TOKEN)
        os.chmod(token, 0o600)
        self.server = self.serve("--operate", "127.0.0.1:0", "--operate-token-file", token, "--model-version", "v1",
                                 *(["--journal", self.path("journal")] if journal else []), *arguments)
        self.page = browser.Page(self.browser, language, **look)
        self.address = f"http://{self.server.operate}/"
        self.page.open(self.address)
        self.page.wait("document.querySelector('#token').open")
        self.addCleanup(self.check_page)
        return self.page

    def check_page(self):
        """Nothing went wrong in the page, nothing foreign ran, and it asked nobody else."""
        self.assertEqual(self.page.problems, [])
        self.assertEqual([url for url in self.page.requests if not url.startswith((self.address, "data:"))], [])
        self.assertFalse(self.page.evaluate("'struck' in window"))
        self.page.call("Page.close")

    def other_model(self):
        """A model with the same labels that answers otherwise."""
        folder = shutil.copytree(server.MGEO, self.path("other"))
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
            config = json.load(file)
        with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
            json.dump({**config, "hidden_act": "relu"}, file)
        return folder

    def enter_token(self):
        self.page.set("#token-value", TOKEN)
        self.page.key("Enter")
        self.page.wait("!document.querySelector('#token').open && document.querySelector('.slot.live')")

    def confirm(self, *texts, actor="li", reason="test"):
        """The dialog says what will happen; then it is confirmed."""
        self.page.wait("document.querySelector('#confirm').open")
        for text in texts:
            self.assertIn(text, self.page.text("#confirm"))
        self.page.set("#confirm-actor", actor)
        self.page.set("#confirm-reason", reason)
        self.page.click("#confirm-do")

    def operate(self, path, body=None, **headers):
        """The operating side by another client."""
        headers = {"Authorization": f"Bearer {TOKEN}", "If_Match": "*", **headers}
        answer = self.server.call("POST" if body is not None else "GET", path, body, address=self.server.operate, **headers)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()

    def load(self, path, version):
        self.operate("/operate/load", {"path": path, "version": version})
        self.page.wait_text("#green", version)


class RolloutTest(ConsoleCase):
    def test_rollout_by_mouse(self):
        page = self.open()
        page.set("#token-value", "wrong")
        page.key("Enter")
        page.wait_text("#token-wrong", "did not take")
        self.enter_token()
        page.wait_text("#who", "Blue is live: v1")
        page.wait_text("#next", "Load the new model into Green")
        traffic = Traffic(self.server)
        self.addCleanup(traffic.stop)
        self.load_by_form(page)
        self.try_a_pair(page)
        self.compare(page)
        self.shadow(page)
        self.canary(page)
        self.swap(page)
        self.roll_back(page)
        self.journal(page)
        self.assertEqual(traffic.failed, 0)

    def load_by_form(self, page):
        page.click("#next-do")  # the next step leads there
        page.set("#load [name=path]", "/nowhere")
        page.click("#load-do")
        self.confirm("/nowhere")
        page.wait_text("#notices", "/nowhere")  # the server's own sentence
        page.set("#load [name=path]", self.other_model())
        page.set("#load [name=version]", "v2")
        page.click("#load-check")
        page.wait_text("#load-memory", "Fits")
        page.click("#load-do")
        self.confirm("Green slot; v1 goes on answering", reason="a new one")
        page.wait_text(".notice.good", "v2 is loaded in Green as generation 2")
        page.wait_text("#green", "v2")
        page.wait_text("#next", "Compare v2")

    def try_a_pair(self, page):
        page.click("#tab-try")
        page.set("#try [name=a]", PAIRS[0][0])
        page.set("#try [name=b]", PAIRS[1][1])
        page.click("#try button")
        page.wait("document.querySelectorAll('.answer .score').length === 2")
        answers = page.text("#try-answers")
        self.assertIn("Blue, LIVE: v1", answers)
        self.assertIn("Green, standby: v2", answers)
        self.assertRegex(page.text("#try-difference"), r"Standby less live: [+−]0\.\d{4}\.")
        both = self.operate("/operate/score", {"pairs": [[PAIRS[0][0], PAIRS[1][1]]]})
        for role in ("live", "standby"):
            self.assertIn(f"{both[role]['results'][0]['similarity']:.3f}", answers)  # three digits: rounding

    def compare(self, page):
        page.click("#tab-compare")
        page.click("#panel-compare .pairs button")
        page.set("#choose-text", golden(60))
        page.wait_text("#choose-count", "60 pairs found; 0 lines left out")
        self.assertEqual(page.evaluate("['a', 'b', 'gold'].map((id) => document.getElementById('choose-' + id).selectedOptions[0].text)"),
                         ["sentence1", "sentence2", "gold"])
        page.click("#choose button.main")
        page.click("#compare-do")
        page.wait("document.querySelector('#compare-report table.broad')")
        report = page.text("#compare-report")
        for text in ("Generation 1 (live) beside 2 (standby)", "Label flips", "PSI", "Accuracy"):
            self.assertIn(text, report)
        self.assertEqual(page.evaluate("document.querySelectorAll('#compare-report tbody').length"), 2)
        self.assertEqual(page.evaluate("document.querySelectorAll('#compare-report .broad tbody tr').length"), 20)
        self.assertEqual(page.evaluate("document.querySelectorAll('#compare-report .bars i').length"), 20)
        page.wait_text("#next", "small share")

    def slide(self, page, kind, index, text):
        page.click(f"#tab-{kind}")
        page.evaluate(f"(s => (s.value = {index}, s.dispatchEvent(new Event('input'))))(document.querySelector('#{kind}-slider'))")
        page.click(f"#{kind}-do")
        self.confirm(text)

    def shadow(self, page):
        self.slide(page, "shadow", 9, "v2 (generation 2) also scores 100% of the live calls")
        page.wait("document.querySelector('#shadow-report .bars')")  # real calls were compared

    def canary(self, page):
        page.click("#tab-canary")
        page.set("#canary-watch [name=max_latency_ratio]", "1000")  # times are not what is tested
        self.slide(page, "canary", 5, "v2 (generation 2) answers 20% of the calls; v1 the rest.")
        page.wait_text("#split", "Green 20%")
        self.assertEqual(self.operate("/operate/status")["canary_share"], 0.2)
        page.wait_text("#next", "The watch is running")
        page.wait("Number(document.querySelector('#chart-qps .green').innerText) > 0")

    def swap(self, page):
        page.click("#tab-swap")
        page.set("#gate-limits [name=max_shift_mean]", "0")
        page.click("#swap-do")
        self.confirm("both models score 60 pairs", "mean shift ≤ 0", "Canary and shadow end", "Watch: for 10 min")
        page.wait_text("#notices", "was refused")
        page.wait_text("#swap-checks", "✕ broken")
        for name in ("max_shift_mean", "max_flip_share", "max_accuracy_loss"):
            page.set(f"#gate-limits [name={name}]", "100" if name != "max_shift_mean" else "1")
        page.set("#swap-watch [name=max_latency_ratio]", "1000")
        page.set("#swap-watch [name=window_minutes]", "60")
        page.click("#swap-do")
        self.confirm("All calls move from v1 (Blue, generation 1) to v2 (Green, generation 2)", reason="better")
        page.wait_text(".notice.good", "v2 (Green, generation 2) answers all calls")
        page.wait_text("#who", "Green is live: v2")
        page.wait_text("#watch-state", "Watching generation 2")
        page.wait_text("#swap-checks", "✓ held")
        page.wait("document.querySelector('#charts .mark.turn')")  # the swap is marked

    def roll_back(self, page):
        page.click("#rollback")
        self.confirm("All calls go back from v2 (Green, generation 2) to v1 (Blue, generation 1)", reason="not better")
        page.wait_text("#who", "Blue is live: v1")
        page.wait_text("#watch-state", "was ended by another change")
        page.wait_text("#next", "Find out why")

    def journal(self, page):
        page.click("#tab-journal")
        page.wait_text("#journal-lines", "not better")
        page.wait_text("#journal-verified", "The chain is sound")
        lines = self.operate("/operate/journal?last=100")
        self.assertEqual(page.evaluate("document.querySelectorAll('#journal-lines tr').length"), len(lines["lines"]))
        self.assertIn(lines["last_hash"][:10], page.text("#journal-lines tr"))
        page.choose("#journal-event", "swap")
        self.assertIn("v1 (Blue 1) → v2 (Green 2)", page.text("#journal-lines"))
        self.assertEqual(page.evaluate("document.querySelectorAll('#journal-lines tr').length"), 1)
        page.choose("#journal-event", "")
        page.set("#journal-filter", "NOT BETTER")
        self.assertEqual(page.evaluate("document.querySelectorAll('#journal-lines tr').length"), 1)


class KeyboardTest(ConsoleCase):
    def confirm_by_keys(self, *texts):
        self.page.wait("document.querySelector('#confirm').open")
        for text in texts:
            self.assertIn(text, self.page.text("#confirm"))
        self.page.tab_to("#confirm-reason")
        self.page.write("键盘")
        self.page.tab_to("#confirm-do")
        self.page.key("Enter")

    def to_tab(self, name, presses, key="ArrowRight"):
        self.page.tab_to("#tabs [aria-selected=true]")
        for _ in range(presses):
            self.page.key(key)
        self.assertEqual(self.page.evaluate("document.activeElement.id"), f"tab-{name}")

    def test_rollout_by_keyboard_in_chinese(self):
        page = self.open(language="zh-CN", width=390, height=844, dark=True)
        self.assertEqual(page.evaluate("document.documentElement.lang"), "zh-CN")
        page.write(TOKEN)  # the prompt has the focus
        page.key("Enter")
        page.wait_text("#who", "蓝在线：v1")
        page.tab_to("#load [name=path]")
        page.write(server.MGEO)
        page.key("Tab")
        page.write("v2")
        page.tab_to("#load-do")
        page.key("Enter")
        self.confirm_by_keys("模型读入绿槽；v1 继续应答。")
        page.wait_text(".notice.good", "v2 已加载到绿槽，第 2 代")
        page.wait_text("#green", "v2")
        self.to_tab("canary", 4)
        page.tab_to("#canary-slider")
        page.key("ArrowRight")
        page.key("ArrowRight")
        self.assertEqual(page.evaluate("document.activeElement.getAttribute('aria-valuetext')"), "2%")
        page.tab_to("#canary-do")
        page.key("Enter")
        self.confirm_by_keys("v2（第 2 代）回答 2% 的调用")
        page.wait_text("#canary-share", "当前 2%")
        self.to_tab("journal", 1, "End")
        self.to_tab("swap", 1, "ArrowLeft")
        page.tab_to("#gate-on")
        page.key(" ")
        page.tab_to("#swap-watch-on")
        page.key(" ")
        page.tab_to("#swap-do")
        page.key("Enter")
        page.wait("document.querySelector('#confirm').open")
        page.key("Escape")  # nothing is done
        page.wait("!document.querySelector('#confirm').open")
        self.assertEqual(page.evaluate("document.activeElement.id"), "swap-do")  # and the focus is where it was
        page.key("Enter")
        self.confirm_by_keys("没有门禁", "没有观察", "从 v1（蓝，第 1 代）切换到 v2（绿，第 2 代）")
        page.wait_text("#who", "绿在线：v2")
        page.wait("document.querySelector('#chart-qps .curve')")
        page.tab_to("#chart-qps svg")
        page.key("ArrowLeft")
        page.wait_text("#spoken", "蓝 ")  # a chart's values are read out
        page.tab_to("#rollback")
        page.key("Enter")
        self.confirm_by_keys("退回 v1（蓝，第 1 代）")
        page.wait_text("#who", "蓝在线：v1")
        self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), 390)
        self.assertEqual([line["reason"] for line in self.operate("/operate/journal?event=swap")["lines"]], ["键盘"])

    def test_both_languages_have_every_word(self):
        page = self.open(journal=False)
        self.assertEqual(page.evaluate("Object.entries(WORDS).filter(([, both]) => both.length !== 2 || both.some((one) => one === ''))"
                                       ".map(([key]) => key)"), [])
        slots = "(text) => (text.match(/\\{\\w+\\}/g) ?? []).sort().join()"
        self.assertEqual(page.evaluate(f"Object.entries(WORDS).filter(([, both]) => new Set(both.map({slots})).size !== 1)"
                                       ".map(([key]) => key)"), [])
        self.enter_token()
        page.click("#language")
        page.wait_text("#who", "蓝在线：v1")
        self.assertEqual(page.evaluate("[...document.querySelectorAll('[data-t]')].filter((node) => !knows(node.dataset.t) ||"
                                       " node.textContent !== t(node.dataset.t)).map((node) => node.outerHTML)"), [])
        page.click("#tab-journal")
        page.wait_text("#journal-verified", "没有日志")
        page.click("#language")
        page.wait_text("#journal-verified", "keeps no journal")


class RecordTest(ConsoleCase):
    def test_a_lost_line_and_a_watch_that_judged_nothing_are_told(self):
        page = self.open()
        self.enter_token()
        self.load(server.MGEO, "v2")
        size = os.path.getsize(self.path("journal"))
        resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        page.evaluate("change('swap', { watch: { window_seconds: 0.1, max_error_rate: 0.01 } }, state.status.etag)")
        page.wait("[...document.querySelectorAll('.notice.warn')].some((one) => one.innerText.includes("
                  "'The journal was not written: the line of this change is lost, and 1 in all'))")
        page.wait_text("#watch-state", "calls: not judged")
        self.assertTrue(page.evaluate("document.querySelector('#watch').classList.contains('warn')"))
        page.evaluate("document.querySelector('#notices').replaceChildren()")
        page.evaluate("change('load', { path: '/nowhere' }, state.status.etag)")  # what fails has a line too
        page.wait_text(".notice.warn", "The journal was not written")
        page.wait_text(".notice.bad", "/nowhere")
        page.click("#language")
        page.wait_text("#watch-state", "未作判断")
        page.evaluate("change('rollback', {}, state.status.etag)")
        page.wait_text("#notices", "日志未能写入")


class ForeignTest(ConsoleCase):
    def test_markup_stays_text(self):
        page = self.open("--model-version", "v1" + MARKUP[:50])
        self.enter_token()
        self.operate("/operate/load", {"path": self.other_model(), "version": MARKUP, "actor": MARKUP, "reason": MARKUP + "\u202e\u0007"})
        page.wait_text("#green .version", MARKUP)
        page.wait_text(".notice.warn", "changed elsewhere: v1<img")
        page.click("#tab-try")
        page.set("#try [name=a]", MARKUP)
        page.set("#try [name=b]", MARKUP)
        page.click("#try button")
        page.wait("document.querySelectorAll('.answer').length === 2")
        page.click("#tab-compare")
        page.click("#panel-compare .pairs button")
        page.set("#choose-text", f"{MARKUP}\t人民路1号\nno tab here")
        page.wait_text("#choose-count", "1 pairs found; 1 lines left out")
        page.click("#choose button.main")
        page.click("#compare-do")
        page.wait_text("#compare-report", MARKUP)
        page.click("#tab-journal")
        page.wait_text("#journal-lines", MARKUP + "\\u202e\\u0007")  # what could mislead is made visible
        self.assertEqual(page.evaluate("document.querySelectorAll('main img, dialog img').length"), 0)

    def test_changes_of_others_are_told(self):
        page = self.open()
        self.enter_token()
        self.load(server.MGEO, "v2")
        page.click("#tab-canary")
        page.evaluate("(s => (s.value = 3, s.dispatchEvent(new Event('input'))))(document.querySelector('#canary-slider'))")
        page.click("#canary-do")
        page.wait("document.querySelector('#confirm').open")
        self.operate("/operate/swap", {})
        page.wait_text("#confirm-stale", "changed while this was open")
        self.assertTrue(page.evaluate("document.querySelector('#confirm-do').disabled"))
        page.click("#confirm [data-close]")
        page.wait_text("#who", "Green is live: v2")
        before = self.operate("/operate/status")["etag"]
        page.evaluate("change('rollback', {}, '\"1-2-0-0\"')")  # as if it were confirmed before the page knew
        page.wait_text("#notices", "Somebody else changed something first")
        self.assertEqual(self.operate("/operate/status")["etag"], before)

    def test_a_lost_connection_is_told(self):
        page = self.open()
        self.enter_token()
        self.load(server.MGEO, "v2")
        self.operate("/operate/swap", {})
        page.wait("!document.querySelector('#rollback').disabled")
        self.server.stop()
        page.wait_text("#connection", "Connection lost")
        self.assertTrue(page.evaluate("['rollback', 'swap-do', 'load-do', 'canary-do'].every((id) => document.getElementById(id).disabled)"))


if __name__ == "__main__":
    unittest.main()
