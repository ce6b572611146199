"""The kill matrix as text for a terminal: survivors first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from .engine.kill import KINDS, Outcome
from .power import NOT_MUTATED, UNCOUNTED, Check, by_experiment, total

ORDER = ("surviving", "below resolution", "true and sharper", "implied", "equivalent", "killed")
SHORT = {"true and sharper": "sharper", "below resolution": "below"}


def theorem_lines(
    checks: Sequence[Check], width: int, *, head: str, matrix: bool = False, every: bool = True
) -> list[str]:
    """One theorem: the sanity phases, what survives, a line a claim, and (``every``) each mutant with its reason."""
    name = checks[0].theorem if checks else ""
    lines = [f"{name}: strength {score(checks)}    {head}", *_sanity(checks, width)]
    alive = [o for c in checks if c.counted for o in c.outcomes if o.kind == "surviving"]
    if alive:
        lines += ["  surviving", *(line for o in alive for line in _mutant(o, width, claim=True))]
    lines += ["", *_table(checks)]
    lines += _not_mutated(checks)
    loose = [c for c in checks if not c.counted and c.outcomes]
    if loose:
        lines += ["", *_loose(loose, width)]
    if matrix:
        lines += ["", *_power(checks), *_matrix(checks, width)]
    if every:
        lines += [line for c in checks if c.outcomes for line in _mutants(c, width)]
    return lines


def score(checks: Iterable[Check]) -> str:
    """Killed over killed and surviving, in percent and in numbers."""
    killed, surviving = total(checks)
    if not killed + surviving:
        return "-"
    return f"{100 * killed // (killed + surviving)} % ({killed}/{killed + surviving})"


def _sanity(checks: Sequence[Check], width: int) -> Iterator[str]:
    green = [c for c in checks if c.green is not None]
    if not green:
        return
    failed = [f"{c.claim} is {c.verdict}: {c.reason}" for c in green if not c.green]
    yield from _phase(
        "unmutated", f"{len(green) - len(failed)} of {len(green)} claims pass on this evidence", failed, width
    )
    asked = [c for c in green if c.can_fail is not None]
    stuck = [f"{c.claim} cannot fail: {c.stuck}" for c in asked if not c.can_fail]
    words = f"{len(asked) - len(stuck)} of {len(asked)} claims fail under a forced failure"
    yield from _phase("corrupted", words, stuck, width)
    part = {c.claim: [r.experiment for r in c.red if not r.corruption] for c in asked if c.can_fail}
    blind = [f"{claim}: {', '.join(names)} cannot make it fail" for claim, names in part.items() if names]
    if blind:
        yield from _phase("", "experiments that cannot fail", blind, width)
    derived = [c.claim for c in checks if not c.experiments]
    if derived:
        yield from _phase("not tried", f"no evidence speaks of {', '.join(derived)}", [], width)


def _phase(title: str, words: str, faults: Sequence[str], width: int) -> Iterator[str]:
    yield from _wrapped(f"  {title:<10} ", words, width)
    for fault in faults:
        yield from _wrapped(f"{'':13}", fault, width)


def _table(checks: Sequence[Check]) -> Iterator[str]:
    mutated = [c for c in checks if c.counted and c.outcomes]
    if not mutated:
        return
    room = max(len(c.claim) for c in mutated)
    yield f"  {'claim':<{room}}  kind      " + " ".join(f"{SHORT.get(k, k):>10}" for k in KINDS)
    for c in mutated:
        yield f"  {c.claim:<{room}}  {c.kind:<8}  " + " ".join(f"{c.count(k):>10}" for k in KINDS)


def _not_mutated(checks: Sequence[Check]) -> Iterator[str]:
    for kind, why in NOT_MUTATED.items():
        names = [c.claim for c in checks if c.kind == kind]
        if names:
            yield f"  not mutated, {kind}: {', '.join(names)} ({why})"
    names = [c.claim for c in checks if c.kind in UNCOUNTED and not c.outcomes]
    if names:
        yield f"  not counted, limit: {', '.join(names)} (stated finite forms need not be sharp; --limits mutates them)"


def _loose(checks: Sequence[Check], width: int) -> Iterator[str]:
    yield "  limits, not counted: their constants are stated finite forms, and need not be sharp"
    room = max(len(c.claim) for c in checks)
    for c in checks:
        killed, surviving = c.count("killed"), c.count("surviving")
        share = f"{100 * killed // (killed + surviving)} %" if killed + surviving else "-"
        rest = ", ".join(f"{c.count(k)} {k}" for k in ORDER if k not in ("killed", "surviving") and c.count(k))
        yield f"  {c.claim:<{room}}  killed {killed}, survived {surviving} ({share}){f'; {rest}' if rest else ''}"


def _mutants(check: Check, width: int) -> Iterator[str]:
    yield ""
    yield f"  {check.claim}" + ("" if check.counted else " (not counted)")
    for kind in ORDER:
        for outcome in check.outcomes:
            if outcome.kind == kind:
                yield from _mutant(outcome, width)


def _mutant(outcome: Outcome, width: int, *, claim: bool = False) -> Iterator[str]:
    where = f"{outcome.claim}: " if claim else ""
    by = f"{outcome.experiment}: " if outcome.experiment else ""
    yield _cut(f"    {outcome.kind:<16} {where}{outcome.mutant}: {by}{outcome.reason}", width)
    if outcome.kind == "surviving":
        yield _cut(f"    {'':16} {outcome.relation}", width)


def _power(checks: Sequence[Check]) -> Iterator[str]:
    found = by_experiment(checks)
    if not found:
        return
    room = max(map(len, found))
    yield f"  {'experiment':<{room}}  kills  alone"
    for name, (kills, alone) in sorted(found.items(), key=lambda item: (-item[1][1], -item[1][0], item[0])):
        idle = "" if alone else "  kills nothing that another does not"
        yield f"  {name:<{room}}  {kills:>5}  {alone:>5}{idle}"


def _matrix(checks: Sequence[Check], width: int) -> Iterator[str]:
    for c in checks:
        if not c.outcomes:
            continue
        yield ""
        yield f"  {c.claim}: " + ", ".join(f"{n} {name}" for n, name in enumerate(c.experiments, 1))
        for kind in ORDER:
            for o in (o for o in c.outcomes if o.kind == kind):
                marks = "".join(str(n % 10) if name in o.killers else "." for n, name in enumerate(c.experiments, 1))
                yield _cut(f"    {marks}  {o.kind:<16} {o.mutant}", width)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width - 1, 20)] + "…"


def _wrapped(first: str, words: str, width: int) -> list[str]:
    return textwrap.wrap(words, max(width, 60), initial_indent=first, subsequent_indent=" " * len(first))
