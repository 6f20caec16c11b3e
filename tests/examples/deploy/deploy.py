# SPDX-License-Identifier: Apache-2.0
"""What the tests of examples/prometheus, grafana, docker and kubernetes share: queries, promtool, a server."""
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

SOURCE = pathlib.Path(os.environ["MGEO_SOURCE"])
EXAMPLES = SOURCE / "examples"
RULES = EXAMPLES / "prometheus" / "rules"
LIMIT = 120  # seconds after which something counts as hung
# What the scraper adds, and what a histogram's bucket has.
FOREIGN_LABELS = {"job", "instance", "process", "namespace", "pod", "track", "rollouts_pod_template_hash", "le"}
SELECTOR = re.compile(r"(?<![\w:$])((?:mgeo|http_server)_\w+|up)\b(?:\{([^{}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')


def read(path):
    return path.read_text(encoding="utf-8")


def yaml_values(text, key):
    """The values of a key, wherever it stands: plain, in quotes, or as a block."""
    found, lines = [], text.split("\n")
    for number, line in enumerate(lines):
        match = re.match(rf"(\s*)(?:- )?{key}: (.*)$", line)
        if not match:
            continue
        value = match.group(2).strip()
        if value in ("|", "|-", ">", ">-"):
            block, indent = [], len(match.group(1))
            for follower in lines[number + 1:]:
                if follower.strip() and len(follower) - len(follower.lstrip()) <= indent:
                    break
                block.append(follower.strip())
            value = " ".join(block).strip()
        elif value[:1] == '"':
            value = json.loads(value)
        elif value[:1] == "'":
            value = value[1:-1].replace("''", "'")
        found.append(value)
    return found


def dashboard():
    return json.loads(read(EXAMPLES / "grafana" / "mgeo.json"))


def dashboard_queries():
    """(where, query) with Grafana's variables filled in."""
    board = dashboard()
    found = [(panel["title"], target["expr"]) for panel in board["panels"] for target in panel.get("targets", [])]
    found += [("annotation " + mark["name"], mark["expr"]) for mark in board["annotations"]["list"]]
    found += [("variable " + one["name"], re.sub(r"^label_values\((.*), \w+\)$", r"\1", one["definition"]))
              for one in board["templating"]["list"] if "definition" in one]
    return [(where, query.replace("$__rate_interval", "5m").replace('"$job"', '".*"').replace('"$instance"', '".*"'))
            for where, query in found]


def rule_queries():
    return [(path.name, query) for path in sorted(RULES.glob("*.yml")) for query in yaml_values(read(path), "expr")]


def cluster_queries():
    """Those of the analyses, and of the autoscaler's rule, with what is put in filled in."""
    found = []
    for path in sorted((EXAMPLES / "kubernetes").rglob("*.yaml")):
        text = read(path)
        for query in yaml_values(text, "query") + yaml_values(text, "metricsQuery") + yaml_values(text, "seriesQuery"):
            query = re.sub(r"\{\{args\.([\w-]+)\}\}", r"\1", query)
            query = query.replace("<<.LabelMatchers>>", 'pod="p"').replace("<<.GroupBy>>", "pod")
            found.append((path.name, query))
    return found


def selectors(query):
    """(metric, [(label, operator, value)]) of a query; names of labels that look like metrics are no selectors."""
    plain = re.sub(r"\b(?:by|on|ignoring|group_left|group_right)\s*\([^)]*\)", "", query)
    for match in SELECTOR.finditer(plain):
        yield match.group(1), MATCHER.findall(match.group(2) or "")


def promtool(*arguments):
    """(exit status, what it said) of promtool; skips the test where it is not installed."""
    if shutil.which("promtool") is None:
        raise unittest.SkipTest("promtool is not installed: apt-get install prometheus")
    done = subprocess.run(["promtool", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=LIMIT)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def parse_queries(queries):
    """What promtool says against the queries; empty: nothing."""
    rules = [{"record": f"query:{number}", "expr": query} for number, (_, query) in enumerate(queries)]
    with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as file:
        json.dump({"groups": [{"name": "queries", "rules": rules}]}, file)  # JSON is YAML
        file.flush()
        status, said = promtool("check", "rules", file.name)
    return "" if status == 0 and f"{len(queries)} rules found" in said else said


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=LIMIT)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(LIMIT)
        self.sock.connect(self.path)


class Server:
    """A mgeo-serve with the bundled model, on a socket in a folder of its own. Ends with the test class."""

    def __init__(self, case):
        holder = tempfile.TemporaryDirectory()
        case.addClassCleanup(holder.cleanup)
        self.socket = os.path.join(holder.name, "data")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MGEO_")}
        environment["CUDA_VISIBLE_DEVICES"] = ""
        self.child = subprocess.Popen(
            [os.environ["MGEO_SERVE"], "--model", os.environ["MGEO_MODEL"], "--model-version", "mini", "--listen",
             "unix:" + self.socket, "--operate", "none", "--drain-time", "0s"],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        case.addClassCleanup(self.end)
        self.wait()

    def end(self):
        self.child.terminate()
        try:
            said = self.child.communicate(timeout=LIMIT)[1]
        except subprocess.TimeoutExpired:
            self.child.kill()
            said = self.child.communicate()[1]
        if self.child.returncode != 0:
            raise AssertionError(f"mgeo-serve ended with {self.child.returncode}: {said.decode()}")

    def wait(self):
        for _ in range(LIMIT * 10):
            if self.child.poll() is not None:
                raise AssertionError("mgeo-serve ended: " + self.child.stderr.read().decode())
            try:
                if self.ask("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise AssertionError("mgeo-serve is not ready")

    def ask(self, method, path, body=None, headers=None):
        """(status, text) of one request."""
        connection = UnixConnection(self.socket)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8")
        finally:
            connection.close()
