"""What is spoken of in deep linear nets: the observables that their theorem and its derivation share.

The end-to-end matrix is W = W_N … W_1 = Σ_r σ_r u_r v_rᵀ with signed, unordered singular values.
"""

from __future__ import annotations

from .statement import observable

N = observable("N", "depth of the net", domain="positive integer")
sigma = observable("sigma", "signed singular value of the end-to-end matrix", latex=r"\sigma_r")
sigma_dot = observable("sigma_dot", "its time derivative, from the motion of the factors", latex=r"\dot\sigma_r")
g = observable("g", "inner product of the loss gradient with u v^T", latex="g_{rr}")
imbalance = observable("imbalance", "Frobenius norm of all W_{j+1}^T W_{j+1} - W_j W_j^T", domain="nonnegative")
eta = observable("eta", "step size of gradient descent; 0 for gradient flow", domain="nonnegative", latex=r"\eta")
decay = observable("decay", "strength of weight decay", domain="nonnegative", latex=r"\lambda_{\mathrm{decay}}")
gap = observable("gap", "difference of two squared singular values")
analytic_loss = observable("analytic_loss", "whether the loss is analytic", domain="boolean")
sigma_r = observable("sigma_r", "signed singular value of the left direction", latex=r"\sigma_r")
sigma_s = observable("sigma_s", "signed singular value of the right direction", latex=r"\sigma_s")
velocity = observable("velocity", "u_r^T (dW/dt) v_s, from the motion of the factors", latex=r"u_r^\top\dot W v_s")
g_rs = observable("g_rs", "inner product of the loss gradient with u_r v_s^T", latex="g_{rs}")
g_sr = observable("g_sr", "inner product of the loss gradient with u_s v_r^T", latex="g_{sr}")
turn_u = observable("turn_u", "rate at which u_s turns towards u_r", latex=r"u_r^\top\dot u_s")
turn_v = observable("turn_v", "rate at which v_s turns towards v_r", latex=r"v_r^\top\dot v_s")
turn_out = observable(
    "turn_out", "rate at which a singular vector turns out of its space", latex=r"u_\perp^\top\dot u_r"
)
g_out = observable(
    "g_out",
    "the loss gradient between a direction out of that space and the other vector",
    latex=r"u_\perp^\top\nabla\ell\,v_r",
)
gram_rate_upper = observable("gram_rate_upper", "rate of an entry of W_{j+1}^T W_{j+1}")
gram_rate_lower = observable("gram_rate_lower", "rate of the same entry of W_j W_j^T")
defect = observable("defect", "entry of W_{j+1}^T W_{j+1} - W_j W_j^T before a step of descent", latex="D_{pq}")
defect_next = observable("defect_next", "the same entry after the step", latex="D^+_{pq}")
gram_upper = observable("gram_upper", "entry of G_{j+1}^T G_{j+1}, G_j the gradient of factor j")
gram_lower = observable("gram_lower", "the same entry of G_j G_j^T")
turn = observable("turn", "sine of the angle that a singular direction turns within (0, t)", domain="nonnegative")
rate_before = observable("rate_before", "left time derivative of a sorted, non-negative singular value")
rate_after = observable("rate_after", "its right time derivative")
t = observable("t", "training time", domain="nonnegative")
defect_0 = observable("defect_0", "entry of W_{j+1}^T W_{j+1} - W_j W_j^T before training", latex="D_{pq}(0)")
defect_t = observable("defect_t", "the same entry after training", latex="D_{pq}(t)")
rank_0 = observable("rank_0", "rank of the end-to-end matrix before training", domain="nonnegative integer")
rank_t = observable("rank_t", "rank of the end-to-end matrix after training", domain="nonnegative integer")
sign_0 = observable("sign_0", "sign of the determinant before training", domain="integer")
sign_t = observable("sign_t", "sign of the determinant after training", domain="integer")
sigma_0 = observable("sigma_0", "singular value before training", domain="positive", latex=r"\sigma(0)")
sigma_t = observable("sigma_t", "singular value after time t", domain="positive", latex=r"\sigma(t)")
target = observable("target", "what the singular value is fitted to", domain="positive", latex="s")
strength = observable("strength", "minus the constant gradient along the mode", domain="positive", latex=r"\lambda")
sigma_1_0 = observable("sigma_1_0", "first singular value before training", domain="positive", latex=r"\sigma_1(0)")
sigma_2_0 = observable("sigma_2_0", "second singular value before training", domain="positive", latex=r"\sigma_2(0)")
sigma_1_t = observable("sigma_1_t", "first singular value after training", domain="positive", latex=r"\sigma_1(t)")
sigma_2_t = observable("sigma_2_t", "second singular value after training", domain="positive", latex=r"\sigma_2(t)")
strength_1 = observable("strength_1", "minus the gradient along mode 1", domain="positive", latex=r"\lambda_1")
strength_2 = observable("strength_2", "minus the gradient along mode 2", domain="positive", latex=r"\lambda_2")
target_1 = observable("target_1", "target of mode 1", domain="positive", latex="s_1")
target_2 = observable("target_2", "target of mode 2", domain="positive", latex="s_2")
