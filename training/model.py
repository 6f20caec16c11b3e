# SPDX-License-Identifier: Apache-2.0
"""A plain BERT pair classifier with Hugging Face's parameter names, and the writing of a model directory.

`overlap` adds, for teachers only, an embedding of how long a run of characters around each token also stands in the
other text; a student has none and is an ordinary BERT.
"""
import json
import os

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from text import CLS, MASK, PAD, SEP, SPECIAL, UNK

SIZES = {  # layers, hidden, heads
    "student": (4, 256, 4), "deep": (6, 192, 3), "student5": (5, 256, 4),
    "teacher": (8, 512, 8), "wide": (6, 640, 10), "middle": (6, 384, 6), "trial": (2, 64, 1), "cpu": (3, 128, 4)}
POSITIONS = 128
WORDS = "bert.embeddings.word_embeddings.weight"


class SelfAttention(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(hidden, hidden) for _ in range(3))


class Output(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.dense, self.LayerNorm = nn.Linear(size, hidden), nn.LayerNorm(hidden, eps=1e-12)


class Dense(nn.Module):
    def __init__(self, size, out):
        super().__init__()
        self.dense = nn.Linear(size, out)


class Layer(nn.Module):
    def __init__(self, hidden, heads, dropout):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.attention = nn.ModuleDict({"self": SelfAttention(hidden), "output": Output(hidden, hidden)})
        self.intermediate, self.output = Dense(hidden, 4 * hidden), Output(4 * hidden, hidden)

    def forward(self, x, mask):
        n, t, h = x.shape
        at = self.attention["self"]
        q, k, v = (f(x).view(n, t, self.heads, h // self.heads).transpose(1, 2) for f in (at.query, at.key, at.value))
        drop = self.dropout if self.training else 0.
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=drop).transpose(1, 2).reshape(n, t, h)
        out = self.attention["output"]
        x = out.LayerNorm(x + F.dropout(out.dense(y), drop))
        y = self.output.dense(F.gelu(self.intermediate.dense(x)))
        return self.output.LayerNorm(x + F.dropout(y, drop))


class Embeddings(nn.Module):
    def __init__(self, vocabulary, hidden):
        super().__init__()
        self.word_embeddings = nn.Embedding(vocabulary, hidden, padding_idx=PAD)
        self.position_embeddings, self.token_type_embeddings = nn.Embedding(POSITIONS, hidden), nn.Embedding(2, hidden)
        self.LayerNorm = nn.LayerNorm(hidden, eps=1e-12)


class Encoder(nn.Module):
    def __init__(self, vocabulary, layers, hidden, heads, dropout, overlap):
        super().__init__()
        self.dropout = dropout
        self.embeddings = Embeddings(vocabulary, hidden)
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(Layer(hidden, heads, dropout) for _ in range(layers))})
        self.pooler = Dense(hidden, hidden)
        self.overlap = nn.Embedding(4, hidden) if overlap else None

    def forward(self, ids, types):
        e = self.embeddings
        x = e.word_embeddings(ids) + e.position_embeddings.weight[:ids.shape[1]] + e.token_type_embeddings(types)
        if self.overlap is not None:
            x = x + self.overlap(overlap_length(ids, types))
        x = F.dropout(e.LayerNorm(x), self.dropout, self.training)
        mask = (ids != PAD)[:, None, None, :]
        for layer in self.encoder["layer"]:
            x = layer(x, mask)
        return x


def overlap_length(ids, types):
    """For each token: the longest run (0 to 3) through it that also stands in the other text."""
    content = (ids != PAD) & (ids != CLS) & (ids != SEP) & (ids != MASK) & (ids != UNK)
    one = (ids[:, :, None] == ids[:, None, :]) & (types[:, :, None] != types[:, None, :]) & content[:, :, None]
    two = F.pad(one[:, :-1, :-1] & one[:, 1:, 1:], (0, 1, 0, 1)).any(-1)
    three = F.pad(one[:, :-2, :-2] & one[:, 1:-1, 1:-1] & one[:, 2:, 2:], (0, 2, 0, 2)).any(-1)
    in_two = two | F.pad(two[:, :-1], (1, 0))
    in_three = three | F.pad(three[:, :-1], (1, 0)) | F.pad(three[:, :-2], (2, 0))
    return one.any(-1).long() + in_two.long() + in_three.long()


