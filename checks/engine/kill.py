"""What became of each mutant: killed by evidence, or not, and why not.

*killed*: a row excludes the mutant, or lies certainly outside its domain where the claim is defined.  *equivalent*: sympy
shows that it says the same.  *implied*: it says less than the claim.  *true and sharper*: a proof over the stated domain
shows that it holds, so the claim is not tight.  *below resolution*: it differs from the claim on the rows, everywhere
by less than their error bars.  *surviving*: none of these; the search was too weak.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sympy
from flint import arb, ctx
from sympy.core.relational import Relational

from theorems.statement import Claim, Step, Theorem

from .change import Change, case_added, equivalent, find_change, room_gained, weaker
from .evaluate import BITS, EvaluationError, Row, Undefined, ball, compile_term
from .evidence import Evidence
from .judge import Judgement, compile_claim, rows
from .measure import select
from .mutate import Mutant, mutants
from .prove import prove
from .setup import Setup
from .stored import golden
from .symbolic import difference
from .verdict import describe
from .weigh import admitted

KINDS = ("killed", "equivalent", "implied", "true and sharper", "below resolution", "surviving")
FIRST = 256
BLOCK = 1024
COMPARED = 500
NOTHING = 2.0**-100
CAPS = {"quick": 2_000, "thorough": 20_000, "deep": 200_000}


@dataclass(frozen=True)
class Outcome:
    """One mutant's end.  ``resolution`` is that of the row behind the reason (infinite where none is).

    ``killers`` names the experiments that kill it: the first that does, or all of them where all were asked.
    """

    theorem: str
    claim: str
    mutant: str
    edit: str
    relation: str
    kind: str
    reason: str
    experiment: str = ""
    resolution: float = math.inf
    killers: tuple[str, ...] = ()


@dataclass(eq=False)
class Rows:
    """The rows of one experiment's evidence that speak of a claim, diverse ones first, read lazily."""

    claim: Claim
    experiment: Setup
    evidence: Evidence
    order: np.ndarray
    total: int
    read: list[Row] = field(default_factory=list)
    judged: list[Judgement] = field(default_factory=list)
    slacks: dict[Relational, list[tuple[arb | None, float]]] = field(default_factory=dict)

    def up_to(self, limit: int, start: int = 0) -> Iterator[tuple[int, Row]]:
        """Row numbers and rows, in order, from ``start`` to ``limit``."""
        names = [o.name for o in self.claim.observables]
        for position in range(start, min(limit, len(self.order))):
            if position == len(self.read):
                block = self.order[position : position + (FIRST if position == 0 else BLOCK)]
                self.read.extend(rows(select(self.evidence.measurements, block), names))
            yield int(self.order[position]), self.read[position]

    def judgement(self, position: int) -> Judgement:
        """The claim itself on the row at a position of the order."""
        while len(self.judged) <= position:
            self.judged.append(compile_claim(self.claim.relation)(self.read[len(self.judged)]))
        return self.judged[position]

    def speaks(self, position: int) -> bool:
        """Whether the row at a position says something about the claim."""
        return self.judgement(position).status in ("consistent", "violated")

    def slack(self, relation: Relational, position: int) -> tuple[arb | None, float]:
        """The slack of one comparison of the claim at the row's midpoints, and the size of its sides."""
        known = self.slacks.setdefault(relation, [])
        if len(known) <= position:
            left, right = compile_term(relation.lhs), compile_term(relation.rhs)
            upward = isinstance(relation, (sympy.Le, sympy.Lt))
            while len(known) <= position:
                row = _middle(self.read[len(known)])
                lhs, rhs = _value(left, row), _value(right, row)
                if lhs is None or rhs is None:
                    known.append((None, 0.0))
                else:
                    scale = max(float(abs(lhs.mid())), float(abs(rhs.mid())), NOTHING)
                    with ctx.workprec(BITS):
                        known.append((rhs - lhs if upward else lhs - rhs, scale))
        return known[position]

    def instance(self, number: int) -> Any:
        """The instance that a row speaks of."""
        return self.evidence.instances[int(self.evidence.measurements.element[number])]

    @property
    def seen(self) -> str:
        """How many of the rows were read, for people."""
        looked = len(self.order)
        return f"{looked} rows" if looked == self.total else f"{looked} of {self.total} rows, evenly spread"


