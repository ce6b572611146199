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
from simulators.convolutional_kernel import ConvolutionalTangentKernel
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
WINDOW = ("S_out", "theta_out", *(f"K{k}" for k in range(1, 10)), *(f"U{k}" for k in range(1, 10)))
VALUES = ("H_flat", "H_gap", "U_diagonal", "U_all", "H_shifted", "H_shifts", "H_self", "H_middle", "energy", "energy_last")
Cell = tuple[float, float]


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


def _table(names: Sequence[str], rows: list[tuple[int, tuple[int, ...], int, list[Any]]], precise: bool) -> Measurements:
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
        layers = exact_layers(*images(pair), pair)
        return _table(STEP, list(_steps(pair, layers, _reader(None), 0)), True)


def _precise_windows(pair: ImagePair, bits: int) -> Measurements:
    with flint.ctx.workprec(bits):
        pictures = images(pair)
        rows = _windows(pair, exact_products(*pictures), exact_layers(*pictures, pair), _reader(None), flint.arb(0), 0)
        return _table(WINDOW, list(rows), True)


@simulator("q " + " ".join(STEP), limited_by="rounding", precisely=_precise_steps)
def observe_steps(batch: tuple[ImagePair, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """Rows for each layer and a few pairs of pixels: what enters the layer and what it makes of it."""
    rows: list[Any] = []
    for positions, pairs in groups(batch):
        x, y = np.stack([images(p, k) for k, p in zip(positions, pairs, strict=True)], 1)
        layers = [_moved(layer) for layer in float_layers(x, y, pairs[0], torch.device(device))]
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
        layers = [_moved(layer) for layer in float_layers(x, y, pairs[0], torch.device(device))]
        first = _on_cpu(float_products(x, y, torch.device(device)))
        for n, (k, p) in enumerate(zip(positions, pairs, strict=True)):
            rows += _windows(p, first, layers, _reader(n), (0.0, 0.0), k)
    return _table(WINDOW, rows, False)


def _moved(layer: Layer) -> Layer:
    return Layer(*(_on_cpu(getattr(layer, name)) for name in Layer.__dataclass_fields__))


def _on_cpu(ball: ScalarBall) -> Any:
    return ScalarBall(ball.mid.cpu().numpy(), ball.rad.cpu().numpy())  # type: ignore[arg-type]


def _rolls(pair: ImagePair) -> list[tuple[int, int]]:
    return [(a, b) for a in range(pair.height) for b in range(pair.width)]


def value_balls(x: np.ndarray, y: np.ndarray, pair: ImagePair, device: torch.device) -> dict[str, ScalarBall]:
    """Totals of the layers of a batch of images: "flat", "gap", "all", "middle" and "last", with rounding radii."""
    layers = float_layers(x, y, pair, device)
    last = layers[-1]
    everything = total(last.pixel)
    return {
        "flat": total(_diagonal(last.pixel)),
        "all": everything,
        "gap": everything * _number(pair.pixels**-2, everything),
        "middle": total(_diagonal(last.middle)),
        "last": total(last.left) * _number(pair.filter**-2, everything),
    }


def _diagonal(values: ScalarBall) -> ScalarBall:
    return ScalarBall(values.mid.diagonal(dim1=1, dim2=2), values.rad.diagonal(dim1=1, dim2=2))


def _number(value: float, like: ScalarBall) -> ScalarBall:
    """A number, rounded, as balls like those given."""
    mid = torch.full_like(like.mid, value)
    return ScalarBall(mid, UNIT * mid.abs())


def fast(pair: ImagePair, x: np.ndarray, y: np.ndarray, device: torch.device, **options: str) -> float:
    """The value of the fast code for two images in float64."""
    kernel = ConvolutionalTangentKernel(pair.depth, pair.filter, padding=pair.padding, **options)
    both = [torch.from_numpy(v[None]).to(device) for v in (x, y)]
    return float(kernel(*both)[0, 0])


def _values(p: ImagePair, x: np.ndarray, y: np.ndarray, device: torch.device, rad: dict[str, float]) -> list[Cell]:
    """The fast code's values of one pair; ``rad`` has the radius of each column."""
    rolled = [np.roll(y, shift, (0, 1)) for shift in _rolls(p)]
    moved = np.roll(y, p.shift, (0, 1))
    mid = {
        "H_flat": fast(p, x, y, device, pooling="none"),
        "H_gap": fast(p, x, y, device),
        "H_shifted": fast(p, x, moved, device),
        "H_shifts": float(np.mean([fast(p, x, v, device, pooling="none") for v in rolled])),
        "H_self": fast(p, x, x, device, pooling="none"),
        "H_middle": fast(p, x, x, device, pooling="none", trained="middle"),
    }
    return [(mid[name], rad[name] + 8 * UNIT * abs(mid[name])) for name in VALUES if name in mid]


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
def observe_values(batch: tuple[ImagePair, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each pair: kernels of the fast code, of the pair, of shifted images and of the first with itself."""
    device = torch.device(device)
    cells: dict[int, dict[str, Cell]] = {}
    for positions, pairs in groups(batch):
        x, y = np.stack([images(p, k) for k, p in zip(positions, pairs, strict=True)], 1)
        rolls = _rolls(pairs[0])
        plain, own = value_balls(x, y, pairs[0], device), value_balls(x, x, pairs[0], device)
        moved = value_balls(x, np.stack([np.roll(v, p.shift, (0, 1)) for v, p in zip(y, pairs, strict=True)]), pairs[0], device)
        around = [value_balls(x, np.roll(y, shift, (1, 2)), pairs[0], device)["flat"].rad.cpu() for shift in rolls]
        wide = torch.stack(around).mean(0) * (1 + 4 * len(rolls) * UNIT)
        energy = total(_squares(x, device))
        for n, (k, p) in enumerate(zip(positions, pairs, strict=True)):
            sized = {
                "H_flat": plain["flat"], "H_gap": plain["gap"], "H_shifted": moved["gap"], "H_self": own["flat"],
                "H_middle": own["middle"],
            }  # fmt: skip
            rad = {name: float(ball.rad[n]) for name, ball in sized.items()}
            rad["H_shifts"] = float(wide[n]) + len(rolls) * UNIT * float(own["flat"].mid[n].abs())
            if p.depth == 1:
                rad["H_middle"] = 0.0  # a product with an exact 0
            measured = iter(_values(p, x[n], y[n], device, rad))
            totals = {"U_diagonal": plain["flat"], "U_all": plain["all"], "energy": energy, "energy_last": own["last"]}
            cells[k] = {
                name: (float(totals[name].mid[n]), float(totals[name].rad[n])) if name in totals else next(measured)
                for name in VALUES
            }
    return _valued(batch, [cells[k] for k in range(len(batch))], lambda c: reals([v[0] for v in c], [v[1] for v in c]))


def _squares(x: np.ndarray, device: torch.device) -> ScalarBall:
    mid = torch.from_numpy(x).to(device) ** 2
    return ScalarBall(mid, UNIT * mid)
