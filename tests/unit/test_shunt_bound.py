"""From which lung shunt fraction on the lung limit comes before that of the liver."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import scouts
from builders import site

from opensirt.domain.case import Tissue
from opensirt.domain.finding import Finding
from opensirt.errors import InputError
from opensirt.physics.analytic import lung_limit_binds_at_fraction, lung_shunt_bound
from opensirt.workflow.plan import plan
from opensirt.workflow.work_up import work_up

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
GIVEN = {
    "liver_limit_gy": 60.0,
    "liver_mass_kg": 1.5,
    "lung_limit_gy": 30.0,
    "lung_mass_kg": 1.0,
}


def test_thirty_gray_against_sixty_gray_bind_together_at_a_quarter() -> None:
    assert lung_shunt_bound(**GIVEN) == pytest.approx(0.25)


def test_it_is_the_fraction_at_which_the_whole_liver_limit_gives_way() -> None:
    constant = 49.67
    reaching = 60.0 * 1.5 / constant * 1e9
    assert lung_shunt_bound(**GIVEN) == pytest.approx(
        lung_limit_binds_at_fraction(
            reaching, lung_limit_gy=30, lung_mass_kg=1, dose_constant_gy_kg_per_gbq=constant
        )
    )


@pytest.mark.parametrize("name", list(GIVEN))
def test_nothing_but_numbers_above_zero_is_taken(name: str) -> None:
    with pytest.raises(InputError, match="above zero"):
        lung_shunt_bound(**{**GIVEN, name: 0.0})


def bounds(**facts: Any) -> list[Finding]:
    case = scouts.case(prescription=scouts.prescription(), **facts)
    made = plan(case, work_up(case, site()), site(), made_at=NOW, software={})
    return [one for one in made.findings if one.rule == "lung_shunt_bound"]


def test_the_plan_states_the_bound_of_the_prescribed_device() -> None:
    [finding] = bounds()
    liver_kg = (20 * 20 * 35 - 64) * 0.125 * 1.05e-3
    assert finding.limit == pytest.approx(30 / (30 + 40 * liver_kg))
    assert finding.value == 0.05
    assert "perfused normal liver 40 Gy" in finding.text


def test_without_a_lung_mass_there_is_no_bound() -> None:
    tissue = Tissue(liver_density_kg_per_ml=1.05e-3)
    assert bounds(tissue=tissue) == []
    assert bounds(tissue=replace(tissue, lung_mass_kg=1.0))
