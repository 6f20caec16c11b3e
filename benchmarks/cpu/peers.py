# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime, OpenVINO and torch on the same model, each as its users are told to run it.

Every library offers runners: a name, a precision, whether it is for throughput or for the latency of one
call, and a function that computes a list of batches. cpu/worker.py runs each library in a process of its own.
"""
import collections
import os
import tempfile
import threading

# rows: the batch sizes worth trying. compute(feeds) returns once all are computed; kernels() says, after that,
# what the library computed with.
Runner = collections.namedtuple("Runner", "name precision measure rows compute kernels")
# model: directory. folder: where convert() put its files. threads: to compute with. isa: the mask, or None.
Job = collections.namedtuple("Job", "model folder threads isa")

THROUGHPUT, LATENCY = "throughput", "latency"
ROWS = (1, 8, 32)
MOST_SESSIONS = 16  # each holds its own copy of the weights
INPUTS = ["input_ids", "attention_mask", "token_type_ids"]
ONNX, ONNX_INT8, OPENVINO_INT8 = "model.onnx", "int8.onnx", "int8.xml"


class Left(Exception):
    """A library that is left out; the text says why."""


def files(job, *names):
    """Those of the converted models that there are."""
    found = {name: os.path.join(job.folder, name) for name in names}
    found = {name: path for name, path in found.items() if os.path.exists(path)}
    if not found:
        raise Left(f"there is no {' and no '.join(names)}")
    return found


def once(make):
    """A function that calls `make` at its first call and gives the same again later."""
    made = []

    def get():
        if not made:
            made.append(make())
        return made[0]
    return get


def nothing():
    return ""


# ---- the model in the peers' formats

def export(model, path):
    import torch
    from transformers import BertForSequenceClassification
    network = BertForSequenceClassification.from_pretrained(model, dtype=torch.float32, attn_implementation="eager")
    ids = torch.ones(2, 16, dtype=torch.int64)
    torch.onnx.export(network.eval(), (ids, ids, torch.zeros_like(ids)), path, input_names=INPUTS,
                      output_names=["logits"], dynamic_axes={name: {0: "rows", 1: "tokens"} for name in INPUTS},
                      opset_version=17, dynamo=False)


def quantise_onnx(source, path):
    from onnxruntime.quantization import QuantType, quantize_dynamic
    quantize_dynamic(source, path, weight_type=QuantType.QInt8, per_channel=True)


def quantise_openvino(source, path, calibration):
    import nncf
    import openvino
    quantised = nncf.quantize(openvino.Core().read_model(source), nncf.Dataset(calibration, lambda feed: feed),
                              model_type=nncf.ModelType.TRANSFORMER, subset_size=len(calibration))
    openvino.save_model(quantised, path, compress_to_fp16=False)


def make_whole(make, folder, name):
    """What is there under its name is whole, also after a run that was ended."""
    with tempfile.TemporaryDirectory(dir=folder) as part:
        make(os.path.join(part, name))
        for made in sorted(os.listdir(part)):  # weights (.bin) before what names them (.xml)
            os.replace(os.path.join(part, made), os.path.join(folder, made))


def convert(model, folder, calibration):
    """Writes what is not there yet; gives a line for each file that could not be made."""
    source, problems = os.path.join(folder, ONNX), []
    steps = [(ONNX, lambda path: export(model, path)),
             (ONNX_INT8, lambda path: quantise_onnx(source, path)),
             (OPENVINO_INT8, lambda path: quantise_openvino(source, path, calibration))]
    for name, make in steps:
        if os.path.exists(os.path.join(folder, name)):
            continue
        try:
            make_whole(make, folder, name)
        except Exception as problem:
            problems.append(f"{name}: {type(problem).__name__}: {str(problem).splitlines()[0]}")
    return problems


# ---- ONNX Runtime

def sessions(path, count, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return [onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"]) for _ in range(count)]


def share(workers, feeds):
    """Each session takes the next batch as soon as it is free."""
    left, lock = iter(feeds), threading.Lock()

    def work(session):
        while True:
            with lock:
                feed = next(left, None)
            if feed is None:
                return
            session.run(None, feed)
    threads = [threading.Thread(target=work, args=(session,)) for session in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def one_session(get):
    def compute(feeds):
        for feed in feeds:
            get()[0].run(None, feed)
    return compute


def of_onnxruntime(job):
    import onnxruntime  # noqa: F401, so that its absence shows here
    if job.isa is not None:
        raise Left("it has no switch for instructions, so it cannot be held to --isa")
    for name, path in files(job, ONNX, ONNX_INT8).items():
        precision = "fp32" if name == ONNX else "int8"
        whole = once(lambda path=path: sessions(path, 1, job.threads))
        title = f"ONNX Runtime {precision}"
        yield Runner(f"{title}, 1 session", precision, THROUGHPUT, ROWS, one_session(whole), nothing)
        if 1 < job.threads <= MOST_SESSIONS:
            split = once(lambda path=path: sessions(path, job.threads, 1))
            yield Runner(f"{title}, {job.threads} sessions", precision, THROUGHPUT, ROWS,
                         lambda feeds, split=split: share(split(), feeds), nothing)
        yield Runner(title, precision, LATENCY, (1,), one_session(whole), nothing)


# ---- OpenVINO

def compiled_model(job, path, hint_precision, hint):
    import openvino
    core = openvino.Core()
    return core.compile_model(core.read_model(path), "CPU", {
        "INFERENCE_NUM_THREADS": job.threads, "INFERENCE_PRECISION_HINT": hint_precision, "PERFORMANCE_HINT": hint})


def queue(compiled):
    import openvino
    requests = once(lambda: openvino.AsyncInferQueue(compiled()))

    def compute(feeds):
        for feed in feeds:
            requests().start_async(feed)
        requests().wait_all()
    return compute


def one_request(compiled):
    request = once(lambda: compiled().create_infer_request())

    def compute(feeds):
        for feed in feeds:
            request().infer(feed)
    return compute


def products_of(compiled):
    """What OpenVINO says its products ran on: 'brgemm_avx512_f32' and the like."""
    kinds = collections.Counter()
    for node in compiled().get_runtime_model().get_ops():
        facts = node.get_rt_info()
        if facts["layerType"].astype(str) == "FullyConnected":
            kinds[facts["primitiveType"].astype(str)] += 1
    return ", ".join(kind for kind, _ in kinds.most_common())


def of_openvino(job):
    import openvino  # noqa: F401
    there = files(job, ONNX, OPENVINO_INT8)
    kinds = [("fp32", "fp32", ONNX, "f32"), ("bf16", "bf16", ONNX, "bf16"), ("int8", "int8", OPENVINO_INT8, "f32"),
             ("int8", "int8+bf16", OPENVINO_INT8, "bf16")]
    for precision, name, model, hint_precision in kinds:
        for hint in ("THROUGHPUT", "LATENCY") if model in there else ():
            compiled = once(lambda path=there[model], p=hint_precision, hint=hint: compiled_model(job, path, p, hint))
            title = f"OpenVINO {name}, {hint}"
            kernels = lambda compiled=compiled: products_of(compiled)
            yield Runner(title, precision, THROUGHPUT, ROWS, queue(compiled), kernels)
            if hint == "LATENCY":
                yield Runner(title, precision, LATENCY, (1,), one_request(compiled), kernels)


# ---- torch

def network(job, precision):
    import torch
    from transformers import BertForSequenceClassification
    number = torch.bfloat16 if precision == "bf16" else torch.float32
    model = BertForSequenceClassification.from_pretrained(job.model, dtype=number).eval()
    if precision == "int8":
        if job.isa is not None:  # FBGEMM has no switch; oneDNN has
            torch.backends.quantized.engine = "onednn"
        model = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, torch.qint8)
    return model


def eager(model):
    import torch

    def compute(feeds):
        with torch.inference_mode():
            for feed in feeds:
                model()(**{name: torch.from_numpy(value) for name, value in feed.items()})
    return compute


def of_torch(job):
    import torch
    torch.set_num_threads(job.threads)
    for precision in ("fp32", "bf16", "int8"):
        compute = eager(once(lambda precision=precision: network(job, precision)))
        for measure, rows in ((THROUGHPUT, (8, 32)), (LATENCY, (1,))):
            yield Runner(f"torch {precision}, eager", precision, measure, rows, compute,
                         torch.backends.cpu.get_cpu_capability)


LIBRARIES = {"onnxruntime": of_onnxruntime, "openvino": of_openvino, "torch": of_torch}


def runners(library, job):
    return {f"{runner.measure} {runner.name}": runner for runner in LIBRARIES[library](job)}
