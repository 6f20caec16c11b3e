# SPDX-License-Identifier: Apache-2.0
"""The pairs that ours and the peers are measured on: texts for ours, as many random token ids for the peers."""
import os
import random


def vocabulary(model):
    with open(os.path.join(model, "vocab.txt"), encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file]


def characters(tokens):
    """The Chinese characters of a vocabulary: each is one token wherever it stands."""
    return [token for token in tokens if len(token) == 1 and "\u4e00" <= token <= "\u9fff"]


def of_length(draw, signs, tokens):
    """Two texts that make that many tokens together, [CLS] and twice [SEP] included."""
    signs = draw.choices(signs, k=tokens - 3)
    return "".join(signs[:len(signs) // 2]), "".join(signs[len(signs) // 2:])


def invented(model, count, mean, deviation, seed=1):
    draw, signs = random.Random(seed), characters(vocabulary(model))
    sizes = [min(max(round(draw.gauss(mean, deviation)), 16), 128) for _ in range(count)]
    return [of_length(draw, signs, size) for size in sizes], sizes


def alike(model, count, tokens, seed=2):
    """Pairs that all make the same number of tokens."""
    draw, signs = random.Random(seed), characters(vocabulary(model))
    return [of_length(draw, signs, tokens) for _ in range(count)]


def read(model, path, count):
    """The first two columns of a TSV; a first line without any Chinese character is a header."""
    from tokenizers import BertWordPieceTokenizer
    with open(path, encoding="utf-8") as file:
        rows = [tuple(line.rstrip("\n").split("\t")[:2]) for line in file]
    if rows and not any("\u4e00" <= sign <= "\u9fff" for sign in "".join(rows[0])):
        rows = rows[1:]
    rows = [row for row in rows if len(row) == 2 and all(row)]
    rows = [rows[i % len(rows)] for i in range(count)]
    tokenizer = BertWordPieceTokenizer(os.path.join(model, "vocab.txt"), lowercase=True)
    return rows, [min(len(tokenizer.encode(a, b).ids), 128) for a, b in rows]


def write(path, rows, count):
    """A table of `count` rows, the given ones over and over."""
    with open(path, "w", encoding="utf-8") as file:
        for number in range(count):
            file.write("\t".join(rows[number % len(rows)]) + "\n")


def batches(sizes, rows, vocabulary_size):
    """Padded inputs of `rows` rows each, sorted by length, as the peers' users make them."""
    import numpy
    random_ids = numpy.random.default_rng(1)
    ordered, made = sorted(sizes), []
    for start in range(0, len(ordered), rows):
        part = ordered[start:start + rows]
        ids = numpy.zeros((len(part), part[-1]), numpy.int64)
        mask = numpy.zeros_like(ids)
        for row, tokens in enumerate(part):
            ids[row, :tokens] = random_ids.integers(110, vocabulary_size, tokens)
            mask[row, :tokens] = 1
        made.append({"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(ids)})
    return made
