#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the network that ranks an index's candidates and writes it as lib/match/index/rank_network.h.

    build/benchmarks/match_rank_features CORPUS QUERIES 160 > train.bin      (see there for the files)
    training/rank.py --queries QUERIES --features train.bin --out lib/match/index/rank_network.h

Seven in ten queries teach and the rest are held out: recall at 1, 5, 20 and 50 is printed for those. With
--all everything teaches. With --measure QUERIES FEATURES nothing is learnt from these: they are measured."""
import argparse
import collections
import pathlib

import numpy as np
import torch

FEATURES = 42
MARGIN = 3.0  # how far a match should stand above what does not match
EXACT = 5.0  # how much more an exact match counts than a partial one


def read_features(path):
    records = np.fromfile(path, np.float32).reshape(-1, 3 + FEATURES)
    return records[:, 0].astype(int), records[:, 1].astype(int), records[:, 3:]


def read_answers(path):
    """For each query, in order, how many exact and partial matches it has."""
    counts = collections.OrderedDict()
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()[1:]
    for line in lines:
        query, _, label = line.split("\t")[:3]
        counts.setdefault(query, collections.Counter())[label] += 1
    return list(counts.values())


def as_lists(query, label, features, queries, length):
    """Each query's candidates as one row of a matrix, padded by rows without features."""
    x = np.zeros((queries, length, FEATURES), np.float32)
    y = np.full((queries, length), -1)
    place = np.arange(len(query)) - np.searchsorted(query, query)
    keep = place < length
    x[query[keep], place[keep]] = features[keep]
    y[query[keep], place[keep]] = label[keep]
    return x, y


def recall(scores, labels, answers):
    out = []
    for value, name in ((2, "exact_match"), (1, "partial_match")):
        of = sum(a[name] for a in answers)
        order = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1)
        ranks = order[labels == value]
        out.append(f"{name} " + " ".join(f"{k}: {(ranks < k).sum() / max(of, 1):.3f}" for k in (1, 5, 20, 50)))
    return "   ".join(out)


def loss_of(scores, labels):
    none = labels < 0
    others = torch.logsumexp(scores.masked_fill((labels > 0) | none, -1e9), 1, keepdim=True)
    each = torch.nn.functional.softplus(others - scores + MARGIN)
    weight = (labels == 1).float() + EXACT * (labels == 2).float()
    return (each * weight).sum() / weight.sum().clamp(min=1)


def train(x, y, hidden, epochs, seed):
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Linear(FEATURES, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 1))
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-3)
    batches = -(-len(x) // 64)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=epochs * batches)
    for _ in range(epochs):
        for chosen in torch.randperm(len(x)).split(64):
            loss = loss_of(net(x[chosen]).squeeze(-1), y[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return net


def apply(net, x, y):
    with torch.no_grad():
        return net(torch.as_tensor(x)).squeeze(-1).masked_fill(torch.as_tensor(y) < 0, -1e9).numpy()


def fit_scale(scores, labels):
    """A slope and a shift after which the sigmoid of the output is the share of matches among candidates."""
    known = labels >= 0
    s, t = scores[known], (labels[known] > 0).float()
    fit = torch.tensor([1.0, 0.0], requires_grad=True)
    optimizer = torch.optim.LBFGS([fit], max_iter=50)

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(s * fit[0] + fit[1], t)
        loss.backward()
        return loss

    optimizer.step(closure)
    return fit.detach().numpy()


def numbers(values):
    return ", ".join(f"{v:.6g}f" if "." in f"{v:.6g}" or "e" in f"{v:.6g}" else f"{v:.1f}f" for v in values)


def write_header(path, net, mean, deviation, scale):
    first, last = net[0], net[2]
    weights = first.weight.detach().numpy() / deviation
    bias = first.bias.detach().numpy() - weights @ mean
    output = last.weight.detach().numpy()[0] * scale[0]
    shift = float(last.bias.detach()[0] * scale[0] + scale[1])
    rows = "\n".join(f"    {{{numbers(row)}}}," for row in weights.T)
    text = f"""/* SPDX-License-Identifier: Apache-2.0 */
/* The network that scores candidates: made by training/rank.py. */
#ifndef MGI_MATCH_INDEX_RANK_NETWORK_H
#define MGI_MATCH_INDEX_RANK_NETWORK_H

#include "match/index/rank.h"

/* clang-format off */
static const float mgi_rank_hidden_weights[MGI_RANK_FEATURES][MGI_RANK_HIDDEN] = {{
{rows}
}};
static const float mgi_rank_hidden_bias[MGI_RANK_HIDDEN] = {{{numbers(bias)}}};
static const float mgi_rank_output_weights[MGI_RANK_HIDDEN] = {{{numbers(output)}}};
static const float mgi_rank_output_bias = {numbers([shift])};
/* clang-format on */

#endif
"""
    pathlib.Path(path).write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", required=True)
    parser.add_argument("--features", required=True, nargs="+", help="of the same queries, in one index or several")
    parser.add_argument("--measure", nargs="+", metavar=("QUERIES", "FEATURES"))
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--hidden", type=int, default=24, help="MGI_RANK_HIDDEN of rank.h")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--length", type=int, default=160, help="candidates of a query that are learnt from")
    parser.add_argument("--out")
    options = parser.parse_args()
    torch.set_num_threads(1)

    answers = read_answers(options.queries)
    indexes = [read_features(path) for path in options.features]
    everything = np.concatenate([features for _, _, features in indexes])
    mean, deviation = everything.mean(0), everything.std(0) + 1e-3
    lists = [as_lists(q, l, (f - mean) / deviation, len(answers), options.length) for q, l, f in indexes]
    order = np.random.default_rng(1).permutation(len(answers))
    teach = order if options.all else order[: len(order) * 7 // 10]
    held = order[len(order) * 7 // 10 :]
    x, y = (torch.tensor(np.concatenate([part[i][teach] for part in lists])) for i in (0, 1))
    net = train(x, y, options.hidden, options.epochs, 0)
    for path, (hx, hy) in zip(options.features, lists):
        print("learnt from" if options.all else "held out", path,
              recall(apply(net, hx[held], hy[held]), hy[held], [answers[i] for i in held]), flush=True)
    for path in (options.measure or [])[1:]:
        other = read_answers(options.measure[0])
        q, l, f = read_features(path)
        mx, my = as_lists(q, l, (f - mean) / deviation, len(other), options.length)
        print("measured", path, recall(apply(net, mx, my), my, other), flush=True)
    scores = torch.tensor(apply(net, x, y))
    if options.out:
        write_header(options.out, net, mean, deviation, fit_scale(scores, y))


if __name__ == "__main__":
    main()
