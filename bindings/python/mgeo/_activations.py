# SPDX-License-Identifier: Apache-2.0
"""What is done with logits before they are answered, as sentence-transformers does it, without torch where it can be."""
import importlib
from typing import Any, Callable, Optional

import numpy as np


class Identity:
    """Logits as they are: what a model of several labels has by default."""

    def __call__(self, logits: Any) -> Any:
        return logits

    def __repr__(self) -> str:
        return type(self).__name__ + "()"


class Sigmoid(Identity):
    """Logits to 0..1: what a model of one label has by default."""

    def __call__(self, logits: Any) -> Any:
        with np.errstate(over="ignore"):
            return (1 / (1 + np.exp(-logits))).astype(np.float32)


class Softmax(Identity):
    """Logits to probabilities that sum to 1."""

    def __call__(self, logits: Any) -> Any:
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        return (shifted / shifted.sum(axis=1, keepdims=True)).astype(np.float32)


_BY_NAME = {kind.__name__: kind for kind in (Identity, Sigmoid, Softmax)}


def by_name(name: Optional[str], labels: int) -> Callable[[Any], Any]:
    """The activation that a model's files name ("torch.nn.modules.linear.Identity"), or the one that is usual."""
    kind = _BY_NAME.get((name or "").rsplit(".", 1)[-1])
    if kind is None:
        kind = Sigmoid if labels == 1 else Identity
    return kind()


def apply(activation: Callable[[Any], Any], logits: Any) -> Any:
    """Another's function gets a torch tensor where there is torch, since it was written for one, else an array."""
    if isinstance(activation, Identity):
        return activation(logits)
    torch = torch_or_none()
    answer = activation(logits if torch is None else torch.from_numpy(logits))
    if torch is not None and isinstance(answer, torch.Tensor):
        answer = answer.detach().cpu().float().numpy()
    return np.asarray(answer, np.float32)


def torch_or_none() -> Optional[Any]:
    """torch, imported only where something needs it."""
    try:
        return importlib.import_module("torch")
    except ImportError:
        return None
