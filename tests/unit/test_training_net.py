"""Instances of nets in training: what they stand for, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from simulators.lazy_ensemble import Ensemble
from simulators.lazy_flow import paths
from simulators.lazy_net import LazyNet
from simulators.measurement import MeasurementError
from simulators.training_moment import observe_few, observe_many
from simulators.training_net import Net, numbers

CPU = torch.device("cpu")


def test_the_canonical_net_is_f_equals_w_times_x():
    own = numbers(Net(label=0.0))
    assert [w.tolist() for w in own.weights] == [[[1.0]]]
    assert own.inputs.tolist() == [[1.0]]
    table = observe_few((Net(),), delta=0.0, device=CPU)
    assert table.columns["u_dot"].mid.tolist() == [-1.0]
    assert table.columns["H_1"].mid.tolist() == [1.0]


def test_the_unit_at_its_kink_is_exactly_there_and_leaves_it():
    net = Net(hidden=(1,), norms=(1.0, 1.0), dimension=2, label=2.0, kink=True)
    table = observe_few((net,), delta=0.0, device=CPU)
    assert table.columns["smooth"].mid.tolist() == [0, 0]
    assert table.columns["u_1"].mid[0] == 0 and table.columns["u_dot"].mid[0] > 1


def test_a_net_without_input_is_smooth_although_its_units_are_at_zero():
    table = observe_few((Net(hidden=(3, 3), norms=(0.0,), dimension=2, seed=5),), delta=0.0, device=CPU)
    assert table.columns["smooth"].mid.tolist() == [1]


@pytest.mark.parametrize("net", [Net(hidden=(2,), weight=0.0), Net(hidden=(3, 2), weight=0.0, seed=3)])
def test_units_with_weights_zero_are_at_their_kinks_and_are_no_padding(net):
    assert observe_few((net,), delta=0.0, device=CPU).columns["smooth"].mid.tolist() == [0]
    assert observe_few.precisely(net, 128).columns["smooth"].mid.tolist() == [0]


def test_padding_changes_nothing_beyond_the_bars():
    wide = Net(hidden=(16, 9), norms=(1.0,) * 5, dimension=4, activation="tanh", seed=3)
    thin = Net(hidden=(12, 12), norms=(1.0,), dimension=1, activation="tanh", seed=4)
    both, alone = observe_many((wide, thin), delta=0.0, device=CPU), observe_many((thin,), delta=0.0, device=CPU)
    row = np.flatnonzero(both.element == 1)[0]
    for name in ("u_dot", "pull", "energy"):
        one, other = both.columns[name], alone.columns[name]
        assert abs(one.mid[row] - other.mid[0]) <= one.rad[row] + other.rad[0]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Net(activation="gelu"), "activation 'gelu'.*relu, erf, tanh"),
        (lambda: Net(norms=()), "0 inputs"),
        (lambda: LazyNet(activation="hat", reference="limit"), "limit"),
        (lambda: LazyNet(time=0.0), "time 0.0"),
        (lambda: LazyNet(norm=0.0), "norm 0.0; expected positive"),
        (lambda: LazyNet(inputs="round"), "inputs 'round'"),
        (lambda: Ensemble(width=7), "width 7.*even"),
        (lambda: Ensemble(parameterisation="mup"), "parameterisation 'mup'"),
    ],
)
def test_what_makes_no_sense_is_refused(make, words):
    with pytest.raises(MeasurementError, match=words):
        make()


def test_too_many_inputs_or_units_are_refused_with_the_batch_element():
    with pytest.raises(MeasurementError, match=r"batch element 1.*observe_many"):
        observe_few((Net(), Net(norms=(1.0,) * 4)), delta=0.0, device=CPU)
    with pytest.raises(MeasurementError, match="batch element 1"):
        list(paths((LazyNet(), LazyNet(width=1000)), effort=0, device=CPU))
