#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/tokenizers/: small tokenizers as save_pretrained writes them, and their ids.

    python3 tests/golden/make_tokenizer_golden.py [OUT]

Run once with transformers 4.57.6 (tokenizers 0.22.2) and once with 5.24.0 (0.23.3). Each directory
has a pairs.tsv: limit, both texts, ids, types; the ids are the fast tokenizer's, of texts that do
not hold the names of [CLS], [SEP], [PAD], [UNK] and [MASK].
"""
import os
import random
import shutil
import sys

import transformers
from tokenizers import AddedToken
from transformers import BertTokenizer, BertTokenizerFast

OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "tokenizers")
MAJOR = transformers.__version__.split(".")[0]
PAIRS = int(os.environ.get("PAIRS", "25"))
CHARACTERS = list("江苏省南京市鼓楼区路号街道小万达广场0123456789abcxyzABCXYZé楼座#-_.，（）[]<>") + (["①"] if MAJOR == "4" else ["①", "e\u0301"])
WORDS = ["小区", "[LOC]", "[loc]", "<X>", "A座", "a座", "W", "12", " ", "  ", "\u3000", "\t", "ab", "Ⅳ"]


def vocabulary(names=None):
    names = names or ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    body = list("江苏省南京市鼓楼区路号街道小万达场0123456789abcxyze座#-_.，（[]<é")
    return names + body + ["##" + c for c in "0123456789abcxyzeé"] + ["12", "ab", "##bc", "W", "A", "B"]


ADDED = [
    AddedToken("小区"),
    AddedToken("[LOC]"),
    AddedToken("<X>", normalized=False, lstrip=True, rstrip=True),
    AddedToken("A座", single_word=True),
    AddedToken("W", single_word=True, normalized=False),
]
CASES = [
    ("lower", dict(), [], []),
    ("cased", dict(do_lower_case=False), [], []),
    ("keep", dict(strip_accents=False), [], []),
    ("whole", dict(tokenize_chinese_chars=False), [], []),
    ("left", dict(truncation_side="left"), [], []),
    ("added", dict(), ADDED, ["<S>"]),
    ("added_cased", dict(do_lower_case=False), ADDED, ["<S>"]),
    ("names", dict(cls_token="<s>", sep_token="</s>", unk_token="<unk>", pad_token="<pad>", mask_token="<mask>"), [], []),
]


def text(random_, words):
    return "".join(random_.choice(words if random_.random() < 0.3 else CHARACTERS) for _ in range(random_.randrange(1, 18)))


def write(kind, cls, name, options, added, special):
    folder = os.path.join(OUT, f"v{MAJOR}_{kind}_{name}")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    base = folder + ".base"
    os.makedirs(base, exist_ok=True)
    names = [options[k + "_token"] for k in ("pad", "unk", "cls", "sep", "mask")] if "cls_token" in options else None
    with open(os.path.join(base, "vocab.txt"), "w", encoding="utf-8") as file:
        file.write("".join(t + "\n" for t in vocabulary(names)))
    tokenizer = cls.from_pretrained(base, **options)
    if added:
        tokenizer.add_tokens([AddedToken(t.content, single_word=t.single_word, lstrip=t.lstrip, rstrip=t.rstrip,
                                         normalized=t.normalized) for t in added])
    if special:
        key = "extra_special_tokens" if MAJOR == "5" else "additional_special_tokens"
        tokenizer.add_special_tokens({key: special})
    tokenizer.save_pretrained(folder)
    shutil.rmtree(base)
    reference = BertTokenizerFast.from_pretrained(folder)
    random_ = random.Random(f"{kind}{name}{os.environ.get('SEED', '')}")
    with open(os.path.join(folder, "pairs.tsv"), "w", encoding="utf-8") as file:
        for _ in range(PAIRS):
            a, b = text(random_, WORDS + special), text(random_, WORDS + special)
            limit = random_.choice([9, 13, 65] if MAJOR == "4" else [9, 12, 64])
            encoded = reference(a, b, truncation="longest_first", max_length=limit)
            if not tokenizer.tokenize(a) or not tokenizer.tokenize(b):
                continue
            escape = lambda s: s.replace("\t", "\\t")
            ids, types = encoded["input_ids"], encoded["token_type_ids"]
            file.write(f"{limit}\t{escape(a)}\t{escape(b)}\t{' '.join(map(str, ids))}\t{types.count(1)}\n")


for case in CASES:
    if MAJOR == "4":
        write("slow", BertTokenizer, *case)
    write("fast", BertTokenizerFast, *case)
