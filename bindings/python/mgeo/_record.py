# SPDX-License-Identifier: Apache-2.0
"""The base of what the library answers: a struct of the library's, copied into a Python object."""
from typing import Any, Callable, Dict, Optional, Tuple, Type, TypeVar

from ._abi import MGEO_SHARE_ALL

R = TypeVar("R", bound="Record")


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _records(struct: Any, name: str, argument: Any) -> Tuple[Any, ...]:
    kind, count = argument
    values = getattr(struct, name)
    return tuple(kind._read(values[i]) for i in range(getattr(struct, count)))


def _texts(struct: Any, name: str, count: str) -> Tuple[str, ...]:
    values = getattr(struct, name)
    return tuple(_text(values[i].value) for i in range(getattr(struct, count)))


def _matrix(struct: Any, name: str, counts: Tuple[str, str]) -> Tuple[Tuple[int, ...], ...]:
    values = getattr(struct, name)
    rows, columns = (getattr(struct, count) for count in counts)
    stride = int(len(values) ** 0.5)
    return tuple(tuple(values[row * stride : row * stride + columns]) for row in range(rows))


_READERS: Dict[str, Callable[[Any, str, Any], Any]] = {
    "number": lambda struct, name, _: getattr(struct, name),
    "numbers": lambda struct, name, _: tuple(getattr(struct, name)),
    "flag": lambda struct, name, _: bool(getattr(struct, name)),
    "verdict": lambda struct, name, _: None if getattr(struct, name) < 0 else bool(getattr(struct, name)),
    "share": lambda struct, name, _: getattr(struct, name) / MGEO_SHARE_ALL,
    "text": lambda struct, name, _: _text(getattr(struct, name)),
    "name": lambda struct, name, names: names.get(getattr(struct, name), "none"),
    "texts": _texts,
    "records": _records,
    "matrix": _matrix,
}


class Record:
    """Named values, all set when it is made: a copy, which depends on no engine. Any thread."""

    _readers: Tuple[Tuple[str, str, Any], ...] = ()

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    @classmethod
    def _read(cls: Type[R], struct: Any) -> R:
        return cls(**{name: _READERS[kind](struct, name, argument) for name, kind, argument in cls._readers})

    def as_dict(self) -> Dict[str, Any]:
        """The values by name, records among them as dictionaries too."""
        return {name: _plain(value) for name, value in self.__dict__.items()}

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    __hash__: Optional[Callable[[], int]] = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.as_dict()
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return value
