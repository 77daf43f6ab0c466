"""Planned against delivered in both activity scales, underdosed tumours, what could be added."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
from builders import activity, ball, centred_grid, site, structure

from opensirt.domain.case import (
    AdministrationFacts,
    Case,
    CaseImage,
    ImageRole,
    Prescription,
    TerritoryFacts,
    Tissue,
    WorkUpFacts,
)
from opensirt.domain.delivery import ComparedPlan, PlanStanding
from opensirt.domain.finding import Finding
from opensirt.domain.missing import Missing
from opensirt.domain.record import DoseResult, Verification
from opensirt.domain.session_dose import EarlierDoseFacts
from opensirt.domain.site import Figure
from opensirt.domain.structure import StructureKind, StructureSet
from opensirt.workflow.verify import verify

GRID = centred_grid((44, 44, 50), (4.0, 4.0, 4.0))
LIVER = ball(GRID, (-30, 0, 0), 50)
TUMOUR = ball(GRID, (-30, 10, 0), 20)
NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)

VALUES = np.where(TUMOUR.values, 5e5, np.where(LIVER.values, 1e5, 0.0))
TOTAL_BQ = float(VALUES.sum()) * GRID.voxel_volume_ml
LIMIT = {"unit": "Gy", "source": "test", "verified": True}


def course(
    values: np.ndarray = VALUES,
    *,
    device: str = "glass",
    given_bq: float | Missing = TOTAL_BQ,
    **changes: object,
) -> Case:
    given: dict[str, object] = {
        "key": "phantom",
        "images": (CaseImage(id="pet", role=ImageRole.VERIFICATION, image=activity(GRID, values)),),
        "structures": StructureSet(
            (
                structure("Liver", StructureKind.LIVER, LIVER),
                structure("Tumour", StructureKind.TUMOUR, TUMOUR),
                structure("Perfused", StructureKind.PERFUSED_VOLUME, LIVER),
            )
        ),
        "tissue": Tissue(liver_density_kg_per_ml=1.05e-3, lung_mass_kg=1.0),
        "work_up": WorkUpFacts(lung_shunt_fraction=0.05),
        "territories": (TerritoryFacts(name="whole", perfused_volume="Perfused"),),
        "administration": AdministrationFacts(device=device, administered_activity_bq=given_bq),
    }
    return Case(**{**given, **changes})  # type: ignore[arg-type]  # test facts


def profile(limit_gy: float = 1000.0, lung_gy: float = 1000.0, **targets: float) -> object:
    limits = {
        "perfused_normal_liver": Figure(value=limit_gy, **LIMIT),  # type: ignore[arg-type]
        "lung": Figure(value=lung_gy, **LIMIT),  # type: ignore[arg-type]
        "lung_cumulative": Figure(value=50.0, **LIMIT),  # type: ignore[arg-type]
    }
    goals = {key: Figure(value=gy, **LIMIT) for key, gy in targets.items()}  # type: ignore[arg-type]
    names = ("resin", "glass", "holmium")
    return site(
        limits=dict.fromkeys(names, limits),
        targets=dict.fromkeys(names, goals),
        verification_engine="local",
    )


def plan(activity_bq: float = TOTAL_BQ, **changes: object) -> ComparedPlan:
    given: dict[str, object] = {
        "device": "glass",
        "model": "voxel",
        "radionuclide": PLANNED.radionuclide,
        "engine": PLANNED.engine,
        "administered_bq": {"whole": activity_bq},
        "reaching_bq": {"whole": activity_bq},
        "means_gy": {one.label: one.mean_gy for one in PLANNED.structures},
        "standing": PlanStanding.GIVEN,
        "record": "0002-plan.json",
        "sha256": "ab" * 32,
        "named_by": "0006-administer.json",
    }
    return ComparedPlan(**{**given, **changes})  # type: ignore[arg-type]  # test facts


def planned_dose() -> DoseResult:
    """Return the dose of a plan that is delivered as it is by the values of this file."""
    return verify(course(), profile(), made_at=NOW, software={}).primary_result  # type: ignore[arg-type]


PLANNED = planned_dose()


def verified(case: Case, the_site: object = None, *, planned_bq: float = TOTAL_BQ) -> Verification:
    return verify(
        case,
        the_site or profile(),  # type: ignore[arg-type]  # a site profile
        made_at=NOW,
        software={},
        plan=plan(planned_bq),
        planned=PLANNED,
    )


def said(made: Verification, rule: str) -> list[Finding]:
    return [one for one in made.findings if one.rule == rule]


@pytest.mark.parametrize(("device", "shown"), [("glass", 0.79), ("resin", 1.15)])
def test_a_perfect_delivery_shows_what_pet_shows_of_the_device(device: str, shown: float) -> None:
    made = verified(course(VALUES * shown, device=device))
    assert made.delivery is not None
    tumour = made.delivery.structure("Tumour")
    assert tumour is not None
    assert tumour.delivered_over_planned == pytest.approx(1.0, rel=1e-5)
    assert tumour.imaged_over_planned == pytest.approx(shown, rel=1e-5)
    assert made.delivery.perfect_ratio == shown
    [finding] = said(made, "activity_scale")
    assert f"{shown:.2f} ± " in finding.text
    assert "1.00 of that" in finding.text
    assert not said(made, "underdosed_tumour") or device == "glass"


def test_less_activity_than_planned_scales_what_is_expected() -> None:
    made = verified(course(VALUES * 0.9, given_bq=0.9 * TOTAL_BQ))
    assert made.delivery is not None
    assert made.delivery.given_over_planned == pytest.approx(0.9)
    tumour = made.delivery.structure("Tumour")
    assert tumour is not None
    assert not isinstance(tumour.planned_gy, Missing)
    assert tumour.planned_as_given_gy == pytest.approx(0.9 * tumour.planned_gy)
    assert tumour.delivered_over_planned == pytest.approx(1.0, rel=1e-5)


def test_equal_maps_agree_voxel_by_voxel_and_scaled_ones_do_not() -> None:
    made = verified(course())
    assert made.delivery is not None
    (liver,) = [one for one in made.delivery.voxels if one.label == "Liver"]
    assert liver.concordance == pytest.approx(1.0)
    assert (liver.within_fraction, liver.mean_difference_gy) == pytest.approx((1.0, 0.0), abs=1e-3)
    assert made.delivery.difference is not None
    assert abs(made.delivery.difference.values).max() < 1e-3
    moved = verified(course(np.roll(VALUES, 3, axis=1)))
    assert moved.delivery is not None
    (liver,) = [one for one in moved.delivery.voxels if one.label == "Liver"]
    assert isinstance(liver.concordance, float)
    assert liver.concordance < 0.9
    assert liver.within_fraction < 1.0


def test_an_unknown_device_or_activity_leaves_reasons() -> None:
    made = verified(course(device="unknown"))
    assert made.delivery is not None
    assert made.delivery.perfect_ratio is Missing.UNKNOWN_DEVICE
    assert "unknown device" in said(made, "activity_scale_unknown")[0].text
    assert not made.delivery.top_ups
    made = verified(course(given_bq=Missing.NOT_RECORDED))
    assert made.delivery is not None
    tumour = made.delivery.structure("Tumour")
    assert tumour is not None
    assert tumour.delivered_gy is Missing.NOT_EVALUABLE
    assert tumour.planned_as_given_gy is Missing.NOT_RECORDED


def test_another_nuclide_than_planned_is_not_compared() -> None:
    made = verify(
        course(),
        profile(),  # type: ignore[arg-type]
        made_at=NOW,
        software={},
        plan=plan(radionuclide="Ho-166"),
    )
    assert said(made, "other_nuclide_than_planned")
    assert made.delivery is not None
    assert not made.delivery.planned_structures


COLD = np.where(TUMOUR.values, 2e5, VALUES)
"""The tumour got far less than planned."""


def test_an_underdosed_tumour_is_named_against_its_plan_and_against_a_target() -> None:
    made = verified(course(COLD))
    [finding] = said(made, "underdosed_tumour")
    assert finding.text.startswith("underdosed: Tumour got")
    assert "80% of its planned dose" in finding.text
    made = verified(course(), profile(tumour=10_000.0))
    assert "the target of 10000 Gy" in said(made, "underdosed_tumour")[0].text
    assert not said(verified(course()), "underdosed_tumour")


def test_a_top_up_brings_the_tumour_to_its_target() -> None:
    made = verified(course(COLD), profile(tumour=5.0))
    assert made.delivery is not None
    assert not made.delivery.top_ups  # above the target
    tumour = made.delivery.structure("Tumour")
    assert tumour is not None
    assert isinstance(tumour.delivered_gy, float)
    goal = 2.0 * tumour.delivered_gy
    made = verified(course(COLD), profile(tumour=goal))
    assert made.delivery is not None
    [one] = made.delivery.top_ups
    assert one.after_gy == pytest.approx(goal)
    assert one.reaches_goal
    assert one.reaching_liver_bq == pytest.approx(TOTAL_BQ, rel=1e-3)  # as much again
    assert one.administered_bq == pytest.approx(TOTAL_BQ / 0.95, rel=1e-3)
    assert "to consider, not an order" in said(made, "top_up")[0].text


def test_limits_hold_a_top_up_back_and_name_themselves() -> None:
    free = verified(course(COLD)).delivery
    assert free is not None
    normal = free.structure("perfused normal liver")
    tumour = free.structure("Tumour")
    assert normal is not None
    assert tumour is not None
    assert isinstance(normal.delivered_gy, float)
    assert isinstance(tumour.delivered_gy, float)
    limit = 1.25 * normal.delivered_gy
    made = verified(course(COLD), profile(limit, tumour=3 * tumour.delivered_gy)).delivery
    assert made is not None
    [one] = made.top_ups
    assert one.perfused_normal_liver_after_gy == pytest.approx(limit)
    assert one.after_gy == pytest.approx(1.25 * tumour.delivered_gy)
    assert not one.reaches_goal
    assert one.binding.startswith("perfused normal liver")
    none_left = verified(
        course(COLD), profile(0.5 * normal.delivered_gy, tumour=3 * tumour.delivered_gy)
    )
    assert "the limits leave no activity" in said(none_left, "top_up")[0].text


@pytest.mark.parametrize("key", ["perfused_volume", "tumour"])
def test_every_limit_of_a_territory_holds_a_top_up_back(key: str) -> None:
    free = verified(course(COLD)).delivery
    assert free is not None
    label = {"perfused_volume": "Perfused", "tumour": "Tumour"}[key]
    held, tumour = free.structure(label), free.structure("Tumour")
    assert held is not None
    assert tumour is not None
    assert isinstance(held.delivered_gy, float)
    assert isinstance(tumour.delivered_gy, float)
    wanted = profile(tumour=3 * tumour.delivered_gy)
    limits = {
        **wanted.limits["glass"],  # type: ignore[attr-defined]  # a site profile
        key: Figure(value=1.4 * held.delivered_gy, **LIMIT),  # type: ignore[arg-type]
    }
    capped = replace(wanted, limits={"glass": limits})  # type: ignore[type-var]
    made = verified(course(COLD), capped).delivery
    assert made is not None
    [one] = made.top_ups
    assert one.after_gy == pytest.approx(1.4 * tumour.delivered_gy)
    assert one.binding.startswith(key.replace("_", " "))


def test_a_top_up_without_a_lung_shunt_says_that_the_lungs_are_not_judged() -> None:
    made = verified(course(COLD, work_up=WorkUpFacts()), profile(tumour=5000.0))
    assert "the lungs are not judged" in said(made, "top_up")[0].text


def test_earlier_lung_dose_counts_against_a_top_up() -> None:
    earlier = EarlierDoseFacts(kind="SIRT", device="glass", lung_gy=49.9, normal_liver_gy=10.0)
    made = verified(course(COLD, earlier=(earlier,)), profile(tumour=5000.0)).delivery
    assert made is not None
    [one] = made.top_ups
    assert one.binding.startswith("lung cumulative")
    assert isinstance(one.lung_added_gy, float)
    given_gy = 49.67 * TOTAL_BQ / 1e9 * 0.05
    assert one.lung_added_gy == pytest.approx(max(50.0 - 49.9 - given_gy, 0.0), abs=1e-6)


def test_all_sessions_are_summed_with_the_measured_dose() -> None:
    earlier = EarlierDoseFacts(
        kind="SIRT", device="resin", lung_gy=4.0, normal_liver_gy=20.0, territories_gy={"whole": 30}
    )
    made = verified(course(earlier=(earlier,)))
    assert made.cumulative is not None
    this = made.cumulative.sessions[-1]
    assert isinstance(this.normal_liver_gy, float)
    assert made.cumulative.normal_liver_gy == pytest.approx(20.0 + this.normal_liver_gy)
    assert made.cumulative.lung_gy == pytest.approx(4.0 + 49.67 * TOTAL_BQ / 1e9 * 0.05)
    assert made.cumulative.territories_gy["whole"] == pytest.approx(
        30.0 + this.territories_gy["whole"]
    )
    assert len(said(made, "prior_dose_added")) == 1
    assert this.on is Missing.NOT_RECORDED


def test_the_session_that_was_measured_has_the_day_on_which_it_was_given() -> None:
    given = AdministrationFacts(
        device="glass",
        administered_activity_bq=TOTAL_BQ,
        administered_at=datetime.fromisoformat("2026-03-04T23:30:00-05:00"),
    )
    earlier = EarlierDoseFacts(kind="SIRT", device="resin", lung_gy=4.0, normal_liver_gy=20.0)
    made = verified(course(administration=given, earlier=(earlier,)))
    assert made.cumulative is not None
    assert made.cumulative.sessions[-1].on == date(2026, 3, 4)


def test_a_target_of_the_prescription_is_the_goal() -> None:
    prescription = Prescription(
        device="glass", model="voxel", targets_gy={"glass": {"tumour": 9_000.0}}
    )
    made = verified(course(prescription=prescription))
    assert "9000 Gy" in said(made, "underdosed_tumour")[0].text
