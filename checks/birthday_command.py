"""`theorem-audit birthday`: how diverse a generator is, from how soon its samples repeat."""

from __future__ import annotations

import errno
import math
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import birthday_notes as notes
from .birthday_samples import Function, Samples, constant, flat, numbers_of, open_samples, read
from .compare_file import BadFile
from .measure_command import BadInput, bar

if TYPE_CHECKING:  # imported where they are used: `--help` is immediate
    import torch

    from simulators.near_pairs_nearest import Calibrated

    from .birthday_batches import Candidate, Counted, Size, Source
    from .birthday_page import Beside
    from .birthday_words import Made, OfReference, Result
    from .support_bounds import SupportBounds

MOST_OF_REFERENCE = 20_000
"""Reference samples that a radius is calibrated on, at most."""
COPIES = 7
"""Times that the samples are held in float64 while all pairs are searched, as measured."""
MOST_SCORED = 5_000
"""Reference samples of which all pairs are searched at a radius that is not from so many, at most."""

EPILOG = f"""Samples lie along the first axis, in any shape.  They are taken to be independent draws; the rows of a file are
shuffled by --seed.  A function is called with a number of samples, and with seed= if a parameter has that name; without
--size up to 21,760 are drawn to choose one, then 60 batches of it: a million samples where none repeats.  It says first how many.

Distances are Euclidean and decided exactly.  Without --radius and --reference only exact duplicates count.  With --reference
the radius is the largest at which fewer than one in a million pairs of real samples are as close, from
{MOST_OF_REFERENCE:,} of them at most; where there are too few (below about 2700), that at which 1 % have another as close."""


@click.command(epilog=EPILOG)
@click.argument("samples")
@click.option("--reference", type=click.Path(path_type=Path), metavar="FILE", help="Real samples, of the same shape.")
@click.option("--radius", type=float, help="Samples this close or closer are near-duplicates.")
@click.option("--size", type=int, help="Samples a batch. [default: chosen on part of the samples, set aside]")
@click.option("--batches", type=int, help="How many batches. [default: all of a file, 60 of a function]")
@click.option("--confidence", type=float, default=0.95, show_default=True, help="That all bounds hold.")
@click.option("--all-pairs", is_flag=True, help="Also search all pairs of a file; says first how long it takes.")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), default=Path("birthday.html"), show_default=True,
    metavar="FILE", help="The page of the result.",
)  # fmt: skip
@click.option("--show", type=int, default=24, show_default=True, help="How many candidate pairs the page shows.")
@click.option(
    "--draw-as", metavar="28x28|3x32x32|curve", help="How a sample is drawn. [default: as its shape suggests]"
)
@click.option("--no-picture", is_flag=True, help="Do not draw the candidate pairs.")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of lines.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of the order, or of the function.")
@click.option("--device", default="cpu", show_default=True, type=click.Choice(["cpu", "cuda"]))
def birthday(
    samples: str,
    reference: Path | None,
    radius: float | None,
    size: int | None,
    batches: int | None,
    confidence: float,
    all_pairs: bool,
    output: Path,
    show: int,
    draw_as: str | None,
    no_picture: bool,
    as_json: bool,
    seed: int,
    device: str,
) -> None:
    """Bound the diversity of a generator from duplicates among its SAMPLES.

    SAMPLES is a file (.npy, .npz or .pt) or module:function.  The effective support is the number of equally likely samples
    that would repeat as often.  Writes a page with the bounds and with the closest pairs, to be looked at.
    """
    _asked(radius, reference, size, batches, confidence, show)
    _writable(output, samples, reference)
    where = _device(device)
    from .birthday_batches import planned, source
    from .birthday_picture import layout, ready
    from .report.write import atomically

    given = open_samples(samples, seed)
    real = read(reference) if reference is not None else None
    drawn = source(given, seed)
    if all_pairs and not isinstance(given, Samples):
        raise BadInput("got --all-pairs for a function; expected a file of samples; leave --all-pairs out")
    planned(drawn, size, batches)
    if real is not None:
        _alike(drawn.shape, real)
        if radius is None:
            _large_enough(real)
    how = None if no_picture else layout(drawn.shape, draw_as)
    if how is not None and how.kind == "image" and show:
        ready()
    told = _doubts(drawn, real)
    calibrated = _calibrated(real, confidence, seed, where) if real is not None and radius is None else None
    told += _said(notes.repeats(calibrated))
    r = calibrated.radius if calibrated else radius or 0.0
    sized, counted = _counted(drawn, r, size, batches, show, where)
    whole = _whole(drawn, r, show, where) if all_pairs else None
    own = _of_reference(real, r, calibrated, seed, where) if real is not None else None
    from .birthday_page import Shown, page
    from .birthday_words import Result, lines, to_json

    test = Result(
        name=drawn.name,
        samples=len(given) if isinstance(given, Samples) else None,
        seeded=isinstance(given, Samples) or (given.seeded and _repeats(drawn)),
        shape=drawn.shape,
        seed=seed,
        radius=r,
        calibrated=calibrated,
        reference=real.name if real else None,
        size=sized,
        counted=counted,
        bounds=_bounds(counted, confidence),
        whole=whole,
        whole_bounds=_bounds(whole, confidence) if whole else None,
        of_reference=own,
        notes=tuple(told),
        made=_made(given, samples, reference),
    )
    pairs = (whole or counted).closest
    shown = Shown(pairs, _beside(pairs, real, where) if real is not None else (), how)
    try:
        atomically(output, page(test, shown, _stricter(test)))
    except OSError as problem:
        raise _unwritable(output, problem) from None
    _print(to_json(test) if as_json else "\n".join(lines(test)) + "\n", output)
    click.echo(f"wrote {output}", err=True)


