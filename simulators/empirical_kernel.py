"""The tangent kernel of given weights, by a product for each layer: no Jacobian is ever formed.

The gradient of a fully connected net with respect to layer h is the outer product of a backward vector (through the
layers above) and the features that enter the layer, so that the kernel of the whole net is

    H = Σ_h (B_h B_hᵀ) ∘ (A_{h-1} A_{h-1}ᵀ),    h = 1, …, L + 1,

with A_h (n, m_h) the features and B_h (n, m_h) the derivatives of the output by the pre-activations of layer h.  It
costs one forward and one backward pass; a Jacobian of n rows and as many columns as there are weights costs n passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import Linear, Module

from simulators.dual_activations import Activation, find
from simulators.measurement import MeasurementError


@dataclass(frozen=True, eq=False)
class Pass:
    """One forward and backward pass of nets at n inputs.

    ``features``: A_0, …, A_L, each (…, n, m_h).  ``backward``: B_1, …, B_{L+1}, each (…, n, m_h); the last is 1.
    ``output`` (…, n).
    """

    features: tuple[Tensor, ...]
    backward: tuple[Tensor, ...]
    output: Tensor


def empirical_tangent_kernel(
    weights: Iterable[Tensor],
    X: Tensor,
    activation: str | Activation | Callable[[Tensor], Tensor] = "relu",
    Y: Tensor | None = None,
    *,
    scales: Sequence[float] | None = None,
    rates: Sequence[float] | None = None,
) -> Tensor:
    """The kernel of nets with these weights at the inputs X (n, d) and Y (k, d; None: X), shape (…, n, k); all of torch.

    ``weights``: an iterable, such as ``module.parameters()``, of W_1 (…, m_1, d), …, W_L, and last W_{L+1} (…, 1, m_L); leading axes are nets, all with the same inputs
    or with inputs (…, n, d) of their own.  Without ``scales`` the net is the talk's, f = W_{L+1} sqrt(c/m_L) σ(W_L …
    sqrt(c/m_1) σ(W_1 x)); else σ of layer h is multiplied by ``scales[h - 1]``.  ``rates``: L + 1 factors of the layers'
    terms, such as learning rates.  Dtype and device are those of the weights.
    Raises `MeasurementError` for weights that do not fit together, for arrays of NumPy, NaN and infinities.
    """
    weights = list(weights)
    terms = layer_terms(weights, X, activation, Y, scales=scales)
    if rates is not None:
        if len(rates) != len(terms):
            raise MeasurementError(f"{len(rates)} rates", f"{len(terms)}, one for each layer of weights")
        terms = [rate * term for rate, term in zip(rates, terms, strict=True)]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    if not bool(torch.isfinite(total).all()):
        named = {"X": X, "Y": X if Y is None else Y} | {f"W_{k + 1}": w for k, w in enumerate(weights)}
        bad = [name for name, tensor in named.items() if not bool(torch.isfinite(tensor).all())]
        got = f"{', '.join(bad)} with NaN or infinity" if bad else f"a kernel that overflows in {total.dtype}"
        raise MeasurementError(got, "finite numbers; impute or drop what is missing, scale down what is large")
    return total


def layer_terms(
    weights: Sequence[Tensor],
    X: Tensor,
    activation: str | Activation | Callable[[Tensor], Tensor] = "relu",
    Y: Tensor | None = None,
    *,
    scales: Sequence[float] | None = None,
) -> list[Tensor]:
    """What each layer of weights adds to the kernel of `empirical_tangent_kernel`, L + 1 tensors (…, n, k)."""
    left = passes(weights, X, activation, scales=scales)
    right = left if Y is None else passes(weights, Y, activation, scales=scales)
    pairs = zip(left.backward, left.features, right.backward, right.features, strict=True)
    return [_gram(b, other_b) * _gram(a, other_a) for b, a, other_b, other_a in pairs]


def passes(
    weights: Sequence[Tensor],
    X: Tensor,
    activation: str | Activation | Callable[[Tensor], Tensor] = "relu",
    *,
    scales: Sequence[float] | None = None,
) -> Pass:
    """One forward and one backward pass; arguments as for `empirical_tangent_kernel`."""
    _fit(weights, X)
    shape = find(activation)
    hidden = weights[:-1]
    factors = [(shape.c / w.shape[-2]) ** 0.5 for w in hidden] if scales is None else list(scales)
    if len(factors) != len(hidden):
        raise MeasurementError(f"{len(factors)} scales", f"{len(hidden)}, one for each hidden layer")
    features, slopes = [X], []
    for w, factor in zip(hidden, factors, strict=True):
        z = features[-1] @ w.mT
        value = shape.function(z)
        slopes.append(slope_beside(shape, z, value) * factor)
        features.append(value * factor)
    output = (features[-1] @ weights[-1].mT)[..., 0]
    one = output.new_ones(()).expand(*output.shape, 1)
    backward, above = [one], weights[-1]
    for w, slope in zip(reversed(hidden), reversed(slopes), strict=True):
        backward.append(above * slope)
        above = backward[-1] @ w
    return Pass(tuple(features), tuple(reversed(backward)), output)


def slope_beside(activation: Activation, z: Tensor, value: Tensor) -> Tensor:
    """σ'(z), given σ(z) too: for ReLU, and not for its leaky kin, the sign of the value, six times as fast."""
    return value.sign() if activation.form == "relu" and activation.leak == 0 else activation.slope(z)


