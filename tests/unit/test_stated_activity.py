"""Stated activities from Python: what is refused, judged and reckoned a second time."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import scouts
from hypothesis import given, settings
from hypothesis import strategies as st

from opensirt.domain.case import Case, Prescription
from opensirt.domain.finding import Severity
from opensirt.domain.missing import Missing
from opensirt.domain.record import Plan
from opensirt.domain.site_defaults import default_site_profile
from opensirt.errors import InputError, UnknownNameError
from opensirt.workflow.plan import plan
from opensirt.workflow.plan_model import ALL_TERRITORIES, rows_of
from opensirt.workflow.second_check import SecondPath
from opensirt.workflow.stated_activity import require_choosable
from opensirt.workflow.work_up import scout_anatomy, work_up

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SITE = default_site_profile()


def case_with(activities_bq: dict[str, float], **changes: Any) -> Case:
    wanted = replace(scouts.prescription(), activities_bq=activities_bq, **changes)
    return scouts.two_territories(prescription=wanted)


def planned(case: Case, site: Any = SITE) -> Plan:
    return plan(case, work_up(case, site), site, made_at=NOW, software={})


def stops(made: Plan) -> list[str]:
    return [one.rule for one in made.findings if one.severity is Severity.STOP]


MODEL = planned(scouts.two_territories(prescription=scouts.prescription()))
BY_MODEL = {
    one.territory: one.administered_activity_bq for one in rows_of(MODEL.rows, "resin", "partition")
}


@pytest.mark.parametrize("model", ["partition", "multi_tumour_partition", "voxel"])
def test_the_activities_of_a_model_stated_give_its_doses(model: str) -> None:
    own = planned(scouts.two_territories(prescription=scouts.prescription(model=model)))
    parts = rows_of(own.rows, "resin", model)
    wanted = {
        one.territory: bq
        for one in parts
        if not isinstance(bq := one.administered_activity_bq, Missing)
    }
    made = planned(case_with(wanted, model=model))
    assert own.chosen is not None
    assert made.chosen is not None
    for name in ("tumour_gy", "normal_liver_gy", "perfused_normal_liver_gy", "lung_gy"):
        assert getattr(made.chosen, name) == pytest.approx(getattr(own.chosen, name))
    assert made.choice is not None
    assert made.choice.activities_bq == wanted
    assert own.choice is not None
    assert own.choice.origin == f"row of the model {model}, fixed by perfused normal liver 40 Gy"
    assert stops(made) == stops(own) == []
    dose = made.doses["resin", "stated"].structure("tumour 1").mean_gy
    assert dose == pytest.approx(own.doses["resin", model].structure("tumour 1").mean_gy)


@settings(max_examples=8)
@given(part=st.floats(0.05, 0.999), other=st.floats(0.05, 3.0))
def test_a_territory_above_its_limit_is_a_stop_whatever_the_other_gets(
    part: float, other: float
) -> None:
    most = {name: bq for name, bq in BY_MODEL.items() if not isinstance(bq, Missing)}
    made = planned(case_with({"R": part * most["R"], "L": other * most["L"]}))
    assert ("limit_perfused_normal_liver" in stops(made)) == (other > 1 + 1e-6)


def test_a_dose_that_does_not_belong_to_the_activity_fails_the_second_check() -> None:
    case = case_with({"R": 1e9, "L": 4e8})
    workup = work_up(case, SITE)
    rows = rows_of(planned(case).rows, "resin", "stated")
    path = SecondPath(case, workup, scout_anatomy(case))
    right = path.checks_of_stated(rows, model="partition")
    assert all(abs(float(one.difference_fraction)) < 0.02 for one in right)  # type: ignore[arg-type]
    spoilt = [
        replace(one, perfused_normal_liver_gy=one.perfused_normal_liver_gy * 1.1)  # type: ignore[operator]
        for one in rows
    ]
    wrong = path.checks_of_stated(spoilt, model="partition")
    assert all(float(one.difference_fraction) > 0.05 for one in wrong)  # type: ignore[arg-type]


def test_without_a_limit_of_the_normal_liver_or_a_lung_mass_nothing_passes() -> None:
    bare = replace(SITE, limits={})
    wanted = replace(scouts.prescription(limits={"lung": 30.0}), activities_bq={"R": 5e8, "L": 2e8})
    assert stops(planned(scouts.two_territories(prescription=wanted), bare)) == [
        "stated_not_judged"
    ]
    case = case_with({"R": 5e8, "L": 2e8})
    workup = replace(work_up(case, SITE), lung_mass_kg=Missing.NOT_RECORDED)
    made = plan(case, workup, SITE, made_at=NOW, software={})
    assert "stated_not_judged" in stops(made)


def test_what_cannot_be_stated_is_refused() -> None:
    with pytest.raises(InputError, match="0 MBq for territory 'R'; an activity is above zero"):
        replace(scouts.prescription(), activities_bq={"R": 0.0})
    with pytest.raises(InputError, match="an origin of activities and no activities"):
        replace(scouts.prescription(), activities_origin="board")
    with pytest.raises(UnknownNameError, match="territory with a stated activity"):
        planned(case_with({"R": 1e9, "L": 1e9, ALL_TERRITORIES: 2e9}))
    with pytest.raises(InputError, match="none for L"):
        planned(case_with({"R": 1e9}))
    with pytest.raises(InputError, match="predicts no dose of another"):
        planned(case_with({"R": 1e9, "L": 1e9}, model="tumour_shunt"))


def test_nothing_stated_is_always_choosable() -> None:
    workup = work_up(scouts.two_territories(), SITE)
    require_choosable(workup, Prescription(device="resin", model="empiric"))
