"""What judging needs to know of an experiment; drawing and measuring need more, and torch."""

from __future__ import annotations

from theorems.statement import Claim, Theorem


class Setup:
    """A theorem, and what was measured of it on which instances.

    ``observables`` are the columns measured, ``limited_by`` what their error bars come from (`simulators.measurement.LIMITS`).
    ``dropped`` names the assumptions that every instance violates; ``only`` restricts the claims and sayings that are
    judged here (None: all whose observables are covered), and with them the variants that are `like` them.
    """

    name: str
    theorem: Theorem
    dropped: tuple[str, ...]
    only: tuple[str, ...] | None

    @property
    def observables(self) -> tuple[str, ...]:
        """The names of the columns measured."""
        raise NotImplementedError

    @property
    def limited_by(self) -> str:
        """What the error bars come from."""
        raise NotImplementedError

    @property
    def made_by(self) -> tuple[str, str]:
        """The simulator (`module:function`) and the hash of its source, so that a counterexample says what measured it."""
        raise NotImplementedError

    def covers(self, claim: Claim) -> bool:
        """Whether every symbol of the claim is measured (and the claim is not excluded)."""
        if self.only is not None and not {claim.name, claim.like} & set(self.only):
            return False
        return {o.name for o in claim.observables} <= set(self.observables)
