# SPDX-License-Identifier: Apache-2.0
"""What a measurement on a CPU ran on, and which of its cores and instructions were allowed."""
import contextlib
import importlib.metadata
import os
import platform
import re
import time

# Flags of /proc/cpuinfo that decide which kernels can run.
FLAGS = ["avx2", "fma", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8",
         "amx_bf16", "asimd", "asimddp", "i8mm", "bf16"]
PACKAGES = ["onnxruntime", "openvino", "nncf", "torch", "transformers", "onnx", "numpy"]

# Our names of instruction sets (MGEO_CPU_ISA), and what oneDNN, ATen and MKL call the nearest set.
MASKS = {"base": ("SSE41", "default", "SSE4_2"),
         "avx2": ("AVX2", "avx2", "AVX2"),
         "avxvnni": ("AVX2_VNNI", "avx2", "AVX2"),
         "avx512": ("AVX512_CORE", "avx512", "AVX512"),
         "avx512vnni": ("AVX512_CORE_VNNI", "avx512", "AVX512"),
         "avx512bf16": ("AVX512_CORE_BF16", "avx512", "AVX512"),
         "amx": ("AVX512_CORE_AMX", "avx512", "AVX512")}


def mask(isa):
    """Holds this process's children to an instruction set: ours, oneDNN (torch's and OpenVINO's), ATen and MKL."""
    onednn, aten, mkl = MASKS[isa]
    os.environ.update(MGEO_CPU_ISA=isa, ONEDNN_MAX_CPU_ISA=onednn, DNNL_MAX_CPU_ISA=onednn,
                      ATEN_CPU_CAPABILITY=aten, MKL_ENABLE_INSTRUCTIONS=mkl)


@contextlib.contextmanager
def cores(count):
    """For what is started meanwhile: the first `count` cores that this process may use."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def processor():
    """The fields of the first processor in /proc/cpuinfo."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        first = file.read().split("\n\n")[0]
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in first.splitlines())}


def load_average():
    return os.getloadavg()[0]


def describe():
    facts = processor()
    flags = facts.get("flags", facts.get("Features", "")).split()
    return {"date": time.strftime("%Y-%m-%d"), "model": facts.get("model name", platform.machine()),
            "family": facts.get("cpu family"), "model_number": facts.get("model"),
            "flags": [flag for flag in FLAGS if flag in flags], "cores": len(os.sched_getaffinity(0)),
            "hypervisor": "hypervisor" in flags, "kernel": platform.release(), "load_average": load_average()}


def sentence(facts):
    return (f"{facts['model']} (family {facts['family']}, model {facts['model_number']}; {' '.join(facts['flags'])}), "
            f"{facts['cores']} cores{' of a virtual machine' if facts['hypervisor'] else ''}, "
            f"Linux {facts['kernel']}, load average {facts['load_average']:.1f}")


def versions():
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = re.sub(r"-.*", "", importlib.metadata.version(name))
    return found
