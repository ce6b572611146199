"""Every simulator of every experiment keeps the contract, and each rule catches a simulator that breaks it."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, replace
from functools import lru_cache

import flint
import numpy as np
import pytest
import torch

from checks.engine.contract import RULES, Trial, breaches
from checks.engine.draw import bulk
from checks.engine.experiment import Experiment
from simulators.measurement import Measurements, Simulator, balls, booleans, choices, integers, reals, simulator
from simulators.streams import stream
from tests.audits import audits

DRAWN = 2
DEVICES = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)


EXPERIMENTS = {f"{audit.theorem().name}/{e.name}": e for audit in audits() for e in audit.experiments}


def batch_of(experiment: Experiment) -> tuple[object, ...]:
    """An example, a few drawn instances, and one that drops each assumption."""
    seeds = [f"contract-{k}" for k in range(DRAWN)]
    drawn = [bulk(experiment.instances, seed, **experiment.flags)[0] for seed in seeds]
    dropped = [bulk(experiment.instances, seeds[0], **{name: False})[0] for name in experiment.assumptions]
    return (*experiment.examples[:1], *drawn, *dropped)


@lru_cache(maxsize=4)
def trial_of(name: str, device: str) -> Trial:
    return Trial(EXPERIMENTS[name].observe, batch_of(EXPERIMENTS[name]), device=device)


# One experiment stays on one worker, so that its batch is measured once.
CASES = [
    pytest.param(name, device, rule, id=f"{name}-{device}-{rule}", marks=pytest.mark.xdist_group(name))
    for name, device, rule in itertools.product(EXPERIMENTS, DEVICES, RULES)
]


@pytest.mark.parametrize(("name", "device", "rule"), CASES)
def test_a_simulator_keeps_its_contract(name, device, rule):
    assert breaches(trial_of(name, device), (rule,)) == []


@dataclass(frozen=True)
class Disc:
    """A disc and how many of its points are sampled."""

    radius: float
    seed: int = 0


def areas(batch, device, factor=1.0):
    radius = torch.tensor([disc.radius for disc in batch], dtype=torch.float64, device=device)
    return (factor * torch.pi * radius**2).cpu().numpy()


def table(batch, values, rad=1e-13, failure=0.0, **more):
    return Measurements({"area": reals(values, rad, failure), **more}, np.arange(len(batch)))


def precisely(disc, bits):
    with flint.ctx.workprec(bits):
        area = flint.arb.pi() * flint.arb(disc.radius) ** 2
    return table((disc,), [float(area.mid())])


@simulator("area", limited_by="rounding", precisely=precisely)
def honest(batch, *, delta, effort=0, device):
    return table(batch, areas(batch, device))


@simulator("area", limited_by="rounding", precisely=precisely)
def depends_on_its_batch(batch, *, delta, effort=0, device):
    return table(batch, areas(batch, device) + 1e-6 * len(batch))


def impure():
    calls = itertools.count()

    @simulator("area", limited_by="sampling")
    def observe(batch, *, delta, effort=0, device):
        return table(batch, areas(batch, device) + 1e-16 * next(calls), rad=1e-6)

    return observe


def draws(global_generator, *arguments):
    @simulator("area", limited_by="rounding", precisely=precisely)
    def observe(batch, *, delta, effort=0, device):
        global_generator(*arguments)
        return table(batch, areas(batch, device))

    return observe


@simulator("area", limited_by="rounding", precisely=precisely)
def forgets_the_device(batch, *, delta, effort=0, device):
    torch.empty(0, device=device)
    return table(batch, torch.tensor(areas(batch, device)).numpy())


@simulator("area", limited_by="rounding", precisely=precisely)
def ignores_the_device(batch, *, delta, effort=0, device):
    return table(batch, areas(batch, torch.device("cpu")))


@simulator("area perimeter", limited_by="rounding", precisely=precisely)
def lacks_a_column(batch, *, delta, effort=0, device):
    return table(batch, areas(batch, device))


@simulator("area", limited_by="sampling")
def overspends(batch, *, delta, effort=0, device):
    return table(batch, areas(batch, device), failure=2 * delta)


@simulator("area", limited_by="discretisation")
def grows_with_effort(batch, *, delta, effort=0, device):
    return table(batch, areas(batch, device), rad=1e-6 * (1 + effort))


@simulator("area", limited_by="rounding", precisely=precisely)
def differs_from_its_precise_tier(batch, *, delta, effort=0, device):
    return table(batch, areas(batch, device, factor=1 + 1e-9))


@simulator("area", limited_by="rounding")
def has_no_precise_tier(batch, *, delta, effort=0, device):
    return table(batch, areas(batch, device))


@simulator("area inside corners", limited_by="sampling")
def discrete(batch, *, delta, effort=0, device):
    inside = [bool(stream(disc, "point").random() < 0.5) for disc in batch]
    return table(
        batch, areas(batch, device), 1e-6, delta, inside=booleans(inside), corners=choices([(0, 1)] * len(batch))
    )


DISCS = (Disc(1.0), Disc(0.1, 3), Disc(2.5, 7))
BROKEN: dict[str, list[Simulator]] = {
    "columns": [lacks_a_column],
    "budget": [overspends],
    "pure": [impure()],
    "generators": [draws(torch.rand, 1), draws(np.random.random), draws(np.random.seed, 0), draws(random.random)],
    "alone": [depends_on_its_batch],
    "device_clean": [forgets_the_device],
    "absent_device": [ignores_the_device],
    "effort": [grows_with_effort],
    "precise": [differs_from_its_precise_tier, has_no_precise_tier],
}


@pytest.mark.parametrize("observe", [honest, discrete], ids=lambda s: s.name)
def test_an_honest_simulator_breaks_no_rule(observe):
    assert breaches(Trial(observe, DISCS)) == []


@pytest.mark.parametrize(("rule", "observe"), [(r, s) for r, found in BROKEN.items() for s in found])
def test_each_rule_catches_a_simulator_that_breaks_it(rule, observe):
    found = breaches(Trial(observe, DISCS), (rule,))
    assert found
    assert all(words.startswith(f"{rule}: got ") and "; expected " in words for words in found)


@dataclass
class Mutable:
    radius: float = 1.0


@dataclass(frozen=True)
class Holding:
    radius: object = 1.0


@pytest.mark.parametrize("instance", [Mutable(), Holding(np.float64(1.0)), Holding([1.0])], ids=repr)
def test_an_instance_that_is_not_plain_is_named(instance):
    assert breaches(Trial(honest, (instance,)), ("plain",))


def test_integers_are_compared_exactly():
    @simulator("count", limited_by="exact")
    def observe(batch, *, delta, effort=0, device):
        torch.empty(0, device=device)
        return Measurements({"count": integers([2**80 + len(batch)] * len(batch))}, np.arange(len(batch)))

    assert any("count" in words for words in breaches(Trial(observe, DISCS), ("alone",)))
    assert breaches(Trial(replace(observe), DISCS[:1])) == []


@pytest.mark.parametrize(("move", "agrees"), [(0, True), (1, False)])
def test_balls_are_compared_by_midpoint_and_radius(move, agrees):
    """A ball that is not exact never equals itself."""
    calls = itertools.count()

    @simulator("third", limited_by="exact")
    def observe(batch, *, delta, effort=0, device):
        third = flint.arb(1, 1e-20) / 3 + move * next(calls)
        return Measurements({"third": balls([third, flint.fmpq(1, 3)])}, np.zeros(2))

    assert (breaches(Trial(observe, DISCS[:1]), ("pure",)) == []) is agrees
