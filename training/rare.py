# SPDX-License-Identifier: Apache-2.0
"""Step 4: the embeddings of characters too rare to have been learnt, every other weight left as it is.

    python rare.py --data build/data.pt --init build/final.pt --out build/rare.pt

A character that hardly any pair holds keeps a row much like every other such row, so two names which differ in two
such characters alone are the same to the model. What their rows should do is what those of well-known characters do:
the target is the model's own answer to the same pair with a well-known character in the place of each rare one, in the
mean over several. Where only one text has a rare character that the other has not, it may as well be a slip of the pen,
which is what labelled pairs teach of such: there the target is the model's answer as it was; a character without a row
has none, and counts as a name. The pairs are those of the training, and the same with rare characters put in: one in
both texts, a different one in each, or in one text alone. An answer to texts without a rare character does not change.
"""
import argparse
import copy
import time

import torch
import torch.nn.functional as F

import metrics
from batches import Texts, by_length, swapped
from model import keep, load, overlap_length, read_bundle
from text import CLS, PAD, SEP, Vocabulary, is_cjk

PARTS = ("train", "near", "rules", "strict")
# Well known, but more than a part of a name: a number, a direction, a kind of place.
NOT_NAMES = set("一二三四五六七八九十百千零两壹甲乙丙丁午上下左右内外前后首尾底侧旁边东西南北中段第组部办代班吨级次个位户号楼幢栋座层室间所局站屯旗州盟省市区县镇乡村社校库厅店口米期元")


def frequency(data, texts, size):
    """How often training reads each token: the labelled pairs are read about five times as often as the others."""
    out = torch.zeros(size, device=texts.device)
    for name in PARTS[:3]:
        used = torch.bincount(data[name].flatten().long().to(texts.device), minlength=len(texts.ids)).float()
        used = used * (5 if name == "train" else 1)
        for k in range(0, len(used), 65536):
            inside = torch.arange(texts.ids.shape[1], device=texts.device) < texts.length[k:k + 65536, None]
            rows = torch.where(inside, texts.ids[k:k + 65536].long(), PAD)
            out.index_add_(0, rows.flatten(), used[k:k + 65536, None].expand_as(rows).flatten())
    return out


class Renamer:
    """Puts rare characters where pairs have well-known ones, and well-known ones where pairs have rare ones."""

    def __init__(self, rare, known, had):
        self.rare, self.known = rare.nonzero()[:, 0], known.nonzero()[:, 0]
        self.is_rare, self.is_known, self.had, self.alike = rare, known, had, None

    def refresh(self, words, count=8):
        """For each rare character the others whose embeddings are most like its own."""
        rows = F.normalize(words[self.rare].float() - words[self.rare].float().mean(0), dim=1)
        self.alike = torch.cat([(rows[k:k + 1024] @ rows.T).topk(count + 1).indices[:, 1:] for k in range(0, len(rows), 1024)])

    def draw(self, count):
        """Pairs of different rare characters; half of the second ones are like the first."""
        device = self.rare.device
        one = torch.randint(len(self.rare), (count,), device=device)
        other = (one + torch.randint(1, len(self.rare), (count,), device=device)) % len(self.rare)
        like = self.alike[one, torch.randint(self.alike.shape[1], (count,), device=device)]
        other = torch.where(torch.rand(count, device=device) < .5, like, other)
        return self.rare[one][:, None], self.rare[other][:, None]

    def put_in(self, ids, types, share, times=3):
        """Exchange well-known characters, shared ones first, for rare ones: in a share of the pairs, up to so many."""
        for _ in range(times):
            draw = torch.rand(ids.shape, device=ids.device) + (overlap_length(ids, types) > 0)
            at = torch.where(self.is_known[ids], draw, -1).max(1)
            old, (one, other) = ids.gather(1, at.indices[:, None]), self.draw(len(ids))
            kind = torch.rand(old.shape, device=ids.device)
            right = torch.where(kind < .4, one, torch.where(kind < .75, other, old))
            new = torch.where(types == 0, one, right)
            ids = torch.where((ids == old) & (at.values >= 0)[:, None] & (torch.rand(old.shape, device=ids.device) < share), new, ids)
        return ids

    def well_known(self, ids):
        """The same texts, each rare character another well-known one."""
        to = torch.arange(len(self.is_rare), device=ids.device)
        to[self.rare] = self.known[torch.randint(len(self.known), self.rare.shape, device=ids.device)]
        return to[ids]

    def slips(self, ids, types):
        """Pairs of which one text alone has a rare character that the other has not, and had a row for each such."""
        shared = ((ids[:, :, None] == ids[:, None, :]) & (types[:, :, None] != types[:, None, :])).any(-1)
        alone = self.is_rare[ids] & ~shared
        one_text = (alone & (types == 0)).any(1) ^ (alone & (types == 1)).any(1)
        return one_text & ~(alone & ~self.had[ids]).any(1)


