# SPDX-License-Identifier: Apache-2.0
"""run_readme.py refuses a README whose commands fail, print something else, or are none."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

RUN = pathlib.Path(__file__).resolve().parents[1] / "run_readme.py"
SOUND = """# A language

```lua
-- hello.lua
words
```

```sh
cat hello.lua
touch made bindings/language/made
```

```text
-- hello.lua
words
```

```sh
test -f made && test -f bindings/common/shared
```
"""


class RunReadme(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.language = pathlib.Path(holder.name, "language")
        for folder in (self.language, self.language.parent / "common"):
            folder.mkdir()
        (self.language.parent / "common" / "shared").touch()

    def run_it(self, text):
        """(status, what it complains of)"""
        readme = self.language / "README.md"
        readme.write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, RUN, readme], capture_output=True, encoding="utf-8", check=False)
        return done.returncode, done.stderr

    def refused(self, text, told):
        status, said = self.run_it(text)
        self.assertEqual(status, 1)
        self.assertIn(told, said)

    def test_sound(self):
        self.assertEqual(self.run_it(SOUND), (0, ""))
        self.assertFalse((self.language / "made").exists(), "the source tree was written to")

    def test_command_fails(self):
        self.refused(SOUND + "```sh\nfalse\ntrue\n```\n", "this answers 1:\nfalse")

    def test_prints_something_else(self):
        self.refused(SOUND.replace("cat hello.lua", "cat hello.lua; echo more"), "the README says:")

    def test_text_without_command(self):
        self.refused("```text\nwords\n```\n" + SOUND, "the README says:")

    def test_file_without_name(self):
        self.refused(SOUND.replace("-- hello.lua\n", "", 1), "does not begin with a comment that names a file")

    def test_no_commands(self):
        self.refused("# A language\n", "has no commands")


if __name__ == "__main__":
    unittest.main()
