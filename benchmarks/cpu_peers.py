#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""libmgeo and its peers on a CPU: the same BERT-base, the same pairs, the same precision, one run.

    python3 benchmarks/cpu_peers.py MODEL_DIR [--ours 'build/benchmarks/encoder_bench …'] [--threads N] [--seconds S]

MODEL_DIR is what benchmarks/make_bert_base.py writes (random weights: speed does not depend on them).
Peers: ONNX Runtime (what text-embeddings-inference serves a CPU with) in fp32 and dynamic int8, and
OpenVINO (what sentence-transformers recommends) in fp32, bf16 and int8 (NNCF, static activations).
Both get the pairs sorted by length and padded to the longest of a batch, the way their users do it,
at the best of several batch sizes. Rounds of all runners are interleaved, so that drift of the
machine falls on all alike; the best round counts.

Needs torch, transformers, onnx, onnxruntime, openvino, nncf. Nothing is downloaded.
"""
import argparse, os, subprocess, sys, tempfile, time

import numpy as np


def lengths(count):
    rng = np.random.default_rng(0)
    return np.sort(np.clip(np.rint(rng.normal(45, 12, count)), 16, 128).astype(int))


def batches(sizes, batch, vocabulary):
    """Padded int64 inputs of `batch` rows each, sorted by length."""
    rng = np.random.default_rng(1)
    made = []
    for start in range(0, len(sizes), batch):
        rows = sizes[start:start + batch]
        ids = np.zeros((len(rows), rows.max()), np.int64)
        mask = np.zeros_like(ids)
        for r, n in enumerate(rows):
            ids[r, :n] = rng.integers(110, vocabulary, n)
            mask[r, :n] = 1
        made.append({"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})
    return made


def export(model_dir, folder):
    """The Hugging Face model as an ONNX file with free batch and length."""
    import torch
    from transformers import BertForSequenceClassification
    path = os.path.join(folder, "model.onnx")
    model = BertForSequenceClassification.from_pretrained(model_dir, attn_implementation="eager").eval()
    ids = torch.ones(2, 16, dtype=torch.int64)
    names = ["input_ids", "attention_mask", "token_type_ids"]
    axes = {name: {0: "rows", 1: "tokens"} for name in names}
    torch.onnx.export(model, (ids, ids, torch.zeros_like(ids)), path, input_names=names, output_names=["logits"],
                      dynamic_axes=axes, opset_version=17, dynamo=False)
    return path, model.config.vocab_size


def onnx_runner(path, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda feed: session.run(None, feed)


def openvino_runner(model, threads, precision):
    import openvino
    compiled = openvino.Core().compile_model(model, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "THROUGHPUT"})
    request = compiled.create_infer_request()
    return lambda feed: request.infer(feed)


def peers(model_dir, folder, threads, sizes):
    import nncf, openvino
    from onnxruntime.quantization import QuantType, quantize_dynamic
    path, vocabulary = export(model_dir, folder)
    int8 = os.path.join(folder, "int8.onnx")
    quantize_dynamic(path, int8, weight_type=QuantType.QInt8, per_channel=True)
    graph = openvino.Core().read_model(path)
    calibration = batches(sizes[:64], 1, vocabulary)
    quantised = nncf.quantize(openvino.Core().read_model(path), nncf.Dataset(calibration, lambda x: x),
                              model_type=nncf.ModelType.TRANSFORMER, subset_size=len(calibration))
    return vocabulary, {
        "ONNX Runtime fp32": onnx_runner(path, threads),
        "ONNX Runtime int8 (dynamic)": onnx_runner(int8, threads),
        "OpenVINO fp32": openvino_runner(graph, threads, "f32"),
        "OpenVINO bf16": openvino_runner(graph, threads, "bf16"),
        "OpenVINO int8 (NNCF)": openvino_runner(quantised, threads, "f32"),
    }


def rate(run, feeds, seconds):
    """Pairs a second over whole passes of at least `seconds`."""
    pairs, start = 0, time.perf_counter()
    while True:
        for feed in feeds:
            run(feed)
            pairs += len(feed["input_ids"])
        if time.perf_counter() - start >= seconds:
            return pairs / (time.perf_counter() - start)


def versions():
    import nncf, onnxruntime, openvino
    return f"onnxruntime {onnxruntime.__version__}, openvino {openvino.__version__.split('-')[0]}, nncf {nncf.__version__}"


def processor():
    with open("/proc/cpuinfo", encoding="utf8") as f:
        facts = dict(line.split(":", 1) for line in f if ":" in line)
    facts = {k.strip(): v.strip() for k, v in facts.items()}
    return f"{facts.get('model name')} (family {facts.get('cpu family')}, model {facts.get('model')})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--ours", help="a command that prints lines 'name<TAB>pairs/s'")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--pairs", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    sizes = lengths(arguments.pairs)
    best = {}
    with tempfile.TemporaryDirectory() as folder:
        vocabulary, runners = peers(arguments.model, folder, arguments.threads, sizes)
        feeds = {size: batches(sizes, size, vocabulary) for size in (1, 4, 8, 32)}
        for _ in range(arguments.rounds):
            for name, run in runners.items():
                for size, inputs in feeds.items():
                    found = rate(run, inputs, arguments.seconds / len(feeds))
                    best[name] = max(best.get(name, (0, 0)), (found, size))
            if arguments.ours:
                printed = subprocess.run(arguments.ours, shell=True, check=True, capture_output=True, text=True).stdout
                for line in printed.splitlines():
                    if line.count("\t") == 1:
                        name, value = line.split("\t")
                        best[name] = max(best.get(name, (0, 0)), (float(value), 0))
    print(f"{time.strftime('%Y-%m-%d')}, {processor()}, {arguments.threads} threads; {versions()}")
    print(f"{'what':32} {'pairs/s':>8}  batch")
    for name, (value, size) in sorted(best.items(), key=lambda item: item[1]):
        print(f"{name:32} {value:8.1f}  {size or ''}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
