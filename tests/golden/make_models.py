#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/models/: small model directories and what the reference makes of pairs.

Reference: transformers' BertForSequenceClassification in float64, and its tokenizer's tokens put
together and cut as the slow BertTokenizer does. Weights are random and seeded. Run:

    python3 tests/golden/make_models.py

needs torch, safetensors and transformers; it reads tests/golden/text/vocab_zh.txt. The two
directories of others' checkpoints there (see models/README.md) are left alone.
"""
import collections
import json
import os
import shutil

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "models")
VOCAB = os.path.join(HERE, "text", "vocab_zh.txt")
LIMIT = 128

PAIRS = [
    ("紫萱路363号人力社保局", "紫萱路363号市人社局"),
    ("杭州市西湖区文三路478号华星时代广场A座", "西湖区文三路478号华星时代广场"),
    ("北京市海淀区中关村大街1号", "北京海淀中关村大街1号海龙大厦"),
    ("上海市浦东新区世纪大道100号", "上海市黄浦区南京东路100号"),
    ("广州市天河区体育西路103号维多利广场B塔", "天河体育西路103号维多利广场"),
    ("深圳市南山区科技园南区R2-B栋3楼", "深圳南山科技园R2-A栋3楼"),
    ("成都市武侯区人民南路四段27号", "成都市武侯区人民南路四段27号商鼎国际1栋"),
    ("武汉市洪山区珞喻路1037号", "武汉洪山区珞瑜路1037号华中科技大学"),
    ("A", "B"),
    ("1号", "1号"),
    ("阳光花园3幢2单元501室", "阳光花园2幢3单元501室"),
    ("  全角　空格 １２３号  ", "全角空格123号"),
    ("ABC Building, 5F, No. 88 Nanjing Rd.", "南京路88号ABC大厦5楼"),
    ("café RÉSUMÉ Ünïcode", "cafe resume unicode"),
    ("龘龘龘路1号", "路1号"),
    ("西溪路[SEP]525号", "西溪路525号"),
    ("解放路" * 40, "解放路1号"),
    ("解放路1号", "人民路" * 60),
    ("中山北路" * 25, "中山南路" * 25),
    ("建设大道" * 16 + "7", "建设大道" * 16 + "8号"),
]


def small_vocabulary():
    """Specials, ASCII, and the characters of the pairs, in the order of the whole vocabulary."""
    wanted = set("".join(a + b for a, b in PAIRS))
    kept = []
    with open(VOCAB, encoding="utf-8") as file:
        for token in file.read().split("\n"):
            bare = token[2:] if token.startswith("##") else token
            special = token in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
            ascii_piece = bare.isascii() and bare.isprintable() and len(bare) in (1, 2)
            if special or ascii_piece and bare == bare.lower() or token in wanted:
                kept.append(token)
    return [token for token in kept if token and token != "龘"]


def random_state(config, seed):
    """A state dict whose numbers are lively enough that pairs differ in their answers."""
    generator = torch.Generator().manual_seed(seed)
    model = BertForSequenceClassification(config)
    state = collections.OrderedDict()
    for name, tensor in model.state_dict().items():
        if name.endswith("position_ids"):
            continue
        noise = torch.randn(tensor.shape, generator=generator)
        if "LayerNorm.weight" in name:
            state[name] = 1 + 0.2 * noise
        elif name.endswith("bias"):
            state[name] = 0.1 * noise
        elif "embeddings" in name:
            state[name] = 0.5 * noise
        elif name == "classifier.weight":
            state[name] = noise * 0.4
        else:
            state[name] = noise * 1.5 / tensor.shape[-1] ** 0.5
    return state


def settings(**changes):
    values = dict(hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=64,
                  max_position_embeddings=LIMIT, type_vocab_size=2, layer_norm_eps=1e-12,
                  hidden_act="gelu", vocab_size=len(small_vocabulary()), num_labels=2,
                  attn_implementation="eager")
    values.update(changes)
    return BertConfig(**values)


def encode(tokenizer, a, b, one_type):
    """Specials in a text are text, and the longer side loses a token first; on ties the second."""
    first = tokenizer.convert_tokens_to_ids(tokenizer.tokenize(a, split_special_tokens=True))
    second = tokenizer.convert_tokens_to_ids(tokenizer.tokenize(b, split_special_tokens=True))
    while len(first) + len(second) + 3 > LIMIT:
        (first if len(first) > len(second) else second).pop()
    cls, sep = tokenizer.cls_token_id, tokenizer.sep_token_id
    ids = [cls] + first + [sep] + second + [sep]
    types = [0] * (len(first) + 2) + ([0] if one_type else [1]) * (len(second) + 1)
    return ids, types


def similarity(probabilities, labels):
    if len(labels) == 1:
        return probabilities[0]
    if "exact_match" in labels:
        answer = probabilities[labels.index("exact_match")]
        if "partial_match" in labels:
            answer += 0.5 * probabilities[labels.index("partial_match")]
        return answer
    return probabilities[1]


def write_expected(directory, config, state, labels, one_type=False):
    model = BertForSequenceClassification(config).eval().double()
    result = model.load_state_dict({k: v.double() for k, v in state.items()}, strict=False)
    assert not result.unexpected_keys, result
    assert all("position_ids" in key for key in result.missing_keys), result
    tokenizer = BertTokenizer(os.path.join(directory, "vocab.txt"))
    with open(os.path.join(directory, "expected.jsonl"), "w", encoding="utf-8") as file:
        for a, b in PAIRS:
            ids, types = encode(tokenizer, a, b, one_type)
            with torch.no_grad():
                logits = model(input_ids=torch.tensor([ids]),
                               token_type_ids=torch.tensor([types])).logits[0]
            shares = torch.sigmoid(logits) if len(labels) == 1 else torch.softmax(logits, 0)
            shares = shares.tolist()
            row = dict(a=a, b=b, ids=ids, types=types, logits=[round(x, 7) for x in logits.tolist()],
                       probabilities=[round(x, 9) for x in shares],
                       similarity=round(similarity(shares, labels), 9))
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")


def write_json(directory, name, value):
    with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, indent=1)
        file.write("\n")


def begin(name, config, labels=None, **extra):
    directory = os.path.join(OUT, name)
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    with open(os.path.join(directory, "vocab.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(small_vocabulary()) + "\n")
    fields = {key: getattr(config, key) for key in (
        "model_type", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
        "max_position_embeddings", "type_vocab_size", "layer_norm_eps", "hidden_act", "vocab_size")}
    if labels:
        fields["id2label"] = {str(i): label for i, label in enumerate(labels)}
        fields["label2id"] = {label: i for i, label in enumerate(labels)}
    fields.update(extra)
    write_json(directory, "config.json", fields)
    return directory


def contiguous(state):
    return collections.OrderedDict((k, v.clone().contiguous()) for k, v in state.items())


def plain(name, seed, act="gelu", dtype=torch.float32):
    """Hugging Face's layout in one safetensors file."""
    labels = ["LABEL_0", "LABEL_1"]
    config = settings(hidden_act=act)
    directory = begin(name, config, labels)
    state = contiguous({k: v.to(dtype) for k, v in random_state(config, seed).items()})
    save_file(state, os.path.join(directory, "model.safetensors"), metadata={"format": "pt"})
    write_expected(directory, config, state, labels)


