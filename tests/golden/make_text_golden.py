#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/text/*.tsv: what the reference tokenizer makes of many strings.

Reference: transformers 4.46.3, whose BertTokenizer is the pure-Python one, on Python 3.11 (Unicode
14.0), with split_special_tokens=True. Run:

    python3 tests/golden/make_text_golden.py --data DIR

DIR holds the public sources (see tests/golden/text/README.md): cpca/addr.csv,
jionlp/china_location.zip, thuocl/THUOCL_diming.txt, admin_modood/streets.csv,
tokenizer_conformance/transformersjs_bert_cases.jsonl. The output depends on them and the seed alone.

    python3 tests/golden/make_text_golden.py --check-fast

compares the second answer of pairs.tsv with the fast tokenizer of the transformers at hand, 5.x too.
"""
import argparse
import csv
import json
import os
import random
import sys
import unicodedata
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "text")

# Name, then what BertTokenizer is given. "en" uses the English vocabulary, the rest the Chinese one.
SETTINGS = [
    ("lower", dict()),
    ("cased", dict(do_lower_case=False)),
    ("keep", dict(strip_accents=False)),
    ("whole", dict(tokenize_chinese_chars=False)),
    ("strip", dict(do_lower_case=False, strip_accents=True)),
    ("en", dict()),
]


def vocab_path(name):
    return os.path.join(OUT, "vocab_en.txt" if name == "en" else "vocab_zh.txt")


def make_tokenizers(names):
    from transformers import BertTokenizer

    class Plain(BertTokenizer):
        """split_special_tokens does not reach _tokenize in 4.46.3: a "[SEP]" that stands alone
        between spaces or ideographs would still become the special token."""

        def _tokenize(self, text, split_special_tokens=True):
            return super()._tokenize(text, split_special_tokens=True)

    return {n: Plain(vocab_path(n), split_special_tokens=True, **o) for n, o in SETTINGS if n in names}


def ids_of(tokenizer, text):
    return tokenizer.convert_tokens_to_ids(tokenizer.tokenize(text, split_special_tokens=True))


# ---- Strings ------------------------------------------------------------------------------------

def assigned(c):
    """Is the character one whose treatment does not hang on the Unicode version?"""
    return (unicodedata.category(chr(c)) != "Cn" or 0xFDD0 <= c <= 0xFDEF or c & 0xFFFE == 0xFFFE)


def real_strings(data, rng):
    def rows(name):
        with open(os.path.join(data, name), encoding="utf-8-sig") as file:
            return list(csv.reader(file))[1:]

    yield from rng.sample([r[0] for r in rows("cpca/addr.csv") if 4 < len(r[0]) < 120], 2800)
    streets = [r[1] for r in rows("admin_modood/streets.csv")]
    for _ in range(700):
        yield "".join(rng.sample(streets, 2)) + str(rng.randrange(1, 3000)) + "号"
    with open(os.path.join(data, "thuocl/THUOCL_diming.txt"), encoding="utf-8-sig") as file:
        yield from rng.sample([l.split("\t")[0].strip() for l in file], 1200)
    path = []
    villages = []
    with zipfile.ZipFile(os.path.join(data, "jionlp/china_location.zip")) as archive:
        for line in archive.read("china_location.txt").decode("utf-8").splitlines():
            depth = len(line) - len(line.lstrip("\t"))
            path = path[:depth] + [line.strip("\t").split("\t")[0]]
            if depth == 4:
                villages.append("".join(path))
    yield from rng.sample(villages, 1000)


def by_category():
    found = {}
    for c in range(0x110000):
        if 0xD800 <= c < 0xE000 or not assigned(c):
            continue
        found.setdefault(unicodedata.category(chr(c)), []).append(c)
    return found


FULL_WIDTH = {i: i + 0xFEE0 for i in range(0x21, 0x7F)} | {0x20: 0x3000}
EMOJI = ["🏠", "🏢🚇", "👨‍👩‍👧", "👍🏽", "🇨🇳", "❤️", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "☎️", "📍", "🧑🏿‍🚀"]
LITERALS = ["[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]", "[unused1]", "##路", "##a", "[sep]", "[SEP", "SEP]"]
SIGMA = ["ΑΣ", "ΣΑΣ", "ΑΣ.", "Σ", "ὈΔΥΣΣΕΎΣ", "İstanbul", "ISTANBUL", "ıİI", "DŽ ǅ ǆ", "ẞß", "ΐΰ", "ﬁﬂ"]
RANGES = [(0x20, 0x7E), (0xA0, 0x24F), (0x250, 0x36F), (0x370, 0x5FF), (0x600, 0x6FF), (0x900, 0xDFF),
          (0xE00, 0x11FF), (0x1AB0, 0x1FFF), (0x2000, 0x206F), (0x2070, 0x2BFF), (0x3000, 0x33FF),
          (0x3400, 0x9FFF), (0xA960, 0xD7FB), (0xE000, 0xF8FF), (0xF900, 0xFFFD), (0x10000, 0x1FFFF),
          (0x20000, 0x2FA1F), (0xE0000, 0xE01EF), (0, 0x1F), (0x7F, 0x9F)]


def pick(rng, low, high):
    while True:
        c = rng.randint(low, high)
        if not 0xD800 <= c < 0xE000 and assigned(c):
            return chr(c)


def sprinkle(rng, text, extras):
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(0, len(text))
        text = text[:at] + rng.choice(extras) + text[at:]
    return text


def long_words(rng):
    letters = ["a", "Z", "é", "e\u0301", "я", "1", "ก", "가", "\u1100\u1161", "Ａ", "\U00010400", "は", "路",
               "ก\u0e48", "a\u0300\u0301", "<\u0338", "\u09c7\u09be", "\u0fb2\u0f71\u0f80", "İ"]
    for n in list(range(95, 107)) + [50, 51, 126, 127, 128, 129, 130, 200, 300, 700]:
        for letter in letters:
            if n < 110 or letter in ("a", "e\u0301", "\u1100\u1161", "a\u0300\u0301"):
                yield rng.choice(["", "x ", "路"]) + letter * n + rng.choice(["", " y", "号", "!"])
    for n in (3, 60, 100, 101, 125, 128, 129, 140, 1200):
        for base in ("a", "<", "=", "", "路", "가", "\u1100", "1", "！", "\U00010400", "\u1112\u1161"):
            yield base + "\u0301" * n + "b"
            yield base + "\u0301" * n + "\u0338" * 2 + "b"
            yield base + "".join(rng.choice("\u0338\u0323\u0301\u0345\u0307\u302e\u302f\u0f71\u0f72\u3099") for _ in range(n)) + "b"


def generated_strings(real, rng):
    categories = by_category()
    for name in sorted(categories):
        members = categories[name]
        for c in sorted(rng.sample(members, min(len(members), 75))):
            yield "路" + chr(c) + "a" + chr(c) + chr(c) + "B9"
    marks = [chr(c) for c in categories["Mn"] + categories["Mc"] + categories["Me"]]
    common_marks = ["\u0300", "\u0301", "\u0302", "\u0303", "\u0308", "\u030a", "\u0327", "\u0338", "\u0345", "\u3099", "\u309a"]
    controls = [chr(c) for c in categories["Cc"]] + ["\u200b", "\u200d", "\ufeff", "\u202e", "\u2028", "\u2029", "\u00ad", "\ufffd"]
    private = [chr(c) for c in (0xE000, 0xE5E5, 0xF8FF, 0xF0000, 0x10FFFD)]
    spaces = [chr(c) for c in categories["Zs"]] + ["  ", "\t", "\r\n"]
    for _ in range(350):
        yield rng.choice(real).translate(FULL_WIDTH) + rng.choice(["", "ＡＢＣｄ１２３", "（Ｂ座）", "～－"])
    for extras, count in ((marks, 350), (common_marks, 350), (EMOJI, 250), (controls, 350), (private, 120),
                          (spaces, 250), (LITERALS, 200), (SIGMA, 150)):
        for _ in range(count):
            yield sprinkle(rng, rng.choice(real)[:40], extras)
    yield from SIGMA + LITERALS + EMOJI
    latin = "AEIOUNCaeiouncSZszΑΩαωИиЕеか゚は<=>`"
    for _ in range(700):
        yield "".join(rng.choice(latin) + "".join(rng.sample(common_marks, rng.randint(0, 3))) for _ in range(rng.randint(1, 8)))
    for _ in range(250):
        yield "".join(pick(rng, *rng.choice([(0x1100, 0x11FF), (0xAC00, 0xD7A3), (0x1160, 0x11FF)])) for _ in range(rng.randint(1, 10)))
    yield from long_words(rng)
    for _ in range(1500):
        ranges = rng.sample(RANGES, rng.randint(1, 4))
        yield "".join(pick(rng, *rng.choice(ranges)) for _ in range(rng.randint(1, 24)))


def escape(text):
    out = []
    for ch in text:
        if ch == "\\" or not ch.isprintable() or unicodedata.category(ch)[0] == "M" or ord(ch) > 0xFFFF:
            out.append("\\{%X}" % ord(ch))
        else:
            out.append(ch)
    return "".join(out)


# ---- Files --------------------------------------------------------------------------------------

def numbers(ids):
    """Runs are shortened: 100*7 is seven times 100."""
    out = []
    i = 0
    while i < len(ids):
        n = 1
        while i + n < len(ids) and ids[i + n] == ids[i]:
            n += 1
        out.append(str(ids[i]) if n == 1 else "%d*%d" % (ids[i], n))
        i += n
    return " ".join(out)


def write_strings(strings, real, tokenizers):
    """One line per string, one column per setting: "=" as the first one, "-" not asked."""
    with open(os.path.join(OUT, "strings.tsv"), "w", encoding="utf-8", newline="\n") as file:
        for text in strings:
            columns = []
            for name, _ in SETTINGS:
                if name == "en" and text in real:
                    columns.append("-")
                    continue
                ids = numbers(ids_of(tokenizers[name], text))
                columns.append("=" if columns and ids == columns[0] else ids)
            file.write(escape(text) + "\t" + "\t".join(columns) + "\n")


def fnv(state, ids):
    for value in list(ids) + [0xFFFFFFFF]:
        state = (state ^ value) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return state


def write_code_points(tokenizers):
    """Every code point between two letters: one hash per block of 1,024 and setting."""
    with open(os.path.join(OUT, "codepoints.tsv"), "w", encoding="utf-8", newline="\n") as file:
        unassigned = [c for c in range(0x110000) if not assigned(c)]
        start = None
        for c, following in zip(unassigned, unassigned[1:] + [-1]):
            start = c if start is None else start
            if following != c + 1:
                file.write("skip\t%X\t%X\n" % (start, c))
                start = None
        skip = set(unassigned) | set(range(0xD800, 0xE000))
        for block in range(0, 0x110000, 1024):
            inside = [c for c in range(block, block + 1024) if c not in skip]
            if not inside:
                continue
            hashes = []
            for name in ("lower", "cased", "keep"):
                state = 0xCBF29CE484222325
                for c in inside:
                    state = fnv(state, ids_of(tokenizers[name], "a" + chr(c) + "b"))
                hashes.append("%016X" % state)
            file.write("%X\t%s\n" % (block, "\t".join(hashes)))


def pair_lengths(ids):
    first = ids.index(102) + 1
    return first, len(ids) - first


def fast_tokenizer():
    import transformers

    name = "BertTokenizerFast" if hasattr(transformers, "BertTokenizerFast") else "BertTokenizer"
    return getattr(transformers, name)(vocab_path("lower"))


def write_pairs(real, slow, rng):
    """Real addresses, cut to many lengths by the slow and by the fast tokenizer."""
    fast = fast_tokenizer()
    with open(os.path.join(OUT, "pairs.tsv"), "w", encoding="utf-8", newline="\n") as file:
        for i in range(1500):
            a, b = rng.sample(real, 2)
            if rng.random() < 0.3:
                a = a[: rng.randint(1, 6)]
            if rng.random() < 0.3:
                b = b[: rng.randint(1, 6)]
            if rng.random() < 0.2:
                b = a
            if i % 50 == 0:
                a, b = a * 9, b * 7
            if not slow.tokenize(a) or not slow.tokenize(b):
                continue
            limit = rng.choice([5, 6, 7, 8, 9, 10, 11, 12, 15, 16, 17, 20, 23, 24, 31, 32, 33, 48, 64, 127, 128])
            answers = []
            for tokenizer in (slow, fast):
                out = tokenizer(a, b, truncation="longest_first", max_length=limit)
                first, second = pair_lengths(out["input_ids"])
                assert out["token_type_ids"] == [0] * first + [1] * second
                answers.append(numbers(out["input_ids"]))
            if answers[1] == answers[0]:
                answers[1] = "="
            whole = len(slow(a, b)["input_ids"])
            file.write("%d\t%d\t%s\t%s\t%s\n" % (limit, int(whole > limit), escape(a), escape(b), "\t".join(answers)))


CONFORMANCE = {"Xenova/bert-base-uncased": "en", "Xenova/bge-small-zh-v1.5": "cased", "Xenova/bge-base-zh-v1.5": "lower"}


def write_conformance(data):
    path = os.path.join(data, "tokenizer_conformance/transformersjs_bert_cases.jsonl")
    with open(path, encoding="utf-8") as source, \
            open(os.path.join(OUT, "conformance.tsv"), "w", encoding="utf-8", newline="\n") as file:
        for line in source:
            case = json.loads(line)
            if case["model"] in CONFORMANCE:
                name = case["model"] + " " + case["case"]
                file.write("\t".join([CONFORMANCE[case["model"]], name, escape(case["text"]),
                                      escape(case.get("text_pair", "")), numbers(case["ids"])]) + "\n")


def unescape(text):
    out = ""
    while "\\{" in text:
        head, tail = text.split("\\{", 1)
        code, text = tail.split("}", 1)
        out += head + chr(int(code, 16))
    return out + text


def check_fast():
    fast = fast_tokenizer()
    wrong = count = 0
    with open(os.path.join(OUT, "pairs.tsv"), encoding="utf-8") as file:
        for line in file:
            limit, _, a, b, slow_ids, fast_ids = line.rstrip("\n").split("\t")
            ids = fast(unescape(a), unescape(b), truncation="longest_first", max_length=int(limit))["input_ids"]
            wrong += numbers(ids) != (slow_ids if fast_ids == "=" else fast_ids)
            count += 1
    print("%d pairs, %d differ" % (count, wrong))
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    parser.add_argument("--check-fast", action="store_true")
    arguments = parser.parse_args()
    if arguments.check_fast:
        return check_fast()
    if not arguments.data:
        parser.error("--data DIR is needed")
    rng = random.Random(20260)
    tokenizers = make_tokenizers([n for n, _ in SETTINGS])
    real = list(real_strings(arguments.data, rng))
    strings = list(dict.fromkeys(real + list(generated_strings(real, rng))))
    write_conformance(arguments.data)
    write_strings(strings, set(real), tokenizers)
    write_pairs(real[:2800], tokenizers["lower"], rng)
    write_code_points(tokenizers)
    print("%d strings, %d of them real" % (len(strings), len(set(real))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