def _print(text: str, output: Path) -> None:
    """Print what was found; raises `BadInput` where it goes to a full disk or a closed pipe."""
    try:
        click.echo(text, nl=False)
    except OSError as problem:
        why = "the pipe is closed" if problem.errno == errno.EPIPE else (problem.strerror or "it failed").lower()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # what is left in the buffer would be written, and complained of, at exit
        os.close(nowhere)
        raise BadInput(
            f"got a standard output that cannot be written ({why}); expected room; the result is in {output}"
        ) from None


def _asked(
    radius: float | None,
    reference: Path | None,
    size: int | None,
    batches: int | None,
    confidence: float,
    show: int,
) -> None:
    """Complain of numbers that make no sense."""
    if radius is not None and not (radius >= 0 and math.isfinite(radius)):
        raise BadInput(f"got --radius {radius:g}; expected a distance of at least 0; 0 counts exact duplicates only")
    for name, value, least, why in (
        ("--size", size, 2, "one sample has no pair"),
        ("--batches", batches, 1, "leave it out to use all"),
        ("--show", show, 0, "0 shows none"),
    ):
        if value is not None and value < least:
            raise BadInput(f"got {name} {value}; expected at least {least}; {why}")
    if not 0 < confidence < 1:
        raise BadInput(f"got --confidence {confidence:g}; expected a number between 0 and 1; 95 % is 0.95")


def _writable(output: Path, samples: str, reference: Path | None) -> None:
    """An error now rather than after the work."""
    for name, other in (("the samples", Path(samples)), ("the reference", reference)):
        if other is not None and output.resolve() == other.resolve():
            raise BadInput(f"got --output {output}, which is {name}; expected another file; choose another --output")
    if reference is not None and reference.resolve() == Path(samples).resolve():
        raise BadInput(f"got --reference {reference}, which is the samples; expected real samples; name their file")
    if output.is_dir():
        raise BadInput(f"got --output {output}, a directory; expected the name of a file; for instance birthday.html")
    if not output.resolve().parent.is_dir():
        raise BadInput(
            f"got no directory {output.parent} to write {output.name} in; expected one; make it or choose another --output"
        )
    try:
        with tempfile.TemporaryFile(dir=output.resolve().parent):
            pass
    except OSError as problem:
        raise _unwritable(output, problem) from None