def first_rows(words, rare, fresh, known):
    """Rows to begin with: for a character without one to speak of, spread as those of the known ones."""
    rows = words[known] - words[known].mean(0)
    mix = torch.randn(int(fresh.sum()), len(rows), device=words.device) / len(rows) ** .5
    words[fresh] = words[known].mean(0) + mix @ rows


TEMPLATES = ("金{}路8号", "{}溪街120号3栋", "西湖区{}山路18号", "上{}村12号", "中山路77号{}峰大厦")


@torch.no_grad()
def told_apart(model, vocabulary, rename, size=1000):
    """Shares of made-up names that are exact matches: a rare character against itself, another rare one, and a well-known one."""
    rare, known, shares = rename.rare, rename.known, []
    device, model = rare.device, model.eval()
    rare = rare[torch.linspace(0, len(rare) - 1, min(size, len(rare)), device=device).long()]
    for other in (rare, rare.roll(len(rare) // 3), known[torch.linspace(0, len(known) - 1, len(rare), device=device).long()]):
        exact = []
        for template in TEMPLATES:
            before, after = (torch.tensor(vocabulary.encode(part), dtype=torch.long, device=device).expand(len(rare), -1) for part in template.split("{}"))
            edge = [torch.full((len(rare), 1), k, device=device) for k in (CLS, SEP)]
            left = torch.cat([edge[0], before, rare[:, None], after, edge[1]], 1)
            ids = torch.cat([left, before, other[:, None], after, edge[1]], 1)
            types = (torch.arange(ids.shape[1], device=device) >= left.shape[1]).long().expand_as(ids)
            exact.append((model(ids, types).argmax(1) == 2).float().mean())
        shares.append(f"{torch.stack(exact).mean().item():.3f}")
    return ", ".join(shares)


def report(name, model, texts, data, vocabulary, rename, started):
    z = metrics.logits(model, texts, data["valid"])
    print(metrics.line(f"{name} valid", metrics.figures(z.softmax(-1), data["valid_label"])),
          f"cross-entropy {metrics.cross_entropy(z, data['valid_label']):.4f}; exact matches of a rare character with itself, another,",
          f"a well-known one {told_apart(model, vocabulary, rename)}; {time.time() - started:.0f} s", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = arguments.add_argument
    add("--data", required=True)
    add("--init", required=True, help="a model, or a model directory of a smaller vocabulary")
    add("--size", default="student", help="of a model directory")
    add("--out", required=True)
    add("--rare", type=int, default=100, help="a character that training reads less often is rare")
    add("--fresh", type=int, default=30, help="one that it reads less often begins with a new row")
    add("--take", type=int, help="take what was learnt only for characters that training reads less often (all rare ones)")
    add("--steps", type=int, default=4000)
    add("--seconds", type=float, default=1e9, help="end sooner, the schedule compressed, when steps are slow")
    add("--batch", type=int, default=1024)
    add("--rate", type=float, default=2e-3)
    add("--share", type=float, default=.6, help="of the pairs, that each of three rare characters is put into")
    add("--own", type=float, default=.15, help="share of pairs of a text and itself")
    add("--names", action="store_true", help="a rare character is a name also where one text alone has one: no slips of the pen")
    add("--drafts", type=int, default=2, help="well-known characters in the place of each rare one")
    add("--seed", type=int, default=0)
    args = arguments.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(args.seed)
    generator = torch.Generator(device).manual_seed(args.seed)
    data = torch.load(args.data, weights_only=True)
    vocabulary, texts = Vocabulary(data["characters"]), Texts(data["table"], device)
    pairs = torch.cat([data[name] for name in PARTS]).to(device)
    if args.init.endswith(".pt"):
        model, had = load(args.init, device), torch.ones(len(vocabulary), dtype=torch.bool)
    else:
        model, had = read_bundle(args.init, args.size, vocabulary, device)
    teacher = copy.deepcopy(model).eval().requires_grad_(False)
    model.eval().requires_grad_(False)
    times, had = frequency(data, texts, len(vocabulary)), had.to(device)
    hanzi = torch.tensor([False] * 5 + [is_cjk(ch) for ch in vocabulary.characters], device=device)
    names = torch.tensor([False] * 5 + [ch not in NOT_NAMES for ch in vocabulary.characters], device=device)
    rare, known = hanzi & (times < args.rare) | ~had, hanzi & names & (times > 1500) & (times < 50000)
    rename = Renamer(rare, known, had)
    words = model.bert.embeddings.word_embeddings.weight
    started = time.time()
    print(f"{len(rename.rare)} rare characters, {len(rename.known)} well-known ones", flush=True)
    report("before", model, texts, data, vocabulary, rename, started)
    first_rows(words, rare, rare & ((times < args.fresh) | ~had), known)
    report("new rows", model, texts, data, vocabulary, rename, started)
    before = words.clone()
    old = teacher.bert.embeddings.word_embeddings.weight
    words.requires_grad_(True)
    optimizer = torch.optim.Adam([words], args.rate, betas=(.9, .99))
    total, queue = torch.zeros(2, device=device), []
    for step in range(args.steps):
        done = max(step / args.steps, (time.time() - started) / args.seconds)
        if done >= 1:
            print(f"{args.out} ends after {step} steps", flush=True)
            break
        optimizer.param_groups[0]["lr"] = args.rate * min((step + 1) / 100, 1 - done)
        if step % 200 == 0:
            rename.refresh(words.detach())
        queue = queue or by_length(texts, pairs, args.batch, generator)
        rows, width = queue.pop()
        both = swapped(pairs[rows], generator)
        own = torch.rand(len(both), device=device, generator=generator) < args.own
        both = torch.where(own[:, None], both[:, :1], both)
        ids, types = texts.pack(*both.T, min(128, max(width, -(-int(texts.widths(both).max()) // 8) * 8)))
        ids = rename.put_in(ids, types, args.share)
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            with torch.no_grad():
                target = sum(teacher(rename.well_known(ids), types).softmax(-1) for _ in range(args.drafts)) / args.drafts
                if not args.names:
                    target = torch.where(rename.slips(ids, types)[:, None], teacher(ids, types).softmax(-1), target)
            loss = F.kl_div(F.log_softmax(model(ids, types), -1), target, reduction="batchmean")
        loss.backward()
        words.grad[~rare] = 0
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        total += torch.stack([loss.detach(), torch.ones_like(loss)])
        if (step + 1) % 500 == 0:
            print(f"{args.out} step {step + 1}: divergence {(total[0] / total[1]).item():.4f}", flush=True)
            total.zero_()
            report(f"{args.out} step {step + 1}", model, texts, data, vocabulary, rename, started)
    if not torch.equal(words[~rare], before[~rare]):
        raise SystemExit("rows other than those of rare characters have changed")
    if args.take is not None:
        with torch.no_grad():
            back = rare & (times >= args.take) & had
            words[back] = old[back]
    report(args.out, model, texts, data, vocabulary, rename, started)
    keep(model, args.out)


if __name__ == "__main__":
    main()
