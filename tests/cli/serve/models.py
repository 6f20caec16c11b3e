# SPDX-License-Identifier: Apache-2.0
"""Model directories for rollouts: copies of the bundled model, and one that answers otherwise."""
import json
import os
import re
import shutil
import struct

MINI = os.path.join(os.environ["MGEO_SOURCE"], "models", "mini")
PAIRS = os.path.join(os.environ["MGEO_SOURCE"], "examples", "data", "pairs.tsv")


def gate(folder, count=40):
    """Some of the example pairs, with their labels."""
    path = os.path.join(folder, "golden.tsv")
    with open(PAIRS, encoding="utf-8") as source, open(path, "w", encoding="utf-8") as target:
        target.writelines(line for _, line in zip(range(count + 1), source))
    return path


def copy(folder, name):
    """A model directory like the bundled one."""
    path = os.path.join(folder, name)
    os.mkdir(path)
    for file in ("config.json", "tokenizer_config.json", "vocab.txt", "model.safetensors"):
        shutil.copy(os.path.join(MINI, file), path)
    return path


def degraded(folder, name):
    """Its like, but for the bias of the first label, so large that this is always the answer."""
    path = copy(folder, name)
    with open(os.path.join(path, "model.safetensors"), "r+b") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(length))
        bias = header["classifier.bias"]
        assert bias["dtype"] == "F16"
        file.seek(8 + length + bias["data_offsets"][0])
        file.write(struct.pack("<e", 50.0))
    return path


def relabelled(folder, name):
    """Its like, with other names for its labels."""
    path = copy(folder, name)
    config = os.path.join(path, "config.json")
    with open(config, encoding="utf-8") as file:
        text = file.read()
    with open(config, "w", encoding="utf-8") as file:
        file.write(text.replace("not_match", "other_place"))
    return path


def deep(folder, name, layers):
    """Its like, with its first layer many times over, so that a load takes a while."""
    path = copy(folder, name)
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
    config = os.path.join(path, "config.json")
    with open(config, encoding="utf-8") as file:
        fields = json.load(file)
    fields["num_hidden_layers"] = layers
    with open(config, "w", encoding="utf-8") as file:
        json.dump(fields, file)
    return path
