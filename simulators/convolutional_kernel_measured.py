"""What the convolutional kernel code computes on small images, with rounding radii: its layers, windows and values.

Three tables.  Steps: what enters and leaves a layer at a few pairs of pixels.  Windows: what a filter takes in at a
pixel pair, and what comes out.  Values: the kernels of whole images by the fast code, beside totals of the layers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import flint
import numpy as np
import torch

from simulators.balls import UNIT, ScalarBall
from simulators.convolutional_kernel import ConvolutionalTangentKernel, scaled
from simulators.convolutional_kernel_balls import (
    Layer,
    exact_layers,
    exact_products,
    float_layers,
    float_products,
    total,
)
from simulators.convolutional_kernel_images import ImagePair, images, windows
from simulators.measurement import Measurement, MeasurementError, Measurements, balls, integers, reals, simulator
from simulators.streams import octets

STEP = ("S_xx", "S_yy", "S_xy", "K", "K_dot", "theta", "U")
LAYER = tuple(Layer.__dataclass_fields__)
WINDOW = ("S_out", "theta_out", *(f"K{k}" for k in range(1, 10)), *(f"U{k}" for k in range(1, 10)))
VALUES = (
    "H_flat",
    "H_gap",
    "U_diagonal",
    "U_all",
    "H_shifted",
    "H_shifts",
    "H_self",
    "H_middle",
    "energy",
    "energy_last",
)
Cell = tuple[float, float]
UNDERFLOW = 2.0**-1072
"""More than a few products lose where they are below the normal numbers, whose spacing is 2^-1074."""


def groups(batch: Sequence[ImagePair]) -> Iterator[tuple[list[int], list[ImagePair]]]:
    """Positions and pairs of like shape, filter, padding and depth."""
    found: dict[Any, list[int]] = defaultdict(list)
    for k, p in enumerate(batch):
        found[p.height, p.width, p.channels, p.depth, p.filter, p.padding].append(k)
    for positions in found.values():
        yield positions, [batch[k] for k in positions]


def places(pair: ImagePair) -> list[tuple[int, int]]:
    """The pairs of pixels of which there are rows: the first ones, and two drawn."""
    drawn = octets(4, "pixels", pair)
    chosen = [(0, 0), *((drawn[k] % pair.pixels, drawn[k + 1] % pair.pixels) for k in (0, 2))]
    return sorted(set(chosen))


def _table(
    names: Sequence[str], rows: list[tuple[int, tuple[int, ...], int, list[Any]]], precise: bool
) -> Measurements:
    """Rows (element, index, filter, cells) as a table, ordered by element."""
    rows = sorted(rows, key=lambda row: row[:2])
    columns: dict[str, Measurement] = {"q": integers(row[2] for row in rows)}
    for k, name in enumerate(names):
        cells = [row[3][k] for row in rows]
        columns[name] = balls(cells) if precise else reals([c[0] for c in cells], [c[1] for c in cells])
    index = {name: np.array([row[1][k] for row in rows], dtype=np.int64) for k, name in enumerate(("layer", "i", "j"))}
    return Measurements(columns, np.array([row[0] for row in rows], dtype=np.int64), index)


def _reader(n: int | None) -> Any:
    """Reads an entry: of element ``n`` of a batch as (mid, rad), or of a single exact pair."""

    def read(values: Any, *at: int) -> Any:
        if n is None:
            return values[at]
        return float(values.mid[(n, *at)]), float(values.rad[(n, *at)])

    return read


def _steps(pair: ImagePair, layers: list[Layer], read: Any, element: int) -> Iterator[Any]:
    for h, layer in enumerate(layers, 1):
        for i, j in places(pair):
            parts = [read(layer.left, i), read(layer.right, j)]
            parts += [read(v, i, j) for v in (layer.cross, layer.k, layer.derivative, layer.theta, layer.pixel)]
            yield element, (h, i, j), pair.filter, parts


def _windows(pair: ImagePair, first: Any, layers: list[Layer], read: Any, zero: Any, element: int) -> Iterator[Any]:
    if pair.filter > 3:
        raise MeasurementError(f"a filter of {pair.filter}", "1 or 3 for a table of windows", "K1", element)
    seen = windows(pair)
    around = range(9) if pair.filter == 3 else (4,)
    for h, layer in enumerate(layers):
        k, pixel = (first, first) if h == 0 else (layers[h - 1].k, layers[h - 1].pixel)
        for i, j in places(pair):
            cells = {"S_out": read(layer.cross, i, j), "theta_out": read(layer.theta, i, j)}
            for place, (a, b) in zip(around, seen[:, [i, j]].tolist(), strict=True):
                if max(a, b) < pair.pixels:
                    cells |= {f"K{place + 1}": read(k, a, b), f"U{place + 1}": read(pixel, a, b)}
            yield element, (h, i, j), pair.filter, [cells.get(name, zero) for name in WINDOW]


def _precise_steps(pair: ImagePair, bits: int) -> Measurements:
    with flint.ctx.workprec(bits):
        x, y = images(pair)
        layers = exact_layers(x, y, pair)
        return _table(STEP, list(_steps(pair, layers, _reader(None), 0)), True)


def _precise_windows(pair: ImagePair, bits: int) -> Measurements:
    with flint.ctx.workprec(bits):
        x, y = images(pair)
        rows = _windows(pair, exact_products(x, y), exact_layers(x, y, pair), _reader(None), flint.arb(0), 0)
        return _table(WINDOW, list(rows), True)


@simulator("q " + " ".join(STEP), limited_by="rounding", precisely=_precise_steps)
def observe_steps(batch: tuple[ImagePair, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """Rows for each layer and a few pairs of pixels: what enters the layer and what it makes of it."""
    rows: list[Any] = []
    for positions, pairs in groups(batch):
        x, y = np.stack([images(p, k) for k, p in zip(positions, pairs, strict=True)], 1)
        layers = _layers(x, y, pairs[0], torch.device(device))
        for n, (k, p) in enumerate(zip(positions, pairs, strict=True)):
            rows += _steps(p, layers, _reader(n), k)
    return _table(STEP, rows, False)


@simulator("q " + " ".join(WINDOW), limited_by="rounding", precisely=_precise_windows)
def observe_windows(
    batch: tuple[ImagePair, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """Rows for each filter and a few pairs of pixels: nine entries that its window holds, and what it makes of them."""
    rows: list[Any] = []
    for positions, pairs in groups(batch):
        x, y = np.stack([images(p, k) for k, p in zip(positions, pairs, strict=True)], 1)
        layers = _layers(x, y, pairs[0], torch.device(device))
        first = _on_cpu(float_products(x, y, torch.device(device)))
        for n, (k, p) in enumerate(zip(positions, pairs, strict=True)):
            rows += _windows(p, first, layers, _reader(n), (0.0, 0.0), k)
    return _table(WINDOW, rows, False)


def _layers(x: np.ndarray, y: np.ndarray, pair: ImagePair, device: torch.device) -> list[Layer]:
    """Layers of a batch of pairs of images, computed from pairs over one power of two, which costs no rounding."""
    both, power = scaled(torch.from_numpy(np.stack([x, y], 1)).flatten(2, 3))
    both = both.reshape(len(x), 2, *x.shape[1:])
    made = float_layers(both[:, 0].numpy(), both[:, 1].numpy(), pair, device)
    square, one = (power * power).to(device), torch.ones_like(power, device=device)
    powers = {name: one if name == "derivative" else square for name in LAYER}
    return [Layer(*(_on_cpu(_times(getattr(v, name), powers[name])) for name in LAYER)) for v in made]


def _on_cpu(ball: ScalarBall) -> Any:
    return ScalarBall(ball.mid.cpu().numpy(), ball.rad.cpu().numpy())  # type: ignore[arg-type]


def _rolls(pair: ImagePair) -> list[tuple[int, int]]:
    return [(a, b) for a in range(pair.height) for b in range(pair.width)]


def value_balls(x: np.ndarray, y: np.ndarray, pair: ImagePair, device: torch.device) -> dict[str, ScalarBall]:
    """Totals of the layers of a batch of images: "flat", "gap", "all", "middle" and "last", with rounding radii.

    As in the fast code the images are first divided by powers of two, which costs no rounding.
    """
    (mine, a), (theirs, b) = (scaled(torch.from_numpy(np.ascontiguousarray(v))) for v in (x, y))
    layers = float_layers(mine.numpy(), theirs.numpy(), pair, device)
    both, own = (a * b).to(device), (a * a).to(device)
    last = layers[-1]
    everything = _times(total(last.pixel), both)
    return {
        "flat": _times(total(_diagonal(last.pixel)), both),
        "all": everything,
        "gap": everything * _number(pair.pixels**-2, everything),
        "middle": _times(total(_diagonal(last.middle)), both),
        "last": _times(total(last.left), own) * _number(pair.filter**-2, everything),
    }


def _times(ball: ScalarBall, powers: torch.Tensor) -> ScalarBall:
    """Balls (batch, …) times powers of two (batch,), which are exact unless they or the products underflow."""
    powers = powers.reshape(-1, *[1] * (ball.mid.dim() - 1))
    lost = torch.where(ball.mid.abs() + ball.rad > 0, (ball.mid.abs() + ball.rad + 1) * UNDERFLOW, 0.0)
    return ScalarBall(ball.mid * powers, ball.rad * powers + lost)


def _diagonal(values: ScalarBall) -> ScalarBall:
    return ScalarBall(values.mid.diagonal(dim1=1, dim2=2), values.rad.diagonal(dim1=1, dim2=2))


def _number(value: float, like: ScalarBall) -> ScalarBall:
    """A number, rounded, as balls like those given."""
    mid = torch.full_like(like.mid, value)
    return ScalarBall(mid, UNIT * mid.abs())


def fast(pair: ImagePair, x: np.ndarray, y: np.ndarray, device: torch.device, **options: str) -> np.ndarray:
    """Values (n,) of the fast code in float64 for one image x (height, width, channels) and images y (n, …)."""
    kernel = ConvolutionalTangentKernel(pair.depth, pair.filter, padding=pair.padding, **options)
    return kernel(torch.from_numpy(x[None]).to(device), torch.from_numpy(y).to(device))[0].cpu().numpy()


def _values(p: ImagePair, x: np.ndarray, y: np.ndarray, device: torch.device, rad: dict[str, float]) -> dict[str, Cell]:
    """The fast code's values of one pair; ``rad`` has the radius of each column."""
    rolled = np.stack([np.roll(y, shift, (0, 1)) for shift in _rolls(p)])
    flat = fast(p, x, np.concatenate([rolled, x[None]]), device, pooling="none")
    pooled = fast(p, x, np.stack([y, np.roll(y, p.shift, (0, 1))]), device)
    middle = fast(p, x, x[None], device, pooling="none", trained="middle")
    mid = {
        "H_flat": flat[0],
        "H_gap": pooled[0],
        "H_shifted": pooled[1],
        "H_shifts": flat[:-1].mean(),
        "H_self": flat[-1],
        "H_middle": middle[0],
    }
    lost = {name: UNDERFLOW if r else 0.0 for name, r in rad.items()}  # an exact 0 stays exact
    return {name: (float(v), rad[name] + 8 * UNIT * abs(float(v)) + lost[name]) for name, v in mid.items()}


