"""The softmax certificate: what it must refuse, what it must cover, and the contract of its simulators."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from flint import arb, ctx

from checks.engine.contract import Trial, breaches
from checks.engine.draw import bulk
from checks.engine.experiment import Experiment
from checks.engine.search import audit
from checks.test_first_order_optimality import THEOREM, any_models, hulls, models, tight
from simulators import softmax
from simulators.doubled import Doubled
from simulators.softmax import LanguageModel, fitted_features, gaussian
from simulators.softmax_balls import certify as certify_balls
from simulators.softmax_certificate import EXPONENTIAL, certify, exponential
from simulators.softmax_exact import independent_rows, interior
from simulators.softmax_fit import fit, remainder
from simulators.softmax_newton import Solution, problems, solve
from simulators.streams import stream

CPU = torch.device("cpu")
SEEDS = range(12)


def full_rank(seed: int, words: int = 6) -> tuple[np.ndarray, tuple[int, ...]]:
    """Features whose rows and the constants span everything, so that p_f* = p* by Gibbs' inequality alone."""
    phi = np.array(gaussian(words - 1, words, seed + 1))
    return phi, tuple(int(n) for n in stream("unit weights", seed).integers(1, 30, words))


def misses(cases: list[tuple[np.ndarray, tuple[int, ...]]]) -> int:
    """Words whose bar misses the known p*; a model that is not certified has none."""
    batch = tuple(LanguageModel(tuple(map(tuple, phi.tolist())), (weights,)) for phi, weights in cases)
    table = softmax.observe_words(batch, delta=1e-9, device=CPU)
    p = table.columns["p_first"]
    laws = [np.array(weights, dtype=np.longdouble) / sum(weights) for _, weights in cases]
    truth = np.array([laws[b][w] for b, w in zip(table.element, table.index["word"], strict=True)])
    return int((np.abs(p.mid - truth) > p.rad + 2.0**-62).sum())


@pytest.mark.parametrize(
    "observe, family",
    [
        (softmax.observe_moments, models),
        (softmax.observe_moments, any_models),
        (softmax.observe_words, models),
        (softmax.observe_values, models),
        (softmax.observe_shift, tight),
        (softmax.observe_existence, hulls),
    ],
)
def test_simulators_keep_the_contract(observe, family):
    batch = tuple(bulk(family, f"contract:{n}")[0] for n in range(10))
    assert breaches(Trial(observe, batch)) == []


@pytest.mark.parametrize("flag", ["minimiser", "free", "fixed"])
def test_dropped_assumptions_keep_the_contract(flag):
    batch = tuple(bulk(models, f"dropped:{n}", **{flag: False})[0] for n in range(6))
    assert breaches(Trial(softmax.observe_moments, batch), ("alone", "pure", "precise", "device_clean")) == []


def test_a_direction_of_small_singular_value_is_not_dropped():
    """A rank cut-off would lose the last coordinate, and certify a wrong p_f."""
    cases = []
    for seed in SEEDS:
        for small in (2.0**-18, 2.0**-30, 2.0**-45):
            phi, weights = full_rank(seed)
            phi[-1] = phi[0] + small * phi[-1]
            assert len(independent_rows(tuple(map(tuple, phi.tolist())))) == len(phi)
            cases.append((phi, weights))
    assert misses(cases) == 0


def test_rows_of_very_different_scales_are_covered_and_certified():
    cases = []
    for seed in SEEDS:
        phi, weights = full_rank(seed)
        cases.append((phi * 2.0 ** stream("scales", seed).integers(-20, 21, len(phi))[:, None], weights))
    assert all(fit([(phi.tolist(), weights) for phi, weights in cases], CPU).exists)
    assert misses(cases) == 0


def test_the_rounding_of_centring_and_whitening_is_covered():
    cases = [full_rank(seed) for seed in SEEDS]
    assert misses([(phi + 2.0**20 / 3, weights) for phi, weights in cases]) == 0
    assert misses([(phi, (*weights[:-1], 10**12)) for phi, weights in cases]) == 0


