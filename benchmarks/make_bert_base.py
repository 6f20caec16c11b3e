#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a BERT-base pair classifier with random weights, for measuring: speed does not depend on them.

    python3 benchmarks/make_bert_base.py DIR [--dtype F32|F16|BF16] [--layers 12] [--seed 1]

DIR gets config.json, vocab.txt (21,128 tokens, Chinese characters most of them) and model.safetensors
(409 MB in F32). The standard library is enough. Keep DIR out of the repository.
"""
import argparse
import array
import json
import os
import random
import struct

HIDDEN, INTERMEDIATE, VOCABULARY, POSITIONS = 768, 3072, 21128, 512
LABELS = ["not_match", "partial_match", "exact_match"]


def tensors(layers):
    """Names and shapes, in the files' order (sorted)."""
    def linear(name, outputs, inputs):
        return [(name + ".weight", [outputs, inputs]), (name + ".bias", [outputs])]

    def norm(name):
        return [(name + ".weight", [HIDDEN]), (name + ".bias", [HIDDEN])]

    made = [("bert.embeddings.word_embeddings.weight", [VOCABULARY, HIDDEN]),
            ("bert.embeddings.position_embeddings.weight", [POSITIONS, HIDDEN]),
            ("bert.embeddings.token_type_embeddings.weight", [2, HIDDEN])]
    made += norm("bert.embeddings.LayerNorm")
    for i in range(layers):
        layer = f"bert.encoder.layer.{i}."
        for part in ("query", "key", "value"):
            made += linear(layer + "attention.self." + part, HIDDEN, HIDDEN)
        made += linear(layer + "attention.output.dense", HIDDEN, HIDDEN)
        made += norm(layer + "attention.output.LayerNorm")
        made += linear(layer + "intermediate.dense", INTERMEDIATE, HIDDEN)
        made += linear(layer + "output.dense", HIDDEN, INTERMEDIATE)
        made += norm(layer + "output.LayerNorm")
    made += linear("bert.pooler.dense", HIDDEN, HIDDEN) + linear("classifier", len(LABELS), HIDDEN)
    return sorted(made)


def pools(seed, dtype):
    """A million numbers around 0 and as many around 1, as bytes: every tensor is a stretch of them."""
    rng = random.Random(seed)
    zero = [rng.gauss(0, 0.02) for _ in range(1 << 20)]
    one = [1 + x for x in zero]
    if dtype == "F32":
        return tuple(array.array("f", pool).tobytes() for pool in (zero, one))
    if dtype == "F16":
        return tuple(struct.pack(f"<{len(pool)}e", *pool) for pool in (zero, one))
    return tuple(b"".join(struct.pack("<f", x)[2:] for x in pool) for pool in (zero, one))


def write_weights(path, layers, seed, dtype):
    size = 4 if dtype == "F32" else 2
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in tensors(layers):
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + count * size]}
        at += count * size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    zero, one = pools(seed, dtype)
    rng = random.Random(seed + 1)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in tensors(layers):
            pool = one if name.endswith("LayerNorm.weight") else zero
            left = shape[0] * (shape[1] if len(shape) > 1 else 1) * size
            while left:
                start = rng.randrange(len(pool) // size // 2) * size
                piece = pool[start:start + min(left, len(pool) // 2)]
                file.write(piece)
                left -= len(piece)


def write_vocabulary(path):
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    plain = [chr(c) for c in range(0x21, 0x7f) if not chr(c).isupper()]
    tokens += plain + ["##" + c for c in plain if c.isalnum()]
    tokens += [chr(c) for c in range(0x4e00, 0x4e00 + 20900)]
    tokens += [f"[unused{i}]" for i in range(VOCABULARY - len(tokens))]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(tokens[:VOCABULARY]) + "\n")


def write_config(path, layers):
    config = {"model_type": "bert", "architectures": ["BertForSequenceClassification"], "hidden_act": "gelu",
              "hidden_size": HIDDEN, "intermediate_size": INTERMEDIATE, "num_hidden_layers": layers,
              "num_attention_heads": 12, "vocab_size": VOCABULARY, "max_position_embeddings": POSITIONS,
              "type_vocab_size": 2, "layer_norm_eps": 1e-12, "pad_token_id": 0,
              "id2label": {str(i): name for i, name in enumerate(LABELS)},
              "label2id": {name: i for i, name in enumerate(LABELS)}}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(config, file, indent=2)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("directory")
    parser.add_argument("--dtype", choices=["F32", "F16", "BF16"], default="F32")
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.makedirs(options.directory, exist_ok=True)
    write_weights(os.path.join(options.directory, "model.safetensors"), options.layers, options.seed, options.dtype)
    write_vocabulary(os.path.join(options.directory, "vocab.txt"))
    write_config(os.path.join(options.directory, "config.json"), options.layers)


if __name__ == "__main__":
    main()
