# SPDX-License-Identifier: Apache-2.0
"""What man pages are written in: comments of a header as paragraphs, and these as roff."""
import re

COLUMNS = 98  # that comments are filled to
BACKTICKS = re.compile(r"`([^`]+)`")


class Paragraph:
    """Words; or an item of a list; or, with `code`, lines that are kept as they are."""

    def __init__(self, kind, line):
        self.kind, self.lines = kind, [line]

    @property
    def text(self):
        return " ".join(" ".join(self.lines).split())


def comment_lines(comment):
    """A comment's lines without the stars at its edge."""
    body = re.sub(r"^/\*|\*/$", "", comment)
    return [re.sub(r"^ \*( |$)", "", line).rstrip() for line in body.split("\n")]


def paragraphs(comment):
    found, last, before = [], None, ""
    for line in comment_lines(comment):
        indent = len(line) - len(line.lstrip())
        words = line.strip()
        if ends_early(before, words):
            last = None
        before = line
        if not words:
            last = None
        elif re.match(r" {1,3}- ", line):
            last = Paragraph("item", words[2:])
            found.append(last)
        elif last and last.kind == "item" and indent > 1:
            last.lines.append(words)
        elif indent >= 4:
            last = keep(found, last, "code", line[4:])
        else:
            last = keep(found, last, "words", words)
    return found


def ends_early(line, after):
    """Whether a sentence ends with the line although more would have fitted: a paragraph's end."""
    return line.endswith(".") and bool(after) and len(line) + len(after.split()[0]) + 4 < COLUMNS


def keep(found, last, kind, line):
    if last and last.kind == kind:
        last.lines.append(line)
        return last
    found.append(Paragraph(kind, line))
    return found[-1]


def escape(text):
    """Text that roff shows as it stands; a minus sign is one, not a hyphen."""
    text = text.replace("\\", "\\e")
    return re.sub(r"(?<![A-Za-z0-9])-|-(?=\d)", r"\\-", text)


def line(text):
    """One line of output: nothing at its begin is taken as a request."""
    return "\\&" + text if text[:1] in (".", "'") else text


def code(lines):
    return [".EX", *[line(escape_code(one)) for one in lines], ".EE"]


def escape_code(text):
    return text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")


class Words:
    """Prose with the library's own names in bold: `pages` tells which page a name has."""

    def __init__(self, functions, names):
        self.functions = set(functions)
        self.bold = re.compile(r"\b(" + "|".join(sorted(map(re.escape, names), key=len, reverse=True)) + r")\b")

    def format(self, text):
        text = BACKTICKS.sub(r"\\fI\1\\fR", escape(text))
        return line(self.bold.sub(self.name, text))

    def name(self, found):
        name = found.group(1)
        return f"\\fB{name}\\fR(3)" if name in self.functions else f"\\fB{name}\\fR"

    def block(self, some):
        """Paragraphs, each after a break, but the first."""
        lines = []
        for paragraph in some:
            if paragraph.kind == "item":
                lines += [".IP \\(bu 2", self.format(paragraph.text)]
                continue
            lines += [".PP"] if lines else []
            lines += code(paragraph.lines) if paragraph.kind == "code" else [self.format(paragraph.text)]
        return lines