def test_weights_that_no_float_holds_are_exact():
    """p* is a ratio of integers of any size: contexts that share f multiply their totals."""
    weights = (51840752192425167576, 66457723755197192516, 98365436010111360734)
    totals = [(10**6 + n, 10**6 - n, 3 + n) for n in range(5)]
    features = ((-1.46875, 1.03125, -0.859375), (0.5, 0.25, -1.0))
    alone, shared = LanguageModel(features, (weights,)), LanguageModel(features, tuple(totals), shared=True)
    assert sum(shared.targets[0]) > 2**64
    for model in (alone, shared):
        for observe in (softmax.observe_words, softmax.observe_shift, softmax.observe_moments):
            assert breaches(Trial(observe, (replace(model, theta=(0.5, -1.0), rate=0.1),)), ("precise",)) == []
        table = softmax.observe_words((model,), delta=1e-9, device=CPU).columns["p_first"]
        for k, n in enumerate(model.targets[0]):
            miss = abs(Fraction(table.mid[k]) - Fraction(n, sum(model.targets[0])))
            assert miss <= Fraction(table.rad[k])


def test_a_wrong_iterate_is_not_taken_for_the_minimiser():
    """The certified distance really bounds the distance, however far the iterate is."""
    phi, weights = full_rank(1)
    given = problems([(phi.tolist(), weights)], CPU)
    found = solve(given)
    truth = np.array(weights) / sum(weights)
    certified = 0
    for size in (0.0, 1e-12, 1e-6, 1e-3, 0.1, 1.0, 10.0):
        moved = Solution(found.f + size, found.whitening)
        proved = certify(given, moved)
        if proved.certified[0]:
            certified += 1
            gap = np.abs(np.log(truth) - proved.law.log[0].numpy())
            assert (gap <= proved.step[0].numpy() + 1e-14).all()
    assert 3 <= certified < 7


def test_a_whitening_that_does_not_whiten_is_refused():
    phi, weights = full_rank(2)
    given = problems([(phi.tolist(), weights)], CPU)
    found = solve(given)
    singular = found.whitening.clone()
    singular[:, :, 0] = 0.0
    assert not certify(given, Solution(found.f, singular)).certified[0]
    assert not certify(given, Solution(found.f, 3 * found.whitening)).certified[0]


def test_nothing_is_certified_where_no_minimiser_exists():
    batch = [bulk(models, f"escape:{n}", minimiser=False)[0] for n in range(60)]
    pairs = [(model.features, model.contexts[0]) for model in batch]
    given = problems(pairs, CPU)
    assert not certify(given, solve(given)).certified.any()
    found = fit(pairs, CPU)
    assert found.exists.count(False) >= 58 and True not in found.exists
    for (features, weights), f in zip(pairs[:10], found.f[:10].tolist(), strict=True):
        assert not certify_balls(features, weights, f[: len(features)], 128).certified


@pytest.mark.parametrize(
    "claim, observe",
    [
        ("moments", softmax.observe_moments),
        ("unique", softmax.observe_words),
        ("duality", softmax.observe_values),
        ("pythagoras", softmax.observe_values),
    ],
)
def test_claims_of_a_minimiser_do_not_survive_where_there_is_none(claim, observe):
    """A family that forgot to ask for a minimiser: nothing is said of it, least of all SURVIVED."""

    def faces(draw):
        return models(draw, minimiser=False)

    forgetful = Experiment(f"faces-{claim}", THEOREM, faces, observe, search=0, bulk=30)
    assert audit(THEOREM.claim(claim), forgetful).kind == "VACUOUS"


def test_existence_agrees_with_the_hull():
    batch = tuple(bulk(hulls, f"hull:{n}")[0] for n in range(300))
    table = softmax.observe_existence(batch, delta=1e-9, device=CPU)
    exists, inside = (table.columns[name].mid for name in ("exists", "interior"))
    assert (exists == inside).all()
    assert 30 < inside.sum() < 270


