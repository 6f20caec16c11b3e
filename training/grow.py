# SPDX-License-Identifier: Apache-2.0
"""A larger model that answers as a small one does: what training of the larger one begins with.

    python grow.py --data build/data.pt --init ../models/mini --size teacher --out build/grown.pt --small build/small.pt

Width: each unit of the small model stands so many times in the larger one, and what reads it divides its weight among
the copies unevenly, so that the copies learn different things; layer norms, heads and answers stay as they are. Depth:
behind each layer others begin which add nothing to it. Their two layer norms still scale, so they are fitted to give
back what they read, in the mean over the labelled pairs: the answers shift by a few thousandths.
"""
import argparse

import torch

import metrics
from batches import Texts, by_length
from model import PAD, SIZES, PairModel, keep, read_bundle
from text import Vocabulary


def apart(weight, times, uneven):
    """The weights of units that stand `times` times: their sum over the copies is what it was."""
    share = torch.randn(times, *weight.shape, device=weight.device) * uneven
    share = share - share.mean(0) + 1 / times
    return torch.cat(list(share * weight), -1)


def widened(name, tensor, times, uneven):
    """One tensor of the small model for the larger one."""
    if "embeddings" in name or "LayerNorm" in name:
        return torch.cat([tensor] * times, -1)
    if name.startswith("classifier"):
        return apart(tensor, times, uneven) if tensor.dim() == 2 else tensor
    if tensor.dim() == 1:
        return torch.cat([tensor] * times)
    return torch.cat([apart(tensor, times, uneven) for _ in range(times)], 0)


def widen(small, large, each, uneven):
    """The small model's layers, as wide as the large one's, each the first of `each` layers of the large one."""
    times = SIZES[large.size][1] // SIZES[small.size][1]
    tensors = {name: t for name, t in small.state_dict().items() if name.startswith(("bert.", "classifier."))}
    for name, tensor in tensors.items():
        parts = name.split(".")
        to = range(1)
        if parts[1] == "encoder":
            first = int(parts[3]) * each
            to = range(first, first + each)
        for k in to:
            if parts[1] == "encoder":
                parts[3] = str(k)
            large.get_parameter(".".join(parts)).copy_(widened(name, tensor, times, uneven))


class Regression:
    """Per channel: the scale and shift that give back the input of a layer norm, from so many tokens."""

    def __init__(self):
        self.sums = 0

    def add(self, x):
        x = x.double()
        n = (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True, correction=0) + 1e-12).sqrt()
        self.sums = self.sums + torch.stack([torch.ones_like(x), n, x, n * n, n * x]).sum(1)

    def write(self, norm):
        count, n, x, nn, nx = self.sums
        scale = (count * nx - n * x) / (count * nn - n * n)
        norm.weight.copy_(scale)
        norm.bias.copy_((x - scale * n) / count)


def pass_on(large, texts, batches, pairs, each):
    """Make the layers that are not the first of `each` give back what they read."""
    layers = large.bert.encoder["layer"]
    for k, layer in enumerate(layers):
        if k % each == 0:
            continue
        for part in (layer.attention["output"], layer.output):
            part.dense.weight.zero_()
            part.dense.bias.zero_()
            fit = Regression()
            hook = part.LayerNorm.register_forward_pre_hook(lambda _, inputs: fit.add(inputs[0][content]))
            for rows, width in batches:
                ids, types = texts.pack(*pairs[rows].long().T, width)
                content = ids != PAD
                large.bert(ids, types)
            hook.remove()
            fit.write(part.LayerNorm)


@torch.no_grad()
def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = arguments.add_argument
    add("--data", required=True)
    add("--init", required=True, help="a model directory")
    add("--init-size", default="student")
    add("--size", default="teacher", help="a multiple of the other in width, heads and layers")
    add("--out", required=True)
    add("--small", help="write the small model here, as the other steps read it")
    add("--uneven", type=float, default=.3, help="how differently the copies of a unit are read")
    add("--pairs", type=int, default=4096, help="labelled pairs that the added layer norms are fitted to")
    add("--seed", type=int, default=0)
    args = arguments.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(args.seed)
    data = torch.load(args.data, weights_only=True)
    texts, vocabulary = Texts(data["table"], device), Vocabulary(data["characters"])
    small, _ = read_bundle(args.init, args.init_size, vocabulary, device)
    large = PairModel(len(vocabulary), args.size).to(device)
    old, new = SIZES[args.init_size], SIZES[args.size]
    if any(b % a for a, b in zip(old, new)) or new[1] // old[1] != new[2] // old[2]:
        raise SystemExit(f"{args.size} {new} is no multiple of {args.init_size} {old} with as wide heads")
    small.eval(), large.eval()
    widen(small, large, new[0] // old[0], args.uneven)
    pairs = data["train"][:args.pairs].to(device)
    pass_on(large, texts, by_length(texts, pairs, 512, None, keep_order=True), pairs, new[0] // old[0])
    keep(large, args.out)
    if args.small:
        keep(small, args.small)
    answers = [metrics.logits(model, texts, data["valid"]).softmax(-1) for model in (small, large)]
    for name, p in zip(("small", "large"), answers):
        print(metrics.line(f"{name} valid", metrics.figures(p, data["valid_label"])), flush=True)
    same = (answers[0].argmax(1) == answers[1].argmax(1)).float().mean().item()
    print(f"same label {same:.4f}, mean difference {(answers[0] - answers[1]).abs().mean().item():.5f}", flush=True)


if __name__ == "__main__":
    main()
