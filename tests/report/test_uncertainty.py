"""The table of uncertainties in the report and in results.json."""

from dataclasses import replace

import pytest
import report_results as made

from opensirt.domain.missing import Missing
from opensirt.domain.uncertainty import DoseInterval
from opensirt.errors import InputError
from opensirt.report.content import Table
from opensirt.report.figures.bands import MOST_PANELS, bands_png
from opensirt.report.results import results_document
from opensirt.report.sections.pictures import pictures_section
from opensirt.report.sections.uncertainty import (
    _per_cent,
    expanded_words,
    interval_table,
    uncertainty_table,
    with_interval,
)
from opensirt.report.sections.verification import measured_blocks, verification_section


def test_each_structure_has_its_contributions() -> None:
    table = uncertainty_table(
        (
            made.uncertainty("Liver", 50.0),
            made.uncertainty("Tumour 1", 120.0, calibrated=True),
        )
    )
    headers = [one.header for one in table.columns]
    assert headers == ["Structure", "Calibration", "Volume ⚠", "Together ⚠"]
    assert [one.text for one in table.rows[0]] == ["Liver", "–", "3.0", "3.0"]
    assert [one.text for one in table.rows[1]] == ["Tumour 1", "4.0", "3.0", "5.0"]
    assert any("nobody has read" in one for one in table.notes)


def test_each_dose_has_its_interval_and_a_lower_bound_is_called_one() -> None:
    table = interval_table(
        (made.uncertainty("Liver", 50.0), made.uncertainty("Tumour 1", 120.0, calibrated=True))
    )
    assert table is not None
    headers = [one.header for one in table.columns]
    assert headers[:5] == ["Structure", "Mean ⚠", "D95 ⚠", "D70 ⚠", "D50 ⚠"]
    liver = [one.text for one in table.rows[0]]
    assert liver[:2] == ["Liver", "50.0 (45.0–60.0)"]
    assert liver[3] == "40.0 (36.0–48.0)"
    assert liver[-2:] == ["yes", "lower bound"]
    assert table.rows[1][-1].text == "whole"


def test_an_interval_beyond_ten_times_its_dose_is_not_printed() -> None:
    liver = made.uncertainty("Liver", 50.0)
    spine = replace(made.uncertainty("Spine", 0.004), combined_fraction=85000.0)
    table = interval_table((liver, spine))
    assert table is not None
    assert table.rows[1][1].text == "<0.01 (no interval)"
    assert any("more than 10 times the dose" in one for one in table.notes)
    sure = interval_table((liver,))
    assert sure is not None
    assert not any("No interval" in one for one in sure.notes)


def test_an_expanded_uncertainty_far_beyond_its_dose_is_no_figure() -> None:
    assert expanded_words(0.004, 735.0) == ">10 × mean"
    assert expanded_words(0.2, 0.09) == "0.09"
    assert expanded_words(0.2, Missing.NOT_ESTIMATED) == "not estimated"


def test_an_interval_that_begins_below_zero_is_read_without_two_dashes() -> None:
    below = DoseInterval(estimate_gy=0.02, low_gy=-0.01, high_gy=0.06)
    assert with_interval(below) == "0.02 (−0.01 to 0.06)"


def test_nothing_drawn_is_no_table() -> None:
    bare = replace(made.uncertainty("Liver", 50.0), sampled=Missing.NOT_EVALUABLE)
    assert interval_table((bare,)) is None


def test_what_is_included_nowhere_is_said_with_its_reason() -> None:
    table = uncertainty_table((made.uncertainty("Liver", 50.0),))
    assert "Not included: calibration: the image states none." in table.notes


def test_the_table_stands_in_the_checks_and_is_absent_without_uncertainties() -> None:
    def titles(**changes: object) -> list[str]:
        verification = replace(made.verification(), **changes)  # type: ignore[arg-type]
        blocks = (*measured_blocks(verification), *verification_section(verification).blocks)
        return [one.caption for one in blocks if isinstance(one, Table)]

    for wanted in ("What makes the mean dose uncertain", "Doses with their 95 % intervals"):
        assert wanted in titles()
        assert wanted not in titles(uncertainties=())


def test_results_hold_every_component_with_its_reason() -> None:
    found = results_document(made.case(), made.result())["verification"]["uncertainty"]
    (liver,) = (one for one in found if one["label"] == "Liver")
    assert liver["lower_bound"] is True
    assert liver["not_included"] == ["calibration"]
    assert liver["components"][0]["relative_standard_uncertainty"] == "not included"
    assert liver["components"][1] == {
        "name": "volume",
        "relative_standard_uncertainty": 0.03,
        "how": "voxels of the mask",
        "source": "a paper",
        "status": "unverified",
    }
    interval = liver["interval"]
    assert interval["mean_gy"] == {
        "estimate": liver["mean_gy"],
        "low": 0.9 * liver["mean_gy"],
        "high": 1.2 * liver["mean_gy"],
    }
    assert interval["dvh"][0]["volume_fraction"] == 0.05
    assert interval["contour_shift_mm"] == {"x": 1.0, "y": -2.0, "z": 0.5}
    assert liver["best_estimate_gy_expanded_uncertainty"] == 2 * 0.03 * liver["mean_gy"]


def test_bands_are_drawn_for_tumours_and_normal_liver_and_refused_for_too_many() -> None:
    names = [one.name for one in pictures_section(made.case(), made.result()).blocks]  # type: ignore[union-attr]
    assert "measured_bands" in names
    dvhs = made.verification().primary_result.dvhs
    (label, *_) = dvhs
    one = bands_png(dvhs, {label: made.sampled(50.0)})
    assert one.startswith(b"\x89PNG")
    many = {f"Tumour {n}": made.sampled(50.0) for n in range(MOST_PANELS + 1)}
    with pytest.raises(InputError, match="wanted 1 to 12"):
        bands_png(dict.fromkeys(many, dvhs[label]), many)


def test_hardly_any_dose_has_no_relative_uncertainty_worth_a_number() -> None:
    assert _per_cent(0.123) == "12"
    assert _per_cent(150_833.34) == ">1000"
    assert _per_cent(Missing.NOT_INCLUDED) == "–"
