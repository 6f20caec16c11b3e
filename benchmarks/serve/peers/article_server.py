# SPDX-License-Identifier: Apache-2.0
"""The server that people write around MGeo in Python: FastAPI, uvicorn, and transformers or ONNX Runtime.

    PEER_MODEL=DIR PEER_ENGINE=torch|torch-int8|onnx|onnx-int8 PEER_THREADS=N PEER_BATCH=1|32 \
        uvicorn article_server:app --port 8001 --workers N

POST /match {"address1", "address2"} gives {"similarity", "label"}; GET /health. PEER_BATCH 1 computes each request's pair by
itself, as articles do; more puts the pairs that wait into one padded batch, which they do not. PEER_ONNX: a folder for the
converted model.
"""
import asyncio
import concurrent.futures
import os

import numpy
from fastapi import FastAPI
from pydantic import BaseModel
from transformers import AutoConfig, AutoTokenizer

MODEL, ENGINE = os.environ["PEER_MODEL"], os.environ.get("PEER_ENGINE", "torch")
THREADS, BATCH = int(os.environ.get("PEER_THREADS", "1")), int(os.environ.get("PEER_BATCH", "1"))
MAX_LENGTH = 128
INPUTS = ["input_ids", "attention_mask", "token_type_ids"]


def torch_model():
    import torch
    from transformers import BertForSequenceClassification
    torch.set_num_threads(THREADS)
    model = BertForSequenceClassification.from_pretrained(MODEL, dtype=torch.float32, attn_implementation="sdpa").eval()
    if ENGINE == "torch-int8":
        from torch.ao.quantization import quantize_dynamic
        model = quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)

    def compute(encoded):
        with torch.inference_mode():
            return model(**{name: torch.from_numpy(encoded[name]) for name in INPUTS}).logits.numpy()
    return compute


def onnx_model():
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    name = "int8.onnx" if ENGINE == "onnx-int8" else "model.onnx"
    session = onnxruntime.InferenceSession(os.path.join(os.environ["PEER_ONNX"], name), options,
                                           providers=["CPUExecutionProvider"])
    return lambda encoded: session.run(None, {name: encoded[name] for name in INPUTS})[0]


tokenizer = AutoTokenizer.from_pretrained(MODEL)
labels = AutoConfig.from_pretrained(MODEL).id2label
exact, partial = (next(at for at, name in labels.items() if name == wanted) for wanted in ("exact_match", "partial_match"))
compute = torch_model() if ENGINE.startswith("torch") else onnx_model()


def score(pairs):
    encoded = tokenizer([a for a, _ in pairs], [b for _, b in pairs], padding=len(pairs) > 1, truncation=True,
                        max_length=MAX_LENGTH, return_tensors="np", return_token_type_ids=True)
    logits = compute({name: encoded[name].astype(numpy.int64) for name in INPUTS})
    powers = numpy.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    return [{"similarity": round(float(row[exact] + 0.5 * row[partial]), 6), "label": labels[int(row.argmax())]}
            for row in probabilities]


class Waiting:
    """Pairs of several requests in one padded batch; one batch is computed at a time, others gather meanwhile."""

    def __init__(self):
        self.pairs, self.busy = [], False
        self.worker = concurrent.futures.ThreadPoolExecutor(1)

    async def score(self, pair):
        answer = asyncio.get_running_loop().create_future()
        self.pairs.append((pair, answer))
        if not self.busy:
            self.busy = True
            asyncio.get_running_loop().create_task(self.work())
        return await answer

    async def work(self):
        while self.pairs:
            taken, self.pairs = self.pairs[:BATCH], self.pairs[BATCH:]
            scores = await asyncio.get_running_loop().run_in_executor(self.worker, score, [pair for pair, _ in taken])
            for (_, answer), value in zip(taken, scores):
                answer.set_result(value)
        self.busy = False


class Pair(BaseModel):
    address1: str
    address2: str


app = FastAPI()
waiting = Waiting()

if BATCH > 1:
    @app.post("/match")
    async def match(pair: Pair):
        return await waiting.score((pair.address1, pair.address2))
elif os.environ.get("PEER_POOL"):
    @app.post("/match")
    def match(pair: Pair):  # in a thread of FastAPI's pool, as most articles have it
        return score([(pair.address1, pair.address2)])[0]
else:
    @app.post("/match")
    async def match(pair: Pair):
        return score([(pair.address1, pair.address2)])[0]


@app.get("/health")
async def health():
    return {"status": "healthy", "model_loaded": True}