def _valued(batch: Sequence[ImagePair], cells: list[dict[str, Any]], column: Any) -> Measurements:
    columns = {
        "L": integers(p.depth for p in batch),
        "pixels": integers(p.pixels for p in batch),
        "blank": integers(int((windows(p) == p.pixels).sum()) for p in batch),
    }
    columns |= {name: column([c[name] for c in cells]) for name in VALUES}
    return Measurements(columns, np.arange(len(batch)))


def _precise_values(pair: ImagePair, bits: int) -> Measurements:
    with flint.ctx.workprec(bits):
        x, y = images(pair)
        n, last, own = pair.pixels, exact_layers(x, y, pair)[-1], exact_layers(x, x, pair)[-1]
        moved = exact_layers(x, np.roll(y, pair.shift, (0, 1)), pair)[-1]
        around = [exact_layers(x, np.roll(y, s, (0, 1)), pair)[-1].pixel.trace() for s in _rolls(pair)]
        zero = flint.arb(0)
        cell = {
            "H_flat": last.pixel.trace(),
            "U_diagonal": last.pixel.trace(),
            "U_all": last.pixel.sum(),
            "H_gap": last.pixel.sum() / n**2,
            "H_shifted": moved.pixel.sum() / n**2,
            "H_shifts": sum(around, zero) / n,
            "H_self": own.pixel.trace(),
            "H_middle": own.middle.trace() if pair.depth > 1 else zero,
            "energy": sum((flint.arb(float(v)) ** 2 for v in x.reshape(-1)), zero),
            "energy_last": own.left.sum() / pair.filter**2,
        }
        return _valued((pair,), [cell], balls)


