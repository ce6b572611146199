"""The page of a birthday test: one file, without scripts, that a browser shows and nothing else has to be there for."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import birthday_words as words
from .birthday_picture import Layout, drawn

if TYPE_CHECKING:
    import numpy as np

    from .birthday_batches import Candidate
    from .birthday_words import Result

STYLE = """
:root { color-scheme: light dark; --quiet: #667; --line: #8886; --hit: #b3541e; }
@media (prefers-color-scheme: dark) { :root { --quiet: #99a; --hit: #f0a060; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .5rem; }
table { border-collapse: collapse; margin: .8rem 0; } th, td { text-align: left; vertical-align: top; padding: .35rem 1.2rem .35rem 0; border-top: 1px solid var(--line); }
th { font-weight: 500; min-width: 10.5rem; } td.figure { font-variant-numeric: tabular-nums; white-space: nowrap; font-weight: 600; }
.quiet, figcaption { color: var(--quiet); font-size: .85rem; line-height: 1.35; }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(13.6rem, 1fr)); gap: 1.4rem 1rem; }
.pairs.wide { grid-template-columns: repeat(auto-fill, minmax(21.5rem, 1fr)); }
figure { margin: 0; } .four { display: grid; grid-template-columns: repeat(2, auto); gap: 2px 4px; justify-content: start; }
.four > small { grid-column: 1 / 3; color: var(--quiet); line-height: 1.3; margin-top: 3px; } figcaption { margin: .2rem 0; max-width: 21rem; } b.hit { color: var(--hit); font-weight: 600; }
img { image-rendering: pixelated; display: block; } svg { display: block; background: #8881; }
polyline { fill: none; stroke: currentColor; stroke-width: 1; } code { font-size: .9rem; }
"""


@dataclass(frozen=True, eq=False)
class Beside:
    """The nearest reference samples of a candidate pair: rows, distances and values, one for each of the two."""

    rows: tuple[int, int]
    distances: tuple[float, float]
    values: tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Shown:
    """What is drawn: candidate pairs, closest first, the nearest reference samples (or none), and how."""

    pairs: Sequence[Candidate]
    beside: Sequence[Beside]
    how: Layout | None


def page(test: Result, shown: Shown, stricter: Sequence[tuple[int, float]]) -> str:
    """The page; ``stricter`` is what the effective support is at most if fewer batches are confirmed by eye."""
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>Birthday test of {_text(test.name)}</title><style>{STYLE}</style></head><body>",
        f"<h1>Birthday test of {_text(test.name)}</h1>",
        f"<p>{_lead(test)}</p>",
        *(f"<p><b class=hit>Note</b>: {_text(note)}.</p>" for note in test.notes),
        _figures(test),
        *(f"<p>{_text(line)}</p>" for line in words.advice(test) if line),
        _candidates(test, shown),
        _by_eye(test, shown, stricter),
        "<h2>What the numbers do not mean</h2>",
        _not_meant(test),
        "<h2>How it was measured</h2>",
        _measured(test),
        "</body></html>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _text(text: str) -> str:
    return html.escape(text, quote=False)


def _lead(test: Result) -> str:
    counted, bounds = test.counted, test.bounds
    what = f"two samples within {test.radius:g} of each other" if test.radius else "two equal samples"
    hold = "holds" if counted.near == 1 else "hold"
    found = f"{counted.near:,} of {words.plural(counted.batches, 'batch', 'batches')} of {counted.size:,} samples {hold} {what}."
    if math.isinf(bounds.effective_at_most):
        at = ", at this radius and" if test.radius else ""
        return f"{found} Nothing bounds the diversity of this generator from above{at} with these samples."
    return (
        f"{found} {'At this radius near-duplicates' if test.radius else 'Exact duplicates'} are as frequent as among about"
        f" {words.number(bounds.point or math.nan)} equally likely samples; the effective support is at most"
        f" {words.up(bounds.effective_at_most)}."
    )


def _figures(test: Result) -> str:
    bounds = test.bounds
    rows = [
        (
            "Effective support 1/κ, estimate",
            "none" if bounds.point is None else words.number(bounds.point),
            "κ is the probability that two samples are near-duplicates, estimated by the share of pairs that are.",
        ),
        (
            "Effective support 1/κ, at most",
            words.up(bounds.effective_at_most),
            f"For any law and any relation of near-duplicates. {_claim(bounds.claims[0])}",
        ),
        (
            "Samples far apart, at least",
            f"{test.apart[0]:,}",
            f"So many samples exist no two of which are near-duplicates. {_by(test.apart[1], bounds.claims[2])}",
        ),
        (
            "Distinct samples, at least",
            f"{test.distinct[0]:,}",
            f"From exact duplicates only: samples that are merely near count as distinct here. {_by(test.distinct[1], bounds.claims[1])}",
        ),
        (
            "Folklore s²",
            f"{bounds.folklore:,}",
            "Often quoted as the number of distinct images. No theorem supports it as that: one frequent sample brings"
            " duplicates however many others there are. Where batches repeat with probability above ½ it bounds the"
            " effective support, but the size s alone does not say how often they do.",
        ),
    ]
    if test.of_reference is not None:
        point = test.of_reference.point
        figure = "none" if point is None else words.number(point)
        said = f"Of real samples at the same radius, to compare with: {words.own(test)}."
        rows.insert(2, ("The reference itself, estimate", figure, said))
    body = "".join(
        f'<tr><th>{name}</th><td class="figure">{figure}</td><td class="quiet">{_text(why)}</td></tr>'
        for name, figure, why in rows
    )
    after = (
        f'<p class="quiet">All bounds hold with probability {words.percent(bounds.confidence)} or more, if the samples'
        " are independent draws of one generator and the radius was not chosen by looking at them; what was seen is certain.</p>"
    )
    more = f"<p>{_text(words.whole(test))}</p>" if test.whole is not None else ""
    return f"<table>{body}</table>{after}{more}"


def _by(how: str, claim: str) -> str:
    return "So many were seen: that is certain." if how == "seen" else _claim(claim)


def _claim(name: str) -> str:
    theorem, _, _ = name.partition(" / ")
    return f"Audited claim {name}; to read it and its proof: theorem-audit show {theorem}."


def _candidates(test: Result, shown: Shown) -> str:
    of = "the whole sample" if test.whole is not None else "each batch"
    many = len(shown.pairs)
    said = (
        f"The {many} closest pairs of {of}"
        if test.whole is not None
        else f"The closest pair of {of}"
        + (f", the {many} closest of {test.counted.batches:,}" if many < test.counted.batches else "")
    )
    intro = [f"{said}, closest first."] if many else ["No pair was asked for."]
    if shown.how is not None and many:
        intro.append(f"Drawn {shown.how.words}{', because their number is a square' if shown.how.guessed else ''}.")
    if shown.beside:
        intro.append(f"Below each sample stands the nearest of {_text(test.reference or '')}.")
    elif many:
        intro.append("With --reference the nearest real sample stands below each.")
    low, high = _range(shown)
    figures = [
        _figure(test, one, shown.beside[k] if shown.beside else None, shown.how, low, high)
        for k, one in enumerate(shown.pairs)
    ]
    wide = " wide" if shown.how is not None and shown.how.kind == "curve" else ""
    pairs = f'<div class="pairs{wide}">{"".join(figures)}</div>' if figures else ""
    return f"<h2>Candidates, for your eye</h2><p>{' '.join(intro)}</p>{pairs}"


def _range(shown: Shown) -> tuple[float, float]:
    """The smallest and the largest number that is drawn: one scale for all."""
    if not shown.pairs:
        return 0.0, 1.0
    drawn_ = [v for one in shown.pairs for v in (one.first, one.second)]
    drawn_ += [v for one in shown.beside for v in one.values]
    return min(float(v.min()) for v in drawn_), max(float(v.max()) for v in drawn_)


def _figure(test: Result, one: Candidate, beside: Beside | None, how: Layout | None, low: float, high: float) -> str:
    batch = f", batch {one.batch}" if test.whole is None else ""
    near = "equal" if one.distance == 0 else "near-duplicates" if one.distance <= test.radius else "not near"
    caption = (
        f"<b{' class=hit' if one.distance <= test.radius else ''}>{near}</b>, {one.distance:.4g} apart<br>"
        f"samples {one.rows[0]}, {one.rows[1]}{batch}"
    )
    if beside is not None:
        caption += f"<br>nearest real {beside.distances[0]:.4g}, {beside.distances[1]:.4g}"
    cells = ""
    if how is not None:
        cells = _row("generated", (one.first, one.second), one.rows, how, low, high)
        if beside is not None:
            cells += _row("nearest real", beside.values, beside.rows, how, low, high)
        cells = f'<div class="four">{cells}</div>'
    return f"<figure>{cells}<figcaption>{caption}</figcaption></figure>"


def _row(title: str, values: Sequence[np.ndarray], rows: tuple[int, int], how: Layout, low: float, high: float) -> str:
    cells = (drawn(value, how, low, high, f"{title}: sample {row}") for value, row in zip(values, rows, strict=True))
    return f"<small>{title}</small>" + "".join(f"<span>{cell}</span>" for cell in cells)


def _by_eye(test: Result, shown: Shown, stricter: Sequence[tuple[int, float]]) -> str:
    if not stricter:
        return ""
    near, many = test.counted.near, len(shown.pairs)
    some = test.whole is None and many < near
    more = f" {words.plural(many, 'is', 'are')} shown of {near:,}; --show {near} shows all." if some else ""
    rows = "".join(
        f'<tr><td class="figure">{count:,}</td><td class="figure">{words.up(most)}</td></tr>'
        for count, most in stricter
    )
    return (
        "<h2>If your eye is stricter than the radius</h2><p>Count the batches in which you too see a duplicate. The bound"
        " holds for your own notion of one, as long as you judge pairs without regard to the count: what the radius does"
        f" not find only makes it larger.{more}</p><table><tr><th>batches that you confirm</th><th>effective support at most"
        f"</th></tr>{rows}</table>"
    )


def _not_meant(test: Result) -> str:
    items = [
        "There is no upper bound on the number of distinct samples: a generator that gives one image half of the time and"
        " a new one otherwise has a small effective support and as many images as you like.",
        "Being within a radius is no equivalence: a chain of near-duplicates may join images that are far apart, so that"
        " the effective support is a diversity at this radius and not a number of classes.",
        "A distance does not see what you see. A shifted image may be far from itself, and two unlike images close: look"
        " at the pairs above.",
        "No near-duplicates in these batches does not mean a diverse generator; it means that this many samples show none.",
    ]
    if test.reference is not None:
        items.append("A sample that is close to a real one may be a copy: compare the two rows of a picture.")
    return "<ul>" + "".join(f"<li>{_text(item)}</li>" for item in items) + "</ul>"


def _measured(test: Result) -> str:
    counted, how = test.counted, test.calibrated
    drawing = (
        f"{test.samples:,} samples of {words.shape(test.shape)}, in an order drawn by seed {test.seed}; that they are"
        " independent draws is assumed, and no order makes dependent samples independent"
        if test.samples is not None
        else f"samples of {words.shape(test.shape)}, each batch a call of its own"
        + (f", seeded from {test.seed}" if test.seeded else "; without a seed it cannot be drawn again")
    )
    items = [
        f"Samples: {test.name}: {drawing}.",
        f"Size: {words.size(test)}.",
        f"Distance: Euclidean, {words.radius(test)}.",
        f"Counted: {words.plural(counted.pairs, 'near-duplicate pair')} in {words.plural(counted.near, 'batch', 'batches')},"
        f" exact duplicates in {counted.equal:,}. Candidates come from a matrix product with a proved error bound;"
        f" {words.plural(counted.again, 'pair')} near the radius measured again in float64, {counted.fractions:,} of them"
        " decided in exact fractions.",
    ]
    if how is not None:
        items.append(
            "The reference's pairs share samples, so that their rate is a guide to a radius and no proof; the bounds hold"
            " for every radius that was not chosen by looking at the samples tested."
        )
    if test.made is not None:
        items.append(f"Made by: {test.made.command} ({test.made.package}).")
        digests = ((test.name, test.made.samples), (test.reference, test.made.reference))
        items += [f"SHA-256 of {name}: {digest}." for name, digest in digests if digest is not None]
    return "<ul>" + "".join(f"<li>{_text(item)}</li>" for item in items) + "</ul>"
