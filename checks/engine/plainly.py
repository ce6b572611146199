"""Instances and measured values as JSON and back, exactly.

Plain values are what JSON has, plus tuples, dataclasses of them, and flint's integers, rationals and balls.  The text of a file
never chooses what is imported: dataclasses are looked up among types that the caller hands in.
"""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from flint import arb, ctx, fmpq, fmpz

from .draw import bulk

DRAWS = 32


class PlainError(ValueError):
    """A value that is not plain: got, expected."""

    def __init__(self, got: str, expected: str) -> None:
        super().__init__(f"got {got}; expected {expected}")
        self.got, self.expected = got, expected


def encode(value: Any, *, exactly: bool = False) -> Any:
    """A value as JSON-ready data; ``exactly`` writes floats in hexadecimal, for readers whose JSON rounds decimals.

    Raises `PlainError` for anything that would not come back the same.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return {"@": "float", "hex": float(value).hex()} if exactly else float(value)
    if isinstance(value, (tuple, list)):
        return [encode(v, exactly=exactly) for v in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        given = [f.name for f in dataclasses.fields(value) if f.init]
        fields = {name: encode(getattr(value, name), exactly=exactly) for name in given}
        return {"@": type(value).__qualname__, **fields}
    if isinstance(value, fmpz):
        return {"@": "fmpz", "value": str(value)}
    if isinstance(value, fmpq):
        return {"@": "fmpq", "value": str(value)}
    if isinstance(value, arb):
        return {"@": "arb", "mid": _dyadic(value.mid()), "rad": _dyadic(value.rad())}
    raise PlainError(
        f"{type(value).__module__}.{type(value).__qualname__} {value!r:.60}",
        "plain values: int, float, str, bool, None, tuples and dataclasses of them",
    )


def decode(data: Any, types: Mapping[str, type], classes: Mapping[str, Any] | None = None) -> Any:
    """The value that `encode` was given; sequences come back as tuples.

    A dataclass that is not among ``types`` (by qualified name) becomes a frozen look-alike, with the module and the
    defaults that ``classes`` (as `classes_of` gives them) state.
    """
    if isinstance(data, list):
        return tuple(decode(v, types, classes) for v in data)
    if not isinstance(data, dict):
        return data
    fields = {name: value for name, value in data.items() if name != "@"}
    name = data["@"]
    if name == "float":
        return float.fromhex(fields["hex"])
    if name in ("fmpz", "fmpq"):
        return (fmpz if name == "fmpz" else fmpq)(*(int(part) for part in fields["value"].split("/")))
    if name == "arb":
        return _ball(fields["mid"], fields["rad"])
    made = types.get(name) or _look_alike(name, tuple(fields), json.dumps((classes or {}).get(name, {})))
    try:
        return made(**{key: decode(value, types, classes) for key, value in fields.items()})
    except TypeError as problem:
        raise PlainError(f"fields {', '.join(fields)} of {name}", f"those of {made!r}") from problem


def types_drawn(experiment: Any) -> dict[str, type]:
    """The dataclasses that an experiment's instances are made of, by qualified name.

    They are learned from its examples, from a few draws and from the annotations of the dataclasses found.
    """
    drawn = [bulk(experiment.instances, f"types-{k}", **experiment.flags)[0] for k in range(DRAWS)]
    found: dict[str, type] = {}
    for value in (*experiment.examples, *drawn):
        for kind in types_in(value):
            found.setdefault(kind.__qualname__, kind)
    for kind in list(found.values()):
        for other in _annotated(kind, set(found.values())):
            found.setdefault(other.__qualname__, other)
    return found


def types_in(value: Any) -> Iterator[type]:
    """The dataclasses that a value is made of."""
    if isinstance(value, (tuple, list)):
        for part in value:
            yield from types_in(part)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield type(value)
        for f in dataclasses.fields(value):
            yield from types_in(getattr(value, f.name))


def _annotated(kind: type, seen: set[type]) -> Iterator[type]:
    """The dataclasses named in the annotations of a dataclass."""
    try:
        waiting = list(typing.get_type_hints(kind).values())
    except NameError:  # a name that only type checkers see
        return
    while waiting:
        hint = waiting.pop()
        waiting += typing.get_args(hint)
        if isinstance(hint, type) and dataclasses.is_dataclass(hint) and hint not in seen:
            seen.add(hint)
            yield hint
            yield from _annotated(hint, seen)


def classes_of(instances: Iterable[Any]) -> dict[str, Any]:
    """The module and the plain defaults of every dataclass that instances are made of, by qualified name, as JSON."""
    found: dict[str, Any] = {}
    for instance in instances:
        for kind in types_in(instance):
            if kind.__qualname__ not in found:
                given = {f.name: f.default for f in dataclasses.fields(kind) if f.default is not dataclasses.MISSING}
                found[kind.__qualname__] = {"module": kind.__module__, "defaults": encode(tuple(given.items()))}
    return found


@lru_cache(maxsize=256)
def _look_alike(name: str, fields: tuple[str, ...], known: str) -> type:
    facts = json.loads(known)
    defaults = dict(decode(facts.get("defaults", []), {}))
    # without their values, a field with a default before one without would be refused
    listed = [
        (
            f,
            Any,
            dataclasses.field(default=defaults[f], kw_only=True) if f in defaults else dataclasses.field(kw_only=True),
        )
        for f in fields
    ]
    made = dataclasses.make_dataclass(name.rpartition(".")[2], listed, frozen=True)
    made.__module__, made.__qualname__ = facts.get("module", __name__), name
    return made


def ball_of_text(mid: str, rad: str = "") -> arb:
    """The ball of a midpoint and a radius in exact text: `-0x1f3p-12`, or `1/3` (rounded outward).

    Raises `ValueError` for any other text.
    """
    parts = [part.partition("p") for part in (mid, rad or "0x0p+0")]
    if all(p for _, p, _ in parts):
        return _ball(*([str(int(mantissa, 16)), str(int(exponent))] for mantissa, _, exponent in parts))
    numerator, _, denominator = mid.partition("/")
    if rad or not int(denominator or "1"):
        raise ValueError(f"got {mid[:60]} ± {rad[:60]}; expected an exact number")
    return arb(fmpq(int(numerator), int(denominator or "1")))


def _dyadic(value: arb) -> list[str]:
    mantissa, exponent = value.man_exp()
    return [str(mantissa), str(exponent)]


def _ball(mid: list[str], rad: list[str]) -> arb:
    """The ball of a dyadic midpoint and radius, at a precision that holds both exactly."""
    parts = [(int(mantissa), int(exponent)) for mantissa, exponent in (mid, rad)]
    before = ctx.prec
    ctx.prec = max(64, *(m.bit_length() + 8 for m, _ in parts))
    try:
        return arb(*parts)
    finally:
        ctx.prec = before