class PairModel(nn.Module):
    """BERT with the classifier of the task, and the heads that only pre-training uses."""

    def __init__(self, vocabulary, size, dropout=.1, overlap=False):
        super().__init__()
        layers, hidden, heads = SIZES[size]
        self.size, self.dropout = size, dropout
        self.bert = Encoder(vocabulary, layers, hidden, heads, dropout, overlap)
        self.classifier, self.relation, self.shared = nn.Linear(hidden, 3), nn.Linear(hidden, 3), nn.Linear(hidden, 4)
        self.transform, self.transform_norm = nn.Linear(hidden, hidden), nn.LayerNorm(hidden)
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        self.apply(self.initialise)

    @staticmethod
    def initialise(module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=.02)
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)

    def pooled(self, states):
        return F.dropout(torch.tanh(self.bert.pooler.dense(states[:, 0])), self.dropout, self.training)

    def forward(self, ids, types):
        return self.classifier(self.pooled(self.bert(ids, types))).float()

    def tokens(self, states):
        """Scores over the vocabulary for the given states, with the embeddings as output weights."""
        x = self.transform_norm(F.gelu(self.transform(states)))
        return F.linear(x, self.bert.embeddings.word_embeddings.weight, self.bias).float()


def load(path, device):
    """A model written by `keep`."""
    saved = torch.load(path, map_location=device, weights_only=True)
    model = PairModel(saved["vocabulary"], saved["size"], overlap=saved["overlap"]).to(device)
    model.load_state_dict(saved["weights"])
    return model


def keep(model, path):
    torch.save({"vocabulary": len(model.bias), "size": model.size, "overlap": model.bert.overlap is not None,
                "weights": model.state_dict()}, path + ".part")
    os.replace(path + ".part", path)


def export(model, vocabulary, labels, folder):
    """Write a Hugging Face model directory in fp16, one embedding row for each spelling of a character."""
    os.makedirs(folder, exist_ok=True)
    rows = vocabulary.rows()
    layers, hidden, heads = SIZES[model.size]
    words = "bert.embeddings.word_embeddings.weight"
    tensors = {n: t for n, t in model.state_dict().items() if n.startswith(("bert.", "classifier."))}
    tensors[words] = tensors[words][torch.tensor([base for _, base in rows], device=tensors[words].device)]
    save_file({n: t.half().cpu().contiguous() for n, t in tensors.items()}, os.path.join(folder, "model.safetensors"), {"format": "pt"})
    config = {"architectures": ["BertForSequenceClassification"], "model_type": "bert", "vocab_size": len(rows), "hidden_size": hidden,
              "num_hidden_layers": layers, "num_attention_heads": heads, "intermediate_size": 4 * hidden, "hidden_act": "gelu",
              "hidden_dropout_prob": .1, "attention_probs_dropout_prob": .1, "max_position_embeddings": POSITIONS, "type_vocab_size": 2,
              "layer_norm_eps": 1e-12, "initializer_range": .02, "pad_token_id": PAD, "torch_dtype": "float16",
              "id2label": dict(enumerate(labels)), "label2id": {label: k for k, label in enumerate(labels)}}
    tokenizer = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "strip_accents": None, "tokenize_chinese_chars": True,
                 "model_max_length": POSITIONS, "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}
    for name, content in (("config.json", config), ("tokenizer_config.json", tokenizer)):
        with open(os.path.join(folder, name), "w", encoding="utf8") as f:
            json.dump(content, f, ensure_ascii=False, indent=2)
            f.write("\n")
    with open(os.path.join(folder, "vocab.txt"), "w", encoding="utf8") as f:
        f.write("".join(token + "\n" for token, _ in rows))
    return sum(t.numel() for t in tensors.values())


def read_bundle(folder, size, vocabulary, device):
    """A model of `size` from a directory that `export` wrote, its vocabulary a part of this one; and which rows it had.

    The heads that only pre-training uses are not in a directory and are random.
    """
    with open(os.path.join(folder, "vocab.txt"), encoding="utf8") as f:
        row = {line.rstrip("\n"): k for k, line in enumerate(f)}
    tensors = {name: t.float() for name, t in load_file(os.path.join(folder, "model.safetensors")).items()}
    model = PairModel(len(vocabulary), size)
    known = torch.tensor([token in row for token in SPECIAL + vocabulary.characters])
    words = model.bert.embeddings.word_embeddings.weight.detach().clone()
    words[known] = tensors[WORDS][torch.tensor([row[token] for token in SPECIAL + vocabulary.characters if token in row])]
    lost = model.load_state_dict({**tensors, WORDS: words}, strict=False)
    if lost.unexpected_keys:
        raise SystemExit(f"{folder} holds {lost.unexpected_keys[0]}, which a {size} has not")
    return model.to(device), known