def _unwritable(output: Path, problem: OSError) -> BadInput:
    why = (problem.strerror or "it failed").lower()
    return BadInput(
        f"got --output {output}, which cannot be written ({why}); expected a place; choose another --output"
    )


def _device(name: str) -> torch.device:
    import torch

    if name == "cuda" and not torch.cuda.is_available():
        raise BadInput("got --device cuda, which torch does not see here; expected a GPU; leave --device out")
    return torch.device(name)


def _alike(shape: tuple[int, ...], real: Samples) -> None:
    """Raises `BadFile` where samples and reference differ in shape, or the reference in nothing."""
    if real.shape != shape:
        raise BadFile(
            f"samples of shape {shape} and a reference of shape {real.shape}",
            "one shape, without the number of samples",
            "save both alike",
        )
    if constant(flat(real.array[:512])) and constant(flat(real.array)):
        raise BadFile(f"{len(real)} samples in {real.name} that are all the same", "real samples", "check the file")


def _doubts(source: Source, real: Samples | None) -> list[str]:
    """What is odd about the samples before anything is searched."""
    from .birthday_batches import Drawing

    found = [notes.COLLAPSED] if source.collapsed else []
    if isinstance(source, Drawing) and not source.repeats:
        found.append(f"{source.name} gives other samples for the same seed: it cannot be drawn again")
    if real is not None:
        ours = source.few if isinstance(source, Drawing) else flat(notes.some(source.samples.array))
        found += notes.scale(ours, source.name, flat(notes.some(real.array)), real.name)
    return _said(found)


def _repeats(source: Source) -> bool:
    from .birthday_batches import Drawing

    return not isinstance(source, Drawing) or source.repeats


def _said(found: Iterable[str]) -> list[str]:
    """Say each as it is found; the page says them again."""
    said = list(found)
    for one in said:
        click.echo(f"note: {one}", err=True)
    return said


def _made(given: Samples | Function, samples: str, reference: Path | None) -> Made:
    from .birthday_words import Made

    return Made(
        notes.command(click.get_current_context()),
        notes.made_by(),
        notes.digest(Path(samples)) if isinstance(given, Samples) else None,
        notes.digest(reference) if reference is not None else None,
    )


def _large_enough(real: Samples) -> None:
    from simulators.near_pairs_nearest import FEWEST

    if len(real) < FEWEST:
        raise BadFile(
            f"{len(real)} samples in {real.name}",
            f"at least {FEWEST} to calibrate a radius on",
            "take more, or give --radius as well",
        )


def _calibrated(real: Samples, confidence: float, seed: int, device: torch.device) -> Calibrated:
    from simulators.measurement import MeasurementError
    from simulators.near_pairs_nearest import calibrate
    from simulators.streams import stream

    some = stream("birthday reference", seed).permutation(len(real))[:MOST_OF_REFERENCE]
    with bar(f"calibrating a radius on {real.name}", math.comb(len(some), 2)) as step:
        try:
            return calibrate(real.rows(some), confidence, device=device, told=step)
        except MeasurementError as problem:
            raise BadFile(
                problem.got.replace("a reference of ", "") + f" in {real.name}",
                f"{problem.expected} to calibrate a radius on",
                "take more, or give --radius as well",
            ) from None


def _of_reference(real: Samples, radius: float, how: Calibrated | None, seed: int, device: torch.device) -> OfReference:
    """What the reference scores at the radius: the near pairs of its distinct samples, or of all at radius 0."""
    from simulators.near_pairs import search
    from simulators.near_pairs_exact import distinct
    from simulators.streams import stream

    from .birthday_words import OfReference

    if how is not None and how.how == "pairs":
        return OfReference(how.within, how.of, how.repeated)
    some = real.rows(stream("birthday reference", seed).permutation(len(real))[:MOST_SCORED])
    values = some[distinct(some)[0]] if radius > 0 else some  # at radius 0 nothing else counts
    pairs, repeated = math.comb(len(values), 2), len(some) - len(values)
    with bar(f"searching {real.name} itself", pairs) as step:
        return OfReference(search(values, radius, closest=0, device=device, told=step).near, pairs, repeated)


