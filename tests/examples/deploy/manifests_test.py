# SPDX-License-Identifier: Apache-2.0
"""What examples/docker and examples/kubernetes say to the server is what a real server takes and answers."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from deploy import EXAMPLES, LIMIT, SOURCE, Server, read, yaml_values

DOCKER = EXAMPLES / "docker"
KUBERNETES = EXAMPLES / "kubernetes"
DEPLOYMENT = KUBERNETES / "base" / "server" / "deployment.yaml"
SETTINGS = KUBERNETES / "base" / "server" / "mgeo-serve.conf"


def check_config(*arguments, **variables):
    """With the folders of this machine instead of a container's, for files are looked for too."""
    arguments += ("--model", str(SOURCE / "models/mini"), "--journal", os.path.join(tempfile.gettempdir(), "journal"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MGEO_")}
    return subprocess.run([os.environ["MGEO_SERVE"], "--check-config", *arguments], env=environment | variables,
                          capture_output=True, text=True, timeout=LIMIT)


def seconds(text):
    return float(re.fullmatch(r"(\d+)s", text).group(1))


def filled(text):
    """compose.yml with .env put in."""
    values = dict(re.findall(r"^(\w+)=(.*)$", read(DOCKER / ".env"), re.M))
    return re.sub(r"\$\{(\w+)(?::\?[^}]*)?\}", lambda match: values[match.group(1)], text)


class Settings(unittest.TestCase):
    def test_kubernetes_settings_are_taken(self):
        done = check_config("--config", str(SETTINGS))
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_an_unknown_setting_is_refused(self):
        self.assertNotEqual(check_config("--max-queues", "1").returncode, 0)

    def test_compose_s_variables_are_settings(self):
        variables = dict(re.findall(r"^\s+(MGEO_\w+): \"?([^\"\n]*)\"?$", filled(read(DOCKER / "compose.yml")), re.M))
        self.assertIn("MGEO_LISTEN", variables)
        done = check_config(**variables)
        self.assertEqual(done.returncode, 0, done.stderr)
        help_text = subprocess.run([os.environ["MGEO_SERVE"], "--help"], capture_output=True, text=True).stdout
        for name in variables:
            self.assertIn("--" + name[len("MGEO_"):].lower().replace("_", "-") + " ", help_text)

    def test_a_pod_is_given_the_time_that_a_drain_takes(self):
        settings = dict(re.findall(r"^([\w-]+) = (.*)$", read(SETTINGS), re.M))
        needed = seconds(settings["drain-time"]) + seconds(settings["timeout"])
        [grace] = yaml_values(read(DEPLOYMENT), "terminationGracePeriodSeconds")
        self.assertGreater(float(grace), needed)

    def test_a_container_is_given_it_too(self):
        text = read(DOCKER / "compose.yml")
        [grace] = yaml_values(text, "stop_grace_period")
        default_timeout = 30
        self.assertGreater(seconds(grace), max(map(seconds, yaml_values(text, "MGEO_DRAIN_TIME"))) + default_timeout)


class Answers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(cls)

    def test_probes_are_answered(self):
        paths = set(re.findall(r"httpGet: \{path: (\S+?),", read(DEPLOYMENT)))
        self.assertEqual(paths, {"/readyz", "/livez"})
        for path in paths:
            self.assertEqual(self.server.ask("GET", path)[0], 200, path)

    def test_analysis_would_pass(self):
        """The requests of the pre-promotion analysis, sent as Argo would, and its conditions on the answers."""
        text = read(KUBERNETES / "rollouts" / "blue-green" / "answers.yaml")
        checks = re.split(r"\n    - name: ", text)[2:]
        self.assertEqual(len(checks), 3)
        for check in checks:
            with self.subTest(check.split("\n")[0]):
                path = re.search(r'url: "http://\{\{args\.service\}\}(\S+)"', check).group(1)
                body = re.search(r"body: '(.*)'", check)
                headers = {"Content-Type": "application/json"} if "Content-Type" in check else {}
                status, said = self.server.ask("POST" if body else "GET", path,
                                               body.group(1).encode() if body else None, headers)
                self.assertEqual(status, 200, said)
                field = re.search(r'jsonPath: "\{\$\.(\w+)\}"', check).group(1)
                condition, = yaml_values(check, "successCondition")
                operator, limit = re.fullmatch(r"result (==|<|>) (.*)", condition).groups()
                result, limit = json.loads(said)[field], json.loads(limit)
                held = {"==": result == limit, "<": not isinstance(limit, str) and result < limit,
                        ">": not isinstance(limit, str) and result > limit}
                self.assertTrue(held[operator], f"{field} is {result}: {condition}")


class Kustomize(unittest.TestCase):
    def test_overlays_are_built(self):
        """Needs a kubectl with kustomize 5: Debian 12's is older."""
        kubectl = shutil.which("kubectl")
        version = subprocess.run([kubectl, "version", "--client"], capture_output=True, text=True).stdout if kubectl else ""
        if "Kustomize Version: v5" not in version:
            self.skipTest("there is no kubectl with kustomize 5")
        for overlay in ("overlays/cpu", "overlays/gpu", "overlays/canary", "rollouts/blue-green", "rollouts/canary"):
            with self.subTest(overlay):
                done = subprocess.run([kubectl, "kustomize", KUBERNETES / overlay], capture_output=True, text=True,
                                      timeout=LIMIT)
                self.assertEqual(done.returncode, 0, done.stderr)
                images = re.findall(r"image: (\S+)", done.stdout)
                self.assertEqual(len(set(images)), 2 if overlay == "overlays/canary" else 1, images)
                for image in images:
                    self.assertRegex(image, r"^mgeo-serve:\d")
                self.assertIn("kind: PodDisruptionBudget", done.stdout)
                self.assertEqual("kind: Rollout" in done.stdout, overlay.startswith("rollouts"))


class Proxy(unittest.TestCase):
    """compose.yml mounts nginx's file as it is, and puts other addresses into it as the container starts."""

    def setUp(self):
        text = filled(read(DOCKER / "compose.yml"))
        self.compose = text
        self.config = read(EXAMPLES / "nginx" / "mgeo.conf")
        for pattern, address in re.findall(r"-e 's/([^/]*)/([^/]*)/'", text):
            self.assertRegex(self.config, pattern)
            self.config = re.sub(pattern, address, self.config)

    def test_both_servers_are_found(self):
        self.assertNotIn("127.0.0.1", self.config)
        servers = set(re.findall(r"^\s+server (\S+:\d+) ", self.config, re.M))
        addresses = re.findall(r'ipv4_address: "(\S+)"', self.compose)
        self.assertEqual(servers, {f"{addresses[0]}:8001", f"{addresses[1]}:8002"})

    def test_port_and_folder_are_nginx_s(self):
        port = re.search(r"listen (\d+)", self.config).group(1)
        self.assertIn(f':{port}"]\n    depends_on', self.compose)
        state = re.search(r"-f (\S+)/share/", self.config).group(1)
        self.assertIn(f":{state}:ro", self.compose)

    def test_nginx_takes_it(self):
        nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
        if nginx is None:
            self.skipTest("nginx is not installed")
        with tempfile.TemporaryDirectory() as folder:
            temporary = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in
                                ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
            path = pathlib.Path(folder) / "nginx.conf"
            path.write_text(f"pid {folder}/pid; error_log stderr; events {{}}\nhttp {{ access_log off; {temporary}\n"
                            + self.config + "}\n", encoding="utf-8")
            done = subprocess.run([nginx, "-t", "-c", path], capture_output=True, text=True, timeout=LIMIT)
        self.assertEqual(done.returncode, 0, done.stderr)


class Images(unittest.TestCase):
    def test_version_is_the_project_s(self):
        version = re.search(r"version: '([\d.]+)'", read(SOURCE / "meson.build")).group(1)
        for name in ("Dockerfile", "Dockerfile.cuda"):
            self.assertIn(f"ARG VERSION={version}\n", read(DOCKER / name))
        self.assertIn(f"IMAGE=mgeo-serve:{version}\n", read(DOCKER / ".env"))

    def test_what_is_copied_or_mounted_is_there(self):
        for name in ("Dockerfile", "Dockerfile.cuda"):
            for paths in re.findall(r"^COPY (?!--from)(.*) \S+$", read(DOCKER / name), re.M):
                for path in paths.split():
                    self.assertTrue((SOURCE / path).exists(), path)
        mounted = re.findall(r"- (\.\./\S+?):", read(DOCKER / "compose.yml"))
        self.assertGreater(len(mounted), 4)
        for path in mounted:
            self.assertTrue((DOCKER / path).exists(), path)

    def test_nothing_the_build_needs_is_left_out(self):
        left_out = {line for line in read(SOURCE / ".dockerignore").split("\n") if line and line[0] != "#"}
        options = re.search(r"small\) *\n(.*?);;", read(SOURCE / "tools" / "configure.sh"), re.S).group(1)
        for folder, option in (("tests", "tests"), ("examples", "examples"), ("benchmarks", "bench")):
            self.assertIn(folder, left_out)
            self.assertIn(f"-D{option}=false", options)
        needed = {"include", "lib", "cli", "models", "pkgconfig", "tools", "meson.build", "meson_options.txt"}
        self.assertFalse(left_out & needed)


if __name__ == "__main__":
    unittest.main()
