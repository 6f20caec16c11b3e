#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Peers and ceilings on one GPU, in one run: what BERT-base pair scoring reaches elsewhere.

    benchmarks/gpu/peers.py [--parts ceilings,hf,hf-fp32,hf-compiled,packed,packed-compiled,one] [--quick]
                       [--json FILE]

Weights are random: speed does not depend on them. Lengths are those of pairs_bench: a clipped normal
distribution (mean 45, deviation 12, 16 to 128 tokens). Inputs lie on the card as token ids before the
clock starts, and answers stay there: what is told for the peers leaves out tokenising and copying,
which libmgeo's figures hold.
"""
import argparse
import json
import statistics
import sys
import time

import torch
import torch.nn.functional as F

HIDDEN, INTERMEDIATE, LAYERS, HEADS, VOCABULARY = 768, 3072, 12, 12, 21128
PAIRS, MEAN_TOKENS = 16384, 45
DEVICE = "cuda"
PARTS = ["ceilings", "hf", "hf-fp32", "hf-compiled", "packed", "packed-compiled", "one"]
QUICK = ["ceilings", "packed", "packed-compiled"]


def seconds(work, repeats, warm=2):
    """Median time on the card."""
    for _ in range(warm):
        work()
    times = []
    for _ in range(repeats):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        work()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) / 1e3)
    return statistics.median(times)


class Report:
    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8") if path else None

    def line(self, part, **figures):
        print(part, ", ".join(f"{k} {v:,.3f}" if isinstance(v, float) else f"{k} {v}" for k, v in figures.items()),
              flush=True)
        if self.file:
            self.file.write(json.dumps({"part": part, **figures}) + "\n")
            self.file.flush()


# ---- ceilings: the four matrix products of a layer and nothing else

SHAPES = {"qkv": (HIDDEN, 3 * HIDDEN), "out": (HIDDEN, HIDDEN), "ffn1": (HIDDEN, INTERMEDIATE),
          "ffn2": (INTERMEDIATE, HIDDEN)}


def bf16_product(tokens, inputs, outputs):
    x = torch.randn(tokens, inputs, device=DEVICE, dtype=torch.bfloat16)
    w = torch.randn(outputs, inputs, device=DEVICE, dtype=torch.bfloat16)
    b = torch.randn(outputs, device=DEVICE, dtype=torch.bfloat16)
    return seconds(lambda: F.linear(x, w, b), 20)


def fp8_product(tokens, inputs, outputs):
    """The faster of one scale for all and a scale for each row and column."""
    x = torch.randn(tokens, inputs, device=DEVICE).to(torch.float8_e4m3fn)
    w = torch.randn(outputs, inputs, device=DEVICE).to(torch.float8_e4m3fn)
    b = torch.randn(outputs, device=DEVICE, dtype=torch.bfloat16)
    whole = torch.ones((), device=DEVICE)
    scales = [(whole, whole), (torch.ones(tokens, 1, device=DEVICE), torch.ones(1, outputs, device=DEVICE))]

    def timed(scale_x, scale_w):
        return seconds(lambda: torch._scaled_mm(x, w.t(), scale_a=scale_x, scale_b=scale_w, bias=b,
                                                out_dtype=torch.bfloat16, use_fast_accum=True), 20)
    return min(timed(*pair) for pair in scales)


def ceilings(report):
    products = {"bf16": bf16_product}
    if torch.cuda.get_device_capability() >= (8, 9):
        products["fp8"] = fp8_product
    for tokens in (2048, 16384, 65536):
        flop = sum(2.0 * tokens * k * n for k, n in SHAPES.values())
        for precision, product in products.items():
            layer = sum(product(tokens, k, n) for k, n in SHAPES.values())
            report.line("ceiling", precision=precision, tokens=tokens, tflops=flop / layer / 1e12,
                        pairs_per_second=tokens / MEAN_TOKENS / (layer * LAYERS))


# ---- what is scored

class Data:
    def __init__(self):
        self.generator = torch.Generator().manual_seed(1)
        normal = 45 + 12 * torch.randn(PAIRS, generator=self.generator)
        self.lengths = normal.round().clamp(16, 128).int()

    def ids(self, *shape):
        return torch.randint(100, VOCABULARY, shape, generator=self.generator)

    def padded(self, batch, ordered):
        """Batches of (ids, mask), each as long as its longest pair, to a multiple of 8."""
        lengths = self.lengths.sort().values if ordered else self.lengths
        made = []
        for some in lengths.split(batch):
            width = -(-int(some.max()) // 8) * 8
            mask = (torch.arange(width)[None] < some[:, None]).long()
            made.append((self.ids(len(some), width).to(DEVICE), mask.to(DEVICE)))
        return made

    def packed(self, lengths):
        """All tokens in a row: ids, positions, where each pair begins, the longest."""
        begins = torch.zeros(len(lengths) + 1, dtype=torch.int32)
        begins[1:] = lengths.cumsum(0)
        positions = torch.cat([torch.arange(n) for n in lengths.tolist()])
        return (self.ids(int(begins[-1])).to(DEVICE), positions.to(DEVICE), begins.to(DEVICE), int(lengths.max()))

    def packed_batches(self, batch):
        return [self.packed(some) for some in self.lengths.split(batch)]


# ---- Hugging Face transformers

def hugging_face(attention, dtype):
    from transformers import BertConfig, BertForSequenceClassification
    config = BertConfig(vocab_size=VOCABULARY, num_labels=3)
    config._attn_implementation = attention
    torch.manual_seed(0)
    return BertForSequenceClassification(config).eval().to(DEVICE, dtype)


def score_padded(model, batches):
    for ids, mask in batches:
        model(input_ids=ids, attention_mask=mask, token_type_ids=torch.zeros_like(ids)).logits


def report_rate(report, name, work, repeats=3, warm=1):
    began = time.monotonic()
    rate = PAIRS / seconds(work, repeats, warm)
    report.line("peer", name=name, pairs_per_second=rate, spent=time.monotonic() - began)


def hf(report, data, model):
    for batch in (256, 1024):
        for ordered in (True, False):
            batches = data.padded(batch, ordered)
            report_rate(report, f"Hugging Face, bf16 SDPA, {'sorted' if ordered else 'unsorted'}, batch {batch}",
                        lambda b=batches: score_padded(model, b))


def hf_fp32(report, data, _model):
    model = hugging_face("eager", torch.float32)
    batches = data.padded(256, True)
    report_rate(report, "Hugging Face, fp32 (TF32 off), sorted, batch 256", lambda: score_padded(model, batches), 2)


def hf_compiled(report, data, model):
    compiled = torch.compile(model, dynamic=True)
    batches = data.padded(1024, True)
    report_rate(report, "Hugging Face, bf16 SDPA, sorted, batch 1024, compiled",
                lambda: score_padded(compiled, batches), warm=2)


# ---- without padding, in torch

def packed_model(model):
    """The same model as a function of packed tokens, with flash attention for variable lengths and
    one product for query, key and value."""
    bert = model.bert
    layers = bert.encoder.layer
    attentions = [layer.attention.self for layer in layers]
    weights = [torch.cat([a.query.weight, a.key.weight, a.value.weight]) for a in attentions]
    biases = [torch.cat([a.query.bias, a.key.bias, a.value.bias]) for a in attentions]

    def score(ids, positions, begins, longest):
        e = bert.embeddings
        x = e.LayerNorm(e.word_embeddings(ids) + e.position_embeddings(positions) + e.token_type_embeddings.weight[0])
        for i, layer in enumerate(layers):
            q, k, v = F.linear(x, weights[i], biases[i]).view(-1, 3, HEADS, HIDDEN // HEADS).unbind(1)
            attended = torch.ops.aten._flash_attention_forward(q, k, v, begins, begins, longest, longest, 0.0,
                                                               False, False)[0].reshape(-1, HIDDEN)
            x = layer.attention.output.LayerNorm(x + layer.attention.output.dense(attended))
            x = layer.output.LayerNorm(x + layer.output.dense(F.gelu(layer.intermediate.dense(x))))
        return model.classifier(torch.tanh(bert.pooler.dense(x[begins[:-1].long()])))
    return score


def packed(report, data, model, sizes=(256, 1024, 2048)):
    score = packed_model(model)
    for batch in sizes:
        batches = data.packed_batches(batch)
        report_rate(report, f"without padding in torch, bf16, batch {batch}",
                    lambda b=batches: [score(*one) for one in b], 5, 2)


def packed_compiled(report, data, model):
    score = torch.compile(packed_model(model), dynamic=True)
    batches = data.packed_batches(2048)
    report_rate(report, "without padding in torch, bf16, batch 2048, compiled",
                lambda: [score(*one) for one in batches], 5, 2)


# ---- one pair

def graph_of(work):
    """work() recorded once; the answer replays it."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay


