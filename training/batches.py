# SPDX-License-Identifier: Apache-2.0
"""Pairs of texts to batches of token ids, assembled on the device, short pairs beside short ones."""
import torch

from text import CLS, PAD, SEP

MAX_TEXT, MAX_PAIR = 100, 128


class Texts:
    """The table of texts as a padded matrix of ids."""

    def __init__(self, table, device):
        starts = table["starts"].to(device).long()
        self.length = starts[1:] - starts[:-1]
        column = torch.arange(MAX_TEXT, device=device)
        flat = torch.cat([table["ids"], torch.zeros(MAX_TEXT, dtype=torch.int16)]).to(device)
        self.ids = torch.empty(len(self.length), MAX_TEXT, dtype=torch.int16, device=device)
        for k in range(0, len(self.length), 65536):
            self.ids[k:k + 65536] = flat[starts[k:-1][:65536, None] + column]
        self.device = device

    def pack(self, a, b, width):
        """[CLS] a [SEP] b [SEP] for rows a and b of the table; b < 0 is an empty text. Returns ids and token types."""
        at = torch.arange(width, device=self.device)[None]
        la, lb = self.length[a][:, None], torch.where(b < 0, 0, self.length[b.clamp(min=0)])[:, None]
        left = self.ids[a].long().gather(1, (at - 1).clamp(0, MAX_TEXT - 1).expand(len(a), -1))
        right = self.ids[b.clamp(min=0)].long().gather(1, (at - la - 2).clamp(0, MAX_TEXT - 1))
        ids = torch.where(at <= la, left, torch.where(at < la + lb + 2, right, PAD))
        ids = torch.where((at == la + 1) | ((at == la + lb + 2) & (b >= 0)[:, None]), SEP, ids)
        ids[:, 0] = CLS
        types = ((at > la + 1) & (at <= la + lb + 2) & (b >= 0)[:, None]).long()
        return ids, types

    def widths(self, pairs):
        b = pairs[:, 1].long()
        return self.length[pairs[:, 0].long()] + torch.where(b < 0, 0, self.length[b.clamp(min=0)]) + 3


def by_length(texts, pairs, size, generator, keep_order=False):
    """Batches (row numbers, width) of pairs of similar length, in random order."""
    widths = texts.widths(pairs)
    noise = 0 if keep_order else torch.randint(0, 9, widths.shape, device=texts.device, generator=generator)
    order = (widths + noise).argsort(stable=True)
    chunks = order.split(size)
    longest = [min(MAX_PAIR, -(-int(w) // 8) * 8) for w in torch.stack([widths[c].max() for c in chunks]).tolist()]
    if keep_order:
        return list(zip(chunks, longest))
    shuffled = torch.randperm(len(chunks), generator=generator, device=texts.device).tolist()
    return [(chunks[k], longest[k]) for k in shuffled if len(chunks[k]) == size]


def swapped(pairs, generator):
    """The pairs, each in either order."""
    turn = torch.rand(len(pairs), device=pairs.device, generator=generator) < .5
    return torch.where(turn[:, None], pairs.flip(1), pairs).long()


def roughened(ids, types, kept, generator):
    """The rows with some of their content tokens left out: about 1 - kept of them."""
    lost = (torch.rand(ids.shape, device=ids.device, generator=generator) > kept) & (ids > 4)
    order = (lost | (ids == PAD)).long().argsort(dim=1, stable=True)
    ids = torch.where(lost, PAD, ids).gather(1, order)
    return ids, torch.where(ids == PAD, 0, types.gather(1, order))
