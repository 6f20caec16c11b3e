# SPDX-License-Identifier: Apache-2.0
"""CrossEncoder with the signatures of sentence-transformers 5, on libmgeo: a script changes its import, nothing else."""
import os
import warnings
from types import SimpleNamespace
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np

from . import _activations, _hub, _library
from .engine import Engine
from .errors import ArgumentError, UnsupportedError

_PRECISIONS = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16", "auto": "fp32"}
# What decides no number here: another way to the same products, a dropout that only training has.
_HARMLESS = {"model_kwargs": {"attn_implementation", "low_cpu_mem_usage", "use_safetensors"},
             "processor_kwargs": set(), "config_kwargs": {"classifier_dropout"}}
_RENAMED = {"model_name": "model_name_or_path", "automodel_args": "model_kwargs", "tokenizer_args": "processor_kwargs",
            "tokenizer_kwargs": "processor_kwargs", "config_args": "config_kwargs", "cache_dir": "cache_folder",
            "default_activation_function": "activation_fn"}


class CrossEncoder:
    """Scores pairs with a model directory in Hugging Face's layout.

    from mgeo import CrossEncoder           # was: from sentence_transformers import CrossEncoder
    model = CrossEncoder("models/mini")
    model.predict([("杭州市西湖区文三路90号", "文三路90号")], apply_softmax=True)

    Arguments and answers are those of sentence_transformers.CrossEncoder, numbers within 1e-5 in fp32. Differences:
    - No model is downloaded: a name is looked for in the Hub's cache; token, trust_remote_code and local_files_only
      decide nothing.
    - No training, no images, no text without a partner. What is not supported raises, and is never passed over.
    - An empty text has no score: NaN, with a warning. "[SEP]" and the like in a text are text.
    - batch_size is checked and decides nothing: the library makes its own batches.
    - activation_fn gets all logits at once: a torch tensor where torch can be imported, else an array.
    Additions: precision, threads, and `engine`, which swaps models while predict() is called.

    Raises ReadError (an OSError: no such model), FormatError, UnsupportedError, ArgumentError (a ValueError),
    DeviceError. Any thread may call predict() and rank().
    """

    def __init__(self, model_name_or_path: Optional[str] = None, num_labels: Optional[int] = None,
                 max_length: Optional[int] = None, activation_fn: Optional[Callable[[Any], Any]] = None,
                 device: Any = None, cache_folder: Optional[str] = None, trust_remote_code: bool = False,
                 revision: Optional[str] = None, local_files_only: bool = False, token: Any = None,
                 model_kwargs: Optional[Dict[str, Any]] = None, processor_kwargs: Optional[Dict[str, Any]] = None,
                 config_kwargs: Optional[Dict[str, Any]] = None, model_card_data: Any = None, backend: str = "torch", *,
                 prompts: Optional[Dict[str, str]] = None, default_prompt_name: Optional[str] = None,
                 modules: Any = None, precision: Optional[str] = None, threads: int = 0, **renamed: Any) -> None:
        if renamed:
            self.__init__(**_rename(renamed, locals()))  # type: ignore[misc]
            return
        if modules is not None:
            raise UnsupportedError("modules of torch cannot be run by libmgeo: give a model's folder")
        if backend != "torch":
            raise UnsupportedError(f"backend {backend!r} is not libmgeo's: leave it out")
        settings = _settings(model_kwargs, processor_kwargs, config_kwargs)
        self._path = (_bundled() if model_name_or_path is None else
                      _hub.model_folder(model_name_or_path, revision, cache_folder))
        self._use_fast = settings.get("use_fast")
        self._precision: Any = precision or settings.get("precision", "fp32")
        self._threads = threads
        self._device = str(device) if device is not None else "auto"
        self._wanted_length = max_length or settings.get("model_max_length")
        self.engine = Engine()
        self._load()
        wanted = num_labels if num_labels is not None else settings.get("num_labels", self.num_labels)
        if wanted != self.num_labels:
            self.close()
            raise ArgumentError(f"num_labels={wanted}, and the model in {self._path} has {self.num_labels}: leave "
                                "num_labels out, or give another model")
        saved = _hub.read_json(self._path, "config_sentence_transformers.json")
        self.prompts = dict(prompts if prompts is not None else saved.get("prompts") or {})
        self.default_prompt_name = default_prompt_name or saved.get("default_prompt_name")
        self.activation_fn = activation_fn or _activations.by_name(self._activation_name(saved), self.num_labels)

    # ---- the model -----------------------------------------------------------------------------

    def _load(self) -> None:
        """The first load goes live; later ones are swapped in, and calls meanwhile are answered by either."""
        with _hub.as_transformers_reads(self._path, self._use_fast) as folder:
            self._info = self.engine.load(folder, device=self._device, precision=self._precision,
                                          max_length=self._find_length(), threads=self._threads, keep_unknown=True,
                                          version=os.path.basename(os.path.abspath(self._path)))
        if not self._info.live:
            self.engine.swap(reason="CrossEncoder: another device or length")

    def _find_length(self) -> int:
        """As sentence-transformers: the tokenizer's length, and no more than the model has positions."""
        positions = _hub.read_json(self._path, "config.json").get("max_position_embeddings")
        tokenizer = _hub.read_json(self._path, "tokenizer_config.json").get("model_max_length")
        lengths = [length for length in (self._wanted_length or tokenizer, positions) if isinstance(length, (int, float))]
        return int(min(lengths)) if lengths else 0

    def _activation_name(self, saved: Dict[str, Any]) -> Optional[str]:
        config = _hub.read_json(self._path, "config.json")
        stored = config.get("sentence_transformers")
        named = stored.get("activation_fn") if isinstance(stored, dict) else None
        name: Optional[str] = saved.get("activation_fn") or named or config.get("sbert_ce_default_activation_function")
        return name

    @property
    def num_labels(self) -> int:
        """1 for a model with one output."""
        return len(self._info.labels)

    @property
    def config(self) -> SimpleNamespace:
        """What the model's config.json says, and its labels by number and by name."""
        values = _hub.read_json(self._path, "config.json")
        names = dict(enumerate(self.labels))
        return SimpleNamespace(**{**values, "num_labels": self.num_labels, "id2label": names,
                                  "label2id": {name: number for number, name in names.items()}})

    @property
    def labels(self) -> Tuple[str, ...]:
        """The labels' names, in the order of predict()'s columns."""
        return tuple(self._info.labels)

    @property
    def max_length(self) -> int:
        """Tokens per pair; longer pairs are cut. Setting it loads the model again."""
        return int(self._info.max_length)

    @max_length.setter
    def max_length(self, length: int) -> None:
        self._wanted_length = length
        self._load()

    max_seq_length = max_length

    @property
    def device(self) -> str:
        """What computes: "cpu", "cuda:0"."""
        return str(self._info.device)

    def to(self, device: Any) -> "CrossEncoder":
        """Computes on `device` from now on."""
        if str(device) not in (self._device, self.device):
            self._device = str(device)
            self._load()
        return self

    def eval(self) -> "CrossEncoder":
        """Nothing to do: there is no other mode."""
        return self

    def close(self) -> None:
        """Frees the model."""
        self.engine.close()

    def __enter__(self) -> "CrossEncoder":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- scoring -------------------------------------------------------------------------------

    def predict(self, inputs: Any = None, prompt_name: Optional[str] = None, prompt: Optional[str] = None,
                batch_size: int = 32, show_progress_bar: Optional[bool] = None,
                activation_fn: Optional[Callable[[Any], Any]] = None, apply_softmax: Optional[bool] = False,
                convert_to_numpy: bool = True, convert_to_tensor: bool = False, device: Any = None, pool: Any = None,
                chunk_size: Optional[int] = None, *, sentences: Any = None, num_workers: int = 0) -> Any:
        """Scores a pair or a list of pairs.

        inputs (or `sentences`): one pair, or a list or an array of pairs
        activation_fn:     on the logits; None: the model's own
        apply_softmax:     probabilities of several labels
        convert_to_numpy:  an array, float32 [n] for one label, else [n, labels]; False: a list of tensors
        convert_to_tensor: a tensor
        prompt:            is put before each first text; prompt_name: one of `prompts`
        device, pool, chunk_size, num_workers: another device is loaded first; the engine uses all of a machine's cores
                           by itself, so that the others decide nothing
        """
        inputs = sentences if inputs is None else inputs
        if inputs is None:
            raise TypeError("predict() needs inputs: a pair, or a list of pairs")
        if batch_size <= 0:
            raise ArgumentError(f"batch_size must be a positive integer, got {batch_size}.")
        if device is not None:
            self.to(",".join(dict.fromkeys(map(str, device))) if isinstance(device, list) else device)
        single, pairs = _as_pairs(inputs)
        scores = self._scores(pairs, self._find_prompt(prompt, prompt_name), bool(show_progress_bar),
                              activation_fn or self.activation_fn, bool(apply_softmax))
        if convert_to_tensor or not convert_to_numpy:
            torch = _activations.torch_or_none()
            if torch is None:
                raise ImportError("tensors were asked for, and torch is not installed: leave convert_to_numpy=True")
            scores = torch.from_numpy(np.asarray(scores, np.float32))
        if not convert_to_tensor and not convert_to_numpy:
            scores = list(scores)
        return scores[0] if single else scores

    def _scores(self, pairs: List[Any], prompt: Optional[str], bar: bool, activation: Callable[[Any], Any],
                softmax: bool) -> Any:
        if not pairs:
            return np.asarray([])
        first, second = _columns(pairs)
        if prompt:
            first = [prompt + text for text in first]
        logits: Any = self.engine.score(first, second, logits=True, progress=bar).logits
        missing = np.flatnonzero(np.isnan(logits[:, 0]))
        if len(missing) > 0:
            row = int(missing[0])
            warnings.warn(f"row {row} has no score, NaN is answered: {pairs[row]!r:.80}", stacklevel=3)
        scores = _activations.apply(activation, np.ascontiguousarray(logits))
        if softmax and scores.ndim > 1:
            scores = _activations.Softmax()(scores)
        return scores[:, 0] if scores.ndim > 1 and self.num_labels == 1 else scores

    def _find_prompt(self, prompt: Optional[str], name: Optional[str]) -> Optional[str]:
        if prompt is not None:
            return prompt
        if name is None:
            default: Optional[str] = self.prompts.get(self.default_prompt_name or "")
            return default
        if name not in self.prompts:
            raise ArgumentError(f"Prompt name {name!r} not found in the configured prompts dictionary with keys "
                                f"{list(self.prompts)!r}.")
        named: str = self.prompts[name]
        return named

    def rank(self, query: str, documents: List[str], top_k: Optional[int] = None, return_documents: bool = False,
             prompt_name: Optional[str] = None, prompt: Optional[str] = None, batch_size: int = 32,
             show_progress_bar: Optional[bool] = None, activation_fn: Optional[Callable[[Any], Any]] = None,
             apply_softmax: bool = False, convert_to_numpy: bool = True, convert_to_tensor: bool = False,
             device: Any = None, pool: Any = None, chunk_size: Optional[int] = None, *,
             num_workers: int = 0) -> List[Dict[str, Any]]:
        """Documents by their score with the query, best first: "corpus_id", "score" and, with return_documents, "text".
        For models of one label; arguments as in predict()."""
        if self.num_labels != 1:
            raise ArgumentError("CrossEncoder.rank() only works for models with num_labels=1. Consider using "
                                "CrossEncoder.predict() with input pairs instead.")
        scores = self.predict([(query, document) for document in documents], prompt_name, prompt, batch_size,
                              show_progress_bar, activation_fn, apply_softmax, convert_to_numpy, convert_to_tensor,
                              device, pool, chunk_size)
        results: List[Dict[str, Any]] = [{"corpus_id": row, "score": score} for row, score in enumerate(scores)]
        if return_documents:
            for row, found in enumerate(results):
                found["text"] = documents[row]
        return sorted(results, key=lambda found: found["score"], reverse=True)[:top_k]

    def start_multi_process_pool(self, target_devices: Any = None) -> Dict[str, Any]:
        """An empty pool, for scripts that make one: one engine in one process uses all cores."""
        return {"input": None, "output": None, "processes": []}

    @staticmethod
    def stop_multi_process_pool(pool: Dict[str, Any]) -> None:
        """Nothing to stop."""


