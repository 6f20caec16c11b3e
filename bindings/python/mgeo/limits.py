# SPDX-License-Identifier: Apache-2.0
"""What a new model must keep to: a Gate before it goes live, a Watch after it has."""
from typing import Any, Dict, Optional, Sequence

from .errors import ArgumentError


def _limit(name: str, value: Optional[float]) -> float:
    """The library's limit: 0 sets none there, and a negative one allows nothing."""
    if value is None:
        return 0.0
    if not value >= 0:
        raise ArgumentError(f"{name} is {value!r}: limits are None (not judged) or from 0 (nothing allowed) up")
    return float(value) or -1.0


class Gate:
    """What the standby model must show before a swap: every limit given must hold on these pairs.

    pairs:  (a, b) pairs, at least one, in any form that Engine.compare takes
    gold:   names of the true labels, None where unknown: needed by the two losses
    limits: the largest figure that passes. None (the default) does not judge it; 0 allows nothing at all.
    max_shift, max_shift_mean, max_shift_p99: absolute differences in similarity, 0..1; max_flip_share: share of pairs
    whose label changes; max_accuracy_loss, max_macro_f1_loss: live's minus standby's; max_latency_ratio: standby's
    time for a pair by live's; max_psi: population stability index.
    A pair that the live model scores and the standby model does not is never allowed.
    """

    def __init__(self, pairs: Any, *, gold: Optional[Sequence[Optional[str]]] = None, pairs_per_call: int = 0,
                 full_speed: bool = False, max_shift: Optional[float] = None, max_shift_mean: Optional[float] = None,
                 max_shift_p99: Optional[float] = None, max_flip_share: Optional[float] = None,
                 max_accuracy_loss: Optional[float] = None, max_macro_f1_loss: Optional[float] = None,
                 max_latency_ratio: Optional[float] = None, max_psi: Optional[float] = None) -> None:
        self.pairs, self.gold = pairs, gold
        self.pairs_per_call, self.full_speed = pairs_per_call, full_speed
        limits = {"max_shift": max_shift, "max_shift_mean": max_shift_mean, "max_shift_p99": max_shift_p99,
                  "max_flip_share": max_flip_share, "max_accuracy_loss": max_accuracy_loss,
                  "max_macro_f1_loss": max_macro_f1_loss, "max_latency_ratio": max_latency_ratio, "max_psi": max_psi}
        self._limits = {name: _limit(name, value) for name, value in limits.items()}


class Watch:
    """Limits for a model that has begun to answer: the first that breaks rolls traffic back.

    window_calls, window_seconds: the window's end, whichever comes first; one must be given
    min_calls: calls before anything is judged; 0: 50, or window_calls if fewer
    limits:    as in Gate. max_error_rate: share of failed calls; max_not_finite_rate: share of rows whose answer was NaN
               or infinite; max_latency_ratio: 95th percentile of call times by the other model's; max_psi: population
               stability index of the similarities against the other model's. At least one must be given.
    """

    def __init__(self, *, window_calls: int = 0, window_seconds: float = 0.0, min_calls: int = 0,
                 max_error_rate: Optional[float] = None, max_not_finite_rate: Optional[float] = None,
                 max_latency_ratio: Optional[float] = None, max_psi: Optional[float] = None) -> None:
        limits = {"max_error_rate": max_error_rate, "max_not_finite_rate": max_not_finite_rate,
                  "max_latency_ratio": max_latency_ratio, "max_psi": max_psi}
        self._members: Dict[str, Any] = {"window_calls": window_calls, "window_seconds": window_seconds,
                                         "min_calls": min_calls}
        self._members.update((name, _limit(name, value)) for name, value in limits.items())
