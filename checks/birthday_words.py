"""What a birthday test found, in words, in lines for a terminal and as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulators.near_pairs_nearest import Calibrated

    from .birthday_batches import Counted, Size
    from .support_bounds import SupportBounds

DIGITS = 3


ASSUMED = (
    "the samples are independent draws of one generator",
    "the radius was chosen without looking at them",
)


@dataclass(frozen=True)
class OfReference:
    """``near`` of ``pairs`` pairs of the reference are within the radius; ``repeated`` samples of it are left out."""

    near: int
    pairs: int
    repeated: int = 0

    @property
    def point(self) -> float | None:
        """The effective support that the reference shows itself."""
        return self.pairs / self.near if self.near else None


@dataclass(frozen=True)
class Made:
    """How a page came about: the command, without the paths of a machine, the package, and digests of the files."""

    command: str
    package: str
    samples: str | None
    reference: str | None


@dataclass(frozen=True)
class Result:
    """A finished birthday test.

    ``samples``: how many a file holds, None for a function; ``seeded``: whether it can be drawn again.
    ``calibrated``: where the radius is from, None where it was given or none was; ``whole``: all pairs of a file.
    """

    name: str
    samples: int | None
    seeded: bool
    shape: tuple[int, ...]
    seed: int
    radius: float
    calibrated: Calibrated | None
    reference: str | None
    size: Size
    counted: Counted
    bounds: SupportBounds
    whole: Counted | None = None
    whole_bounds: SupportBounds | None = None
    of_reference: OfReference | None = None
    notes: tuple[str, ...] = ()
    made: Made | None = None

    @property
    def distinct(self) -> tuple[int, str]:
        """Distinct samples, at least, and by what: the theorem's bound, or as many as were seen."""
        return at_least(self.bounds.support_at_least, self.counted.distinct)

    @property
    def apart(self) -> tuple[int, str]:
        """Samples far apart, at least, and by what."""
        return at_least(self.bounds.variety_at_least, self.counted.apart)


def at_least(bound: int, seen: int) -> tuple[int, str]:
    """The larger of a bound that holds with a probability and of a number that was seen, and which it is."""
    return (bound, "statistical") if bound > seen else (seen, "seen")


def number(value: float, rounding: str = ROUND_HALF_EVEN) -> str:
    """Three significant digits, with commas in thousands."""
    exact = Decimal(value)
    if exact == 0:
        return "0"
    places = min(exact.adjusted() - DIGITS + 1, 0) if exact.adjusted() < DIGITS else exact.adjusted() - DIGITS + 1
    rounded = exact.quantize(Decimal(1).scaleb(places), rounding=rounding)
    if not -4 <= exact.adjusted() <= 14:
        return f"{rounded.normalize():e}".replace("e+", "e")
    text = f"{rounded:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def up(value: float) -> str:
    """A bound from above, rounded upward; infinity in words."""
    return "no bound" if math.isinf(value) else number(value, ROUND_CEILING)


def down(value: float) -> str:
    """A bound from below, rounded downward."""
    return number(value, ROUND_FLOOR)


def percent(share: float) -> str:
    """A share as a percentage."""
    return f"{100 * share:.6g} %"


