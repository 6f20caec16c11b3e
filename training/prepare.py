# SPDX-License-Identifier: Apache-2.0
"""Step 1: turn the data folder into one file of token ids and pairs.

    python prepare.py --data DATA --out build/data.pt

The file holds a table of texts and pairs of rows of it: `train` and `valid` (labelled; split by query, so that no
query of `valid` is trained on), `rules` and `strict` (made by rule, labelled), `near` (unlabelled pairs of similar texts) and
`texts` (rows for masked-language training). dev.tsv is stored apart and read by evaluate.py alone.
"""
import argparse
import random

import torch

import parsed as parsed_addresses
import rules
import sources
from text import Vocabulary

MAX_TEXT = 100


class TextTable:
    """Unique texts and their row numbers."""

    def __init__(self):
        self.rows = {}

    def add(self, text):
        return self.rows.setdefault(text, len(self.rows))

    def pairs(self, pairs):
        return torch.tensor([[self.add(a), self.add(b)] for a, b, *_ in pairs], dtype=torch.int32)

    def encode(self, vocabulary):
        """All texts' ids one after another, and where each begins."""
        ids = [vocabulary.encode(text, MAX_TEXT) for text in self.rows]
        starts = torch.tensor([0] + [len(t) for t in ids]).cumsum(0)
        return {"ids": torch.tensor([k for t in ids for k in t], dtype=torch.int16), "starts": starts.to(torch.int32)}


def split_by_query(pairs, share, seed):
    queries = sorted({a for a, _, _ in pairs})
    random.Random(seed).shuffle(queries)
    held = set(queries[:int(len(queries) * share)])
    return [p for p in pairs if p[0] not in held], [p for p in pairs if p[0] in held]


def bigram_vectors(texts, size=1024):
    """Hashed character-bigram TF-IDF, one unit row a text."""
    def grams(t):
        t = "^" + t
        return [hash_pair(t[i], t[i + 1]) % size for i in range(len(t) - 1)]
    counts = torch.zeros(len(texts), size)
    index = [(row, g) for row, t in enumerate(texts) for g in grams(t)]
    rows, cols = torch.tensor(index).T
    counts.index_put_((rows, cols), torch.ones(len(rows)), accumulate=True)
    weight = torch.log(len(texts) / (1 + (counts > 0).sum(0)))
    return torch.nn.functional.normalize(torch.sqrt(counts) * weight.clamp(min=0), dim=1)


def hash_pair(a, b):
    return (ord(a) * 2654435761 + ord(b) * 40503) >> 7


def neighbours(queries, pool, top, device):
    """For each query the row numbers of its `top` most similar texts of the pool."""
    vectors = bigram_vectors(queries + pool).to(device)
    if device == "cuda":
        vectors = vectors.half()
    q, p = vectors[:len(queries)], vectors[len(queries):]
    return torch.cat([(q[k:k + 2048] @ p.T).topk(top, dim=1).indices.cpu() for k in range(0, len(q), 2048)])


def near_pairs(train, others, rng, device):
    """Unlabelled pairs as a search engine would propose them, and pairs of candidates of one query."""
    by_query = {}
    for a, b, _ in train:
        by_query.setdefault(a, []).append(b)
    queries, pool = sorted(by_query), sorted({b for _, b, _ in train})
    out = []
    for q in queries:
        c = by_query[q]
        out += [(c[i], c[j]) for i in range(len(c)) for j in range(i)]
    for group, take, top in ((queries, 14, 26), (others, 8, 20), (pool, 5, 16)):
        found = neighbours(group, pool, top, device)
        for text, row in zip(group, found.tolist()):
            close = [pool[k] for k in row if pool[k] != text]
            known = set(by_query.get(text, ()))
            picked = close[:2] + rng.sample(close[2:], min(take - 2, len(close) - 2))
            out += [(text, c) for c in picked if c not in known]
    rng.shuffle(out)
    return out


def name_lists(data):
    roads = [r for r in sources.element_names(data, "road") if r[-1] in "路街道巷弄"]
    seeds = sources.element_names(data, "poi") + sources.element_names(data, "community")
    characters = [c for name in seeds for c in name[:2] if "\u4e00" <= c <= "\u9fff"]
    places = [p for p in seeds if 3 <= len(p) <= 10]
    places += [p for p in sources.place_names(data) if 4 <= len(p) <= 8 and p[-1] in "店园厦院场城苑区校"]
    return roads, places, characters


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", required=True)
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--rules", type=int, default=320000)
    arguments.add_argument("--village-texts", type=int, default=40000)
    arguments.add_argument("--valid-share", type=float, default=.06)
    arguments.add_argument("--limit", type=int, help="use only so many labelled pairs and addresses (for a trial)")
    args = arguments.parse_args()
    rng = random.Random(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"

    labelled, dev = sources.pairs(args.data, "train")[:args.limit], sources.pairs(args.data, "dev")
    train, valid = split_by_query(labelled, args.valid_share, 1)
    streets, villages = sources.streets(args.data), sources.villages(args.data)
    elements = sources.parsed_addresses(args.data)
    parsed = ["".join(text for _, text in e) for e in elements]
    others = sorted(set(parsed + sources.company_addresses(args.data)))[:args.limit]

    roads, places, characters = name_lists(args.data)
    real = [a for a in map(parsed_addresses.to_address, elements) if a]
    maker = rules.Maker(2, streets, villages, roads, places, characters, sources.renames(args.data), real)
    made = [maker.pair() for _ in range(args.rules)]
    strict = [maker.strict_pair() for _ in range(args.rules // 5)]
    near = near_pairs(train, others, rng, device)
    paths = ["".join(dict.fromkeys(v)) for v in rng.sample(villages, args.village_texts)]
    print(f"train {len(train)}, valid {len(valid)}, made by rule {len(made)}, near {len(near)}, other texts {len(others) + len(paths)}")

    everything = ["".join(v) for v in villages] + ["".join(s) for s in streets] + others + sources.place_names(args.data)
    vocabulary = Vocabulary.from_texts(everything + [t for p in labelled for t in p[:2]] + [t for p in made for t in p[:2]])
    table, dev_table = TextTable(), TextTable()
    out = {"characters": vocabulary.characters, "labels": sources.LABELS,
           "texts": torch.tensor([table.add(t) for t in others + paths], dtype=torch.int32)}
    for name, pairs, where in (("train", train, table), ("valid", valid, table), ("rules", made, table), ("near", near, table), ("strict", strict, table), ("dev", dev, dev_table)):
        out[name] = where.pairs(pairs)
        if len(pairs[0]) == 3:
            out[name + "_label"] = torch.tensor([p[2] for p in pairs], dtype=torch.int8)
    out["table"], out["dev_table"] = table.encode(vocabulary), dev_table.encode(vocabulary)
    torch.save(out, args.out)
    print(f"{len(table.rows)} texts, {len(vocabulary)} base characters, {len(vocabulary.rows())} tokens")


if __name__ == "__main__":
    main()
