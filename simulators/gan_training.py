"""Adversarial training of many generators at once, each against a discriminator of a size of its own.

The objective is Wasserstein's: the discriminator ascends E[D(real)] - E[D(generated)], the generator descends it, one step each in
turn.  The discriminator's parameters are clipped to [-CLIP, CLIP], so that it is bounded on images and Lipschitz in its parameters.
Adam's steps are rounded to a grid: sums that another machine, another number of threads or a batch orders differently differ by
some 1e-16, and are the same number again after rounding unless they lie that close to the middle between two grid points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from .digits import LEVELS
from .gan_nets import GENERATOR, LATENT, Layout, discriminator, drawn_rows, generated, judged, latents, on_grid

BATCH = 32
RATE = 1e-3
MEMORY = (0.5, 0.99)
FLOOR = 1e-8
CLIP = 0.125
BLOCK = 100
"""Steps whose random numbers are drawn together."""
TOLD = 50
Told = Callable[[int], None]


@dataclass(frozen=True, order=True)
class Trial:
    """A training run: the hidden width of the discriminator, and the seed of everything else."""

    size: int
    seed: int


@dataclass(frozen=True, eq=False)
class Trained:
    """The nets at the end: ``generators`` (trials, parameters) and ``discriminators``, laid out for the widest."""

    generators: torch.Tensor
    discriminators: torch.Tensor
    layout: Layout


class Adam:
    """Adam's steps for a table of parameters, kept on the grid and, where asked, within [-clip, clip]."""

    def __init__(self, table: torch.Tensor, rate: float, clip: float | None = None) -> None:
        self.table, self.rate, self.clip, self.time = table.requires_grad_(), rate, clip, 0
        self.mean, self.square = torch.zeros_like(table), torch.zeros_like(table)

    def descend(self, loss: torch.Tensor) -> None:
        """One step down the gradient of a sum of one loss a net: nets do not see each other."""
        (gradient,) = torch.autograd.grad(loss, self.table)
        self.time += 1
        first, second = MEMORY
        with torch.no_grad():
            self.mean.mul_(first).add_(gradient, alpha=1 - first)
            self.square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
            scale = (self.square * (1 / (1 - second**self.time))).sqrt_().add_(FLOOR)
            self.table.addcdiv_(self.mean, scale, value=-self.rate / (1 - first**self.time))
            if self.clip is not None:
                self.table.clamp_(-self.clip, self.clip)
            self.table.copy_(on_grid(self.table))


def train(
    trials: Sequence[Trial], images: torch.Tensor, stages: Sequence[int], told: Told = lambda done: None
) -> Iterator[tuple[int, Trained]]:
    """All trials trained as one batch, on the device of ``images`` (integers 0 to 16, rows by 64); the nets at each stage.

    Trials of one seed start from the same generator and see the same images and latent vectors.  ``told`` hears the steps done,
    those of all trials together.
    """
    device = images.device
    pixels = images.to(torch.float64) / LEVELS
    layout = discriminator(max(trial.size for trial in trials))
    seeds = sorted({trial.seed for trial in trials})
    which = torch.tensor([seeds.index(trial.seed) for trial in trials], device=device)
    players = torch.cat([GENERATOR.drawn(("generator", t.seed), GENERATOR, device) for t in trials])
    judges = torch.cat([discriminator(t.size).drawn(("discriminator", t.seed), layout, device) for t in trials])
    generators, discriminators = Adam(players, RATE), Adam(judges.clamp_(-CLIP, CLIP), RATE, CLIP)
    for step in range(stages[-1]):
        place = step % BLOCK
        if place == 0:
            rows = torch.stack([drawn_rows(len(pixels), (BLOCK, BATCH), s, step, device=device) for s in seeds])
            drawn = torch.stack([latents((BLOCK, 2, BATCH, LATENT), s, step, device=device) for s in seeds])
        with torch.no_grad():
            fake = generated(generators.table, drawn[which, place, 0])
        both = judged(discriminators.table, layout, torch.cat([pixels[rows[which, place]], fake], dim=1))
        discriminators.descend((both[:, BATCH:] - both[:, :BATCH]).sum() / BATCH)
        fooled = judged(discriminators.table.detach(), layout, generated(generators.table, drawn[which, place, 1]))
        generators.descend(-fooled.sum() / BATCH)
        if (step + 1) % TOLD == 0:
            told(TOLD * len(trials))
        if step + 1 in stages:
            yield step + 1, Trained(generators.table.detach().clone(), discriminators.table.detach().clone(), layout)
