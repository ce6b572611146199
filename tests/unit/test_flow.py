"""The integrator: its order, its independence of the batch, and what it does where it cannot go on."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from simulators.aligned_flow import AlignedFlow, observe_escape
from simulators.aligned_net import Aligned
from simulators.deep_linear_flow import DeepLinearRun, InstanceError, frame_of, trained
from simulators.factor_flow import DeepLinearFlow, Weighted, spectral_bound
from simulators.flow import integrate
from simulators.rank_and_sign import observe_rank, observe_sign
from simulators.trajectories import observe_conservation, observe_rate

CPU = torch.device("cpu")


def scalar(
    depth: int, starts: list[float], targets: list[float], weight: float = 1.0
) -> tuple[DeepLinearFlow, torch.Tensor]:
    """Scalar nets: w' = w^(N−1) (s − weight w^N)."""
    shape = (len(starts), 1, 1)
    target = torch.tensor(targets, dtype=torch.float64, device=CPU).reshape(shape)
    loss = Weighted(torch.full(shape, weight, dtype=torch.float64, device=CPU), target)
    start = torch.tensor(starts, dtype=torch.float64, device=CPU).reshape(shape).expand(depth, *shape)
    return DeepLinearFlow(loss, depth, 1), start.contiguous()


def at(time: float, rows: int = 1) -> torch.Tensor:
    """One common time."""
    return torch.full((rows, 1), time, dtype=torch.float64, device=CPU)


def decay_error(steps: int) -> float:
    """Error at time 4 of x' = −x in equal steps: a tolerance nothing misses, and bars to force the number of steps."""
    flow, start = scalar(1, [1.0], [0.0])
    moments = torch.linspace(0, 4, steps + 1, dtype=torch.float64, device=CPU)[None, 1:]
    path = integrate(flow, start, moments, rtol=0.5, bars=False)
    return abs(float(path.state[-1].squeeze()) - math.exp(-4))


def test_the_error_falls_with_the_eighth_power_of_the_step():
    coarse, fine = decay_error(4), decay_error(8)
    assert 7.5 <= math.log2(coarse / fine) <= 9.5


def test_rows_do_not_know_of_one_another():
    flow, start = scalar(3, [0.1, 0.9, 0.4], [2.0, 0.1, 1.0])
    times = torch.tensor([[1.0], [2.5], [0.3]], dtype=torch.float64, device=CPU)
    together = integrate(flow, start, times, rtol=1e-10)
    for row in range(3):
        index = torch.tensor([row])
        alone = integrate(flow.rows(index), start[:, index], times[index], rtol=1e-10)
        apart = torch.linalg.vector_norm(alone.state[0, :, 0] - together.state[0, :, row])
        assert float(apart) <= float(alone.bar[0, 0] + together.bar[0, row])
        assert int(alone.steps[0]) == int(together.steps[row])


def test_several_times_on_the_way_are_met_exactly():
    flow, start = scalar(1, [1.0], [0.0])
    moments = torch.tensor([[0.0, 0.25, 0.25, 3.0]], dtype=torch.float64, device=CPU)
    path = integrate(flow, start, moments, rtol=1e-11)
    for column, moment in enumerate(moments[0].tolist()):
        assert abs(float(path.state[column].squeeze()) - math.exp(-moment)) <= float(path.bar[column, 0]) + 1e-16


@pytest.mark.parametrize("start", [0.0, 1e-30, 1e-8])
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_next_to_a_saddle_the_first_step_is_finite(depth: int, start: float):
    flow, state = scalar(depth, [start], [1.0])
    path = integrate(flow, state, at(3.0), rtol=1e-10)
    assert bool(torch.isfinite(path.state).all() & torch.isfinite(path.bar).all())


def test_a_row_that_blows_up_has_no_bar_and_spoils_no_other():
    flow, start = scalar(3, [0.1, 2.0], [1.0, 1.0], weight=0.0)
    path = integrate(flow, start, at(1.0, 2), rtol=1e-10)
    assert bool(torch.isfinite(path.state[0, :, 0]).all())
    assert bool(torch.isnan(path.state[0, :, 1]).all())
    assert math.isinf(float(path.bar[0, 1]))


def test_too_few_steps_leave_nothing_that_looks_like_an_answer():
    flow, start = scalar(2, [0.1], [1.0])
    path = integrate(flow, start, at(5.0), rtol=1e-12, max_steps=3)
    assert bool(torch.isnan(path.state).all())
    assert bool(torch.isinf(path.bar).all())


def test_a_net_whose_bar_is_lost_has_no_rows_and_spoils_no_other():
    tame = DeepLinearRun(widths=(1, 1, 1), stretch=(0.5,), time=0.5)
    wild = DeepLinearRun(widths=(2,) * 5, stretch=(0.4, 0.7), target=1.2, time=0.8, tilt=1.0, seed=7306)
    for observe in (observe_rate, observe_conservation, observe_rank):
        assert set(observe((wild, tame), delta=0.0, device=CPU).element.tolist()) == {1}


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
@pytest.mark.parametrize("curvature", [0.0, 1.0])
def test_the_logarithmic_norm_of_aligned_nets_is_that_of_their_jacobian(depth: int, curvature: float):
    for w, pull in ((0.1, 1.0), (0.7, 1.3), (1.2, 0.4)):
        first = torch.tensor([w, w / 2], dtype=torch.float64, device=CPU)
        pulls = torch.tensor([pull, 0.3], dtype=torch.float64, device=CPU)

        def velocity(entries: torch.Tensor, pulls: torch.Tensor = pulls) -> torch.Tensor:
            whole = entries.reshape(depth, 2)
            others = torch.stack([torch.cat([whole[:j], whole[j + 1 :]]).prod(0) for j in range(depth)])
            return (others * (pulls - curvature * whole.prod(0))).reshape(-1)

        start = first.expand(depth, 2)
        jacobian = torch.autograd.functional.jacobian(velocity, start.reshape(-1))
        flow = AlignedFlow(
            Weighted(curvature * torch.ones(1, 2, 2, dtype=torch.float64), torch.diag(pulls)[None]), depth, 2
        )
        sizes = flow.sizes(torch.diag_embed(start)[:, None])
        norm = torch.linalg.eigvalsh((jacobian + jacobian.T) / 2).max()
        assert float(flow.growth(sizes, torch.zeros(1, dtype=torch.float64))) == pytest.approx(float(norm), abs=1e-13)


