# SPDX-License-Identifier: Apache-2.0
"""Model directories for rollouts: copies of the bundled model, and one that answers otherwise."""
import json
import os
import shutil
import struct

MINI = os.path.join(os.environ["MGEO_SOURCE"], "models", "mini")
PAIRS = os.path.join(os.environ["MGEO_SOURCE"], "examples", "data", "pairs.tsv")


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
