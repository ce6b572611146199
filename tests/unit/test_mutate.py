"""Mutants: what edits are made, which are not, and how each one ends."""

import numpy as np
import pytest
import sympy

from checks.engine.evidence import Evidence
from checks.engine.experiment import Experiment
from checks.engine.kill import kill_matrix, strength
from checks.engine.mutate import canonical, mutants
from simulators.measurement import Measurements, integers, reals, simulator
from theorems.statement import And, Claim, Eq, Ge, Gt, Implies, Le, Theorem, observable

N = observable("N", "depth", "positive integer")
s = observable("s", "a signed size")
v = observable("v", "its speed")
g = observable("g", "a slope")
p = observable("p", "a chance", "probability")
q = observable("q", "a size", "nonnegative")
k = sympy.Symbol("k", integer=True)
RATE = Claim("rate", Eq(v, -N * (s**2) ** (1 - 1 / N) * g))
BOUND = Claim("bound", Ge(p, 1 - sympy.exp(-N * (N - 1) / (2 * q))), kind="bound", tight_at="equal masses")


def by_name(claim):
    return {m.name: m.claim.relation for m in mutants(claim)}


@pytest.mark.parametrize(
    ("claim", "name", "expected"),
    [
        (RATE, "N dropped", Eq(v, -((s**2) ** (1 - 1 / N)) * g)),
        (RATE, "exponent 1 -> 1.01 at 1 - 1/N", Eq(v, -N * (s**2) ** (sympy.Rational(101, 100) - 1 / N) * g)),
        (RATE, "exponent -1 -> -2 at -1/N", Eq(v, -N * (s**2) ** (1 - 2 / N) * g)),
        (RATE, "N -> N + 1", Eq(v, -(N + 1) * (s**2) ** (1 - 1 / (N + 1)) * g)),
        (RATE, "g and s swapped", Eq(v, -N * (g**2) ** (1 - 1 / N) * s)),
        (BOUND, "relation flipped", Le(p, 1 - sympy.exp(-N * (N - 1) / (2 * q)))),
        (BOUND, "term 1 dropped", Ge(p, -sympy.exp(-N * (N - 1) / (2 * q)))),
        (BOUND, "-0.5 -> -0.505 at -N*(N - 1)/(2*q)", Ge(p, 1 - sympy.exp(-101 * N * (N - 1) / (200 * q)))),
        (Claim("abs", Eq(v, sympy.Abs(s))), "Abs removed in Abs(s)", Eq(v, s)),
        (Claim("max", Eq(v, sympy.Max(s, g))), "Max -> Min", Eq(v, sympy.Min(s, g))),
        (
            Claim("sum", Eq(v, sympy.Sum(k * s, (k, 1, N)))),
            "high limit N -> N - 1",
            Eq(v, sympy.Sum(k * s, (k, 1, N - 1))),
        ),
        (Claim("if", Implies(Ge(N, 2), Eq(v, s))), "2 -> 1 in the premise", Implies(Ge(N, 1), Eq(v, s))),
        (Claim("both", And(Eq(v, s), Ge(g, s))), "relation flipped", And(Eq(v, s), Le(g, s))),
    ],
)
def test_the_edit_is_made(claim, name, expected):
    assert canonical(by_name(claim)[name]) == canonical(expected)


def test_names_are_unique_and_edits_differ_from_the_claim_and_each_other():
    for claim in (RATE, BOUND):
        made = mutants(claim)
        forms = [canonical(m.claim.relation) for m in made]
        assert len({m.name for m in made}) == len(set(forms)) == len(made) >= 20
        assert canonical(claim.relation) not in forms
        assert [m.name for m in mutants(claim)] == [m.name for m in made]


