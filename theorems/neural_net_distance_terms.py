"""What is measured of laws and of the discriminators that tell them apart."""

from __future__ import annotations

from theorems.statement import observable

distance = observable(
    "distance", "the largest |E_μ D - E_ν D| over the class of discriminators", domain="nonnegative",
    latex=r"d_{\mathcal F}",
)  # fmt: skip
dual_norm = observable(
    "dual_norm", "dual norm of the difference of the mean features", domain="nonnegative",
    latex=r"|E_\mu\psi-E_\nu\psi|_*",
)  # fmt: skip
reach = observable("reach", "largest |v·ψ(x)| over the ball and the atoms", domain="nonnegative", latex=r"|\psi|_*")
variation = observable("variation", "total variation distance of the two laws", domain="probability", latex="TV")
table = observable(
    "table", "the distance in the class of all tables with values in [0, 1]", domain="nonnegative",
    latex=r"d_{\mathrm{table}}",
)  # fmt: skip
features = observable(
    "features", "number of parameters of a linear discriminator", domain="positive integer", latex="p"
)
net_maximum = observable(
    "net_maximum", "the largest |E_μ D_v - E_ν D_v| over a net of the parameters", domain="nonnegative",
    latex=r"\max_{\mathrm{net}}",
)  # fmt: skip
mesh = observable("mesh", "how far a parameter is from the net at most", domain="positive", latex="r")
lipschitz = observable("lipschitz", "largest |D_v(x) - D_w(x)|/|v - w| over the atoms", domain="nonnegative", latex="L")
changed = observable("changed", "|E_μ D_v - E_μ D_w|", domain="nonnegative", latex=r"|E_\mu D_v-E_\mu D_w|")
moved = observable("moved", "|v - w|", domain="nonnegative", latex="|v-w|")
m = observable("m", "number of samples", domain="positive integer")
copies = observable("copies", "how many of the samples each draw gives", domain="positive integer", latex="c")
dependence = observable(
    "dependence", "total variation distance of two samples from independent ones", domain="nonnegative"
)
mean_square = observable(
    "mean_square", "mean square of the distance of the law from m samples of it", domain="nonnegative",
    latex=r"E\,d_{\mathcal F}^2",
)  # fmt: skip
mean = observable(
    "mean", "mean distance of the law from m samples of it", domain="nonnegative", latex=r"E\,d_{\mathcal F}"
)
spread = observable(
    "spread", "trace of the covariance of the features", domain="nonnegative", latex=r"\mathrm{tr}\,\Sigma"
)
overlap = observable("overlap", "E k(X, X') of independent X and X'", latex=r"E\,k(X,X')")
own = observable("own", "E k(X, X)", domain="nonnegative", latex=r"E\,k(X,X)")
diagonal = observable("diagonal", "largest k(x, x) over the atoms", domain="nonnegative", latex=r"\max_x k(x,x)")
least_diagonal = observable(
    "least_diagonal", "least k(x, x) over the atoms", domain="nonnegative", latex=r"\min_x k(x,x)"
)
gram_square = observable(
    "gram_square", "Σ c_i c_j k(x_i, x_j) of the masses c of μ - ν", domain="nonnegative", latex=r"c^\top K c"
)
neuron_distance = observable(
    "neuron_distance", "the distance in the class of one neuron", domain="nonnegative", latex=r"d_{\mathrm{neuron}}"
)
net_distance = observable(
    "net_distance", "the distance in the class of nets of any width with Σ|a_j| ≤ A", domain="nonnegative",
    latex=r"d_{\mathrm{net}}",
)  # fmt: skip
net_gap = observable("net_gap", "|E_μ f - E_ν f| of a given net f", domain="nonnegative", latex=r"|E_\mu f-E_\nu f|")
output_weight = observable("output_weight", "Σ|a_j| of a given net", domain="nonnegative", latex=r"\sum_j|a_j|")
budget = observable("budget", "what Σ|a_j| may be", domain="positive", latex="A")
width = observable("width", "number of neurons of a given net", domain="positive integer", latex="W")
ascent = observable(
    "ascent", "what gradient ascent on a neuron finds: a lower bound", domain="nonnegative",
    latex=r"d_{\mathrm{found}}",
)  # fmt: skip
net_ascent = observable(
    "net_ascent", "what gradient ascent on nets of several neurons with Σ|a_j| ≤ 1 finds: a lower bound",
    domain="nonnegative", latex=r"d_{\mathrm{found}}^{\mathrm{net}}",
)  # fmt: skip
d_12 = observable("d_12", "distance of μ from ν", domain="nonnegative", latex=r"d(\mu,\nu)")
d_21 = observable("d_21", "distance of ν from μ", domain="nonnegative", latex=r"d(\nu,\mu)")
d_23 = observable("d_23", "distance of ν from ρ", domain="nonnegative", latex=r"d(\nu,\rho)")
d_13 = observable("d_13", "distance of μ from ρ", domain="nonnegative", latex=r"d(\mu,\rho)")
d_split = observable(
    "d_split", "distance of μ from ν with every atom listed twice", domain="nonnegative", latex=r"d(\mu',\nu')"
)
d_mixed = observable("d_mixed", "distance of (1 - t)μ + tν from μ", domain="nonnegative", latex=r"d((1-t)\mu+t\nu,\mu)")
share = observable("share", "the share t", domain="probability", latex="t")
divergence = observable(
    "divergence", "Jensen-Shannon divergence of the law from m samples of it", domain="nonnegative",
    latex=r"d_{\mathrm{JS}}",
)  # fmt: skip
seen = observable("seen", "mass that the law and its samples share", domain="probability", latex=r"\mu\wedge\hat\mu")
atomic = observable("atomic", "mass of the atoms of the law", domain="probability", latex=r"\mu(\mathrm{atoms})")
transport = observable(
    "transport",
    "Wasserstein distance of the uniform law on the corners of a cube from m samples: all 1-Lipschitz discriminators",
    domain="nonnegative",
    latex="W_1",
)
near_share = observable(
    "near_share", "share of the corners that differ from a sample in at most h coordinates", domain="probability",
    latex=r"|B_h|/2^d",
)  # fmt: skip
beyond = observable("beyond", "distance of the nearest corner that differs in more", domain="positive", latex="r_h")