def one(report, data, model, graph_only=False):
    pair = data.packed(torch.tensor([MEAN_TOKENS], dtype=torch.int32))
    score = packed_model(model)
    replay = graph_of(lambda: score(*pair))
    report.line("peer_one", name="one pair, without padding in torch, CUDA graph", ms=1e3 * seconds(replay, 200, 20))
    if graph_only:
        return
    batch = [(data.ids(1, MEAN_TOKENS).to(DEVICE), torch.ones(1, MEAN_TOKENS, dtype=torch.long, device=DEVICE))]
    report.line("peer_one", name="one pair, Hugging Face, bf16",
                ms=1e3 * seconds(lambda: score_padded(model, batch), 50, 10))
    compiled = torch.compile(model, mode="reduce-overhead")
    report.line("peer_one", name="one pair, Hugging Face, bf16, compiled with CUDA graph",
                ms=1e3 * seconds(lambda: score_padded(compiled, batch), 100, 10))


# ---- the run

def run_part(part, report, data, model, quick):
    """A part that fails says so and leaves the others alone: peers differ by version."""
    work = {"ceilings": lambda: ceilings(report), "hf": lambda: hf(report, data, model),
            "hf-fp32": lambda: hf_fp32(report, data, model), "hf-compiled": lambda: hf_compiled(report, data, model),
            "packed": lambda: packed(report, data, model, (2048,) if quick else (256, 1024, 2048)),
            "packed-compiled": lambda: packed_compiled(report, data, model),
            "one": lambda: one(report, data, model, quick)}[part]
    began = time.monotonic()
    try:
        work()
    except Exception as error:  # noqa: BLE001
        report.line("peers", failed=f"{part}: {' '.join(str(error).split())[:300]}")
    torch._dynamo.reset()
    torch.cuda.empty_cache()
    print(f"# {part}: {time.monotonic() - began:.0f} s", flush=True)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", help="some of " + ",".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="only " + ",".join(QUICK) + ", one batch size")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    options.parts = options.parts.split(",") if options.parts else QUICK if options.quick else PARTS
    if set(options.parts) - set(PARTS):
        parser.error("no such part: " + ", ".join(sorted(set(options.parts) - set(PARTS))))
    return options


def main():
    options = parse()
    if not torch.cuda.is_available():
        sys.exit("peers: torch sees no card")
    torch.set_grad_enabled(False)
    torch.backends.cuda.matmul.allow_tf32 = False
    report = Report(options.json)
    print("torch", torch.__version__, torch.cuda.get_device_name(), flush=True)
    data, model = Data(), None
    if set(options.parts) != {"ceilings"}:
        model = hugging_face("sdpa", torch.bfloat16)
    for part in options.parts:
        run_part(part, report, data, model, options.quick)


if __name__ == "__main__":
    main()
