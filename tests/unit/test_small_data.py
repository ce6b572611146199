"""The small-data experiment: its data, its splits, its statistics and its file."""

from __future__ import annotations

import itertools
import json
import sys
from fractions import Fraction

import numpy as np
import pytest

from checks.engine.gather import gather
from checks.engine.search import audit
from checks.engine.weigh import SHOWN, weigh
from checks.report.sentences import search
from checks.test_small_data import PRIMARY_TUMOR
from simulators import kernel_machines, small_data_file, small_data_sets
from simulators.infinite_width import TangentKernel
from simulators.measured_experiment import append, resume
from simulators.measurement import MeasurementError
from simulators.small_data_comparison import paired, sign_flip
from simulators.small_data_experiment import SmallData
from simulators.small_data_file import Facts, decode, encode, measured
from simulators.small_data_protocol import Cell, deal, packed, unpacked
from simulators.small_data_sets import MissingExtra, integers_of, load, primary_tumor, standardised
from simulators.streams import stream
from tests import toy
from theorems.small_data import CLAIMS, THEOREM

CELL = Cell("wine", 0, "ntk", (("depth", 1), ("fixed", 0), ("C", 0.1)), "3f")


def test_primary_tumor_is_the_benchmark_s_in_both_forms() -> None:
    classes, rows = primary_tumor()
    assert (len(rows), len(set(classes)), {len(row) for row in rows}) == (339, 21, {17})
    assert sum(row.count("?") for row in rows) == 225
    few, all_of_them = load("primary-tumor-330"), load("primary-tumor-339")
    assert (len(few), few.classes, few.features.shape[1]) == (330, 15, 17)
    assert (len(all_of_them), all_of_them.classes) == (339, 21)
    assert load("primary-tumor-330-one-hot").features.shape == (330, 37)
    assert len({few.digest, all_of_them.digest}) == 2


def test_a_changed_data_file_is_noticed(tmp_path) -> None:
    changed = tmp_path / "primary-tumor.tab"
    changed.write_bytes(small_data_sets.TUMOR.read_bytes().replace(b"lung", b"LUNG", 1))
    with pytest.raises(MeasurementError, match="expected the file of sha256"):
        primary_tumor(changed)


def test_an_unknown_data_set_lists_the_known_ones() -> None:
    with pytest.raises(MeasurementError, match="one of primary-tumor-330, "):
        load("tumour")


def test_without_scikit_learn_one_line_says_what_to_run(monkeypatch) -> None:
    for name in [m for m in sys.modules if m.split(".")[0] == "sklearn"] + ["sklearn"]:
        monkeypatch.setitem(sys.modules, name, None)
    for asked in (lambda: load("wine"), lambda: kernel_machines.machine(np.eye(2), np.arange(2), np.arange(2), 1.0)):
        with pytest.raises(MissingExtra, match=r"run python -m pip install 'theorem-audit\[data\]'"):
            asked()


def test_columns_are_standardised_and_missing_cells_are_at_the_mean() -> None:
    raw = np.array([[1.0, 1e300, 7.0], [np.nan, -1e300, 7.0], [3.0, 1e300, 7.0], [2.0, -1e300, np.nan]])
    out = standardised(raw)
    assert out[1, 0] == 0
    assert np.array_equal(out[:, 2], np.zeros(4))
    assert np.array_equal(out[:, 1], [1, -1, 1, -1])
    assert abs(out[:, 0].sum()) < 1e-15


def test_words_become_their_places_in_the_alphabet() -> None:
    assert np.array_equal(integers_of(["yes", "?", "no", "yes"]), [1, np.nan, 0, 1], equal_nan=True)


@pytest.mark.parametrize("parts", [2, 4])
@pytest.mark.parametrize("seed", [0, 1])
def test_rows_are_dealt_evenly_within_every_class(parts: int, seed: int) -> None:
    labels = load("primary-tumor-339").labels
    part = deal(labels, parts, "folds", seed)
    assert np.ptp(np.bincount(part)) <= 1
    for label in range(21):
        assert np.ptp(np.bincount(part[labels == label], minlength=parts)) <= 1
    assert np.array_equal(part, deal(labels, parts, "folds", seed))
    assert not np.array_equal(part, deal(labels, parts, "folds", seed + 2))


def test_right_rows_survive_their_packing() -> None:
    hits = stream("packed").random(330) < 0.5
    assert np.array_equal(unpacked(packed(hits), 330), hits)
    with pytest.raises(MeasurementError, match="at most 5"):
        unpacked("3f", 5)


@pytest.mark.parametrize(
    "differences", [(), (0, 0), (1,), (2, -1, 1), (3, -3, 1, 0, 2), (8, -7, 5, 5, -1, -1, 2, 3, 1)]
)
def test_sign_flips_are_counted_as_by_hand(differences: tuple[int, ...]) -> None:
    sums = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True)))
        for signs in itertools.product((1, -1), repeat=len(differences))
    ]
    assert sign_flip(differences) == Fraction(sum(s >= abs(sum(differences)) for s in sums), len(sums))


def test_a_paired_table_counts_everyone_once() -> None:
    first, second = np.array([1, 1, 0, 0, 1], bool), np.array([1, 0, 1, 0, 0], bool)
    assert paired(first, second).rows == 5
    assert paired(first, second).gap == Fraction(1, 5)
    with pytest.raises(MeasurementError, match="two equal ones"):
        paired(first, second[:4])


