"""Verdicts and counterexamples as JSON documents: a schema with a version, exact, and nothing in it is ever run.

Every document is an object with ``schema`` (`theorem-audit/verdict` or `theorem-audit/counterexample`), ``version``
(`VERSION`; any other is refused) and ``package`` (the release that wrote it, for people).  Its other fields are those of
`Verdict` and `Counterexample`, listed with their shapes in `VERDICT`, `COUNTEREXAMPLE`, `CLAIM` and `OBSERVABLE` below:

- statistics (resolution, excess, seconds, …) are JSON numbers, which Python writes so that they come back the same; infinities
  and not-a-number are the strings `inf`, `-inf` and `nan`;
- instances are objects whose ``@`` is their class and whose other fields are its fields; a float in one is
  `{"@": "float", "hex": "0x1.8p+1"}`, as `float.hex` writes it (`checks.engine.plainly`);
- a relation is text over the ``observables`` listed beside it, and is read back by the parser (`checks.engine.parse`);
- ``exactly`` has for each observable the midpoint and the radius as whole numbers of a power of two (`-0x1f3p-12`), or as
  fractions (`1/3`), truth values or sets.

A counterexample is self-contained: ``claim`` (with the assumptions it rests on and its goal), ``theorem``, ``experiment``,
``dropped``, ``simulator`` and the hash of its ``source`` are all that measuring and judging it anew needs; ``shown`` is its
instance as a constructor, and ``check_file`` (optional) the file whose experiment it was, both for people only.
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import metadata
from typing import Any

import sympy

from theorems.statement import (
    DOMAINS,
    KINDS,
    VERDICTS,
    Claim,
    StatementError,
    observable,
    observables_of,
)

from .plainly import PlainError, decode, encode
from .verdict import Counterexample, Resolution, Verdict, describe

VERSION = 1
VERDICT_SCHEMA, COUNTEREXAMPLE_SCHEMA = "theorem-audit/verdict", "theorem-audit/counterexample"
LEVELS = 100
DAMAGED = (PlainError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError, MemoryError)

Fits = Callable[[Any], bool]
Shape = Mapping[str, tuple[str, Fits]]


class DocumentError(ValueError):
    """A document that cannot be read: got, expected, remedy."""

    def __init__(self, got: str, expected: str, remedy: str = "audit again to write it anew") -> None:
        super().__init__(f"got {got}; expected {expected}; {remedy}")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Any) -> bool:
    return value in ("inf", "-inf", "nan") if isinstance(value, str) else type(value) in (int, float)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool)


def _is_pairs(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_texts(v) and len(v) == 2 for v in value.values())


def _is_index(value: Any) -> bool:
    return isinstance(value, dict) and all(type(v) is int for v in value.values())


def _is_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, dict) for v in value)


TEXT, COUNT, NUMBER = ("text", _is_text), ("a count", _is_count), ("a number", _is_number)
TEXTS, TRUTH, PAIRS = ("a list of text", _is_texts), ("true or false", _is_truth), ("pairs of text by name", _is_pairs)
OBJECT = ("an object", lambda value: isinstance(value, dict))
OBJECTS = ("a list of objects", _is_objects)
PERHAPS = ("an object or null", lambda value: value is None or isinstance(value, dict))
ANYTHING = ("a plain value", lambda value: True)


def _one_of(words: Sequence[str]) -> tuple[str, Fits]:
    return f"one of {', '.join(words)}", lambda value: isinstance(value, str) and value in words


OBSERVABLE: Shape = {"name": TEXT, "meaning": TEXT, "domain": _one_of(DOMAINS), "unit": TEXT, "latex": TEXT}
CLAIM: Shape = {
    "name": TEXT, "relation": TEXT, "observables": OBJECTS, "kind": _one_of(KINDS), "words": TEXT, "goal": NUMBER,
    "assumes": ("a list of text or null", lambda value: value is None or _is_texts(value)),
    "tight_at": TEXT, "like": TEXT,
}  # fmt: skip
RESOLUTION: Shape = dict.fromkeys(("best", "median", "infinite", "missed"), NUMBER)
COUNTEREXAMPLE: Shape = {
    "theorem": TEXT, "parent": TEXT, "claim": PERHAPS, "experiment": TEXT, "dropped": TEXTS, "simulator": TEXT,
    "source": TEXT, "instance": ANYTHING, "shown": TEXT, "index": ("whole numbers by name", _is_index), "values": PAIRS,
    "exactly": PAIRS, "comparison": TEXT, "measured": TEXT, "claimed": TEXT, "gap": NUMBER, "excess": NUMBER, "bits": COUNT,
    "verdict": _one_of(("REFUTED",)), "confirmed": TRUTH, "certified": TRUTH, "failure": NUMBER,
}  # fmt: skip
VERDICT: Shape = {
    "kind": _one_of(VERDICTS), "theorem": TEXT, "claim": TEXT, "relation": TEXT, "observables": OBJECTS, "experiment": TEXT,
    "profile": TEXT, "instances": COUNT, "rows": COUNT, "silent": COUNT, "undefined": COUNT, "outside": COUNT,
    "resolution": OBJECT, "tightest": ANYTHING, "tightness": NUMBER, "simplest": PERHAPS, "worst": PERHAPS,
    "witness": ANYTHING, "certified": TRUTH, "failure": NUMBER, "reason": TEXT, "seconds": NUMBER, "dropped": TEXTS,
    "measured": TEXTS,
}  # fmt: skip


def write_verdict(verdict: Verdict) -> dict[str, Any]:
    """The document of a verdict."""
    v = verdict
    return {
        **head(VERDICT_SCHEMA), "kind": v.kind, "theorem": v.theorem, "claim": v.claim,
        "relation": relation_text(v.relation), "observables": write_observables(v.relation), "experiment": v.experiment,
        "profile": v.profile, "instances": int(v.instances), "rows": int(v.rows), "silent": int(v.silent),
        "undefined": int(v.undefined), "outside": int(v.outside),
        "resolution": {name: number(getattr(v.resolution, name)) for name in RESOLUTION},
        "tightest": _instance(v.tightest), "tightness": number(v.tightness),
        "simplest": None if v.simplest is None else write_counterexample(v.simplest),
        "worst": None if v.worst is None else write_counterexample(v.worst),
        "witness": _instance(v.witness), "certified": bool(v.certified), "failure": number(v.failure), "reason": v.reason,
        "seconds": number(v.seconds), "dropped": list(v.dropped), "measured": list(v.measured),
    }  # fmt: skip


def write_counterexample(found: Counterexample) -> dict[str, Any]:
    """The document of a counterexample."""
    f = found
    return {
        **head(COUNTEREXAMPLE_SCHEMA), "theorem": f.theorem, "parent": f.parent,
        "claim": None if f.claim is None else write_claim(f.claim), "experiment": f.experiment, "dropped": list(f.dropped),
        "simulator": f.simulator, "source": f.source, "instance": _instance(f.instance), "shown": describe(f.instance),
        "index": {name: int(value) for name, value in f.index.items()},
        "values": {name: list(pair) for name, pair in f.values.items()},
        "exactly": {name: list(pair) for name, pair in f.exactly.items()}, "comparison": f.comparison,
        "measured": f.measured, "claimed": f.claimed, "gap": number(f.gap), "excess": number(f.excess), "bits": f.bits,
        "verdict": "REFUTED", "confirmed": bool(f.confirmed), "certified": bool(f.certified), "failure": number(f.failure),
    }  # fmt: skip


def write_claim(claim: Claim) -> dict[str, Any]:
    """A claim by its relation as text; the derivation that it may follow from is not written."""
    return {
        "name": claim.name, "relation": relation_text(claim.relation), "observables": write_observables(claim.relation),
        "kind": claim.kind, "words": claim.words, "goal": number(claim.goal),
        "assumes": None if claim.assumes is None else list(claim.assumes), "tight_at": claim.tight_at, "like": claim.like,
    }  # fmt: skip


def write_observables(relation: Any) -> list[dict[str, str]]:
    """What the names in a relation mean."""
    return [
        {"name": o.name, "meaning": o.meaning, "domain": o.domain, "unit": o.unit, "latex": o.latex_name}
        for o in observables_of(relation)
    ]


def relation_text(relation: Any) -> str:
    """A relation as text that the parser reads back."""
    return str(sympy.sstr(relation))


def read_verdict(data: Any, types: Mapping[str, type] | None = None) -> Verdict:
    """The verdict of a document.  Raises `DocumentError`."""
    given = opened(data, VERDICT_SCHEMA)
    _held("the verdict", given, VERDICT)
    _held("resolution", given["resolution"], RESOLUTION)
    known = _known(given) if types is None else types
    alike = {name: given[name] for name in ("kind", "theorem", "claim", "experiment", "profile", "reason", "certified")}
    counts = {name: given[name] for name in ("instances", "rows", "silent", "undefined", "outside")}
    return Verdict(
        **alike,
        **counts,
        relation=read_relation(given["relation"], given["observables"]),
        resolution=Resolution(**{name: _number(given["resolution"][name]) for name in RESOLUTION}),
        tightest=read_instance(given["tightest"], known),
        tightness=_number(given["tightness"]),
        simplest=None if given["simplest"] is None else read_counterexample(given["simplest"], types),
        worst=None if given["worst"] is None else read_counterexample(given["worst"], types),
        witness=read_instance(given["witness"], known),
        failure=_number(given["failure"]),
        seconds=_number(given["seconds"]),
        dropped=tuple(given["dropped"]),
        measured=tuple(given["measured"]),
    )


def read_counterexample(data: Any, types: Mapping[str, type] | None = None) -> Counterexample:
    """The counterexample of a document.  Raises `DocumentError`."""
    given = opened(data, COUNTEREXAMPLE_SCHEMA)
    _held("the counterexample", given, COUNTEREXAMPLE)
    known = _known(given) if types is None else types
    alike = ("theorem", "parent", "experiment", "simulator", "source", "index", "comparison", "measured", "claimed")
    return Counterexample(
        instance=read_instance(given["instance"], known),
        values={name: (mid, rad) for name, (mid, rad) in given["values"].items()},
        exactly={name: (mid, rad) for name, (mid, rad) in given["exactly"].items()},
        gap=_number(given["gap"]),
        excess=_number(given["excess"]),
        failure=_number(given["failure"]),
        claim=None if given["claim"] is None else read_claim(given["claim"]),
        dropped=tuple(given["dropped"]),
        **{name: given[name] for name in (*alike, "bits", "confirmed", "certified")},
    )


def read_claim(data: Any) -> Claim:
    """The claim of a document.  Raises `DocumentError`."""
    _held("claim", data, CLAIM)
    return Claim(
        data["name"], read_relation(data["relation"], data["observables"]), data["kind"], data["words"],
        None if data["assumes"] is None else tuple(data["assumes"]), _number(data["goal"]), data["tight_at"],
        like=data["like"],
    )  # fmt: skip


def read_relation(text: str, observables: list[Any]) -> Any:
    """The relation that a text states over the observables listed: parsed, never run.  Raises `DocumentError`."""
    from .parse import ParseError, parse

    for entry in observables:
        _held("observable", entry, OBSERVABLE)
    try:
        return parse(
            text, [observable(e["name"], e["meaning"], e["domain"], e["unit"], e["latex"]) for e in observables]
        )
    except (ParseError, StatementError) as problem:
        raise DocumentError(f"relation {text!r:.60} ({line(problem)})", "one that the parser reads") from None


def read_instance(data: Any, types: Mapping[str, type]) -> Any:
    """The instance of a document.  Raises `DocumentError`."""
    try:
        return decode(data, types)
    except DAMAGED as problem:
        raise DocumentError(
            f"instance {reprlib.repr(data)} ({line(problem)})", "an instance as its experiment draws it"
        ) from None


def opened(data: Any, schema: str) -> dict[str, Any]:
    """The document itself, if it is of that schema and of a version that this release reads.  Raises `DocumentError`."""
    if not isinstance(data, dict) or "schema" not in data:
        raise DocumentError(reprlib.repr(data), f"a document of schema {schema}", "is this a file of theorem-audit?")
    if data["schema"] != schema:
        raise DocumentError(f"schema {reprlib.repr(data['schema'])}", schema, "is this the right file?")
    if type(data.get("version")) is not int or data["version"] != VERSION:
        wrote = f" (written by theorem-audit {data['package']})" if isinstance(data.get("package"), str) else ""
        raise DocumentError(
            f"version {reprlib.repr(data.get('version'))} of {schema}{wrote:.60}",
            f"version {VERSION}",
            "use the release that wrote it, or audit again",
        )
    return data


def number(value: float) -> float | str:
    """A float as JSON has it; infinities and not-a-number as text."""
    return float(value) if math.isfinite(value) else str(float(value))


def line(problem: BaseException) -> str:
    """What an exception says, in a line."""
    return next(iter(str(problem).splitlines()), "")[:160] or type(problem).__name__


def _number(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        raise DocumentError("a number beyond all floats", "a float") from None


@cache
def release() -> str:
    """The version of this package (empty: it is not installed)."""
    try:
        return metadata.version("theorem-audit")
    except metadata.PackageNotFoundError:
        return ""


def head(schema: str) -> dict[str, Any]:
    """What every document begins with."""
    return {"schema": schema, "version": VERSION, "package": release()}


def _instance(value: Any) -> Any:
    """An instance as data; one that is not plain, which no simulator of ours has, by its text alone."""
    try:
        return encode(value, exactly=True)
    except PlainError:
        return {"@": "text", "value": describe(value)}


def _held(what: str, data: Any, shape: Shape) -> None:
    if not isinstance(data, dict):
        raise DocumentError(f"{what} {reprlib.repr(data)}", "an object")
    for name, (expected, fits) in shape.items():
        if name not in data:
            raise DocumentError(f"{what} without {name}", f"{name}: {expected}")
        if not fits(data[name]):
            raise DocumentError(f"{name} {reprlib.repr(data[name])} of {what}", expected)


def _known(given: Mapping[str, Any]) -> Mapping[str, type]:
    """The dataclasses that the catalogue's experiments draw, those of the one named first; none for another theorem."""
    from ..experiments import experiments_of, find_experiment
    from .plainly import types_drawn

    example = given.get("simplest") or given  # a verdict does not say whose variant its theorem is
    parent = example["parent"] if _is_text(example.get("parent")) else ""
    known: dict[str, type] = {}
    for theorem in (given["theorem"], parent):
        try:
            first = find_experiment(theorem, given["experiment"], given["dropped"])
            for experiment in (first, *experiments_of(theorem)):  # the tightest instance may be another experiment's
                known = types_drawn(experiment) | known
            return known
        except LookupError:
            continue
    return known
