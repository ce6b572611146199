"""The symbols of the tangent kernel theorem and the closed forms of its Gaussian expectations."""

from __future__ import annotations

from sympy import asin, cos, pi, sin, sqrt

from .statement import observable

S_xx = observable("S_xx", "variance of u, the Gaussian pre-activation at x", "nonnegative", latex=r"\Sigma_{xx}")
S_yy = observable("S_yy", "variance of v, the Gaussian pre-activation at y", "nonnegative", latex=r"\Sigma_{yy}")
S_xy = observable("S_xy", "covariance of u and v", latex=r"\Sigma_{xy}")
a = observable("a", "standard deviation of u", domain="nonnegative")
b = observable("b", "standard deviation of v", domain="nonnegative")
t = observable("t", "angle of u and v: the cosine is their correlation", domain="nonnegative")
c = observable("c", "constant of a layer", domain="positive")
E_ss = observable("E_ss", "expectation of s(u) s(v)", latex=r"E_{\sigma\sigma}")
E_dd = observable("E_dd", "expectation of s'(u) s'(v)", latex=r"E_{\dot\sigma\dot\sigma}")
S_next = observable("S_next", "covariance after the layer", latex=r"\Sigma^{+}")
S_dot = observable("S_dot", "covariance of the slopes of the layer", latex=r"\dot\Sigma")
T_prev = observable("T_prev", "tangent kernel before the layer", latex=r"\Theta")
T_next = observable("T_next", "tangent kernel after the layer", latex=r"\Theta^{+}")

H_xx = observable("H_xx", "tangent kernel of x and x", domain="nonnegative", latex="H_{xx}")
H_yy = observable("H_yy", "tangent kernel of y and y", domain="nonnegative", latex="H_{yy}")
H_xy = observable("H_xy", "tangent kernel of x and y", latex="H_{xy}")
H_opposite = observable("H_opposite", "tangent kernel of x and -y", latex="H_{x,-y}")
H_scaled = observable("H_scaled", "tangent kernel of p x and q y", latex="H_{px,qy}")
H_other = observable("H_other", "tangent kernel of x and y of a net with another constant", latex="H'_{xy}")
H_none = observable("H_none", "tangent kernel of x and y of a net without hidden layers", latex="H^{(0)}_{xy}")
inner = observable("inner", "inner product of x and y", latex=r"\langle x, y\rangle")
square_x = observable("square_x", "squared norm of x", domain="nonnegative", latex=r"|x|^2")
square_y = observable("square_y", "squared norm of y", domain="nonnegative", latex=r"|y|^2")
p = observable("p", "multiple of x", domain="positive integer")
q = observable("q", "multiple of y", domain="positive integer")
L = observable("L", "number of hidden layers", domain="nonnegative integer")
keep = observable("keep", "another constant over c_sigma", domain="positive", latex=r"c/c_\sigma")

lambda_min = observable("lambda_min", "smallest eigenvalue of a Gram matrix H", latex=r"\lambda_{\min}")
trace = observable("trace", "trace of H", domain="nonnegative", latex=r"\operatorname{tr} H")
form = observable("form", "w^T H w for weights w of the inputs, opposite at opposite ones", latex=r"w^{\top} H w")
square = observable("square", "squared norm of an input, or of a combination of inputs", "nonnegative", latex="|x|^2")
pairs = observable("pairs", "number of antipodal pairs among the inputs", domain="nonnegative integer")
d = observable("d", "dimension of the inputs", domain="positive integer")

square_here = observable("square_here", "expected sum of squares of a layer", "nonnegative", latex="q_h")
square_next = observable("square_next", "expected sum of squares of the next layer", "nonnegative", latex="q_{h+1}")
mean_here = observable("mean_here", "mean over the nodes of a layer of their expected value", latex=r"\mu_h")
mean_next = observable("mean_next", "the same of the next layer", latex=r"\mu_{h+1}")
normalised_constant = observable("normalised", "c times the second moment of s", "positive", latex=r"c\,E\sigma(z)^2")

from_relu = observable("from_relu", "distance of the activation from max(0, z)", "nonnegative", latex=r"\Delta_r")
from_erf = observable("from_erf", "distance of the activation from erf", "nonnegative", latex=r"\Delta_e")
from_homogeneous = observable("from_homogeneous", "distance of s(2z) from 2 s(z)", "nonnegative", latex=r"\Delta_h")

arc_cosine = a * b * (sin(t) + (pi - t) * cos(t)) / (2 * pi)
"""E σ(u)σ(v) of ReLU."""
arc_cosine_slope = (pi - t) / (2 * pi)
"""E σ'(u)σ'(v) of ReLU."""
spread = (1 + 2 * S_xx) * (1 + 2 * S_yy)
erf_dual = 2 / pi * asin(2 * S_xy / sqrt(spread))
"""E σ(u)σ(v) of erf."""
erf_slope = 4 / (pi * sqrt(spread - 4 * S_xy**2))
"""E σ'(u)σ'(v) of erf."""
