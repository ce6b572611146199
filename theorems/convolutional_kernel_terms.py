"""The observables of the convolutional tangent kernel."""

from __future__ import annotations

from .statement import observable

q = observable("q", "size of the filter", domain="positive integer")
L = observable("L", "number of hidden layers", domain="positive integer")
pixels = observable("pixels", "number of pixels of an image", domain="positive integer", latex="PQ")
blank = observable("blank", "positions of filter windows that lie outside of the image", domain="nonnegative integer")

S_xx = observable("S_xx", "Σ^(h-1)(x,x)_ii", domain="nonnegative", latex=r"\Sigma_{ii}")
S_yy = observable("S_yy", "Σ^(h-1)(x',x')_i'i'", domain="nonnegative", latex=r"\Sigma'_{i'i'}")
S_xy = observable("S_xy", "Σ^(h-1)(x,x')_ii'", latex=r"\Sigma_{ii'}")
K = observable("K", "(c/q²) E s(u)s(v) at a pair of pixels", latex=r"K_{ii'}")
K_dot = observable("K_dot", "(c/q²) E s'(u)s'(v) at a pair of pixels", latex=r"\dot K_{ii'}")
theta = observable("theta", "Θ^(h-1)_ii'", latex=r"\Theta_{ii'}")
U = observable("U", "tangents at a pair of pixels before they are filtered", latex=r"U_{ii'}")
S_out = observable("S_out", "Σ^(h)_ii'", latex=r"\Sigma^{(h)}_{ii'}")
theta_out = observable("theta_out", "Θ^(h)_ii'", latex=r"\Theta^{(h)}_{ii'}")
window_K = tuple(
    observable(f"K{k}", f"K^(h) at position {k} of the window, 0 outside the image", latex=f"K_{{{k}}}")
    for k in range(1, 10)
)
window_U = tuple(
    observable(f"U{k}", f"tangents at position {k} of the window, 0 outside the image", latex=f"U_{{{k}}}")
    for k in range(1, 10)
)

H_flat = observable("H_flat", "kernel of x and x' without pooling, by the fast code", latex=r"H^{flat}")
H_gap = observable("H_gap", "kernel with global average pooling, by the fast code", latex=r"H^{gap}")
U_diagonal = observable(
    "U_diagonal", "sum of the last layer over pairs of equal pixels", latex=r"\textstyle\sum_i U_{ii}"
)
U_all = observable("U_all", "sum of the last layer over all pairs of pixels", latex=r"\textstyle\sum_{ii'} U_{ii'}")
H_shifted = observable("H_shifted", "pooled kernel of x and a shift of x'", latex=r"H^{gap}(x,\tau x')")
H_shifts = observable(
    "H_shifts", "average over all shifts of x' of the kernel without pooling",
    latex=r"\textstyle\frac{1}{PQ}\sum_\tau H^{flat}(x,\tau x')",
)  # fmt: skip
H_self = observable("H_self", "kernel of x with itself without pooling", domain="nonnegative", latex=r"H^{flat}(x,x)")
H_middle = observable("H_middle", "the same without first and last layer", latex=r"H^{middle}(x,x)")
energy = observable("energy", "|x|²", domain="nonnegative", latex=r"|x|^2")
energy_last = observable(
    "energy_last", "second moments of the last hidden layer, summed over pixels", domain="nonnegative",
    latex=r"\textstyle\sum_i K^{(L)}(x,x)_{ii}",
)  # fmt: skip

H = observable("H", "the kernel of infinite width", latex="H")
mean_H = observable("mean_H", "mean of the kernels of nets of finite width", latex=r"\mathbb{E}H_m")
H_own = observable(
    "H_own", "the kernel of infinite width of an image with itself", domain="nonnegative", latex="H(x,x)"
)
mean_self = observable(
    "mean_self", "mean of the kernels of nets of finite width of an image with itself", domain="nonnegative",
    latex=r"\mathbb{E}H_m(x,x)",
)  # fmt: skip
m = observable("m", "number of channels of every layer", domain="positive integer")
together = observable(
    "together", "smallest probability that a channel of the first layer is open at two patches, neither of them zero",
    domain="probability", latex=r"\min_{ii'}P(w\cdot p_i>0,\,w\cdot p'_{i'}>0)",
)  # fmt: skip
spread_narrow = observable(
    "spread_narrow", "median of |H_m - H| at width m", domain="nonnegative", latex=r"\mathrm{med}_{m}"
)
spread_wide = observable(
    "spread_wide", "median of |H_m - H| at width 16 m", domain="nonnegative", latex=r"\mathrm{med}_{16m}"
)