def kill_matrix(
    claim: Claim,
    experiments: Sequence[Setup],
    evidences: Sequence[Evidence],
    *,
    every: bool = False,
    proofs: bool = True,
) -> tuple[Outcome, ...]:
    """The outcome of every mutant of the claim on the evidence of every experiment that covers the claim.

    ``every``: a killed mutant is shown to the other experiments too, so that one sees where the power comes from.  Without
    ``proofs`` sympy is not asked whether a mutant says the same or less: only rows of evidence are.
    """
    if not experiments:
        return ()
    theorem = experiments[0].theorem
    stored = {e.experiment: e for e in evidences}
    fitting = [(e, stored[e.name]) for e in experiments if e.covers(claim) and not e.dropped and e.name in stored]
    tables = [_spread(claim, experiment, evidence) for experiment, evidence in fitting]
    made = mutants(claim)
    found = tuple(_outcome(theorem, claim, mutant, tables, proofs) for mutant in made)
    if not every:
        return found
    return tuple(replace(o, killers=_killers(claim, m, tables, o)) for o, m in zip(found, made, strict=True))


def _killers(claim: Claim, mutant: Mutant, tables: Sequence[Rows], outcome: Outcome) -> tuple[str, ...]:
    """Every experiment with a row that kills the mutant, in the order of the audit."""
    if outcome.kind != "killed":
        return ()
    known = outcome.killers
    return tuple(
        t.experiment.name
        for t in tables
        if t.experiment.name in known or _kill(claim, mutant, t, 0, len(t.order)) is not None
    )


def strength(outcomes: Sequence[Outcome]) -> tuple[int, int]:
    """How many mutants were killed, and how many survived without an excuse."""
    kinds = [o.kind for o in outcomes]
    return kinds.count("killed"), kinds.count("surviving")


def _spread(claim: Claim, experiment: Setup, evidence: Evidence) -> Rows:
    """Admitted rows in an order whose every beginning is spread over the whole table (a golden-ratio stride)."""
    numbers = np.flatnonzero(admitted(claim, experiment, evidence.measurements))
    order = numbers[golden(len(numbers))]
    return Rows(claim, experiment, evidence, order[: CAPS.get(evidence.profile, CAPS["quick"])], len(numbers))


def _outcome(theorem: Theorem, claim: Claim, mutant: Mutant, tables: Sequence[Rows], proofs: bool) -> Outcome:
    start = Outcome(
        theorem.name, claim.name, mutant.name, mutant.edit, sympy.sstr(mutant.claim.relation), "surviving", ""
    )
    if not tables:
        return replace(start, reason="no experiment measures the claim's observables")
    for table in tables:
        found = _kill(claim, mutant, table, 0, FIRST)
        if found:
            return replace(start, **found)
    change = find_change(claim.relation, mutant.claim.relation)
    if change is not None:
        falls, grows = _shifts(change, tables)
        reason = equivalent(change, not falls and not grows) if proofs else ""
        if reason:
            return replace(start, kind="equivalent", reason=reason)
        reason = "" if falls else (proofs and weaker(change)) or _weaker_on_rows(change, tables)
        if reason:
            return replace(start, kind="implied", reason=reason)
    reason = case_added(claim.relation, mutant.claim.relation) if proofs else ""
    if reason:
        return replace(start, kind="implied", reason=reason)
    for table in tables:
        found = _kill(claim, mutant, table, FIRST, len(table.order))
        if found:
            return replace(start, **found)
    reason = _sharper(theorem, claim, mutant)
    if reason:
        return replace(start, kind="true and sharper", reason=reason)
    found = _below_resolution(change, claim, mutant, tables)
    if _widens(claim.relation, mutant.claim.relation):
        found |= _rows_added(mutant, tables)
    return replace(start, **found)