def test_bad_tolerances_and_times_are_refused():
    flow, start = scalar(1, [1.0], [0.0])
    with pytest.raises(ValueError, match="rtol=0"):
        integrate(flow, start, at(1.0), rtol=0)
    with pytest.raises(ValueError, match="sort them"):
        integrate(flow, start, torch.tensor([[1.0, 0.5]], dtype=torch.float64, device=CPU), rtol=1e-8)


def test_the_bound_of_the_two_norm_is_one_and_is_near():
    matrices = torch.tensor(
        [[[3.0, 0.0], [0.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]], [[1e-200, 0], [0, 0]]], dtype=torch.float64
    )
    true = torch.linalg.matrix_norm(matrices, 2)
    bound = spectral_bound(matrices)
    assert bool((bound >= true).all())
    assert bool((bound <= 1.05 * true + 1e-149).all())


def test_effort_shrinks_the_bar():
    run = DeepLinearRun((2, 2, 2, 2), (0.5, 0.8), target=1.5, time=4.0, seed=3)
    bars = [float(next(trained((run,), effort=effort, device=CPU)).bar[0]) for effort in (0, 1)]
    assert bars[1] < bars[0] / 10


def test_padding_changes_nothing():
    small = DeepLinearRun((1, 2, 1), (0.5,), target=1.0, time=1.0, seed=5)
    large = DeepLinearRun((3, 3, 3), (0.5, 0.7), target=1.0, time=1.0, seed=6)
    alone = observe_rate((small,), delta=1e-6, device=CPU)
    padded = observe_rate((small, large), delta=1e-6, device=CPU)
    for name in ("sigma", "sigma_dot", "g"):
        a, b = alone.columns[name], padded.columns[name]
        assert abs(a.mid[0] - b.mid[0]) <= a.rad[0] + b.rad[0]


def test_descent_with_a_finite_step_moves_what_the_flow_conserves():
    run = DeepLinearRun((1, 1, 1), (0.5,), target=1.0, time=1.0, tilt=0.5, eta=0.1)
    table = observe_conservation((run,), delta=1e-6, device=CPU)
    first, last = table.columns["defect_0"], table.columns["defect_t"]
    assert abs(first.mid[0] - last.mid[0]) > 1e6 * (first.rad[0] + last.rad[0])


def test_a_sign_that_floats_cannot_tell_is_left_open():
    """Exact frames times (1, 1e-20): of full rank, and nearer to singular than its floats are to it."""
    runs = tuple(DeepLinearRun((2, 2, 2), (1.0, 1e-20), seed=seed, time=0.0) for seed in range(1, 13))
    table = observe_sign(runs, delta=1e-6, device=CPU)
    for run, found in zip(runs, table.columns["sign_0"].mid, strict=True):
        frames = [frame_of(run, layer)[0] for layer in (0, 2)]
        assert round(np.prod([np.linalg.det(frame) for frame in frames])) in found


def test_what_rests_on_the_bar_of_a_flow_is_not_proved():
    runs = (DeepLinearRun((2, 2, 2), (0.5, 0.4), seed=1),)
    for observe in (observe_rank, observe_sign, observe_conservation, observe_rate):
        columns = observe(runs, delta=1e-6, device=CPU).columns
        reached = [name for name in columns if name in ("rank_t", "sign_t", "defect_t", "sigma", "sigma_dot", "g")]
        assert reached
        assert not any(columns[name].proved for name in reached)


def test_starts_that_underflow_are_covered():
    table = observe_escape((Aligned(2, (1e-160,), (1.0,), 0.5),), delta=1e-6, device=CPU)
    assert abs(Fraction(table.columns["sigma_0"].mid[0]) - Fraction(1e-160) ** 2) <= Fraction(
        table.columns["sigma_0"].rad[0]
    )


def test_instances_that_describe_nothing_are_refused():
    with pytest.raises(InstanceError, match="two or more positive widths"):
        DeepLinearRun((2,), (0.5,))
    with pytest.raises(InstanceError, match="1 to 1"):
        DeepLinearRun((2, 1), (0.5, 0.5))
    with pytest.raises(InstanceError, match="one of full"):
        DeepLinearRun((1, 1), (0.5,), loss="cubic")
    with pytest.raises(InstanceError, match="positive start"):
        Aligned(2, (0.0,), (1.0,), 0.5)


def test_escape_has_rows_for_linear_instances_only():
    batch = (Aligned(3, (0.1,), (1.0,), 0.5), Aligned(2, (0.1,), (1.0,), 0.5, linear=False))
    assert observe_escape(batch, delta=1e-6, device=CPU).element.tolist() == [0]
