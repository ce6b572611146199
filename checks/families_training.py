"""Families of nets that are looked at along their training."""

from __future__ import annotations

from dataclasses import replace

from simulators.lazy_ensemble import Ensemble
from simulators.lazy_net import LazyNet
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
        kinked = _at_a_kink(draw) if square_loss else replace(_at_a_kink(draw), loss="logistic")
        return kinked if gradient_flow else _otherwise_moved(draw, kinked)
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
        return _at_a_kink(draw) if gradient_flow else _otherwise_moved(draw, _at_a_kink(draw))
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


TIMES = (0.1, 0.01, 0.3, 0.5, 0.003)


def compared(draw: Draw, *, square_loss: bool = True, gradient_flow: bool = True) -> LazyNet:
    """Two-layer nets beside the linear flow of their own first kernel, of the limit kernel, or of a multiple of 1.

    One input under a kernel above the net's own, and short times: that is where the bounds are tight, below 1 where the
    first layer alone is trained.  Without an
    assumption: short times beside the net's own kernel, where the bounds are small.
    """
    if not (square_loss and gradient_flow):
        return LazyNet(
            width=draw.choice((1, 4)),
            points=draw.integer(1, 2),
            activation=draw.choice(("erf", "gauss", "hat")),
            time=draw.choice((0.01, 0.1)),
            loss="square" if square_loss else "logistic",
            decay=0.0 if gradient_flow else draw.choice((1.0, 0.5)),
            seed=draw.integer(1, 8),
        )
    tight = draw.boolean()
    reference = "constant" if tight else draw.choice(("initial", "limit", "constant"))
    small = reference == "constant" and draw.boolean()
    smooth = ("gauss", "hat") if small else ("erf", "gauss", "hat")
    return LazyNet(
        width=draw.choice((1, 4, 16, 64)),
        points=1 if tight else draw.integer(1, 3),
        activation="erf" if reference == "limit" else draw.choice(smooth),
        time=draw.choice((0.01, 0.003, 0.1) if tight else TIMES),
        reference=reference,
        level=draw.choice(((0.75, 0.9) if small else (8.0, 4.0)) if tight else (1.0, 2.0, 4.0)),
        inputs=draw.choice(("orthogonal", "generic")),
        label=draw.decimal(-2, 2, 1),
        weight=draw.choice((1.0, 0.5)),
        first_only=small,
        mean_field=tight and draw.boolean(),
        seed=draw.seed(),
    )


def drifting(
    draw: Draw,
    *,
    square_loss: bool = True,
    gradient_flow: bool = True,
    ntk_parameterisation: bool = True,
    gentle: bool = True,
) -> LazyNet:
    """Nets of which the first layer is trained, many of them with all units at rest, on copies of one input."""
    if not (square_loss and gradient_flow and ntk_parameterisation and gentle):
        return LazyNet(
            width=draw.choice((4, 16, 64) if gradient_flow else (16, 64)),
            activation="hat" if gentle else "steep",
            time=0.01 if gradient_flow else 0.1,
            weight=0.0 if gradient_flow else 1.0,
            first_only=True,
            mean_field=not ntk_parameterisation,
            loss="square" if square_loss else "logistic",
            decay=0.0 if gradient_flow else 2.0,
            seed=draw.integer(0 if square_loss else 1, 8),
        )
    rest = draw.boolean()
    norm = draw.choice((1.0, 0.5, 16.0) if rest else (1.0, 0.5))
    time = draw.choice(TIMES) if not rest else draw.choice((0.001, 0.001, 3.0) if norm <= 1 else (0.001,))
    return LazyNet(
        width=draw.choice((1, 2, 4, 9, 16, 64)),
        points=draw.integer(1, 3),
        activation="hat" if rest else draw.choice(("hat", "gauss")),
        time=time,
        inputs="same" if rest else draw.choice(("orthogonal", "generic", "same")),
        norm=norm,
        label=draw.choice((1.0, 0.1, 50.0 if time < 1 else 2.0)) if rest else draw.decimal(-2, 2, 1),
        weight=0.0 if rest else draw.choice((1.0, 0.5)),
        first_only=True,
        seed=draw.seed(),
    )


def ensembles(
    draw: Draw,
    *,
    square_loss: bool = True,
    gradient_flow: bool = True,
    ntk_parameterisation: bool = True,
    cancelled: bool = True,
    positive_definite: bool = True,
) -> Ensemble:
    """Nets of two widths.  Few choices, since an instance costs half a second: one is measured once in a process.

    Without a positive definite kernel: ReLU nets on parallel inputs, whose outputs are parallel too.
    """
    plain = all((square_loss, gradient_flow, ntk_parameterisation, cancelled, positive_definite))
    activation = draw.choice(("relu", "erf")) if positive_definite else "relu"
    inputs = draw.choice(("orthogonal", "oblique")) if plain else "orthogonal"
    return Ensemble(
        activation=activation,
        inputs=inputs if positive_definite else "parallel",
        parameterisation="ntk" if ntk_parameterisation else draw.choice(("mean-field", "standard")),
        cancelled=cancelled,
        loss="square" if square_loss else "logistic",
        decay=0.0 if gradient_flow else 0.3,
        seed=draw.integer(0, 9 if plain else 1),
    )


def never_lazy(draw: Draw) -> Ensemble:
    """Nets whose output is scaled by 1/m, with weights that move in proportion."""
    return Ensemble(activation=draw.choice(("relu", "erf")), parameterisation="mean-field", seed=draw.integer(0, 1))