def _bundled() -> str:
    """The bundled model's folder: in this package, or where the library finds it."""
    folder = _library.bundled_model()
    if folder is None:
        with Engine() as engine:
            folder = engine.load(skip_warm_up=True).path
    return folder


def _rename(renamed: Dict[str, Any], given: Dict[str, Any]) -> Dict[str, Any]:
    """Arguments by their newer names. What is no argument of either is a mistake."""
    arguments = {name: value for name, value in given.items() if name not in ("self", "renamed")}
    for old, value in renamed.items():
        if old not in _RENAMED:
            raise TypeError(f"CrossEncoder() got an unexpected keyword argument {old!r}")
        if arguments[_RENAMED[old]] is None:
            arguments[_RENAMED[old]] = value
    return arguments


def _settings(model: Optional[Dict[str, Any]], processor: Optional[Dict[str, Any]],
              config: Optional[Dict[str, Any]]) -> Dict[str, Any]:
    """What the three dictionaries decide here. Whatever else is in them would be passed over, so it is refused."""
    settings: Dict[str, Any] = {}
    known = {"model_kwargs": {"torch_dtype", "dtype"}, "processor_kwargs": {"model_max_length", "use_fast"},
             "config_kwargs": {"num_labels"}}
    for argument, values in (("model_kwargs", model), ("processor_kwargs", processor), ("config_kwargs", config)):
        for name, value in (values or {}).items():
            if name in known[argument]:
                settings[name] = value
            elif name not in _HARMLESS[argument]:
                raise UnsupportedError(f"{argument}[{name!r}] is not supported: leave it out")
    dtype = settings.pop("dtype", None) or settings.pop("torch_dtype", None)
    if dtype is not None:
        name = str(dtype).replace("torch.", "")
        if name not in _PRECISIONS:
            raise UnsupportedError(f"torch_dtype {name} is none of {', '.join(_PRECISIONS)}")
        settings["precision"] = _PRECISIONS[name]
    return settings