@pytest.mark.parametrize(
    "features, weights, inside",
    [
        (((-1.0, 1.0),), (0, 1), False),
        (((-1.0, 1.0),), (1, 1), True),
        (((2.0, 2.0),), (0, 1), True),
        (((0.0, 1.0, 0.0), (0.0, 0.0, 1.0)), (1, 1, 0), False),
        (((0.0, 1.0, 0.0, 1.0), (0.0, 0.0, 1.0, 1.0)), (1, 0, 0, 1), True),
    ],
)
def test_interior_of_known_hulls(features, weights, inside):
    assert interior(features, weights) is inside
    assert fit([(features, weights)], CPU).exists == (inside,)


def test_the_point_on_the_way_out_does_not_depend_on_company():
    """Rows that differ by one part in 10^12: rounding errors of the steps would move the point by one in 10^4."""
    features = ((0.453125, 0.109375, -0.296875), (0.453125, 0.1093750000009095, -0.2968749999990905))
    pair = (features, (965326802616344, 0, 24974581726073))
    others = [(gaussian(d, words, 1), (1,) + (0,) * (words - 1)) for d in (1, 6) for words in (5, 20, 60)]
    alone, among = fit([pair], CPU), fit([*others, pair], CPU)
    assert alone.exists[-1] is among.exists[-1] is False
    assert among.f[-1, :2].tolist() == alone.f[-1].tolist()


def test_the_excess_needs_no_minimiser():
    """phi = (-1, 1), p* = (0, 1): L(f) = log(1 + exp(-2 f)) and inf L = 0."""
    model = LanguageModel(((-1.0, 1.0),), ((0, 1),), (5.0,))
    table = softmax.observe_shift((model,), delta=1e-9, device=CPU)
    column = table.columns["excess"]
    assert abs(column.mid[0] - math.log1p(math.exp(-10.0))) <= column.rad[0] + 1e-20
    assert column.rad[0] < 1e-17


def test_shared_and_trained_models():
    weights = ((1, 1, 2), (5, 1, 1))
    shared = LanguageModel(((0.0, 1.0, 2.0),), weights, shared=True)
    assert shared.targets == ((1 * 7 + 5 * 4, 1 * 7 + 1 * 4, 2 * 7 + 1 * 4),)
    fixed = LanguageModel(((0.0, 1.0, 2.0),), weights[:1])
    assert fitted_features(fixed) == fixed.features
    trained = LanguageModel(((0.0, 1.0, 2.0),), weights[:1], rate=0.5)
    assert fitted_features(trained) != trained.features


def test_exponential_and_remainder_against_balls():
    before, ctx.prec = ctx.prec, 200
    try:
        x = -torch.from_numpy(np.concatenate([np.linspace(0, 2, 200), np.geomspace(1e-12, 650, 300)]))
        low = x * 2.0**-54
        value = exponential(Doubled(x, low))
        for a, b, high, rest in zip(*(t.tolist() for t in (x, low, value.high, value.low)), strict=True):
            exact = (arb(a) + arb(b)).exp()
            assert abs(arb(high) + arb(rest) - exact) <= arb(EXPONENTIAL) * exact
        z = torch.cat([x / 10, -x / 20])
        for a, got in zip(z.tolist(), remainder(z).tolist(), strict=True):
            exact = arb(a).exp() - 1 - arb(a)
            assert abs(arb(got) - exact) <= arb(8 * 2.0**-53) * exact
    finally:
        ctx.prec = before


@pytest.mark.parametrize(
    "fields, words",
    [
        ({"features": ((1.0, 2.0),), "contexts": ((1, 1, 1),)}, "one entry per word"),
        ({"features": ((1.0, 2.0),), "contexts": ((0, 0),)}, "not all 0"),
        ({"features": ((1.0, 2.0),), "contexts": ((1, -1),)}, "non-negative"),
        ({"features": ((1.0, 2.0),), "contexts": ((1, 1),), "theta": (1.0, 2.0)}, "expected d = 1"),
    ],
)
def test_bad_models_are_refused(fields, words):
    with pytest.raises(ValueError, match=words):
        LanguageModel(**fields)