def plural(count: int, one: str, many: str = "") -> str:
    """A number and its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def shape(sides: tuple[int, ...]) -> str:
    """The shape of a sample."""
    return " × ".join(str(side) for side in sides) or "1"


def radius(test: Result) -> str:
    """The radius and where it is from, in a few words."""
    how = test.calibrated
    if how is None:
        return f"radius {test.radius:g} (given)" if test.radius else "radius 0: only exact duplicates count"
    if how.how == "pairs":
        return (
            f"radius {test.radius:g}, from {test.reference}: {how.within:,} of its {how.of:,} pairs are within it,"
            f" at most {how.at_most:.2g} of all"
        )
    return (
        f"radius {test.radius:g}, from {test.reference}: {how.within:,} of its {how.of:,} samples have another within it"
        " (too few samples to show a rate of pairs of 1e-6)"
    )


def size(test: Result) -> str:
    """The batch size and where it is from."""
    how = test.size
    if not how.pilot:
        return f"batches of {how.size:,} (given)"
    return (
        f"batches of {how.size:,}, chosen on {how.pilot:,} other samples"
        f" ({how.hits} of {plural(how.batches, 'batch', 'batches')} of that size had a near-duplicate)"
    )


def lines(test: Result) -> list[str]:
    """The result for a terminal."""
    counted, bounds = test.counted, test.bounds
    many = f", {test.samples:,} samples" if test.samples is not None else ""
    out = [
        f"{test.name}{many} of {shape(test.shape)}",
        radius(test),
        size(test),
        f"{counted.near:,} of {plural(counted.batches, 'batch', 'batches')} {'has' if counted.near == 1 else 'have'} a"
        f" near-duplicate, {counted.equal:,} an exact one",
        "",
        f"effective support     {support(bounds)}",
        *([f"the reference itself  {own(test)}"] if test.of_reference is not None else []),
        f"samples far apart     at least {test.apart[0]:,} ({test.apart[1]}), no two of them near-duplicates",
        f"distinct samples      at least {test.distinct[0]:,} ({test.distinct[1]}); no test bounds them from above",
        f"folklore s²           {bounds.folklore:,}, which no theorem supports as a number of images",
        "",
        f"All bounds hold with probability {percent(bounds.confidence)} or more, if the samples are independent draws and",
        "the radius was chosen without looking at them; what was seen is certain.",
    ]
    if test.whole is not None and test.whole_bounds is not None:
        out += ["", whole(test)]
    return out + advice(test)


def support(bounds: SupportBounds) -> str:
    """Estimate and bound of the effective support, as far as there are any."""
    if math.isinf(bounds.effective_at_most) or bounds.point is None:
        return "neither estimate nor bound without a near-duplicate"
    return f"about {number(bounds.point)}, at most {up(bounds.effective_at_most)}"


def own(test: Result) -> str:
    """What the reference scores itself, and where that says nothing new."""
    found = test.of_reference
    assert found is not None
    left = f" ({plural(found.repeated, 'duplicate')} left out)" if found.repeated else ""
    rule = test.calibrated is not None and test.calibrated.how == "pairs"
    end = f"within the radius{', which is the rule that chose the radius' if rule else ''}"
    if found.point is None:
        return f"no estimate: none of its {found.pairs:,} pairs{left} is {end}"
    return (
        f"about {number(found.point)}: {found.near:,} of its {found.pairs:,} pairs{left}"
        f" {'is' if found.near == 1 else 'are'} {end}"
    )


def whole(test: Result) -> str:
    """What all pairs of a file say, in a sentence."""
    assert test.whole is not None and test.whole_bounds is not None
    point, (least, how) = test.whole_bounds.point, at_least(test.whole_bounds.support_at_least, test.whole.distinct)
    sure = how if how == "seen" else f"{how}, at {percent(test.whole_bounds.confidence)} on their own"
    about = f", an effective support of about {number(point)}" if point is not None else ""
    return (
        f"All pairs of the {plural(test.whole.size, 'sample')}: {plural(test.whole.pairs, 'near-duplicate pair')}{about}."
        f" As one batch they show at least {plural(least, 'distinct sample')} ({sure}); a bound on the effective support takes more than one batch."
    )


def advice(test: Result) -> list[str]:
    """What to do next, where the numbers say little."""
    counted = test.counted
    if counted.near == counted.batches and counted.size > 2:
        how = f"give a --size below {counted.size:,}" if test.size.pilot else "leave --size out to have one chosen"
        return ["", f"Every batch has a near-duplicate: smaller batches say more; {how}."]
    if not counted.near and test.radius == 0 and test.calibrated is None:
        return _no_duplicates(test)
    if not counted.near:
        return ["", "No batch has a near-duplicate: more samples, or larger batches, would say more."]
    if counted.batches < 10:
        return ["", f"{plural(counted.batches, 'batch', 'batches')} give wide bounds: more samples would say more."]
    return []


def _no_duplicates(test: Result) -> list[str]:
    """What to do where only exact duplicates were looked for, and no batch has one."""
    if test.whole is not None and test.whole.equal:
        return []
    said = "No batch has an exact duplicate."
    if test.whole is None and test.samples is not None:
        chosen = " or among the samples on which the size was chosen" if test.size.pilot else ""
        said += f" Duplicates across batches{chosen} are not looked at without --all-pairs."
    return ["", f"{said} To look for near-duplicates give --reference with real samples, or --radius."]


def to_json(test: Result) -> str:
    """The result as JSON; an effective support without a bound is null."""

    def said(counted: Counted, bounds: SupportBounds) -> dict[str, Any]:
        most = bounds.effective_at_most
        return {
            "size": counted.size,
            "batches": counted.batches,
            "batches_with_near_duplicate": counted.near,
            "batches_with_exact_duplicate": counted.equal,
            "near_pairs": counted.pairs,
            "effective_support": bounds.point,
            "effective_support_at_most": None if math.isinf(most) else most,
            "support_at_least": max(bounds.support_at_least, counted.distinct),
            "support_at_least_statistical": bounds.support_at_least,
            "support_at_least_seen": counted.distinct,
            "variety_at_least": max(bounds.variety_at_least, counted.apart),
            "variety_at_least_statistical": bounds.variety_at_least,
            "variety_at_least_seen": counted.apart,
            "folklore": bounds.folklore,
            "closest": [{"distance": c.distance, "batch": c.batch, "samples": list(c.rows)} for c in counted.closest],
        }

    how = test.calibrated
    calibrated = how and {
        "rule": how.how,
        "within": how.within,
        "of": how.of,
        "rate_at_most": how.at_most,
        "repeated": how.repeated,
    }
    found = {
        "name": test.name,
        "samples": test.samples,
        "shape": list(test.shape),
        "seed": test.seed,
        "confidence": test.bounds.confidence,
        "claims": list(test.bounds.claims),
        "assumptions": list(ASSUMED),
        "notes": list(test.notes),
        "made": asdict(test.made) if test.made else None,
        "reference_itself": {
            "near_pairs": test.of_reference.near,
            "pairs": test.of_reference.pairs,
            "repeated": test.of_reference.repeated,
            "effective_support": test.of_reference.point,
        }
        if test.of_reference
        else None,
        "radius": test.radius,
        "reference": test.reference,
        "calibrated": calibrated,
        "pilot": {"samples": test.size.pilot, "batches": test.size.batches, "hits": test.size.hits},
        **said(test.counted, test.bounds),
        "all_pairs": said(test.whole, test.whole_bounds) if test.whole and test.whole_bounds else None,
    }
    return json.dumps(found, indent=2, sort_keys=True) + "\n"
