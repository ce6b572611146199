"""Observables of the tangent kernel of finite nets at initialisation, and closed forms for one hidden ReLU layer."""

from __future__ import annotations

from sympy import cos, pi, sin

from .statement import observable

L = observable("L", "number of hidden layers", domain="positive integer")
m = observable("m", "width of the first hidden layer", domain="positive integer")
q = observable("q", "ratio of the two widths", domain="positive integer")
n_x = observable("n_x", "norm of the first input", domain="nonnegative", unit="length")
n_y = observable("n_y", "norm of the second input", domain="nonnegative", unit="length")
theta = observable("theta", "angle between the inputs", domain="nonnegative", unit="radian", latex=r"\theta")
kappa = observable(
    "kappa",
    "factor of the last layer's share of the kernel, relative to the talk's parameterisation",
    domain="positive",
    latex=r"\kappa",
)
relu = observable("relu", "the activation is ReLU", domain="boolean")
H_star = observable("H_star", "kernel of the infinitely wide net", unit="length^2", latex=r"H^*")
H_mean = observable("H_mean", "mean of the finite net's kernel", unit="length^2", latex=r"\mathbb{E}H_m")
deviation = observable(
    "deviation", "mean of |H_m - H*|^2", domain="nonnegative", unit="length^4", latex=r"\mathbb{E}|H_m-H^*|^2"
)
H_diagonal = observable(
    "H_diagonal", "mean of the kernel of a point with itself", "nonnegative", "length^2", r"\mathbb{E}H_m(x,x)"
)
H_standard = observable(
    "H_standard",
    "the same in the standard parameterisation",
    "nonnegative",
    "length^2",
    r"\mathbb{E}H_m^{\mathrm{std}}(x,x)",
)
A_fourth = observable(
    "A_fourth",
    "mean of |A_L|^4, the features of the last hidden layer",
    "nonnegative",
    "length^4",
    r"\mathbb{E}|A_L|^4",
)
f_fourth = observable("f_fourth", "mean of f^4, the output", "nonnegative", "length^4", r"\mathbb{E}f^4")
share_second = observable(
    "share_second",
    "second moment of the first layer's share of the kernel of a point with itself",
    "nonnegative",
    "length^4",
    r"\mathbb{E}|B_1|^4|x|^4",
)
k_a = observable("k_a", "number of lower hidden layers, all of one width", domain="nonnegative integer")
m_a = observable("m_a", "their width", domain="positive integer")
k_b = observable("k_b", "number of upper hidden layers, all of one width", domain="nonnegative integer")
m_b = observable("m_b", "the width of the upper layers", domain="positive integer")
H_mean_a = observable("H_mean_a", "mean of the kernel, one last width", unit="length^2", latex=r"\mathbb{E}H_{m}")
H_mean_b = observable(
    "H_mean_b", "mean of the kernel, another last width", unit="length^2", latex=r"\mathbb{E}H_{m^\prime}"
)
lower_gap = observable(
    "lower_gap", "summed differences of the widths below the last", domain="nonnegative integer", latex=r"\Delta m"
)
gap_a = observable("gap_a", "median of |H_m - H*| at width m", domain="nonnegative", latex=r"\mathrm{med}|H_{m}-H^*|")
gap_b = observable(
    "gap_b", "median of |H_m - H*| at width q m", domain="nonnegative", latex=r"\mathrm{med}|H_{qm}-H^*|"
)
kurtosis = observable(
    "kurtosis",
    "fourth central moment, over the squared variance, of what a unit of one hidden layer adds to the kernel",
    domain="positive",
)

hstar = (sin(theta) + 2 * (pi - theta) * cos(theta)) / pi
"""H* of unit inputs at angle θ: c (κ_1 + cos θ κ_0) with the arc-cosine kernels of order 1 and 0."""
variance = (
    2 * (3 * sin(theta) * cos(theta) + (pi - theta) * (1 + 2 * cos(theta) ** 2)) / pi
    + 4 * cos(theta) * (sin(theta) + (pi - theta) * cos(theta)) / pi
    + 6 * (pi - theta) * cos(theta) ** 2 / pi
    - hstar**2
)
"""V of unit inputs: m E |H_m - H*|²."""