@simulator("L pixels blank " + " ".join(VALUES), limited_by="rounding", precisely=_precise_values)
def observe_values(
    batch: tuple[ImagePair, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """One row for each pair: kernels of the fast code, of the pair, of shifted images and of the first with itself."""
    device = torch.device(device)
    cells: dict[int, dict[str, Cell]] = {}
    for positions, pairs in groups(batch):
        x, y = np.stack([images(p, k) for k, p in zip(positions, pairs, strict=True)], 1)
        rolls, size = _rolls(pairs[0]), len(pairs)
        moved = np.stack([np.roll(v, p.shift, (0, 1)) for v, p in zip(y, pairs, strict=True)])
        others = [*(np.roll(y, shift, (1, 2)) for shift in rolls), moved, x]
        found = value_balls(np.concatenate([x] * len(others)), np.concatenate(others), pairs[0], device)
        parts = {name: [_part(ball, n * size, size) for n in range(len(others))] for name, ball in found.items()}
        wide = torch.stack([ball.rad for ball in parts["flat"][:-2]]).mean(0) * (1 + 4 * len(rolls) * UNIT)
        sized = {
            "H_flat": parts["flat"][0], "H_gap": parts["gap"][0], "H_shifted": parts["gap"][-2],
            "H_self": parts["flat"][-1], "H_middle": parts["middle"][-1],
        }  # fmt: skip
        totals = {
            "U_diagonal": parts["flat"][0], "U_all": parts["all"][0], "energy": total(_squares(x, device)),
            "energy_last": parts["last"][-1],
        }  # fmt: skip
        for n, (k, p) in enumerate(zip(positions, pairs, strict=True)):
            rad = {name: float(ball.rad[n]) for name, ball in sized.items()}
            rad["H_shifts"] = float(wide[n]) + len(rolls) * UNIT * float(parts["flat"][-1].mid[n].abs())
            if p.depth == 1:
                rad["H_middle"] = 0.0  # a product with an exact 0
            sums = {name: (float(ball.mid[n]), float(ball.rad[n])) for name, ball in totals.items()}
            cells[k] = sums | _values(p, x[n], y[n], device, rad)
    return _valued(batch, [cells[k] for k in range(len(batch))], lambda c: reals([v[0] for v in c], [v[1] for v in c]))


def _part(ball: ScalarBall, start: int, size: int) -> ScalarBall:
    return ball[start : start + size]


def _squares(x: np.ndarray, device: torch.device) -> ScalarBall:
    mid = torch.from_numpy(x).to(device) ** 2
    return ScalarBall(mid, torch.where(torch.from_numpy(x).to(device) == 0, 0.0, UNIT * mid + UNDERFLOW))
