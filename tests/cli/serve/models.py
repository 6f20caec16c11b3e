# SPDX-License-Identifier: Apache-2.0
"""Model directories for rollouts: a small one, its copies, one that answers otherwise, and a slow one."""
import json
import os
import re
import shutil
import struct

SMALL = os.path.join(os.environ["MGEO_GOLDEN"], "two_labels")
MINI = os.path.join(os.environ["MGEO_SOURCE"], "models", "mini")
PAIRS = os.path.join(os.environ["MGEO_SOURCE"], "examples", "data", "pairs.tsv")
LABELS = ("not_match", "exact_match")


def rows(count=40):
    """Example pairs with their labels, of those that the models here have."""
    with open(PAIRS, encoding="utf-8") as file:
        cells = [line.rstrip("\n").split("\t") for line in file]
    return [row for row in cells[1:] if row[2] in LABELS][:count]


def gate(folder):
    """A table of them."""
    path = os.path.join(folder, "golden.tsv")
    with open(path, "w", encoding="utf-8") as file:
        for row in [["sentence1", "sentence2", "label"], *rows()]:
            file.write("\t".join(row) + "\n")
    return path


def change_config(path, **changes):
    config = os.path.join(path, "config.json")
    with open(config, encoding="utf-8") as file:
        fields = json.load(file)
    fields.update(changes)
    with open(config, "w", encoding="utf-8") as file:
        json.dump(fields, file)


def copy(folder, name, labels=LABELS):
    """A small model."""
    path = os.path.join(folder, name)
    os.mkdir(path)
    for file in ("config.json", "vocab.txt", "model.safetensors"):
        shutil.copy(os.path.join(SMALL, file), path)
    change_config(path, id2label=dict(zip("01", labels)), label2id=dict(zip(labels, (0, 1))))
    return path


def degraded(folder, name):
    """Its like, but for the bias of a label, so large that this is always the answer."""
    path = copy(folder, name)
    with open(os.path.join(path, "model.safetensors"), "r+b") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        bias = json.loads(file.read(length))["classifier.bias"]
        assert bias["dtype"] == "F32"
        file.seek(8 + length + bias["data_offsets"][0] + 4)
        file.write(struct.pack("<f", 50.0))
    return path


def relabelled(folder, name):
    """Its like, with another name for a label."""
    return copy(folder, name, ("other_place", "exact_match"))


def deep(folder, name, layers):
    """The bundled model with its first layer many times over, so that a load takes a while."""
    path = os.path.join(folder, name)
    os.mkdir(path)
    for file in ("config.json", "vocab.txt", "tokenizer_config.json"):
        shutil.copy(os.path.join(MINI, file), path)
    with open(os.path.join(MINI, "model.safetensors"), "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header, data = json.loads(file.read(length)), file.read()
    tensors, begin = {}, 0
    first = re.compile(r"(.*encoder\.layer\.)0(\..*)")
    for key, entry in header.items():
        parts = first.match(key)
        if parts:
            tensors.update({f"{parts[1]}{i}{parts[2]}": entry for i in range(layers)})
        elif key != "__metadata__" and "encoder.layer." not in key:
            tensors[key] = entry
    placed, pieces = {}, []
    for key, entry in tensors.items():
        at, end = entry["data_offsets"]
        placed[key] = {**entry, "data_offsets": [begin, begin + end - at]}
        pieces.append(data[at:end])
        begin += end - at
    text = json.dumps(placed).encode()
    with open(os.path.join(path, "model.safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(pieces))
    change_config(path, num_hidden_layers=layers)
    return path
