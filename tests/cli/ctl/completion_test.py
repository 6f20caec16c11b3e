# SPDX-License-Identifier: Apache-2.0
"""What bash, zsh and fish offer for mgeo-ctl: its commands, and then the options of each."""
import os
import shutil
import subprocess
import tempfile
import unittest

FILES = os.environ["MGEO_COMPLETIONS"]
COMMANDS = ["status", "load", "check", "compare", "score", "swap", "rollback", "canary", "shadow", "unload",
            "journal", "wait-ready", "deploy"]


class Bash(unittest.TestCase):
    def offered(self, *words):
        script = """
            source "$1"; shift
            COMP_WORDS=(mgeo-ctl "$@"); COMP_CWORD=$#
            _mgeo_ctl
            printf '%s\\n' "${COMPREPLY[@]}" """
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "v2"))
            with open(os.path.join(folder, "v2.tsv"), "wb"):
                pass
            done = subprocess.run(["bash", "-c", script, "bash", os.path.join(FILES, "mgeo-ctl"), *words],
                                  check=True, capture_output=True, text=True, cwd=folder)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_commands_come_first(self):
        self.assertEqual(self.offered(""), COMMANDS + ["--help", "--version"])
        self.assertEqual(self.offered("s"), ["status", "score", "swap", "shadow"])
        self.assertEqual(self.offered("--v"), ["--version"])

    def test_each_has_its_options(self):
        self.assertEqual(self.offered("journal", "--e"), ["--event"])
        self.assertEqual(self.offered("journal", "--event", "load"), ["load", "load_failed"])
        self.assertEqual(self.offered("swap", "--event"), [])
        self.assertEqual(self.offered("swap", "--max-s"), ["--max-shift", "--max-shift-mean", "--max-shift-p99"])
        self.assertEqual(self.offered("load", "-p", "fp"), ["fp32", "fp16", "fp8"])
        self.assertEqual(self.offered("deploy", "--gate", "=", "v"), ["v2", "v2.tsv"])
        self.assertEqual(sorted(self.offered("load", "v")), ["v2", "v2.tsv"])
        self.assertEqual(self.offered("canary", ""), [])
        self.assertEqual(self.offered("fly", ""), [])

    def test_only_the_program_is_completed(self):
        script = 'source "$1"; complete -p'
        done = subprocess.run(["bash", "-c", script, "bash", os.path.join(FILES, "mgeo-ctl")], check=True,
                              capture_output=True, text=True)
        self.assertEqual([line.split()[-1] for line in done.stdout.splitlines()], ["mgeo-ctl"])


@unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
class Zsh(unittest.TestCase):
    def given(self, *words):
        """What the file hands to the functions of zsh for this line."""
        script = """
            _arguments() { print -rl -- arguments "$@" }; _describe() { print -rl -- $names }
            words=(mgeo-ctl "${@:2}"); CURRENT=$#; f() { source "$1" }; f "$1" """
        return subprocess.run(["zsh", "-f", "-c", script, "zsh", os.path.join(FILES, "_mgeo-ctl"), *words],
                              check=True, capture_output=True, text=True).stdout.splitlines()

    def test_commands_and_options(self):
        self.assertEqual([line.split(":")[0] for line in self.given("")], COMMANDS)
        given = "\n".join(self.given("journal", ""))
        self.assertIn("--event=", given)
        self.assertNotIn("--gate=", given)


@unittest.skipUnless(shutil.which("fish"), "fish is not installed")
class Fish(unittest.TestCase):
    def offered(self, line):
        script = f'source "{os.path.join(FILES, "mgeo-ctl.fish")}"; complete -C "{line}"'
        with tempfile.TemporaryDirectory() as folder:
            env = {**os.environ, "HOME": folder, "XDG_CONFIG_HOME": folder}
            done = subprocess.run(["fish", "--no-config", "-c", script], check=True, capture_output=True,
                                  text=True, cwd=folder, env=env)
        return [word.split("\t")[0] for word in done.stdout.splitlines()]

    def test_commands_and_options(self):
        self.assertEqual(sorted(self.offered("mgeo-ctl ")), sorted(COMMANDS))
        offered = self.offered("mgeo-ctl journal --")
        self.assertTrue(any(word.startswith("--event") for word in offered))
        self.assertFalse(any(word.startswith("--gate") for word in offered))


if __name__ == "__main__":
    unittest.main()
