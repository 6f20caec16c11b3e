# SPDX-License-Identifier: Apache-2.0
"""Step 3: train a pair classifier, teacher or student.

    python finetune.py --data build/data.pt --init build/teacher.pt --out build/teacher-1.pt --predict build/teacher-1.soft
    python finetune.py --data build/data.pt --init build/student.pt --soft build/teacher-*.soft --out build/student-final.pt

Without --soft the labelled pairs alone are learnt. With --soft the mean of the teachers' probabilities is the target on
the unlabelled and rule-made pairs, and half of the target on the labelled ones. The weights kept are a running average,
taken where it did best on `valid` (--keep says by what). --predict writes the probabilities that such soft targets are made of;
with --steps 0 those of the model as it is.
"""
import argparse
import copy
import time

import torch
import torch.nn.functional as F

import metrics
from batches import Texts, by_length, swapped
from model import keep, load, overlap_length
from text import UNK, is_cjk


class Renamer:
    """Exchanges, in both texts alike, a rare character or digit that they share: the relation stays, the names do not."""

    def __init__(self, characters, texts, device):
        kinds = torch.zeros(5 + len(characters), dtype=torch.long, device=device)
        used = torch.bincount(texts.ids.flatten().long(), minlength=len(kinds))
        common = used.sort(descending=True).values[200]
        for k, ch in enumerate(characters):
            kinds[5 + k] = 1 if "0" <= ch <= "9" else 2 if is_cjk(ch) and 20 < used[5 + k] < common else 0
        self.kinds, self.choices = kinds, [None] + [(kinds == k).nonzero()[:, 0] for k in (1, 2)]

    def __call__(self, ids, types, share, times=2):
        for _ in range(times):
            draw = torch.rand(ids.shape, device=ids.device)
            kind = self.kinds[ids]
            at = torch.where((overlap_length(ids, types) > 0) & (kind > 0), draw, 0).max(1)
            old = ids.gather(1, at.indices[:, None])
            picks = [c[torch.randint(len(c), old.shape, device=ids.device)] for c in self.choices[1:]]
            new = torch.where(self.kinds[old] == 1, picks[0], picks[1])
            good = (at.values[:, None] > 0) & ~(ids == new).any(1, keepdim=True) & (torch.rand(old.shape, device=ids.device) < share)
            ids = torch.where(good & (ids == old), new, ids)
        return ids


def in_fold(data, fold):
    """Which labelled pairs are in fold "K/N": all pairs of a query are in one fold."""
    number, folds = (int(n) for n in fold.split("/"))
    _, query = data["train"][:, 0].unique(return_inverse=True)
    order = torch.randperm(int(query.max()) + 1, generator=torch.Generator().manual_seed(folds))
    return order[query] % folds == number


def unlearnt_mean(data, soft, mean):
    """For each labelled pair the mean answer of the teachers that did not learn it; of all where each did."""
    unseen = torch.stack([s["unseen"] for s in soft], 1).float()
    if unseen.sum() == 0:
        return mean
    total = sum(s["train"].float() * u[:, None] for s, u in zip(soft, unseen.T))
    known = unseen.sum(1, keepdim=True)
    answers = torch.where(known > 0, total / known.clamp(min=1), mean)
    rows = known[:, 0] > 0
    print(metrics.line("teachers' mean on labelled pairs they did not learn", metrics.figures(answers[rows], data["train_label"][rows])), flush=True)
    return answers


def training_rows(data, device, soft, args):
    """Pairs and target probabilities of one round."""
    def known(name, smoothing=args.smoothing):
        return F.one_hot(data[name + "_label"].long(), 3).float() * (1 - smoothing) + smoothing / 3
    if not soft:
        kept = ~in_fold(data, args.fold) if args.fold else slice(None)
        return data["train"][kept].to(device), known("train")[kept].to(device)
    mean = {name: sum(s[name].float() for s in soft) / len(soft) for name in ("train", "near", "rules")}
    mean["train"] = unlearnt_mean(data, soft, mean["train"])
    gold = args.gold_trust * known("train") + (1 - args.gold_trust) * mean["train"]
    parts = [("train", gold)] * args.gold_repeats + [("near", mean["near"])]
    parts += [("rules", args.rules_trust * known("rules", 0)[:len(mean["rules"])] + (1 - args.rules_trust) * mean["rules"])]
    parts += [("strict", known("strict", .1)[:args.strict])]
    return (torch.cat([data[name][:len(t)] for name, t in parts]).to(device), torch.cat([t for _, t in parts]).to(device))


def cross_entropy(z, target, weight):
    """Cross-entropy with soft targets and class weights."""
    w = target * weight
    return -(w * F.log_softmax(z, -1)).sum() / w.sum()


def answer(model, texts, pairs, both):
    """Probabilities of pairs, or the mean of those of both orders."""
    p = metrics.logits(model, texts, pairs).softmax(-1)
    return (p + metrics.logits(model, texts, pairs.flip(1)).softmax(-1)) / 2 if both else p


