"""SUL from SUV: the lean-mass factor, whose body counts, and what is refused."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from opensirt.app.follow_up_course import follow_up_of
from opensirt.app.read_case import read_case
from opensirt.clinical.liver_function.meld import Sex
from opensirt.clinical.response.metabolic_course import MetabolicCourse
from opensirt.clinical.response.percist import PercistResponse
from opensirt.clinical.response.sul import with_sul
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import FdgScan
from opensirt.domain.site_defaults import default_site_profile
from opensirt.errors import InputError, MissingInputError
from opensirt.files.site_file import read_site_file
from opensirt.workflow.follow_up import follow_up

DAY = date(2026, 1, 2)
MAN: dict[str, Any] = {
    "weight_kg": 80.0,
    "height_cm": 180.0,
    "sex": Sex.MALE,
    "variant": "janmahasatian",
}
FACTOR = 61.73 / 80.0
"""Lean body mass of the second reading: a man of 80 kg and 180 cm."""


def test_every_suv_becomes_sul_and_the_factor_is_said() -> None:
    scan = FdgScan(
        on=DAY,
        suv_peak=8.0,
        liver_mean_suv=2.0,
        liver_deviation_suv=0.3,
        blood_pool_mean_suv=1.5,
        blood_pool_deviation_suv=0.2,
        total_lesion_glycolysis_suv_g=300.0,
    )
    (made,), (said,) = with_sul([scan], **MAN)
    got = (
        made.sul_peak,
        made.liver_mean_sul,
        made.liver_deviation_sul,
        made.blood_pool_mean_sul,
        made.blood_pool_deviation_sul,
        made.total_lesion_glycolysis_g,
    )
    wanted = [one * FACTOR for one in (8.0, 2.0, 0.3, 1.5, 0.2, 300.0)]
    assert got == pytest.approx(wanted, rel=1e-4)
    assert said.rule == "sul_from_suv"
    assert "0.772 × SUV, lean body mass 61.7 kg by janmahasatian (male, 80 kg, 180 cm" in said.text


def test_the_body_on_the_day_of_the_scan_comes_first() -> None:
    scan = FdgScan(on=DAY, suv_peak=8.0, weight_kg=65.0, height_cm=165.0)
    (made,), (said,) = with_sul([scan], **{**MAN, "sex": Sex.FEMALE})
    assert made.sul_peak == pytest.approx(8.0 * 41.25 / 65.0, rel=1e-3)
    assert said.text.endswith("weight of the day of the scan)")


def test_a_scan_in_sul_needs_no_body() -> None:
    scan = FdgScan(on=DAY, sul_peak=8.0)
    nothing = dict.fromkeys(("weight_kg", "height_cm", "sex"), Missing.NOT_RECORDED)
    assert with_sul([scan], **nothing, variant="janmahasatian") == ((scan,), ())


@pytest.mark.parametrize(
    ("absent", "words"),
    [
        ("weight_kg", "records no weight to compute SUL"),
        ("height_cm", "records no height to compute SUL"),
        ("sex", r"records no sex \(female or male\) to compute SUL"),
    ],
)
def test_what_is_missing_is_refused_by_name(absent: str, words: str) -> None:
    with pytest.raises(MissingInputError, match=f"FDG scan of 2026-01-02 {words}"):
        with_sul([FdgScan(on=DAY, suv_peak=8.0)], **{**MAN, absent: Missing.NOT_RECORDED})


def test_one_quantity_in_both_is_refused() -> None:
    with pytest.raises(InputError, match="states sul_peak and suv_peak; keep the one"):
        with_sul([FdgScan(on=DAY, suv_peak=8.0, sul_peak=6.0)], **MAN)


CASE = """
schema = "opensirt/case/1"
key = "p"

[patient]
weight_kg = 80
height_cm = 180
{sex}

[follow_up]
treated_on = 2026-01-10
fdg_scans = [
  {{ on = 2026-01-02, suv_peak = 4.0, total_lesion_glycolysis_suv_g = 100 }},
  {{ on = 2026-04-09, suv_peak = 2.8, liver_mean_suv = 2.0, total_lesion_glycolysis_suv_g = 100, indistinguishable = false, new_lesion = false, other_lesion_increased = false }},
  {{ on = 2026-07-09, suv_peak = 3.9, liver_mean_suv = 2.0, total_lesion_glycolysis_suv_g = 100, indistinguishable = false, new_lesion = false, other_lesion_increased = false }},
]
"""  # noqa: E501 - a row is one scan


def categories(folder: Path, site_path: Path | None = None) -> list[str]:
    site = default_site_profile() if site_path is None else read_site_file(site_path)
    record, course, _ = follow_up_of(read_case(folder), site=site)
    made = follow_up(
        record,
        course,
        site,
        on=date(2026, 8, 1),
        made_at=datetime(2026, 8, 1, tzinfo=UTC),
        software={},
    )
    assert isinstance(made.metabolic, MetabolicCourse)
    assert sum(one.rule == "sul_from_suv" for one in made.findings) == 3
    found = [one.response for one in made.metabolic.assessments]
    return [one.category.value for one in found if isinstance(one, PercistResponse)]


def case(tmp_path: Path, sex: str = 'sex = "male"') -> Path:
    (tmp_path / "case.toml").write_text(CASE.format(sex=sex))
    return tmp_path


def test_the_absolute_limit_is_one_of_sul(tmp_path: Path) -> None:
    """4.0 to 2.8 is −30 % and 0.93 SUL (1.2 SUV); up to 3.9 is +39 % and 0.85 SUL."""
    assert categories(case(tmp_path)) == ["PMR", "PMD"]


@pytest.mark.parametrize(
    ("option", "wanted"),
    [
        ("change_absolute_sul = 1.0", ["SMD", "SMD"]),
        ("change_included = false", ["SMD", "PMD"]),
        ('progression_reference = "baseline"', ["PMR", "SMD"]),
    ],
)
def test_each_option_of_the_site_decides(tmp_path: Path, option: str, wanted: list[str]) -> None:
    site = tmp_path / "ours.toml"
    site.write_text(
        'schema = "opensirt/site/1"\nname = "Ours"\ntime_zone = "UTC"\n\n'
        f'[percist]\n{option}\nsource = "SOP 4"\n'
    )
    assert categories(case(tmp_path), site) == wanted


def test_the_case_without_a_sex_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="no sex"):
        categories(case(tmp_path, sex='sex = "other"'))