def _gram(left: Tensor, right: Tensor) -> Tensor:
    return left @ right.mT


def _fit(weights: Sequence[Tensor], X: Tensor) -> None:
    if not all(isinstance(t, Tensor) for t in (*weights, X)):
        kinds = sorted({type(t).__name__ for t in (*weights, X) if not isinstance(t, Tensor)})
        raise MeasurementError(
            f"weights or inputs of {', '.join(kinds)}",
            "tensors, for this kernel is torch's only; write torch.from_numpy(X)",
        )
    if len(weights) == 0:
        raise MeasurementError("no weights", "a list W_1, …, W_{L+1} of at least one tensor")
    sizes = [tuple(w.shape) for w in weights]
    if any(w.ndim < 2 for w in weights) or X.ndim < 2:
        raise MeasurementError(f"weights of shapes {sizes} and inputs {tuple(X.shape)}", "(…, out, in) and (…, n, d)")
    widths = [X.shape[-1], *(w.shape[-2] for w in weights)]
    wrong = [k for k, w in enumerate(weights) if w.shape[-1] != widths[k]]
    if wrong or widths[-1] != 1:
        raise MeasurementError(
            f"weights of shapes {sizes} for inputs of dimension {X.shape[-1]}",
            "W_h of shape (…, m_h, m_{h-1}) with m_0 the dimension of the inputs, and one output",
        )
    strange = {(w.dtype, w.device) for w in weights} | {(X.dtype, X.device)}
    if len(strange) > 1:
        raise MeasurementError(f"tensors of {sorted(map(str, strange))}", "one dtype and one device")


def linear_weights(module: Module) -> list[Tensor]:
    """The weights of a `torch.nn.Sequential` of bias-free `Linear` layers with activations between them, detached.

    Its kernel is ``empirical_tangent_kernel(linear_weights(module), X, activation, scales=[1.0] * hidden)``: a module
    multiplies no layer by a factor.  Raises `MeasurementError` for layers with a bias or of another kind.
    """
    linear = [layer for layer in module.modules() if isinstance(layer, Linear)]
    other = [name for name, _ in module.named_parameters() if not name.endswith("weight")]
    held = sum(1 for _ in module.parameters())
    if not linear or other or held != len(linear):
        raise MeasurementError(
            f"a module with parameters {[name for name, _ in module.named_parameters()]}",
            "the weights of bias-free Linear layers and no other parameter",
        )
    return [layer.weight.detach() for layer in linear]
