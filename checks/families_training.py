"""Families of nets that are looked at along their training."""

from __future__ import annotations

from dataclasses import replace

from simulators.training_net import Net

from .engine.draw import Draw

NORMS = (1.0, 0.5, 2.0, 10.0, 0.001, 0.0, 1000.0)
"""Norms of inputs: textbook ones first, then tiny, zero and huge."""


def _activation(draw: Draw) -> str:
    return draw.choice(("relu", "erf", "tanh"))


def _otherwise_moved(draw: Draw, net: Net) -> Net:
    """The net under a finite step, under weight decay, or with momentum."""
    what, size = draw.choice(("eta", "decay", "memory")), draw.decimal(0.1, 0.5, 1)
    if what == "eta":
        return replace(net, eta=size)
    return replace(net, decay=size) if what == "decay" else replace(net, memory=size)


def _at_a_kink(draw: Draw) -> Net:
    """A ReLU unit that is exactly at its kink for one input and pushed over it by the other."""
    return Net(
        hidden=(1,),
        norms=(draw.choice((1.0, 0.5, 2.0)), 1.0),
        dimension=2,
        label=float(draw.integer(2, 5)),
        kink=True,
    )


def few_inputs(draw: Draw, *, square_loss: bool = True, gradient_flow: bool = True, smooth: bool = True) -> Net:
    """Nets of depth 0 to 3 on one to three inputs, at random points and along training, inputs of mixed norms."""
    if not smooth:
        return _at_a_kink(draw)
    depth, count = draw.integer(0, 3), draw.integer(1, 3)
    mixed = draw.boolean()
    net = Net(
        hidden=tuple(draw.choice((1, 2, 3, 4, 8, 16)) for _ in range(depth)),
        activation=_activation(draw),
        norms=tuple(draw.choice(NORMS) if mixed else 1.0 for _ in range(count)),
        dimension=draw.integer(1, 3),
        relation=draw.choice(("generic", "generic", "duplicate", "antipode", "parallel")),
        loss="square" if square_loss else "logistic",
        label=draw.decimal(-2, 2, 1),
        weight=draw.choice((1.0, 0.5, 2.0)),
        trained=draw.integer(0, 6),
        seed=draw.seed(),
    )
    return net if gradient_flow else _otherwise_moved(draw, net)


def many_inputs(draw: Draw, *, gradient_flow: bool = True, smooth: bool = True) -> Net:
    """Nets of depth 0 to 5 and widths 4 to 256 on one to eight inputs, under the square loss or the logistic one."""
    if not smooth:
        return _at_a_kink(draw)
    depth, count = draw.integer(0, 5), draw.integer(1, 8)
    width = draw.choice((4, 8, 16, 32, 4, 8, 16, 32, 64, 128 if depth > 3 else 256))
    net = Net(
        hidden=(width,) * depth,
        activation=_activation(draw),
        norms=tuple(draw.choice((1.0, 1.0, 0.5, 2.0)) for _ in range(count)),
        dimension=draw.integer(1, 4),
        loss=draw.choice(("square", "square", "logistic")),
        label=draw.decimal(-2, 2, 1),
        trained=draw.choice((0, 0, 0, 1, 5)),
        seed=draw.seed(),
    )
    return net if gradient_flow else _otherwise_moved(draw, net)