def _counted(
    source: Source, radius: float, size: int | None, batches: int | None, show: int, device: torch.device
) -> tuple[Size, Counted]:
    from .birthday_batches import PILOTS, Drawing, Size, chosen, count, number_of_batches, pilot_work

    sized = Size(size or 2)
    function = source.function if isinstance(source, Drawing) else None
    if size is None:
        if function is not None:
            _announce(function, sum(PILOTS), "up to ", ", to choose a batch size")
        with bar("choosing a batch size", pilot_work(source)) as step:
            sized = chosen(source, radius, device, step)
    many = number_of_batches(source, sized, batches)
    if function is not None:
        _announce(function, many * sized.size, "", f", {many:,} batch{'' if many == 1 else 'es'} of {sized.size:,}")
    words = f"searching {many:,} batch{'' if many == 1 else 'es'} of {sized.size:,} × {numbers_of(source.shape):,}"
    with bar(words, many * math.comb(sized.size, 2)) as step:
        return sized, count(source, sized, many, radius, show, device, step)


def _announce(function: Function, many: int, about: str, what: str) -> None:
    """Say how many samples will be drawn, and how long that takes at the rate so far."""
    click.echo(f"drawing {about}{many:,} samples{what}: {_span(function.seconds(many))} …", err=True)


def _span(seconds: float) -> str:
    from .gram_command import span

    return "less than a second" if seconds < 1 else f"about {span(seconds)}"


def _whole(source: Source, radius: float, show: int, device: torch.device) -> Counted:
    from .birthday_batches import Shuffled, count_all, forecast
    from .gram_command import bytes_of

    assert isinstance(source, Shuffled)
    many, numbers = len(source.samples), numbers_of(source.shape)
    pairs = math.comb(many, 2)
    click.echo(
        f"all {pairs:,} pairs of {many:,} samples: {_span(forecast(source, radius, device))},"
        f" {bytes_of(COPIES * 8 * many * numbers)} of memory",
        err=True,
    )
    with bar("searching all pairs", pairs) as step:
        return count_all(source, radius, show, device, step)


def _bounds(counted: Counted, confidence: float) -> SupportBounds:
    from .support_bounds import support_bounds

    return support_bounds(counted.size, counted.batches, counted.near, counted.equal, counted.pairs, confidence)


def _stricter(test: Result) -> list[tuple[int, float]]:
    """The bound on the effective support if a person confirms fewer batches than were found: a few numbers of them."""
    from .support_bounds import support_bounds

    near, counted = test.counted.near, test.counted
    some = sorted({near * k // 4 for k in range(1, 4)} - {0, near})
    return [
        (k, support_bounds(counted.size, counted.batches, k, 0, k, test.bounds.confidence).effective_at_most)
        for k in (*some, *([near] if near else []))
    ]


def _beside(pairs: tuple[Candidate, ...], real: Samples, device: torch.device) -> list[Beside]:
    """The nearest reference samples of every candidate pair."""
    import numpy as np

    from simulators.near_pairs_nearest import nearest

    from .birthday_page import Beside

    if not pairs:
        return []
    queries = np.stack([value for one in pairs for value in (one.first, one.second)])
    with bar(f"looking for the nearest of {real.name}", len(real)) as step:
        distances, rows = nearest(queries, real.rows(slice(None)), device=device, told=step)
    values = real.rows(rows)
    return [
        Beside(
            (int(rows[k]), int(rows[k + 1])), (float(distances[k]), float(distances[k + 1])), (values[k], values[k + 1])
        )
        for k in range(0, len(rows), 2)
    ]


__all__ = ["birthday"]
