"""Simulators of few images: what is malformed is one clear line; what a solver proposes is not trusted."""

from __future__ import annotations

import flint
import numpy as np
import pytest
import torch

from simulators import few_atoms, few_atoms_chance, few_atoms_digits, few_atoms_greedy, few_atoms_sine, few_atoms_table
from simulators.few_atoms import Images
from simulators.few_atoms_chance import Equal, Subsample, TwoSizes
from simulators.few_atoms_digits import Digits
from simulators.few_atoms_greedy import Greedy
from simulators.few_atoms_sine import Waves
from simulators.few_atoms_table import Table, Trained
from simulators.measurement import MeasurementError

CPU = torch.device("cpu")
MALFORMED = [
    (few_atoms.observe, Images((), ())),
    (few_atoms.observe, Images(((1,), (2,)), (1,))),
    (few_atoms.observe, Images(((1,), (2,)), (1, 0))),
    (few_atoms.observe, Images(((1.5,), (2,)), (1, 1))),  # type: ignore[arg-type]
    (few_atoms.observe, Images(((1,), (2, 3)), (1, 1))),
    (few_atoms.observe, Images(((1,),), (1,), "sigmoid")),
    (few_atoms.observe, Images(((1,),), (1,), "relu", (((1, 2), 0),))),
    (few_atoms.observe, Images(((1,),), (1,), "relu")),
    (few_atoms.observe, Images(((1,),), (1,), "relu", (((0.5,), 0),))),  # type: ignore[arg-type]
    (few_atoms.observe_fewest, Images(tuple((k,) for k in range(10)), (1,) * 10)),
    (few_atoms.observe, Images(((),), (1,), "powers")),
    (few_atoms_greedy.observe, Greedy(Images(((1,),), (1,)), 0)),
    (few_atoms_greedy.observe, Greedy(Images(((1,),), (1,)), 1.5)),  # type: ignore[arg-type]
    (few_atoms_table.observe, Table((1, 1), (1,))),
    (few_atoms_table.observe, Table((1, 1), (0, 0))),
    (few_atoms_table.observe, Table((1, -1), (1, 0))),
    (few_atoms_table.observe, Table((1, 1), (1, 0), (0,))),
    (few_atoms_table.observe, Table((1, 1), (1, 0), (0, 0.5))),  # type: ignore[arg-type]
    (few_atoms_table.observe, Table(tuple(3**i for i in range(16)), (1,) * 16)),
    (few_atoms_table.observe_trained, Trained((1, 1), (1, 0), (0, 1))),
    (few_atoms_chance.observe_equal, Equal(0, 1)),
    (few_atoms_chance.observe_equal, Equal(2, 501)),
    (few_atoms_chance.observe_equal, Equal(2, 1.5)),  # type: ignore[arg-type]
    (few_atoms_chance.observe_two_sizes, TwoSizes(1, 2, 3, 2, 4)),
    (few_atoms_chance.observe_two_sizes, TwoSizes(1, 2, 2, 3, 3)),
    (few_atoms_chance.observe_two_sizes, TwoSizes(1, 2, 2, 4, 3)),
    (few_atoms_chance.observe_two_sizes, TwoSizes(1, 2, 2, 2, 4, -1.0)),
    (few_atoms_chance.observe_two_sizes, TwoSizes(1, 2, 2, 2, 4, float("nan"))),
    (few_atoms_chance.observe_two_sizes, TwoSizes(0.5, 2, 2, 2, 4)),  # type: ignore[arg-type]
    (few_atoms_chance.observe_subsample, Subsample(4, 2, 2, 3)),
    (few_atoms_chance.observe_subsample, Subsample(4, 2, 2, 0)),
    (few_atoms_sine.observe, Waves((8,), 8, 1)),
    (few_atoms_sine.observe, Waves((1,), 8, 0)),
    (few_atoms_sine.observe, Waves((0.5,), 8, 1)),  # type: ignore[arg-type]
    (few_atoms_sine.observe, Waves((1,), 8, 1.5)),  # type: ignore[arg-type]
    (few_atoms_digits.observe, Digits(0)),
    (few_atoms_digits.observe, Digits(3, start=1797)),
    (few_atoms_digits.observe, Digits(3, start=-5)),
    (few_atoms_digits.observe, Digits(3, start=1790, count=8)),
]


@pytest.mark.parametrize(("observe", "instance"), MALFORMED)
def test_a_malformed_instance_is_one_clear_error(observe, instance) -> None:
    with pytest.raises(MeasurementError, match="expected") as caught:
        observe((instance,), delta=0.0, device=CPU)
    assert "\n" not in str(caught.value)


VALUES = np.array([[0, 1], [1, 0], [2, 5], [3, 3], [4, 9], [7, 2]], dtype=np.int64)


def test_images_that_cannot_match_are_refused() -> None:
    """Two images on one side of the mean; a dependent set; a set that leaves an equation open."""
    for chosen in ([0, 1, 2], [3, 4, 5], [0, 0, 1], [0, 5], [2]):
        assert few_atoms_digits.solved(VALUES, np.array(chosen)) is None


def test_images_that_match_are_solved_exactly() -> None:
    made = few_atoms_digits.solved(VALUES, np.array([1, 4, 5]))
    assert made is not None
    for j in range(2):
        assert sum((w * int(VALUES[i, j]) for i, w in made.items()), flint.fmpq(0)) == flint.fmpq(
            int(VALUES[:, j].sum()), 6
        )
    assert sum(made.values(), flint.fmpq(0)) == 1


def test_a_proposal_that_is_no_vertex_is_reduced_in_rationals(monkeypatch) -> None:
    monkeypatch.setattr(few_atoms_digits, "vertex", lambda values, seed: np.arange(len(values)))
    case = Digits(4, count=60)
    table = few_atoms_digits.observe((case,), delta=0.0, device=CPU).columns
    assert table["atoms"].mid[0] <= 5
    assert list(table["generated"].mid) == list(table["real"].mid)


def test_one_image_is_its_own_generator() -> None:
    table = few_atoms.observe((Images(((3, 1),), (4,)),), delta=0.0, device=CPU).columns
    assert list(table["atoms"].mid) == [1, 1]
    assert list(table["generated"].mid) == [3, 1]


def test_equal_images_of_weight_need_no_smaller_set_than_that_of_their_mean() -> None:
    """The mean of a triangle is its centroid, an image of its own: one image does, and three sets of two see it on a line."""
    case = Images(((0, 0), (3, 0), (0, 3), (1, 1)), (1, 1, 1, 5))
    row = few_atoms.observe_fewest((case,), delta=0.0, device=CPU).columns
    assert (row["fewest"].mid[0], row["coplanar"].mid[0]) == (1, 3)
