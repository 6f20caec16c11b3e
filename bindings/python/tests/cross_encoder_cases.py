# SPDX-License-Identifier: Apache-2.0
"""Questions that are put to sentence-transformers' CrossEncoder and to ours alike, and a model of one label."""
import csv
import json
import os
import pathlib
import shutil
import struct

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
MINI = pathlib.Path(os.environ.get("MGEO_MODELS", ROOT / "models")) / "mini"
QUERY = "杭州市西湖区文三路90号"
DOCUMENTS = ["文三路90号", "杭州西湖文三路九十号", "上海市浦东新区世纪大道100号", "文三路91号", "杭州市余杭区文一西路969号"]


def pairs():
    """Addresses of the examples, and texts that are handled apart: long, foreign, full-width, rare, digits alone."""
    with open(ROOT / "examples" / "data" / "pairs.tsv", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    return [(row[0], row[1]) for row in rows[:48]] + [
        (QUERY, QUERY), ("a", "b"), ("No. 90, Wensan Road", "WENSAN ROAD 90"), ("文三路９０号ＡＢ", "文三路90号ab"),
        ("桂花巷12号" + "送货上门" * 40, "桂花巷12号"), ("桂花巷12号", "永安街9号" * 30), ("龘龘路1号", "𠮷野家路1号"),
        ("123", "１２３"), ("é́ ü", "e u"),
    ]


def one_label_model(folder):
    """The bundled model with the classifier's row of exact_match alone, as a model of one output."""
    target = folder / "one-label"
    target.mkdir()
    for name in ("vocab.txt", "tokenizer_config.json"):
        shutil.copyfile(MINI / name, target / name)
    config = json.loads((MINI / "config.json").read_text(encoding="utf-8"))
    row = int(config["label2id"]["exact_match"])
    config.update(id2label={"0": "LABEL_0"}, label2id={"LABEL_0": 0}, num_labels=1)
    (target / "config.json").write_text(json.dumps(config), encoding="utf-8")
    content = (MINI / "model.safetensors").read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    header, data, tensors, at = json.loads(content[8: 8 + size]), content[8 + size:], [], 0
    for name, tensor in header.items():
        if name == "__metadata__":
            continue
        start, end = tensor["data_offsets"]
        part = data[start:end]
        if name.startswith("classifier."):
            step = (end - start) // tensor["shape"][0]
            part, tensor["shape"][0] = part[row * step: (row + 1) * step], 1
        tensor["data_offsets"] = [at, at + len(part)]
        at += len(part)
        tensors.append(part)
    text = json.dumps(header).encode()
    (target / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"".join(tensors))
    return target


def answers(CrossEncoder, mini, one):
    """name: rows of numbers, from whichever CrossEncoder."""
    found, asked = {}, pairs()
    model = CrossEncoder(str(mini), device="cpu")
    found["logits"] = model.predict(asked)
    found["single"] = [model.predict(asked[0])]
    found["softmax"] = model.predict(asked[:12], apply_softmax=True)
    found["array"] = model.predict(np.array(asked[:6]))
    found["prompt"] = model.predict(asked[:6], prompt="收货地址：")
    found["batches"] = model.predict(asked[:9], batch_size=2)
    found["short"] = CrossEncoder(str(mini), max_length=24, device="cpu").predict(asked[:20])
    model = CrossEncoder(str(one), num_labels=1, device="cpu")
    found["one_label"] = model.predict(asked)
    found["one_single"] = [model.predict(asked[0])]
    found["one_softmax"] = model.predict(asked[:4], apply_softmax=True)
    ranked = model.rank(QUERY, DOCUMENTS)
    found["rank_order"] = [row["corpus_id"] for row in ranked]
    found["rank_scores"] = [row["score"] for row in ranked]
    return {name: np.asarray(answer) for name, answer in found.items()}