def test_edits_that_nothing_could_refute_are_not_made():
    assert not any(isinstance(m.claim.relation, (sympy.Ne, sympy.Gt)) for m in (*mutants(RATE), *mutants(BOUND)))
    zero = mutants(Claim("zero", Eq(s, 0)))
    assert all(m.claim.relation.free_symbols for m in zero)
    assert {canonical(m.claim.relation) for m in zero} == {canonical(Eq(s, 1)), canonical(Eq(s, -1))}
    assert not mutants(Claim("measured", Eq(s, 1), kind="empirical"))


@simulator("N s v g", limited_by="rounding")
def pushed(batch, *, delta, effort=0, device):
    rows = [(n, size, slope) for n, size, slope in batch]
    speed = [-n * (size * size) ** (1 - 1 / n) * slope for n, size, slope in rows]
    return Measurements(
        {
            "N": integers(r[0] for r in rows),
            "s": reals([r[1] for r in rows], 0.0),
            "g": reals([r[2] for r in rows], 0.0),
            "v": reals(speed, [1e-14 * (1 + abs(x)) for x in speed]),
        },
        np.arange(len(rows)),
    )


def instances(draw):
    return draw.integer(1, 4), draw.decimal(-2, 2), draw.decimal(-2, 2)


def outcomes(claim, batch):
    experiment = Experiment("toy", Theorem("toy", "a toy", (claim,)), instances, pushed)
    table = pushed(tuple(batch), delta=0.0, device="cpu")
    evidence = Evidence("toy", "toy", "quick", pushed.name, tuple(batch), ((),) * len(batch), table)
    return {o.mutant: o for o in kill_matrix(claim, [experiment], [evidence])}


GRID = [(n, a / 8, b / 4) for n in (1, 2, 3, 4) for a in (-9, -3, -1, 0, 2, 7, 12) for b in (-5, 1, 3)]


def test_every_wrong_rate_is_killed_by_a_diverse_batch():
    found = outcomes(RATE, GRID)
    assert {o.kind for o in found.values()} == {"killed"}
    assert strength(tuple(found.values())) == (len(found), 0)
    assert "N=" not in found["N dropped"].reason and "error bars" in found["N dropped"].reason


def test_a_narrow_batch_lets_a_wrong_rate_survive():
    found = outcomes(RATE, [(1, a / 8, 1.0) for a in range(1, 9)])
    assert found["N dropped"].kind == "surviving"
    assert "changes nothing on 8 rows" in found["N dropped"].reason
    assert strength(tuple(found.values()))[1] > 0


def test_an_edit_finer_than_the_error_bars_is_named_so():
    claim = Claim("near", Eq(v, -N * (s**2) ** (1 - 1 / N) * g + g * sympy.Rational(1, 10**17)))
    found = outcomes(claim, [(2, 0.5, 1.0), (3, 1.5, -1.0)])
    tiny = [o for o in found.values() if o.kind == "below resolution"]
    assert tiny and all("error bar" in o.reason and o.resolution < 1e-12 for o in tiny)


def test_equivalent_and_implied_mutants_are_set_apart():
    square = outcomes(Claim("abs", Le(v, sympy.Abs(N) * 100), kind="bound", tight_at="none"), GRID)
    assert square["Abs removed in Abs(N)"].kind == "equivalent"
    assert square["100 -> 101 at 100*Abs(N)"].kind == "implied"
    assert square["relation flipped"].kind == "killed"
    assert square["100 -> 99 at 100*Abs(N)"].kind == "surviving"


def test_a_premise_that_admits_fewer_instances_says_less():
    found = outcomes(
        Claim("deep", Implies(Ge(N, 2), Gt(N * s**2 + 2, N)), kind="bound", tight_at="s = 0"), [(2, 0.5, 1.0)]
    )
    assert found["2 -> 3 in the premise"].kind == "implied"


def test_a_mutant_outside_its_domain_counts_as_killed_with_that_reason():
    found = outcomes(Claim("root", Le(0, sympy.sqrt(s**2) + 1), kind="bound", tight_at="none"), [(1, -0.5, 1.0)])
    gone = found["exponent 2 -> 3 at s**2"]
    assert gone.kind == "killed" and "undefined here" in gone.reason