def test_a_net_with_fixed_layers_drops_their_terms() -> None:
    """All layers trained is the tangent kernel, only the last one the kernel of the last layer."""
    points = stream("points").normal(size=(9, 3))
    found = {(dict(s)["depth"], dict(s)["fixed"]): gram for s, gram in kernel_machines.tangent_kernels(points)}
    assert len(found) == kernel_machines.METHODS["ntk"].kernels_tried == 15
    for depth in (1, 2, 4):
        kernel = TangentKernel(depth)
        np.testing.assert_allclose(found[depth, 0], kernel(points), rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(found[depth, depth], kernel.nngp(points), rtol=1e-12, atol=1e-13)
    terms = [found[4, fixed] - found[4, fixed + 1] for fixed in range(4)]  # a layer's own term, positive semidefinite
    assert all(np.linalg.eigvalsh(term).min() > -1e-12 for term in terms)


def test_the_file_says_what_was_put_in() -> None:
    text = encode([CELL], {"wine": Facts(178, 3, "abc")}, "1.9.1")
    found = decode(text)
    assert found.cell(CELL.key) == CELL
    assert (found.seeds, found.library, found.data["wine"]) == ((0,), "1.9.1", Facts(178, 3, "abc"))
    assert encode(found.cells.values(), found.data, found.library) == text
    with pytest.raises(MeasurementError, match="no cell wine/1/ntk"):
        found.cell(("wine", 1, "ntk"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("3f", "3e", "content of hash"),
        ("178", "179", "content of hash"),
        ("{", "[", "a measurement file"),
        ('"right"', '"left"', "KeyError"),
    ],
)
def test_a_file_that_was_edited_is_noticed(old: str, new: str, said: str) -> None:
    text = encode([CELL], {"wine": Facts(178, 3, "abc")}, "1.9.1")
    with pytest.raises(MeasurementError, match=said):
        decode(text.replace(old, new))


def test_a_file_of_another_protocol_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(kernel_machines, "TREES", 7)
    text = encode([CELL], {"wine": Facts(178, 3, "abc")}, "1.9.1")
    monkeypatch.undo()
    with pytest.raises(MeasurementError, match="another protocol"):
        decode(text)


def test_finished_cells_outlive_an_interruption(tmp_path) -> None:
    path, head, experiment = tmp_path / "cells", {"protocol": "abc"}, SmallData()
    result = (CELL, small_data_file.facts(load("wine")))
    assert resume(path, head) == []
    append(path, experiment.plain(CELL.key, result))
    with path.open("a") as file:
        file.write('["wine", 1, "nt')  # a line that was cut short
    for _ in range(2):
        assert [experiment.read(value) for value in resume(path, head)] == [(CELL.key, result)]
    assert resume(path, {"protocol": "other"}) == []
    assert resume(path, head) == []


def test_the_committed_file_is_complete() -> None:
    file = measured()
    assert set(file.cells) == set(small_data_file.wanted())
    for name in ("primary-tumor-330", "primary-tumor-330-one-hot", "primary-tumor-339"):
        assert file.data[name] == small_data_file.facts(load(name))


def test_what_was_not_measured_is_said() -> None:
    for arguments, said in ((("iris", "ntk", 8), "expected one of breast-cancer"), (("wine", "ntk", 9), "1 to 8")):
        with pytest.raises(MeasurementError, match=said):
            measured().right(*arguments)


def test_a_missing_file_says_how_to_make_it(tmp_path) -> None:
    with pytest.raises(MeasurementError, match="theorem-audit measure small-data"):
        measured(tmp_path / "small-data.json")


def test_a_measured_verdict_carries_its_estimates() -> None:
    claim = THEOREM.claim("split-noise")
    verdict = weigh(claim, PRIMARY_TUMOR, gather(PRIMARY_TUMOR))
    assert verdict.kind == "MEASURED"
    assert len(verdict.measured) == 3
    assert verdict.measured[0].startswith(
        "Study(data='primary-tumor-330', seeds=8): gap_gaussian_least = -0.009091, gap_gaussian_most = 0.02727"
    )
    assert verdict.measured[0] in str(verdict)
    assert json.loads(json.dumps(verdict.to_json()))["measured"] == list(verdict.measured)
    (shown,) = search(verdict)
    first, *lines = shown.splitlines()
    assert first == "Measured by experiment `primary-tumor`:"
    assert lines[0].startswith("  - `Study(data='primary-tumor-330', seeds=8)`: gap")


def test_of_many_measured_rows_the_first_are_shown_with_their_radii() -> None:
    verdict = audit(toy.THEOREM.claim("balance"), toy.SAMPLED)
    assert verdict.kind == "MEASURED"
    assert len(verdict.measured) == SHOWN + 1
    assert " ± " in verdict.measured[0]
    assert verdict.measured[-1] == f"and {verdict.rows - SHOWN} rows more"


def test_no_interval_is_claimed_without_its_estimate() -> None:
    for claim in (c for c in CLAIMS if c.name.startswith("no-gap")):
        rival = claim.name.rsplit("-", 1)[1]
        expected = {f"gap_{rival}", f"gap_{rival}_above", f"gap_{rival}_below"}
        assert {o.name for o in claim.observables} == expected
