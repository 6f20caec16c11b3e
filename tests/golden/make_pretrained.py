#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/pretrained/: directories as save_pretrained writes them, and what transformers answers.

    python3 tests/golden/make_pretrained.py [--all DIR]

Run once with transformers 4.57.6 and once with 5.24.0, each in its own environment with torch. Without
--all it writes the few that are kept here; with it every combination of what that version can write,
into DIR. Weights are random and seeded, spread so that probabilities lie all over 0 to 1. Each directory
has an expected.csv: pairs, probabilities in float64 of the weights as they were saved, by the tokenizer
that AutoTokenizer makes of the directory, or Python's BertTokenizer where that has saved it; empty where a
text has nothing to score.
"""
import argparse
import csv
import itertools
import os
import random
import shutil

import torch
import transformers
from transformers import (AutoModelForSequenceClassification, AutoTokenizer, BertConfig,
                          BertForSequenceClassification, BertTokenizer, BertTokenizerFast)

HERE = os.path.dirname(os.path.abspath(__file__))
MAJOR = transformers.__version__.split(".")[0]
LIMIT = 128  # libmgeo's default
DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
LABELS = {"2": None, "3": None, "2named": ["不同地址", "同一地址"],
          "3named": ["exact_match", "partial_match", "not_match"], "1": None}

PAIRS = [
    ("浙江省杭州市西湖区文三路100号", "杭州市西湖区文三路一百号"),
    ("浙江省杭州市西湖区文三路100号", "浙江省杭州市西湖区文三路100号"),
    ("人民路1号", "人民路2号"),
    ("北京市海淀区中关村大街1号院3号楼", "海淀中关村大街１号院３号楼"),
    ("ＡＢＣ大厦５楼　Ｂ座", "abc大厦5楼 b座"),
    ("A", "一"),
    ("1", "1"),
    ("No. 88, Nanjing Rd. (West)", "南京西路88号"),
    ("CAFÉ RÉSUMÉ Ünïcode", "cafe resume unicode"),
    ("Cafe\u0301 1号", "café 1号"),
    ("STRASSE Straße İstanbul", "strasse istanbul"),
    ("ﬁne ① Ⅳ ㈱ ½ ㎡", "fine 1 IV 株 1/2 m2"),
    ("硚口区浉河路瀍河街", "邗江区黟县路"),
    ("\U0002a6d0\U00020000路8号", "\U0002a6d1路8号"),
    ("龘龘龘龘", "龘"),
    ("🏠中山路5号🚗", "中山路5号"),
    ("👨\u200d👩\u200d👧 家园", "家园"),
    ("😀😃", "🎉"),
    ("\ue000\uf8ff路", "路"),
    ("中\u200b山\u00ad路\ufeff5号", "中山路5号"),
    ("中山路\u00a05\u3000号\u2003", " 中山路 5 号 "),
    ("中山路\t5号\n二楼", "中山路 5号 二楼"),
    ("\u0007中山\u0085路\ufffd5号", "中山路5号"),
    ("서울특별시 강남구", "ソウル カンナム 区"),
    ("กรุงเทพ ถนน 5", "улица Мира, 5Ё"),
    ("दिल्ली 5", "שדרות ירושלים 12"),
    ("##a ##1 路##", "a1路"),
    ("[unused1] <s> </s> {} \\ \" '", "，。、；：？！（）《》“”‘’—…"),
    ("R2-B栋#3@5&6*7+8=9%", "r2b栋 3 5 6 7 8 9"),
    ("x" * 100, "x" * 101),
    ("1234567890" * 9, "1234567890" * 11),
    ("解放路" * 60, "解放路1号"),
    ("解放路1号", "人民路" * 70),
    ("中山北路" * 30, "中山南路" * 30),
    ("中山北路" * 31 + "5", "中山南路" * 45),
    ("南京西路" * 45, "中山南路" * 30 + "7"),
    ("大" * 30, "小" * 31),
    ("a1b2 " * 40, "文三路" * 20),
    ("路" * 1500, "路" * 2000),
    ("", "中山路5号"),
    ("中山路5号", " \u3000 "),
    ("5幢2单元301室", "5栋2单元301"),
    ("阳光花园小区", "阳光花园"),
]


def vocabulary():
    """Specials, ASCII and its continuations, and four of five of the other characters of the pairs."""
    others = sorted({c for pair in PAIRS for c in pair[0] + pair[1] if not c.isascii() and c.isprintable()})
    ascii_ = [chr(i) for i in range(33, 127)]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + ascii_
    tokens += [c for i, c in enumerate(others) if i % 5 != 0 and c not in "龘"]
    tokens += ["##" + c for c in "0123456789abcdexyz"] + ["##" + others[i] for i in range(0, len(others), 9)]
    tokens += ["10", "##00", "abc", "no", "cafe", "RE", "str", "##asse", "\u0301"]
    return list(dict.fromkeys(tokens))


def spread(model, seed):
    """Numbers that are lively enough for the answers to differ from pair to pair."""
    generator = torch.Generator().manual_seed(seed)
    state = model.state_dict()
    for name, tensor in state.items():
        if not tensor.is_floating_point():
            continue
        noise = torch.randn(tensor.shape, generator=generator)
        if "LayerNorm.weight" in name:
            noise = 1 + 0.3 * noise
        elif name.endswith("bias"):
            noise = 0.1 * noise
        elif "embeddings" in name:
            noise = 0.7 * noise
        else:
            noise = noise * (3.0 if name == "classifier.weight" else 2.0) / tensor.shape[-1] ** 0.5
        tensor.copy_(noise)
    model.load_state_dict(state)


def make_tokenizer(folder, kind, lower, longest):
    base = folder + ".base"
    os.makedirs(base, exist_ok=True)
    with open(os.path.join(base, "vocab.txt"), "w", encoding="utf-8") as file:
        file.write("".join(token + "\n" for token in vocabulary()))
    options = dict(do_lower_case=lower)
    if longest is not None:
        options["model_max_length"] = longest
    if MAJOR == "4":
        tokenizer = (BertTokenizer if kind == "slow" else BertTokenizerFast).from_pretrained(base, **options)
        tokenizer.save_pretrained(folder)
    elif kind == "fast":
        BertTokenizer.from_pretrained(base, **options).save_pretrained(folder)
    else:  # the general class, which has tokenizer.json alone
        inner = BertTokenizer.from_pretrained(base, **options).backend_tokenizer
        names = {key + "_token": f"[{key.upper()}]" for key in ("unk", "sep", "pad", "cls", "mask")}
        general = transformers.PreTrainedTokenizerFast(
            tokenizer_object=inner, model_input_names=["input_ids", "token_type_ids", "attention_mask"],
            **names, **({"model_max_length": longest} if longest else {}))
        general.save_pretrained(folder)
    shutil.rmtree(base)


def blank(text):
    return not text.strip()


def write_expected(folder, kind, longest):
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float64).eval()
    tokenizer = (BertTokenizer if kind == "slow" else AutoTokenizer).from_pretrained(folder)
    config = model.config
    limit = min(LIMIT, config.max_position_embeddings, longest or LIMIT)
    names = [config.id2label[i] for i in range(config.num_labels)]
    with open(os.path.join(folder, "expected.csv"), "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["sentence1", "sentence2", "label"] + ["p_" + name for name in names])
        for a, b in PAIRS:
            if blank(a) or blank(b):
                out.writerow([a, b] + [""] * (len(names) + 1))
                continue
            encoded = tokenizer(a, b, truncation="longest_first", max_length=limit, return_tensors="pt")
            with torch.no_grad():
                logits = model(**encoded).logits[0]
            shares = torch.sigmoid(logits) if len(names) == 1 else torch.softmax(logits, 0)
            shares = shares.tolist()
            out.writerow([a, b, names[shares.index(max(shares))]] + [f"{share:.9f}" for share in shares])


def write(out, form, shards, dtype, tokenizer, act, labels):
    name = f"v{MAJOR}_{tokenizer}_{form}{'_shards' if shards else ''}_{dtype}_{act}_{labels}"
    folder = os.path.join(out, name)
    random_ = random.Random(name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    longest = random_.choice([None, None, 48])
    make_tokenizer(folder, tokenizer, random_.random() < 0.7, longest)
    count = int(labels[0])
    settings = dict(vocab_size=len(vocabulary()), hidden_size=16, num_hidden_layers=2, num_attention_heads=4,
                    intermediate_size=32, max_position_embeddings=random_.choice([64, 65, 130]), hidden_act=act,
                    num_labels=count)
    if LABELS[labels]:
        settings["id2label"] = dict(enumerate(LABELS[labels]))
        settings["label2id"] = {label: i for i, label in enumerate(LABELS[labels])}
    model = BertForSequenceClassification(BertConfig(**settings))
    spread(model, random_.randrange(2**31))
    how = {"safe_serialization": form == "safetensors"} if MAJOR == "4" else {}
    model.to(DTYPES[dtype]).save_pretrained(folder, max_shard_size="16KB" if shards else "1GB", **how)
    write_expected(folder, tokenizer, longest)


FORMS = ["safetensors", "bin"] if MAJOR == "4" else ["safetensors"]
TOKENIZERS = ["slow", "fast"] if MAJOR == "4" else ["fast", "general"]
KEPT = {"4": [("safetensors", False, "fp32", "fast", "gelu", "3named"), ("bin", False, "fp32", "slow", "gelu_new", "2"),
              ("bin", True, "bf16", "fast", "relu", "3"), ("safetensors", True, "fp16", "slow", "gelu", "2named")],
        "5": [("safetensors", False, "fp32", "fast", "gelu", "3named"), ("safetensors", True, "bf16", "fast", "gelu_new", "2"),
              ("safetensors", False, "fp16", "general", "relu", "2named"), ("safetensors", False, "fp32", "fast", "gelu", "1")]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", metavar="DIR")
    arguments = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    every = list(itertools.product(FORMS, (False, True), DTYPES, TOKENIZERS, ("gelu", "gelu_new", "relu"), LABELS))
    random.Random(0).shuffle(every)  # what is there before the end is of every kind
    for case in every if arguments.all else KEPT[MAJOR]:
        write(arguments.all or os.path.join(HERE, "pretrained"), *case)


if __name__ == "__main__":
    main()