def disagreement(a, b):
    """Symmetric KL of two outputs (R-Drop)."""
    p, q = F.log_softmax(a, -1), F.log_softmax(b, -1)
    return (F.kl_div(p, q, reduction="batchmean", log_target=True) + F.kl_div(q, p, reduction="batchmean", log_target=True)) / 2


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = arguments.add_argument
    add("--data", required=True)
    add("--init", nargs="+", required=True, help="a model; of several, their weights' mean")
    add("--out", required=True)
    add("--soft", nargs="*", default=[])
    add("--predict")
    add("--fold", help="K/N: leave the K-th of N parts of the labelled pairs out, so that its answers there are unlearnt")
    add("--steps", type=int, default=2000)
    add("--seconds", type=float, default=1e9, help="end sooner, the schedule compressed, when steps are slow")
    add("--batch", type=int, default=64)
    add("--rate", type=float, default=2e-4)
    add("--decay", type=float, default=.05)
    add("--dropout", type=float, default=.1)
    add("--smoothing", type=float, default=.05)
    add("--exact-weight", type=float, default=1.5)
    add("--rename", type=float, default=.3, help="share of pairs whose shared characters are exchanged")
    add("--unknown", type=float, default=.03, help="share of tokens hidden")
    add("--agree", type=float, default=.5, help="weight of the agreement of both orders under dropout")
    add("--adversarial", type=float, default=0., help="size of the worst-case step on the embeddings (0: none)")
    add("--gold-repeats", type=int, default=3)
    add("--gold-trust", type=float, default=.5, help="share of the label in the target of a labelled pair, with --soft")
    add("--predict-near", type=int, help="unlabelled pairs to predict (all)")
    add("--predict-rules", type=int, default=100000, help="rule-made pairs to predict")
    add("--strict", type=int, default=0, help="pairs of numbers and districts to add, by their rule's label")
    add("--rules-trust", type=float, default=.3, help="share of the rule in the target of a rule-made pair")
    add("--average", type=float, default=.998)
    add("--check", type=int, default=250)
    add("--keep", choices=("figures", "cross-entropy", "last"), default="figures", help="the best weights: most macro-F1 + accuracy, or least cross-entropy, or the last")
    add("--both-orders", action="store_true", help="predict the mean of both orders of a pair")
    add("--seed", type=int, default=0)
    args = arguments.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(args.seed)
    generator = torch.Generator(device).manual_seed(args.seed)
    data = torch.load(args.data, weights_only=True)
    texts = Texts(data["table"], device)
    soft = [torch.load(s, weights_only=True) for s in args.soft]
    pairs, targets = training_rows(data, device, soft, args)
    rename = Renamer(data["characters"], texts, device)
    model = load(args.init[0], device)
    starts = [load(path, device).state_dict() for path in args.init]
    model.load_state_dict({name: sum(s[name] for s in starts) / len(starts) for name in starts[0]})
    for module in model.modules():
        if hasattr(module, "dropout"):
            module.dropout = args.dropout
    average = copy.deepcopy(model).eval()
    words = model.bert.embeddings.word_embeddings.weight
    optimizer = torch.optim.AdamW(model.parameters(), args.rate, weight_decay=args.decay, fused=device == "cuda")
    weight = torch.tensor([1., 1.1 if args.exact_weight > 1 else 1., args.exact_weight], device=device)
    best, best_weights, queue, started = float("-inf"), None, [], time.time()

    def loss_of(rows, width):
        """Each pair in one order and in the other; both must give the label, and agree."""
        turned = swapped(pairs[rows], generator)
        ids, types = texts.pack(*torch.cat([turned, turned.flip(1)]).T, width)
        if args.rename:
            ids = rename(ids, types, args.rename)
        gone = (torch.rand(ids.shape, device=device, generator=generator) < args.unknown) & (ids > 4)
        z = model(torch.where(gone, UNK, ids), types)
        return cross_entropy(z, targets[rows].repeat(2, 1), weight) + args.agree * disagreement(*z.chunk(2))

    model.train()
    for step in range(args.steps):
        done = max(step / args.steps, (time.time() - started) / args.seconds)
        for group in optimizer.param_groups:
            group["lr"] = args.rate * max(0, min((step + 1) / min(200, args.steps // 4 + 1), 1 - done))
        queue = queue or by_length(texts, pairs, args.batch, generator)
        rows, width = queue.pop()
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            loss_of(rows, width).backward()
        if args.adversarial:
            push = args.adversarial * words.grad / (words.grad.norm(dim=1, keepdim=True) + 1e-8)
            with torch.no_grad():
                words += push
            with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
                loss_of(rows, width).backward()
            with torch.no_grad():
                words -= push
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), max(1 - args.average, 1 / (step + 2)))
        last = step + 1 == args.steps or done >= 1
        if (step + 1) % args.check == 0 or last:
            z = metrics.logits(average, texts, data["valid"])
            f, loss = metrics.figures(z.softmax(-1), data["valid_label"]), metrics.cross_entropy(z, data["valid_label"])
            print(metrics.line(f"{args.out} step {step + 1} valid", f), f"cross-entropy {loss:.4f}, {time.time() - started:.0f} s", flush=True)
            good = {"cross-entropy": -loss, "figures": f["macro_f1"] + f["accuracy"], "last": step}[args.keep]
            if good > best:
                best, best_weights = good, copy.deepcopy(average.state_dict())
                keep(average, args.out)
        if last:
            break
    if best_weights:
        average.load_state_dict(best_weights)
    keep(average, args.out)
    if args.predict:
        rows = {"train": None, "near": args.predict_near, "rules": args.predict_rules}
        answers = {n: answer(average, texts, data[n][:k], args.both_orders).half().cpu() for n, k in rows.items()}
        answers["unseen"] = in_fold(data, args.fold) if args.fold else torch.zeros(len(data["train"]), dtype=torch.bool)
        torch.save(answers, args.predict)


if __name__ == "__main__":
    main()
