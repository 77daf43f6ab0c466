"""Thresholded perfused volumes, spared liver, and the dose of a Ho-166 scout."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import scouts
from builders import counts, site

from opensirt.domain.case import Case, TerritoryFacts, WorkUpFacts
from opensirt.domain.finding import Finding
from opensirt.domain.missing import Missing
from opensirt.domain.structure import StructureKind, StructureSet
from opensirt.errors import InputError, UnknownNameError
from opensirt.workflow.plan import plan
from opensirt.workflow.threshold_territory import thresholded_label
from opensirt.workflow.work_up import work_up

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SITE = site()


def undrawn(**territory: object) -> Case:
    """Return the boxes without a drawn perfused volume."""
    given: dict[str, object] = {
        "name": "right",
        "perfused_volume": thresholded_label("right"),
        "threshold_image": "maa",
        "threshold_fraction": 0.1,
    }
    kept = StructureSet(
        tuple(one for one in scouts.structures() if one.kind is not StructureKind.PERFUSED_VOLUME)
    )
    facts = TerritoryFacts(**{**given, **territory})  # type: ignore[arg-type]  # test facts
    return scouts.case(given=kept, territories=(facts,))


def said(findings: tuple[Finding, ...], rule: str) -> list[Finding]:
    return [one for one in findings if one.rule == rule]


def test_a_thresholded_volume_is_that_of_the_drawn_one() -> None:
    """Of the boxes' scout, whose unperfused part holds nothing."""
    drawn, made = work_up(scouts.case(), SITE), work_up(undrawn(), SITE)
    assert made.territories[0].perfused_volume_ml == pytest.approx(
        drawn.territories[0].perfused_volume_ml
    )
    assert made.territories[0].tumour_to_normal_ratio == pytest.approx(
        drawn.territories[0].tumour_to_normal_ratio
    )
    [finding] = said(made.findings, "thresholded_volume")
    assert "look at it" in finding.text
    row = plan(undrawn(), made, SITE, made_at=NOW, software={}).rows[0]
    assert row.territory == "right"


def test_a_lower_threshold_takes_what_takes_up_little() -> None:
    image = counts(scouts.GRID, scouts.scout_values(left=3.0))

    def volume_ml(part: float) -> float:
        case = undrawn(threshold_fraction=part)
        whole = replace(case, images=(replace(case.images[0], image=image),))
        return work_up(whole, SITE).territories[0].perfused_volume_ml

    assert volume_ml(0.05) == pytest.approx(20 * 20 * 35 * 0.125)
    assert volume_ml(0.1) == pytest.approx(20 * 20 * 23 * 0.125)


def test_what_cannot_be_thresholded_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="'cbct'"):
        work_up(undrawn(threshold_image="cbct"), SITE)
    case = undrawn()
    empty = replace(
        case,
        images=(
            replace(case.images[0], id="pet"),
            replace(
                case.images[0],
                image=counts(
                    scouts.GRID, np.where(np.indices(scouts.GRID.shape)[0] > 30, 1.0, 0.0)
                ),
            ),
        ),
    )
    with pytest.raises(InputError, match="nothing above zero"):
        work_up(empty, SITE)


def test_the_spared_liver_is_named() -> None:
    [finding] = said(work_up(scouts.case(), SITE).findings, "future_liver_remnant")
    assert finding.value == pytest.approx(12 * 20 * 20 / (20 * 20 * 35 - 64 - 216 - 64), rel=1e-6)


def holmium(activity_bq: float | Missing, shunt: float | Missing = 0.05) -> Case:
    case = scouts.case(prescription=scouts.prescription("holmium"))
    image = replace(
        case.images[0], image=counts(scouts.GRID, scouts.scout_values(), nuclide="Ho-166")
    )
    territory = TerritoryFacts(name="right", perfused_volume="right", scout_activity_bq=activity_bq)
    return replace(
        case,
        images=(image,),
        territories=(territory,),
        work_up=WorkUpFacts(lung_shunt_fraction=shunt),
    )


def test_a_holmium_scout_gives_its_own_dose_and_is_added() -> None:
    case = holmium(250e6)
    made = plan(case, work_up(case, SITE), SITE, made_at=NOW, software={})
    [finding] = said(made.findings, "scout_dose")
    assert finding.text.startswith("the Ho-166 scout of 250 MBq gave itself")
    assert made.cumulative is not None
    [scout] = made.cumulative.earlier
    assert scout.lung_gy == pytest.approx(15.87 * 0.25 * 0.05)
    assert isinstance(scout.normal_liver_gy, float)
    assert 0 < scout.normal_liver_gy < 15.87 * 0.25
    assert isinstance(made.cumulative.normal_liver_gy, float)


def test_a_holmium_scout_without_its_activity_is_a_warning_and_technetium_is_none() -> None:
    case = holmium(Missing.NOT_RECORDED)
    made = plan(case, work_up(case, SITE), SITE, made_at=NOW, software={})
    assert said(made.findings, "scout_dose_unknown")
    other = scouts.case(prescription=scouts.prescription())
    made = plan(other, work_up(other, SITE), SITE, made_at=NOW, software={})
    assert not said(made.findings, "scout_dose_unknown")
    assert made.cumulative is not None
    assert made.cumulative.earlier == ()
