# SPDX-License-Identifier: Apache-2.0
"""Step 4: figures of one or several trained models, and the calibrated model directory.

    python evaluate.py --data build/data.pt build/teacher-*.pt              (each, and their mean)
    python evaluate.py --data build/data.pt build/student-*.pt --choose --export ../models/mini

--choose goes on with one of the models alone: the one with the least cross-entropy on `valid`, both orders of each pair,
after its own temperature. --export fits one temperature on `valid`, folds it into the classifier's weights and writes the
directory; the figures are then of the rounded weights as written.
"""
import argparse

import torch

import metrics
from batches import Texts
from model import export, load
from text import Vocabulary


def temperature(z, labels):
    """The divisor of the logits with the least cross-entropy."""
    grid = torch.linspace(.5, 3, 251)
    loss = [torch.nn.functional.cross_entropy(z.cpu() / t, labels.long()).item() for t in grid]
    return grid[min(range(len(loss)), key=loss.__getitem__)].item()


def chosen(paths, texts, pairs, labels, device):
    """The model with the least cross-entropy on the pairs, in both orders and after its temperature."""
    loss = {}
    for path in paths:
        model = load(path, device).eval()
        z = torch.cat([metrics.logits(model, texts, p) for p in (pairs, pairs.flip(1))])
        t = temperature(z, labels.repeat(2))
        loss[path] = metrics.cross_entropy(z / t, labels.repeat(2))
        print(f"{path} valid: cross-entropy {loss[path]:.4f} at temperature {t:.2f}", flush=True)
    return min(loss, key=loss.get)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("models", nargs="+")
    arguments.add_argument("--data", required=True)
    arguments.add_argument("--choose", action="store_true")
    arguments.add_argument("--export")
    arguments.add_argument("--temperature", type=float, help="what to export with, instead of what `valid` gives")
    arguments.add_argument("--held-out", action="store_true", help="figures of `valid` alone: the development pairs choose nothing")
    args = arguments.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    data = torch.load(args.data, weights_only=True)
    tables = {"valid": Texts(data["table"], device)}
    if not args.held_out:
        tables["dev"] = Texts(data["dev_table"], device)
    if args.choose:
        args.models = [chosen(args.models, tables["valid"], data["valid"], data["valid_label"], device)]
    total = {}
    for path in args.models:
        model = load(path, device).eval()
        if args.export:
            t = args.temperature or temperature(metrics.logits(model, tables["valid"], data["valid"]), data["valid_label"])
            with torch.no_grad():
                model.classifier.weight /= t
                model.classifier.bias /= t
                for p in model.parameters():
                    p.copy_(p.half().float())
            size = export(model, Vocabulary(data["characters"]), data["labels"], args.export)
            print(f"{args.export}: {size} parameters, temperature {t:.2f}")
        for name, texts in tables.items():
            p = metrics.logits(model, texts, data[name]).softmax(-1)
            q = metrics.logits(model, texts, data[name].flip(1)).softmax(-1)
            f = metrics.figures(p, data[name + "_label"])
            gap = (metrics.score(p) - metrics.score(q)).abs().median().item()
            print(metrics.line(f"{path} {name}", f), f"symmetry gap {gap:.4f}", flush=True)
            if args.export:
                for label, v in zip(data["labels"], f["per_label"]):
                    print(f"  {label}: precision {v[0]:.4f} recall {v[1]:.4f} F1 {v[2]:.4f}")
            total[name] = total.get(name, 0) + (p + q) / 2 / len(args.models)
    if len(args.models) > 1:
        for name, p in total.items():
            print(metrics.line(f"mean of {len(args.models)}, {name}", metrics.figures(p, data[name + "_label"])))


if __name__ == "__main__":
    main()
