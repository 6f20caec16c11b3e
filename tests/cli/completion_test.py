# SPDX-License-Identifier: Apache-2.0
"""What bash, zsh and fish offer: the files that the build makes of each program's table."""
import functools
import glob
import os
import pty
import shutil
import subprocess
import unittest

from harness import Case

FILES = os.environ["MGEO_COMPLETIONS"]
PROGRAMS = [program for program in ("mgeo-score", "mgeo-bench", "mgeo-journal", "mgeo-serve")
            if os.path.exists(os.path.join(FILES, program + "-completion"))]  # the last one needs llhttp


@functools.lru_cache
def headings(program):
    """"-m, --model DIR" of each row."""
    tool = os.path.join(FILES, program + "-completion")
    done = subprocess.run([tool, "headings"], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def file_of(program, shell):
    return os.path.join(FILES, {"bash": program, "zsh": "_" + program, "fish": program + ".fish"}[shell])


class Bash(Case):
    def offered(self, *words, program="mgeo-score"):
        """What is offered for the last word, as bash cuts the line."""
        script = """
            source "$1"; program=$2; shift 2
            COMP_WORDS=("$program" "$@"); COMP_CWORD=$#
            $(complete -p "$program" | sed 's/.*-F \\([^ ]*\\).*/\\1/')
            printf '%s\\n' "${COMPREPLY[@]}" """
        done = subprocess.run(["bash", "-c", script, "bash", file_of(program, "bash"), program, *words],
                              check=True, capture_output=True, text=True, cwd=self.folder)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_every_option_is_offered(self):
        for program in PROGRAMS:
            names = [heading.split("--")[1].split()[0] for heading in headings(program)]
            self.assertEqual(self.offered("--", program=program), ["--" + name for name in names])
        self.assertEqual(self.offered("--max"), ["--max-length", "--max-errors"])

    def test_values_follow_their_option(self):
        for words in (("--precision", "fp"), ("-p", "fp"), ("--precision", "=", "fp")):
            self.assertEqual(self.offered(*words), ["fp32", "fp16", "fp8"])
        self.assertEqual(self.offered("--header", "="), ["auto", "yes", "no"])
        self.assertEqual(self.offered("--format", ""), ["input", "tsv", "csv", "jsonl", "parquet", "arrow",
                                                        "arrows"])
        self.assertEqual(self.offered("--arrivals", "p", program="mgeo-bench"), ["poisson"])
        self.assertEqual(self.offered("-e", "load", program="mgeo-journal"), ["load", "load_failed"])
        self.assertEqual(self.offered("--gate-limit", "shift_", program="mgeo-bench"),
                         ["shift_mean=", "shift_p99="])

    def test_a_value_with_a_colon_is_offered_from_the_colon_on(self):
        self.assertEqual(self.offered("--device", "cu"), ["cuda", "cuda:0", "cuda:*"])
        self.assertEqual(self.offered("--device", "cuda", ":"), ["0", "*"])
        self.assertEqual(self.offered("--device", "cuda", ":", "0"), ["0"])
        self.assertEqual(self.offered("--device", "=", "cuda", ":", "0"), ["0"])

    def test_files_and_folders(self):
        self.path("pairs.tsv", b"")
        os.mkdir(self.path("models"))
        self.assertEqual(self.offered("--model", ""), ["models"])
        self.assertEqual(sorted(self.offered("--errors", "")), ["models", "pairs.tsv"])
        self.assertEqual(self.offered("pa"), ["pairs.tsv"])
        self.assertEqual(self.offered("pa", program="mgeo-journal"), ["pairs.tsv"])
        self.assertEqual(self.offered("pa", program="mgeo-bench"), [])
        self.assertEqual(self.offered("--gate", "=", "pa", program="mgeo-bench"), ["pairs.tsv"])

    def test_a_number_is_left_to_the_user(self):
        self.path("pairs.tsv", b"")
        self.assertEqual(self.offered("--threads", ""), [])


@unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
class Zsh(Case):
    def specifications(self, program):
        """What the file hands to _arguments, after zsh has read it."""
        script = '_arguments() { print -rl -- "$@" }; source "$1"'
        return subprocess.run(["zsh", "-f", "-c", script, "zsh", file_of(program, "zsh")], check=True,
                              capture_output=True, text=True).stdout.splitlines()

    def test_every_option_is_specified(self):
        for program in PROGRAMS:
            given = self.specifications(program)
            for heading in headings(program):
                for form in heading.split(", ", 1) if heading.startswith("-") else [heading]:
                    name = form.split()[0]
                    self.assertTrue(any(name in line.split("[")[0] for line in given), name)

    def test_values_files_and_folders(self):
        given = "\n".join(self.specifications("mgeo-score"))
        self.assertIn(":P:(auto fp32 bf16 fp16 int8 fp8)", given)
        self.assertIn(":D:(auto cpu cuda cuda\\:0 cuda\\:\\* torch)", given)
        self.assertIn(":DIR:_files -/", given)
        self.assertIn("*:FILE:_files", given)


@unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
class ZshAtWork(Case):
    """A shell at a terminal, into which somebody types."""

    def read_until(self, mark):
        text = b""
        while mark not in text:
            text += os.read(self.terminal, 4096)
        return text

    def setUp(self):
        super().setUp()
        shell, self.terminal = pty.fork()
        if shell == 0:
            os.chdir(self.folder)
            os.execvpe("zsh", ["zsh", "-f", "-i"], {"PATH": os.environ["PATH"], "TERM": "dumb", "HOME": self.folder})
        self.addCleanup(os.waitpid, shell, 0)
        self.addCleanup(os.close, self.terminal)
        os.write(self.terminal, b"PROMPT=; unsetopt prompt_sp prompt_cr; bindkey -e; fpath=(%s $fpath); autoload -U compinit; "
                                b"compinit -u -D; print is''ready\n" % FILES.encode())
        self.read_until(b"isready")

    def completed(self, line):
        """The line after a press of Tab."""
        os.write(self.terminal, line.encode() + b"\t\x01print '<\x05>'\n")
        text = self.read_until(b">\r\n")
        return text[text.rindex(b"\n<") + 2:text.rindex(b">")].decode().rstrip()

    def test_tab_completes(self):
        os.mkdir(self.path("models"))
        self.assertEqual(self.completed("mgeo-score --precis"), "mgeo-score --precision")
        self.assertEqual(self.completed("mgeo-score --precision int"), "mgeo-score --precision int8")
        self.assertEqual(self.completed("mgeo-score --model mod"), "mgeo-score --model models")
        self.assertEqual(self.completed("mgeo-bench --arrivals p"), "mgeo-bench --arrivals poisson")
        if "mgeo-serve" in PROGRAMS:
            self.assertEqual(self.completed("mgeo-serve --max-que"), "mgeo-serve --max-queue")
            self.assertEqual(self.completed("mgeo-ctl shad"), "mgeo-ctl shadow")


class EveryProgram(Case):
    """No program is installed without its completion."""

    def test_has_files_that_shells_accept(self):
        programs = [path for path in glob.glob(os.path.join(FILES, "..", "mgeo-*")) if os.path.isfile(path)]
        self.assertGreaterEqual(len(programs), len(PROGRAMS))
        for program in map(os.path.basename, programs):
            for shell in ("bash", "zsh", "fish"):
                with open(file_of(program, shell), encoding="utf-8") as file:
                    self.assertIn(program, file.read())
                if shutil.which(shell):
                    subprocess.run([shell, "-n", file_of(program, shell)], check=True)


@unittest.skipUnless(shutil.which("fish"), "fish is not installed")
class Fish(Case):
    def offered(self, line):
        script = f'source "{file_of(line.split()[0], "fish")}"; complete -C "{line}"'
        env = {**os.environ, "HOME": self.folder, "XDG_CONFIG_HOME": self.folder}
        done = subprocess.run(["fish", "--no-config", "-c", script], check=True, capture_output=True,
                              text=True, cwd=self.folder, env=env)
        self.assertEqual(done.stderr, "")
        return [line.split("\t")[0] for line in done.stdout.splitlines()]

    def test_every_option_is_offered(self):
        for program in PROGRAMS:
            names = {"--" + heading.split("--")[1].split()[0] for heading in headings(program)}
            offered = {word.rstrip("=") for word in self.offered(program + " --")}
            self.assertEqual(offered, names)

    def test_values_follow_their_option(self):
        self.assertEqual(set(self.offered("mgeo-score --precision fp")), {"fp32", "fp16", "fp8"})
        self.assertEqual(set(self.offered("mgeo-score -d c")), {"cpu", "cuda", "cuda:0", "cuda:*"})


if __name__ == "__main__":
    unittest.main()