def mgeo():
    """MGeo's layout in a torch archive: layers from fusion_layer on and the maps' branch are there
    but not used, and the labels come from configuration.json, which config.json agrees with."""
    labels = ["exact_match", "partial_match", "not_match"]
    whole = settings(num_hidden_layers=3, num_labels=3)
    directory = begin("mgeo", whole, labels, fusion_layer=2)
    write_json(directory, "configuration.json", {
        "framework": "pytorch", "task": "sentence-similarity",
        "model": {"type": "mgeo", "label2id": {label: i for i, label in enumerate(labels)}}})
    write_json(directory, "tokenizer_config.json", {"do_lower_case": True, "strip_accents": None})
    state = random_state(whole, 2)
    saved = collections.OrderedDict()
    saved["bert.text_encoder.embeddings.position_ids"] = torch.arange(LIMIT).unsqueeze(0)
    for name, tensor in state.items():
        saved[name.replace("bert.", "bert.text_encoder.", 1)] = tensor
    for part in ("self.query", "self.key", "self.value", "output.dense"):
        saved["bert.text_encoder.encoder.layer.2.crossattention.%s.weight" % part] = torch.randn(32, 32)
        saved["bert.text_encoder.encoder.layer.2.crossattention.%s.bias" % part] = torch.randn(32)
    saved["bert.gis_encoder.embeddings.word_embeddings.weight"] = torch.randn(16, 32)
    saved["bert.gis2text.weight"] = torch.randn(32, 32).t()
    saved["bert.gis2text.bias"] = torch.nn.Parameter(torch.randn(32))
    saved["bert.gis_type.weight"] = torch.randn(1, 32)
    torch.save(saved, os.path.join(directory, "pytorch_model.bin"))
    cut = settings(num_hidden_layers=2, num_labels=3)
    used = {k: v for k, v in state.items() if "encoder.layer.2." not in k}
    write_expected(directory, cut, used, labels)


