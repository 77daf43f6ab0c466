"""Plans with several territories: shared limits, one row each, and their sum."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import scouts

from opensirt.domain.case import Case, WorkUpFacts
from opensirt.domain.finding import Severity
from opensirt.domain.missing import Missing
from opensirt.domain.record import Plan, PlanRow
from opensirt.domain.site import Figure, SiteProfile
from opensirt.domain.site_defaults import default_site_profile
from opensirt.workflow.plan import plan
from opensirt.workflow.plan_model import ALL_TERRITORIES, rows_of
from opensirt.workflow.work_up import work_up

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DEFAULT = default_site_profile()


def planned(case: Case, profile: SiteProfile = DEFAULT, **options: Any) -> Plan:
    return plan(case, work_up(case, profile), profile, made_at=NOW, software={}, **options)


def rows(made: Plan, device: str, model: str) -> dict[str, PlanRow]:
    return {one.territory: one for one in made.rows if (one.device, one.model) == (device, model)}


def number(value: float | Missing) -> float:
    assert not isinstance(value, Missing), value
    return value


def resin(**limits: float) -> Any:
    return scouts.prescription(limits=limits or {"perfused_normal_liver": 40.0, "lung": 30.0})


def test_each_territory_has_a_row_and_there_is_one_for_all() -> None:
    made = planned(scouts.two_territories(prescription=resin()))
    for model in ("partition", "voxel", "body_surface_area"):
        assert list(rows(made, "resin", model)) == ["R", "L", ALL_TERRITORIES]


@pytest.mark.parametrize("model", ["partition", "multi_tumour_partition", "voxel"])
def test_a_limit_of_the_perfused_normal_liver_holds_in_each_territory(model: str) -> None:
    found = rows(planned(scouts.two_territories(prescription=resin())), "resin", model)
    for one in found.values():
        assert one.perfused_normal_liver_gy == pytest.approx(40.0)
        assert one.binding == "perfused normal liver 40 Gy"


@pytest.mark.parametrize(
    "model", ["partition", "multi_tumour_partition", "voxel", "empiric", "body_surface_area"]
)
def test_activities_and_shared_doses_add_up(model: str) -> None:
    found = rows(planned(scouts.two_territories(prescription=resin())), "resin", model)
    parts, whole = (found["R"], found["L"]), found[ALL_TERRITORIES]
    for name in ("administered_activity_bq", "reaching_liver_bq", "lung_gy", "normal_liver_gy"):
        total = sum(number(getattr(one, name)) for one in parts)
        assert getattr(whole, name) == pytest.approx(total)
    assert set(whole.tumour_doses_gy) == {"tumour 1", "tumour 2", "tumour 3"}
    assert set(found["L"].tumour_doses_gy) == {"tumour 3"}
    assert "this territory's part" in found["L"].note
    assert "this territory's part" not in whole.note


def test_a_limit_of_the_whole_normal_liver_gives_every_territory_the_same_dose() -> None:
    found = rows(planned(scouts.two_territories()), "glass", "voxel")
    assert found[ALL_TERRITORIES].normal_liver_gy == pytest.approx(75.0)
    assert found["R"].perfused_normal_liver_gy == pytest.approx(
        number(found["L"].perfused_normal_liver_gy)
    )
    assert found["R"].binding == "normal liver 75 Gy"


def test_a_whole_liver_limit_below_the_perfused_one_scales_both_territories() -> None:
    case = scouts.two_territories(
        prescription=resin(perfused_normal_liver=40.0, normal_liver=20.0, lung=30.0)
    )
    found = rows(planned(case), "resin", "partition")
    assert found[ALL_TERRITORIES].normal_liver_gy == pytest.approx(20.0)
    assert {one.binding for one in found.values()} == {"normal liver 20 Gy"}
    assert found["R"].perfused_normal_liver_gy == pytest.approx(
        number(found["L"].perfused_normal_liver_gy)
    )


def test_the_lung_limit_is_shared() -> None:
    case = scouts.two_territories(
        prescription=resin(perfused_normal_liver=40.0, lung=2.0),
        work_up=WorkUpFacts(lung_shunt_fraction=0.1),
    )
    found = rows(planned(case), "resin", "partition")
    assert found[ALL_TERRITORIES].lung_gy == pytest.approx(2.0)
    assert found[ALL_TERRITORIES].binding == "lung 2 Gy"
    assert number(found["R"].lung_gy) + number(found["L"].lung_gy) == pytest.approx(2.0)


def test_different_limits_bind_in_different_territories() -> None:
    case = scouts.two_territories(
        prescription=resin(perfused_normal_liver=40.0, tumour=160.0, lung=300.0)
    )
    found = rows(planned(case), "resin", "multi_tumour_partition")
    assert found["R"].binding == "tumour 160 Gy"
    assert found["L"].binding == "tumour 160 Gy"
    case = scouts.two_territories(
        prescription=resin(perfused_normal_liver=40.0, perfused_volume=43.0, lung=300.0)
    )
    found = rows(planned(case), "resin", "multi_tumour_partition")
    assert found["R"].binding == "perfused volume 43 Gy"
    assert found["L"].binding == "perfused normal liver 40 Gy"
    assert found[ALL_TERRITORIES].binding == "perfused volume 43 Gy; perfused normal liver 40 Gy"


def test_the_row_of_all_territories_is_chosen_and_its_map_holds_all_activity() -> None:
    made = planned(scouts.two_territories(prescription=resin()))
    assert made.chosen is not None
    assert made.chosen.territory == ALL_TERRITORIES
    result = made.doses["resin", "partition"]
    reaching = number(made.chosen.reaching_liver_bq)
    assert result.energy.released_j == pytest.approx(reaching / 1e9 * 49.67, rel=1e-6)


def test_rows_of_gives_the_territories_without_their_sum() -> None:
    made = planned(scouts.two_territories(prescription=resin()))
    assert [one.territory for one in rows_of(made.rows, "resin", "voxel")] == ["R", "L"]


def test_holmium_for_both_lobes_takes_the_lower_limit() -> None:
    made = planned(scouts.two_territories())
    one = rows(made, "holmium", "partition")[ALL_TERRITORIES]
    assert one.binding == "normal liver 40 Gy"
    assert "bilobar" in one.note
    texts = [f.text for f in made.findings if f.rule == "both_lobes"]
    assert any("holmium is normal liver 40 Gy" in text for text in texts)


def test_glass_for_both_lobes_keeps_its_limit_with_a_warning() -> None:
    made = planned(scouts.two_territories())
    assert rows(made, "glass", "partition")[ALL_TERRITORIES].binding == "normal liver 75 Gy"
    [finding] = [
        one for one in made.findings if one.rule == "both_lobes" and "for glass" in one.text
    ]
    assert finding.severity is Severity.WARN
    assert "50 Gy: total bilirubin above" in finding.text


def test_a_limit_that_the_site_decided_on_is_not_replaced_for_both_lobes() -> None:
    own = Figure(value=55.0, unit="Gy", source="our board", verified=True, scenario="all")
    limits = {**DEFAULT.limits, "holmium": {"normal_liver": own}}
    made = planned(scouts.two_territories(), replace(DEFAULT, limits=limits))
    assert rows(made, "holmium", "partition")[ALL_TERRITORIES].binding == "normal liver 55 Gy"


def test_one_lobe_takes_the_limit_of_one_lobe() -> None:
    made = planned(scouts.case())
    assert rows(made, "holmium", "partition")["right"].binding == "normal liver 60 Gy"
    assert not [one for one in made.findings if one.rule == "both_lobes"]
