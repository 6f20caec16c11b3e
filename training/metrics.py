# SPDX-License-Identifier: Apache-2.0
"""Predictions of a model over pairs, and the figures that are reported of them."""
import torch

from batches import by_length


@torch.no_grad()
def logits(model, texts, pairs, size=1024):
    """The model's logits for each pair, in the pairs' order."""
    was_training = model.training
    model.eval()
    out = torch.empty(len(pairs), 3, device=texts.device)
    pairs = pairs.to(texts.device)
    for rows, width in by_length(texts, pairs, size, None, keep_order=True):
        with torch.autocast(texts.device, torch.bfloat16, enabled=texts.device == "cuda"):
            out[rows] = model(*texts.pack(*pairs[rows].long().T, width))
    model.train(was_training)
    return out


def figures(probabilities, labels, bins=15):
    """Accuracy, macro-F1, calibration error, and precision, recall and F1 of each label."""
    p, y = probabilities.float().cpu(), labels.long().cpu()
    sure, guess = p.max(1)
    right = (guess == y).float()
    per = []
    for k in range(p.shape[1]):
        hit, said, true = ((guess == k) & (y == k)).sum().item(), (guess == k).sum().item(), (y == k).sum().item()
        per.append((hit / max(1, said), hit / max(1, true), 2 * hit / max(1, said + true)))
    where = (sure * bins).long().clamp(max=bins - 1)
    error = sum(abs((sure[where == k] - right[where == k]).sum().item()) for k in range(bins)) / len(y)
    return {"accuracy": right.mean().item(), "macro_f1": sum(f for _, _, f in per) / len(per), "ece": error, "per_label": per}


def cross_entropy(z, labels):
    """Of logits, in the mean over the pairs."""
    return torch.nn.functional.cross_entropy(z.float().cpu(), labels.long()).item()


def score(probabilities):
    """The similarity in 0..1: P(exact) + P(partial) / 2."""
    return probabilities[:, 2] + probabilities[:, 1] / 2


def line(name, f):
    per = " ".join(f"{v[2]:.3f}" for v in f["per_label"])
    return f"{name}: macro-F1 {f['macro_f1']:.4f} accuracy {f['accuracy']:.4f} ECE {f['ece']:.4f} F1 not/partial/exact {per}"