def _kill(claim: Claim, mutant: Mutant, table: Rows, start: int, limit: int) -> dict[str, Any] | None:
    judge, original = compile_claim(mutant.claim.relation), compile_claim(claim.relation)
    for number, row in table.up_to(limit, start):
        try:
            judgement = judge(row)
        except EvaluationError:  # such as more terms than are summed: this row cannot judge the mutant
            continue
        if judgement.status == "violated":
            size = "exactly" if math.isinf(judgement.excess) else f"by {judgement.excess:.2g} error bars"
            why = f"excluded {size} at {describe(table.instance(number))}"
        elif judgement.status == "outside" and original(row).status in ("consistent", "violated"):
            why = f"undefined here: {describe(table.instance(number))}"
        else:
            continue
        return {
            "kind": "killed",
            "reason": why,
            "experiment": table.experiment.name,
            "resolution": judgement.resolution,
            "killers": (table.experiment.name,),
        }
    return None


def _shifts(change: Change, tables: Sequence[Rows]) -> tuple[bool, bool]:
    """Whether the slack certainly falls on one of the first rows, and whether it certainly grows on one.

    A cheap look that spares sympy: an edit that shifts a row is no rewriting of the claim.
    """
    shift = compile_term(change.sign * (difference(change.after) - difference(change.before)))
    falls = grows = False
    for table in tables:
        for position, (_, row) in enumerate(table.up_to(FIRST)):
            if not table.speaks(position):  # where the premise fails, a shift of the conclusion says nothing
                continue
            value = _value(shift, row)
            if value is not None and not value.contains(0):
                falls, grows = falls or bool(value < 0), grows or bool(value > 0)
            if falls and grows:
                return True, True
    return falls, grows


def _weaker_on_rows(change: Change, tables: Sequence[Rows]) -> str:
    """Balls at the midpoints of rows: the mutant leaves at least as much room as the claim.

    At the midpoints, because both slacks move together with what was measured, which balls cannot know.
    """
    simplified = room_gained(change)
    if simplified is None:
        return ""
    room, after = compile_term(simplified), compile_term(difference(change.after))
    more = alike = 0
    for table in tables:
        limit = COMPARED * CAPS.get(table.evidence.profile, CAPS["quick"]) // CAPS["quick"]
        for position, (_, row) in enumerate(table.up_to(limit)):
            if change.sign > 0 and not table.speaks(position):
                continue
            slack, scale = table.slack(change.before, position)
            value = _value(after, _middle(row))
            if slack is None or value is None:
                return ""
            with ctx.workprec(BITS):
                gained = change.sign * (value - slack)
            if not gained >= 0:  # like terms cancel exactly in the simplified difference
                exactly = _value(room, _middle(row))
                gained = gained if exactly is None else exactly
            if gained >= 0:
                more += 1
            elif gained.contains(0) and gained.rad() <= NOTHING * scale:
                alike += 1
            else:
                return ""
    names = ", ".join(table.experiment.name for table in tables)
    if not more:
        return ""
    said = f"balls: the mutant leaves at least as much room as the claim on all {more + alike} rows compared ({names})"
    return f"{said}; on {alike} of them there is no telling" if alike else said


def _middle(row: Row) -> Row:
    return {name: value.mid() if isinstance(value, arb) else value for name, value in row.items()}


def _value(term: Any, row: Row) -> arb | None:
    """The term on the row as a ball; None where it is undefined or a discrete value is open."""
    before = ctx.prec
    ctx.prec = BITS
    try:
        return None if any(isinstance(v, tuple) for v in row.values()) else ball(term(row))
    except (Undefined, EvaluationError):
        return None
    finally:
        ctx.prec = before