def _as_pairs(inputs: Any) -> Tuple[bool, List[Any]]:
    """Whether it is one pair, and a list of pairs."""
    if isinstance(inputs, np.ndarray):
        return (inputs.ndim == 1 and inputs.size > 0, [inputs.tolist()] if inputs.ndim == 1 and inputs.size else
                inputs.tolist())
    if isinstance(inputs, (str, bytes)) or not hasattr(inputs, "__len__"):
        raise ArgumentError(f"inputs are a pair of texts or a list of pairs, not {type(inputs).__name__}: {inputs!r:.60}")
    pairs = inputs if isinstance(inputs, (list, tuple)) else list(inputs)
    if len(pairs) > 0 and not isinstance(pairs[0], (list, tuple)):
        return True, [pairs]
    return False, list(pairs)


def _columns(pairs: List[Any]) -> Tuple[List[str], List[str]]:
    for row, pair in enumerate(pairs):
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise ArgumentError(f"Unsupported input in row {row}: a pair of two texts, not {pair!r:.60}")
        if not (isinstance(pair[0], str) and isinstance(pair[1], str)):
            kind = type(pair[1] if isinstance(pair[0], str) else pair[0]).__name__
            raise ArgumentError(f"Unsupported input type: {kind}. Expected str, in row {row}")
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
