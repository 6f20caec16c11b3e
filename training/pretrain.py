# SPDX-License-Identifier: Apache-2.0
"""Step 2: train a model from nothing on address texts and pairs.

    python pretrain.py --data build/data.pt --size teacher --out build/teacher.pt

Three tasks at once: masked-language modelling on pairs; the relation of the rule-made pairs; and, for a model that is
not given it, how long a run of characters around each token also stands in the other text (0 to 3), which teaches
attention to compare the texts early. A text that has no pair is paired with a rougher writing of itself.
"""
import argparse
import time

import torch
import torch.nn.functional as F

from batches import Texts, by_length, roughened, swapped
from model import PairModel, keep, overlap_length
from text import CLS, MASK, PAD, SEP


def sources(data, device, rules_share):
    """All rows of training: pairs, and the relation's label or -100."""
    rules = data["rules"][:int(len(data["rules"]) * rules_share)]
    labels = data["rules_label"][:len(rules)].long()
    single = data["texts"]
    parts = [(rules, labels), (data["strict"], data["strict_label"].long())] + [(p, torch.full((len(p),), -100)) for p in (data["train"], data["train"], data["near"], torch.stack([single, single], 1))]
    return torch.cat([p for p, _ in parts]).to(device).long(), torch.cat([y for _, y in parts]).to(device)


def masked(ids, size, generator):
    """Hide about a quarter of the content tokens, single ones and runs; returns what to read and what to guess."""
    draw = torch.rand(ids.shape, device=ids.device, generator=generator)
    hidden = draw < .12
    run = draw < .06
    hidden[:, 1:] |= run[:, :-1]
    hidden[:, 2:] |= run[:, :-2] & (draw[:, :-2] < .03)
    hidden &= (ids != PAD) & (ids != CLS) & (ids != SEP)
    how = torch.rand(ids.shape, device=ids.device, generator=generator)
    stranger = ids[torch.randperm(len(ids), device=ids.device, generator=generator)]
    stranger = torch.where(stranger > 4, stranger, MASK)
    return torch.where(hidden & (how < .85), MASK, torch.where(hidden & (how > .93), stranger, ids)), hidden


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", required=True)
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--size", default="student")
    arguments.add_argument("--overlap", type=int, default=0)
    arguments.add_argument("--steps", type=int, default=9000)
    arguments.add_argument("--seconds", type=float, default=1e9, help="end sooner, the schedule compressed, when steps are slow")
    arguments.add_argument("--batch", type=int, default=256)
    arguments.add_argument("--rate", type=float, default=7e-4)
    arguments.add_argument("--relation", type=float, default=.5, help="weight of the rule-made pairs' relation")
    arguments.add_argument("--shared", type=float, default=1., help="weight of the runs shared with the other text")
    arguments.add_argument("--rules-share", type=float, default=1)
    arguments.add_argument("--seed", type=int, default=0)
    args = arguments.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(args.seed)
    generator = torch.Generator(device).manual_seed(args.seed)
    data = torch.load(args.data, weights_only=True)
    texts = Texts(data["table"], device)
    pairs, relation = sources(data, device, args.rules_share)
    model = PairModel(5 + len(data["characters"]), args.size, overlap=bool(args.overlap)).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), args.rate, weight_decay=.01, betas=(.9, .98), fused=device == "cuda")
    started, queue, total = time.time(), [], torch.zeros(4, device=device)
    for step in range(args.steps):
        done = max(step / args.steps, (time.time() - started) / args.seconds)
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = args.rate * min((step + 1) / 600, max(.02, 1 - done))
        queue = queue or by_length(texts, pairs, args.batch, generator)
        rows, width = queue.pop()
        ids, types = texts.pack(*swapped(pairs[rows], generator).T, width)
        own = (pairs[rows, 0] == pairs[rows, 1])[:, None]
        rough, rough_types = roughened(ids, types, .88, generator)
        ids, types = torch.where(own, rough, ids), torch.where(own, rough_types, types)
        seen, hidden = masked(ids, args.batch, generator)
        with torch.autocast(device, torch.bfloat16):
            states = model.bert(seen, types)
            guess = F.cross_entropy(model.tokens(states[hidden]), ids[hidden])
            relate = F.cross_entropy(model.relation(model.pooled(states)).float(), relation[rows], reduction="sum") / (relation[rows] >= 0).sum().clamp(min=1)
            share = F.cross_entropy(model.shared(states[seen > 4]).float(), overlap_length(seen, types)[seen > 4])
        (guess + args.relation * relate + args.shared * share).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        total += torch.stack([guess.detach(), relate.detach(), share.detach(), torch.ones_like(share)])
        if (step + 1) % 500 == 0:
            means = (total[:3] / total[3]).tolist()
            print(f"{args.out} step {step + 1}: loss of tokens {means[0]:.3f}, relation {means[1]:.3f}, shared runs {means[2]:.3f}, {time.time() - started:.0f} s", flush=True)
            total.zero_()
    keep(model, args.out)


if __name__ == "__main__":
    main()