def _sharper(theorem: Theorem, claim: Claim, mutant: Mutant) -> str:
    """Whether the mutant holds over the domain that a step of the derivation exhausts or certifies."""
    for step in theorem.derivation:
        if (
            step.name in claim.follows_from
            and step.relation == claim.relation
            and step.method in ("exact", "certified")
        ):
            proof = prove(
                Step(f"{step.name} mutated", mutant.edit, step.method, mutant.claim.relation, domain=step.domain)
            )
            if proof.kind == "PROVED":
                return f"it holds over the domain of step {step.name!r}: the claim is not tight there ({proof.reason})"
    return ""


def _below_resolution(change: Change | None, claim: Claim, mutant: Mutant, tables: Sequence[Rows]) -> dict[str, Any]:
    """Whether the edit shifts every row by less than the row could show; otherwise why it survives."""
    looked = ", ".join(f"{table.seen} of {table.experiment.name}" for table in tables)
    survived = {"kind": "surviving", "reason": f"no row excludes it ({looked})"}
    if (
        change is None
        or change.sign < 0
        or isinstance(change.before, sympy.Ne)
        or change.before.func is not change.after.func
    ):
        return survived
    bound = not isinstance(change.before, sympy.Eq)
    shift = compile_term(difference(change.after) - difference(change.before))
    left, right = compile_term(change.before.lhs), compile_term(change.before.rhs)
    largest: tuple[float, float, str, str] | None = None
    equal = told = 0
    for table in tables:
        for position, (number, row) in enumerate(table.up_to(len(table.order))):
            judgement = table.judgement(position)
            if judgement.status not in ("consistent", "violated"):
                continue
            moved, lhs, rhs = _value(shift, row), _value(left, row), _value(right, row)
            if moved is None or lhs is None or rhs is None:
                continue
            scale = max(float(abs(lhs.mid())), float(abs(rhs.mid())))
            distance = float(abs(moved.mid()))
            if moved.contains(0) and distance <= NOTHING * scale:
                equal += 1
                continue
            told += 1
            deviation = distance / scale if scale else math.inf
            finest = judgement.blur if bound else max(judgement.resolution, judgement.blur)
            if deviation > 2 * finest:
                return {
                    **survived,
                    "reason": f"{survived['reason']}; largest room at {describe(table.instance(number))}",
                }
            if largest is None or deviation / finest > largest[0] / largest[1]:
                largest = deviation, finest, table.experiment.name, describe(table.instance(number))
    if largest is None:
        return {
            **survived,
            "reason": f"no row tells it from the claim: the edit changes nothing on {equal} rows ({looked})",
        }
    deviation, finest, name, where = largest
    return {
        "kind": "below resolution",
        "reason": f"shifts {told} rows, at most by {deviation:.2g} where the error bar is {finest:.2g} ({where})",
        "experiment": name,
        "resolution": finest,
    }


def _widens(claim: Any, mutant: Any) -> bool:
    """Whether only the premise was edited."""
    both = isinstance(claim, sympy.Implies) and isinstance(mutant, sympy.Implies)
    return both and claim.args[1] == mutant.args[1] and claim.args[0] != mutant.args[0]


def _rows_added(mutant: Mutant, tables: Sequence[Rows]) -> dict[str, Any]:
    """A changed premise: what the rows say that it admits and the claim leaves out."""
    judge, added, blur = compile_claim(mutant.claim.relation), 0, 0.0
    for table in tables:
        for position, (_, row) in enumerate(table.up_to(len(table.order))):
            if table.speaks(position):
                continue
            judgement = judge(row)
            if judgement.status != "consistent":
                continue
            if not abs(judgement.excess) <= 1:
                return {}
            added, blur = added + 1, max(blur, judgement.blur)
    if not added:
        return {"reason": "no instance satisfies its premise but not the claim's"}
    said = f"on the {added} rows that its premise adds, both sides agree within their error bars (at most {blur:.2g})"
    return {"kind": "below resolution", "reason": said, "resolution": blur}
