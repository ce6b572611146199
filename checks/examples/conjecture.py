"""From a formula remembered wrongly to one that stands: a notebook as a script."""

# %% [markdown]
# # An afternoon with a conjecture
#
# A theorist remembers how the singular values of a deep linear net grow, but not the exponent.  We let the audit say what is
# wrong with the formula remembered, let it find the right constants, and ask which hypothesis the repaired formula needs.
#
# Run it as a script, or open it as a notebook (`jupytext --to ipynb conjecture.py`): there, end a cell with a theorem, a claim
# or a verdict to see it as a page.

# %%
import json
from dataclasses import replace

from theorem_audit import Verdict, audit, conjecture, find_experiment, get, identify, parse

theorem = get("singular-value-ode")
rate = theorem.claim("rate")
print(theorem.title)
print(rate.words)

# %% [markdown]
# ## The formula as remembered
#
# It is typed as in a paper; the names are the theorem's observables, and the text is parsed, never run.  Kind, assumptions and
# the resolution aimed at are those of the claim that it varies.  The experiment draws nets; here a twentieth of what an audit draws.

# %%
NETS = replace(find_experiment("singular-value-ode", "rates"), search=5, bulk=500)
remembered = conjecture(theorem, parse("sigma_dot = -N * (sigma**2)**(1 - 2/N) * g", theorem), like="rate")
for theirs, yours in remembered.difference:
    print(f"{theirs}  became  {yours}")
refuted = audit(remembered.claim, NETS)
print(refuted)
assert refuted.kind == "REFUTED"
assert refuted.certified

# %% [markdown]
# The counterexample is one that can be checked by hand: a net of one number.  One line of Python judges it anew anywhere, and so
# does `theorem-audit replay`, from a file.

# %%
print(refuted.simplest.python)
document = json.dumps(refuted.to_json())
assert Verdict.from_json(json.loads(document)) == refuted

# %% [markdown]
# ## What do the nets say?
#
# The part of the formula that is not in doubt stays; the exponents become unknowns.  Forty nets are enough.

# %%
form = replace(
    rate, name="form", relation=parse("sigma_dot = -N**a * (sigma**2)**(b - c/N) * g", theorem, ("a", "b", "c"))
)
found = identify(form, ("a", "b", "c"), ((0, 3), (0, 3), (0, 3)), replace(NETS, search=0, bulk=40))
print(found)
assert found.kind == "ENCLOSED"
assert all(low <= 1 <= high and high - low < 1e-5 for low, high in found.outer)

# %% [markdown]
# All three are 1, as far as the nets can tell: that is the theorem's own formula, and it survives.

# %%
repaired = conjecture(theorem, parse("sigma_dot = -N * (sigma**2)**(1 - 1/N) * g", theorem), like="rate").claim
assert repaired.relation == rate.relation
survived = audit(repaired, NETS)
print(survived)
assert survived.kind == "SURVIVED"
assert survived.resolution.median < rate.goal

# %% [markdown]
# ## Which hypothesis does it need?
#
# The same nets, but with factors that are not balanced: every one of them certainly violates that hypothesis, and keeps the others.

# %%
unbalanced = audit(repaired, NETS.without("balanced"))
print(unbalanced)
assert unbalanced.kind == "REFUTED"
assert unbalanced.dropped == ("balanced",)

# %% [markdown]
# So balance is needed.  That it is needed says nothing about how far a net may be from balanced before the formula is bad: that
# would be another claim, a bound in which the imbalance occurs.
