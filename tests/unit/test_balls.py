"""Matrix and scalar balls hold what they promise, against exact rationals, with inputs moved to the edge of their balls."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
import torch
from flint import fmpq, fmpq_mat, fmpz
from torch import Tensor

from simulators.balls import MatrixBall, ScalarBall, frobenius, gamma, matrix_ball, stacked, where
from simulators.streams import stream

CPU = torch.device("cpu")
SCALES = (1.0, 1e-9, 1e120, 1e-160)


def rational(value: float) -> fmpq:
    return fmpq(*(fmpz(part) for part in float(value).as_integer_ratio()))


def exact(matrix: Tensor) -> fmpq_mat:
    rows, cols = matrix.shape
    return fmpq_mat(rows, cols, [rational(x) for x in matrix.flatten().tolist()])


def squared(matrix: fmpq_mat) -> fmpq:
    return sum((x * x for x in matrix.entries()), fmpq(0))


def numbers(*key: object, shape: tuple[int, ...], scale: float = 1.0) -> Tensor:
    return torch.tensor(stream("balls", *key).standard_normal(shape) * scale, dtype=torch.float64, device=CPU)


def fuzzy(*key: object, shape: tuple[int, ...], scale: float = 1.0, fuzz: float = 1e-7) -> tuple[MatrixBall, Tensor]:
    """Balls of relative radius ``fuzz``, and moves of Frobenius norm just below the radius."""
    mid = numbers(*key, shape=shape, scale=scale)
    rad = frobenius(mid) * fuzz
    move = numbers(*key, "move", shape=shape)
    move = move / torch.linalg.vector_norm(move, dim=(-2, -1), keepdim=True)
    return matrix_ball(mid, rad), move * (rad * (1 - 1e-9))[..., None, None]


def truth(ball: MatrixBall, move: Tensor, k: int) -> fmpq_mat:
    return exact(ball.mid[k]) + exact(move[k])


def assert_held(ball: MatrixBall, k: int, value: fmpq_mat) -> None:
    distance = squared(exact(ball.mid[k]) - value)
    assert distance <= rational(ball.rad[k]) ** 2
    assert squared(exact(ball.mid[k])) <= rational(ball.size[k]) ** 2
    top = np.linalg.norm(np.array([[float(int(x.p) / int(x.q)) for x in row] for row in value.tolist()]), 2)
    assert top <= float(ball.norm[k]) * (1 + 1e-12)


BINARY: dict[str, tuple[Callable[..., MatrixBall], Callable[..., fmpq_mat]]] = {
    "product": (lambda a, b: a @ b, lambda a, b: a * b),
    "transposed product": (lambda a, b: a.T @ b, lambda a, b: a.transpose() * b),
    "sum": (lambda a, b: a + b, lambda a, b: a + b),
    "difference": (lambda a, b: a - b, lambda a, b: a - b),
    "sum over an axis": (lambda a, b: stacked([a, b, -a, a]).total(), lambda a, b: b + a),
    "choice": (lambda a, b: where(torch.tensor([True, False, True], device=CPU), a, b), lambda a, b: a),
}


@pytest.mark.parametrize("fuzz", [0.0, 1e-13, 1e-3])
@pytest.mark.parametrize("name", BINARY)
def test_operations_hold_every_choice_of_truth(name: str, fuzz: float) -> None:
    ours, theirs = BINARY[name]
    for scale, other in product(SCALES[:3], SCALES[:2]):
        (a, da), (b, db) = (
            fuzzy(name, which, size, shape=(3, 4, 4), scale=size, fuzz=fuzz)
            for which, size in (("a", scale), ("b", other))
        )
        result = ours(a, b)
        for k in (0, 2):
            assert_held(result, k, theirs(truth(a, da, k), truth(b, db, k)))


@pytest.mark.parametrize("fuzz", [0.0, 1e-3])
def test_scaling_masking_and_columns(fuzz: float) -> None:
    ball, move = fuzzy("scaled", shape=(2, 3, 5), fuzz=fuzz)
    factors, mask = numbers("f", shape=(2, 5)), (numbers("m", shape=(2, 3, 5)) > 0).double()
    by_column, whole, masked = ball.columns_scaled(factors), ball.scaled(factors[:, 0]), ball.masked(mask)
    for k in range(2):
        moved = truth(ball, move, k)
        diagonal = fmpq_mat(5, 5, [rational(factors[k, i]) if i == j else 0 for i in range(5) for j in range(5)])
        assert_held(by_column, k, moved * diagonal)
        assert_held(whole, k, moved * rational(factors[k, 0]))
        kept = [x * int(m) for x, m in zip(moved.entries(), mask[k].flatten().tolist(), strict=True)]
        assert_held(masked, k, fmpq_mat(3, 5, kept))


def test_rounding_alone_is_seen_and_bounded() -> None:
    """Exact inputs give a radius that holds, is not 0, and is no more than a few γ of the sizes."""
    a, b = matrix_ball(numbers("r", shape=(50, 5, 5))), matrix_ball(numbers("s", shape=(50, 5, 5)))
    result = a @ b
    missed = [squared(exact(result.mid[k]) - exact(a.mid[k]) * exact(b.mid[k])) for k in range(50)]
    assert all(0 < m <= rational(r) ** 2 for m, r in zip(missed, result.rad.tolist(), strict=True))
    assert bool((result.rad <= 1.001 * gamma(5) * a.size * b.size).all())


def test_padding_with_zeros_costs_nothing() -> None:
    small = matrix_ball(numbers("p", shape=(1, 3, 3)))
    padded = torch.zeros(1, 7, 7, dtype=torch.float64, device=CPU)
    padded[:, :3, :3] = small.mid
    wide = matrix_ball(padded, small.rad, small.down, small.across)
    assert float((wide @ wide).rad) <= float((small @ small).rad) * (1 + 1e-13)


def test_tiny_entries_do_not_escape_through_underflow() -> None:
    a = matrix_ball(numbers("u", shape=(4, 3, 3), scale=1e-170))
    result = a @ a
    for k in range(4):
        assert_held(result, k, exact(a.mid[k]) * exact(a.mid[k]))


@pytest.mark.parametrize("fuzz", [0.0, 1e-6])
def test_entries_of_products_by_columns(fuzz: float) -> None:
    a, da = fuzzy("da", shape=(2, 4, 3), fuzz=fuzz)
    b, db = fuzzy("db", shape=(2, 4, 3), fuzz=fuzz)
    place = torch.tensor([(k, p, q) for k in range(2) for p in range(3) for q in range(3)], device=CPU)
    dots = a.dots(b, *place.unbind(1))
    for row, (k, p, q) in enumerate(place.tolist()):
        value = (truth(a, da, k).transpose() * truth(b, db, k))[p, q]
        assert abs(rational(dots.mid[row]) - value) <= rational(dots.rad[row])


@pytest.mark.parametrize("fuzz", [0.0, 1e-6])
def test_entries_between_frames(fuzz: float) -> None:
    """Lᵀ X R entry by entry, the columns of L and R of norm at most 1 even when moved."""
    x, dx = fuzzy("x", shape=(2, 4, 4), fuzz=fuzz)
    left, dl = fuzzy("l", shape=(2, 4, 4), scale=0.2, fuzz=fuzz)
    right, dr = fuzzy("q", shape=(2, 4, 4), scale=0.2, fuzz=fuzz)
    assert float(left.size.max()) < 1 and float(right.size.max()) < 1
    found = x.between(left, right)
    for k, p, q in product(range(2), range(4), range(4)):
        value = (truth(left, dl, k).transpose() * truth(x, dx, k) * truth(right, dr, k))[p, q]
        entry = found.entry(*(torch.tensor([i], device=CPU) for i in (k, p, q)))
        assert abs(rational(entry.mid[0]) - value) <= rational(entry.rad[0])


def test_length_of_a_stack() -> None:
    ball, move = fuzzy("length", shape=(2, 3, 2, 2), fuzz=1e-5)
    length = ball.length()
    for k in range(2):
        total = sum(squared(exact(ball.mid[k, j]) + exact(move[k, j])) for j in range(3))
        low, high = (rational(length.mid[k]) + sign * rational(length.rad[k]) for sign in (-1, 1))
        assert max(low, fmpq(0)) ** 2 <= total <= high**2


SCALAR: dict[str, Callable[..., object]] = {
    "sum": lambda a, b: a + b,
    "difference": lambda a, b: a - b,
    "product": lambda a, b: a * b,
    "quotient": lambda a, b: a / b,
}


@pytest.mark.parametrize("name", SCALAR)
def test_scalars_hold_the_corners_of_their_balls(name: str) -> None:
    mids = numbers(name, shape=(2, 60))
    rads = mids.abs() * torch.tensor([0.0, 1e-16, 1e-9, 0.3], dtype=torch.float64, device=CPU).repeat(15)
    a, b = (ScalarBall(mids[i], rads[i]) for i in range(2))
    result = SCALAR[name](a, b)
    assert isinstance(result, ScalarBall)
    for k, one, other in product(range(60), (-1, 0, 1), (-1, 0, 1)):
        x = rational(a.mid[k]) + one * rational(a.rad[k])
        y = rational(b.mid[k]) + other * rational(b.rad[k])
        assert abs(SCALAR[name](x, y) - rational(result.mid[k])) <= rational(result.rad[k])


def test_a_quotient_by_a_ball_around_zero_has_no_finite_radius() -> None:
    one = ScalarBall(torch.ones(1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64))
    wide = ScalarBall(torch.full((1,), 0.1, dtype=torch.float64), torch.full((1,), 0.2, dtype=torch.float64))
    assert float((one / wide).rad) == float("inf")
