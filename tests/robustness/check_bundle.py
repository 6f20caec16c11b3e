#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The promises about the bundled model's files: check_bundle.py MODEL, or check_bundle.py --self-test.

At most 6 million parameters in fp16 and 12 MB; a token for every character of GB 2312, digit, letter and ASCII
punctuation mark; full-width forms with the embedding of their half-width ones.
"""
import json
import math
import os
import struct
import sys

PARAMETERS, BYTES = 6_000_000, 12_000_000
WORDS = "bert.embeddings.word_embeddings.weight"


def read_weights(path):
    """The header's tensors, and a function that gives the bytes of one row of the embeddings."""
    with open(path, "rb") as f:
        data = f.read()
    size, = struct.unpack("<Q", data[:8])
    tensors = {name: t for name, t in json.loads(data[8:8 + size]).items() if name != "__metadata__"}
    begin, (_, width) = 8 + size + tensors[WORDS]["data_offsets"][0], tensors[WORDS]["shape"]
    return tensors, lambda row: data[begin + 2 * width * row:begin + 2 * width * (row + 1)]


def hanzi():
    """Both levels of GB 2312: 6,763 characters. The last row of the first level has five fewer."""
    codes = [bytes([high, low]) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF)]
    return {code.decode("gb2312", "ignore") for code in codes} - {""}


def check_size(tensors, total):
    count = sum(math.prod(t["shape"]) for t in tensors.values())
    print(f"{count} parameters, {total} bytes in all")
    failures = [f"{count} parameters, more than {PARAMETERS}"] if count > PARAMETERS else []
    failures += [f"{total} bytes, more than {BYTES}"] if total > BYTES else []
    return failures + [f"{name} is {t['dtype']}" for name, t in tensors.items() if t["dtype"] != "F16"]


def check_vocabulary(rows):
    plain = {chr(c) for c in range(0x21, 0x7F) if not chr(c).isupper()}
    lacking = sorted((plain | hanzi()) - set(rows))
    print(f"{len(rows)} tokens, {len(lacking)} of the characters of GB 2312 lack")
    return ["the vocabulary lacks " + " ".join(lacking)] if lacking else []


def check_width(rows, embedding):
    """Lower case alone: the tokenizer lowers full-width capitals too."""
    pairs = [(chr(c), chr(c + 0xFEE0)) for c in range(0x21, 0x7F) if not chr(c).isupper()]
    apart = [wide for narrow, wide in pairs if wide not in rows or embedding(rows[wide]) != embedding(rows[narrow])]
    print(f"{len(pairs) - len(apart)} of {len(pairs)} full-width forms are like their half-width ones")
    return ["other than their half-width forms: " + " ".join(apart)] if apart else []


def check(tensors, total, rows, embedding):
    failures = check_size(tensors, total) + check_vocabulary(rows)
    return failures or check_width(rows, embedding)


def self_test():
    """A made-up bundle that is good, and one for each way of being bad."""
    tokens = sorted({chr(c) for c in range(0x21, 0x7F)} | {chr(c) for c in range(0xFF01, 0xFF5F)} | hanzi())
    rows = {token: row for row, token in enumerate(tokens)}
    names = {row: token for token, row in rows.items()}
    def alike(row):
        c = ord(names[row])
        return c - 0xFEE0 if 0xFF01 <= c <= 0xFF5E else c
    good = {"w": {"shape": [PARAMETERS], "dtype": "F16"}}
    cases = [("good", good, BYTES, rows, alike, 0),
             ("parameters", {"w": {"shape": [3, PARAMETERS // 2], "dtype": "F16"}}, BYTES, rows, alike, 1),
             ("bytes", good, BYTES + 1, rows, alike, 1),
             ("type", {"w": {"shape": [1], "dtype": "F32"}}, BYTES, rows, alike, 1),
             ("character", good, BYTES, {t: r for t, r in rows.items() if t != "路"}, alike, 1),
             ("rare character", good, BYTES, {t: r for t, r in rows.items() if t != "钏"}, alike, 1),
             ("width", good, BYTES, rows, lambda row: row, 1)]
    if len(hanzi()) != 6763:
        sys.exit(f"self-test: {len(hanzi())} characters of GB 2312")
    for name, *bundle, expected in cases:
        found = check(*bundle)
        if len(found) != expected:
            sys.exit(f"self-test {name}: {expected} failures expected, got {found}")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    model, = sys.argv[1:]
    tensors, embedding = read_weights(os.path.join(model, "model.safetensors"))
    with open(os.path.join(model, "vocab.txt"), encoding="utf8") as f:
        rows = {line.rstrip("\n"): row for row, line in enumerate(f)}
    total = sum(os.path.getsize(os.path.join(model, name)) for name in os.listdir(model))
    failures = check(tensors, total, rows, embedding)
    sys.exit("\n".join(failures) if failures else 0)


if __name__ == "__main__":
    main()