def rank():
    """One logit, and token types all 0 because configuration.json says text_ranking."""
    config = settings(num_labels=1)
    directory = begin("rank", config)
    write_json(directory, "configuration.json", {"framework": "pytorch", "task": "text-ranking"})
    state = contiguous(random_state(config, 3))
    save_file(state, os.path.join(directory, "model.safetensors"))
    write_expected(directory, config, state, ["score"], one_type=True)


def shards(name, index, pattern, save):
    labels = ["not_match", "exact_match"]
    config = settings()
    directory = begin(name, config, labels)
    state = contiguous(random_state(config, 4))
    names = list(state)
    parts = [names[0:20], names[20:41], names[41:]]
    weight_map = {}
    for number, part in enumerate(parts, 1):
        file = pattern % (number, len(parts))
        save({key: state[key] for key in part}, os.path.join(directory, file))
        weight_map.update({key: file for key in part})
    size = sum(tensor.nbytes for tensor in state.values())
    write_json(directory, index, {"metadata": {"total_size": size}, "weight_map": weight_map})
    write_expected(directory, config, state, labels)


def bare():
    """Keys without "bert.", norms called gamma and beta, a state dict inside a training checkpoint,
    written by pickle protocol 4."""
    labels = ["same", "different"]
    config = settings()
    directory = begin("bare", config, labels)
    state = random_state(config, 7)
    saved = collections.OrderedDict()
    for name, tensor in state.items():
        name = name[5:] if name.startswith("bert.") else name
        name = name.replace("LayerNorm.weight", "LayerNorm.gamma")
        saved[name.replace("LayerNorm.bias", "LayerNorm.beta")] = tensor
    torch.save({"state_dict": saved, "epoch": 3, "loss": 0.25, "best": None},
               os.path.join(directory, "pytorch_model.bin"), pickle_protocol=4)
    write_expected_same_first(directory, config, state, labels)


def write_expected_same_first(directory, config, state, labels):
    """As write_expected, with the first label as the positive one."""
    write_expected(directory, config, state, labels)
    path = os.path.join(directory, "expected.jsonl")
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    with open(path, "w", encoding="utf-8") as file:
        for row in rows:
            row["similarity"] = row["probabilities"][0]
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")


def main():
    torch.manual_seed(0)
    plain("two_labels", 1)
    mgeo()
    rank()
    shards("shards_safetensors", "model.safetensors.index.json", "model-%05d-of-%05d.safetensors",
           lambda part, path: save_file(part, path, metadata={"format": "pt"}))
    shards("shards_bin", "pytorch_model.bin.index.json", "pytorch_model-%05d-of-%05d.bin",
           lambda part, path: torch.save(collections.OrderedDict(part), path))
    plain("fp16", 5, dtype=torch.float16)
    plain("bf16", 6, dtype=torch.bfloat16)
    bare()
    plain("gelu_new", 8, act="gelu_new")
    plain("relu", 9, act="relu")
    plain("tanh", 10, act="tanh")


if __name__ == "__main__":
    main()
