"""The optimiser on the public patient, with one and with two territories, against brute force."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from optimising import SITE

from opensirt.app.public_patients import KEYS
from opensirt.app.read_case import read_case
from opensirt.domain.case import Case, TerritoryFacts
from opensirt.domain.device import device
from opensirt.domain.grid import Grid
from opensirt.domain.missing import Missing
from opensirt.domain.optimised_plan import Objective, OptimisedPlan, OptimiseRequest, RobustRequest
from opensirt.domain.record import Workup
from opensirt.domain.structure import Mask, Structure, StructureKind, StructureSet
from opensirt.workflow.limit_in_force import NORMAL, PERFUSED_NORMAL, limits_in_force
from opensirt.workflow.optimise import Replanner
from opensirt.workflow.work_up import ScoutAnatomy, scout_anatomy, work_up

DEVICES = ("resin", "glass", "holmium")
QUICK = OptimiseRequest(trade_off=False)


@pytest.fixture(scope="module")
def case(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Case:
    import opensirt.app.public_patients as public

    folder = tmp_path_factory.mktemp(KEYS[1])
    text = (Path(public.__file__).parent / "patient-2.toml").read_text(encoding="utf-8")
    patients = (shared_data / "data" / "sirt_patients").resolve()
    text = text.replace('path = "patient_2', f'path = "{patients}/patient_2')
    (folder / "case.toml").write_text(text, encoding="utf-8")
    return read_case(folder)


@pytest.fixture(scope="module")
def halves(case: Case) -> tuple[Workup, ScoutAnatomy]:
    """Split the perfused volume by the plane midway between the tumour centroids (an example)."""
    structures = case.structures
    perfused = structures.labelled("perfused volume").mask

    def centre(label: str) -> np.ndarray:
        mask = structures.labelled(label).mask
        found: np.ndarray = mask.grid.lps_mm(np.argwhere(mask.values)).mean(axis=0)
        return found

    first, second = centre("Tumor 1"), centre("Tumor 2")
    grid: Grid = perfused.grid
    inside = np.argwhere(perfused.values)
    nearer = (grid.lps_mm(inside) - (first + second) / 2) @ (first - second) > 0
    parts = []
    for name, chosen in (("one", nearer), ("two", ~nearer)):
        values = np.zeros(grid.shape, dtype=bool)
        values[tuple(inside[chosen].T)] = True
        parts.append(Structure(name, StructureKind.PERFUSED_VOLUME, Mask(grid, values)))
    kept = [
        one
        for one in structures
        if one.kind not in {StructureKind.PERFUSED_VOLUME, StructureKind.PERFUSED_NORMAL_LIVER}
    ]
    split = replace(
        case,
        structures=StructureSet((*kept, *parts)),
        territories=tuple(TerritoryFacts(name=n, perfused_volume=n) for n in ("one", "two")),
    )
    anatomy = scout_anatomy(split)
    return work_up(split, SITE, anatomy=anatomy), anatomy


def number(value: float | Missing) -> float:
    assert not isinstance(value, Missing), value
    return value


def answer(
    planner: Replanner, case: Case, name: str, request: OptimiseRequest = QUICK
) -> OptimisedPlan:
    product = device(name)
    assert isinstance(product.radionuclide, str)
    return planner.replan(
        product,
        limits_in_force(name, case.prescription, SITE),
        {},
        request,
        dose_constant=SITE.dose_constants_gy_kg_per_gbq[product.radionuclide],
    )


@pytest.mark.parametrize("name", DEVICES)
@pytest.mark.parametrize("objective", [Objective.MINIMUM, Objective.MEAN])
def test_two_territories_beat_every_pair_on_a_coarse_grid(
    case: Case, halves: tuple[Workup, ScoutAnatomy], name: str, objective: Objective
) -> None:
    workup, anatomy = halves
    planner = Replanner.of(workup, "voxel", anatomy=anatomy)
    one = answer(planner, case, name, OptimiseRequest(objective=objective, trade_off=False))
    limits = limits_in_force(name, case.prescription, SITE)
    constant = number(one.dose_constant_gy_kg_per_gbq)
    liver = planner.liver
    shunt, lung_kg = number(workup.lung_shunt.fraction), number(workup.lung_mass_kg)
    most = 3.0 * max(sum(one.reaching_bq), 1e9)
    best = 0.0
    for first in np.linspace(0.0, most, 81):
        for second in np.linspace(0.0, most, 81):
            bq = [first, second]
            if NORMAL in limits and liver.normal_gy(constant, bq) > limits[NORMAL].gy:
                continue
            if PERFUSED_NORMAL in limits and any(
                part.perfused_normal_gy(constant, each) > limits[PERFUSED_NORMAL].gy
                for part, each in zip(liver.territories, bq, strict=True)
            ):
                continue
            if constant * sum(bq) / 1e9 / (1 - shunt) * shunt / lung_kg > limits["lung"].gy:
                continue
            value = (
                min(liver.tumour_gy(constant, bq).values())
                if objective is Objective.MINIMUM
                else number(liver.mean_tumour_gy(constant, bq))
            )
            best = max(best, value)
    found = number(one.objective_value)
    assert best <= found * (1 + 1e-9)
    assert found - best < 0.06 * found


@pytest.mark.parametrize("name", DEVICES)
def test_the_price_of_the_binding_limit_is_its_finite_difference(
    case: Case, halves: tuple[Workup, ScoutAnatomy], name: str
) -> None:
    workup, anatomy = halves
    planner = Replanner.of(workup, "voxel", anatomy=anatomy)
    product = device(name)
    assert isinstance(product.radionuclide, str)
    limits = dict(limits_in_force(name, case.prescription, SITE))
    constant = SITE.dose_constants_gy_kg_per_gbq[product.radionuclide]

    def value(gy: float, key: str) -> float:
        changed = {**limits, key: replace(limits[key], gy=gy)}
        return number(
            planner.replan(product, changed, {}, QUICK, dose_constant=constant).objective_value
        )

    one = answer(planner, case, name)
    assert one.binding
    for key in {limit.key for limit in one.binding}:
        # The same limit may bind in both territories: raised for both, their prices add.
        price = sum(limit.price for limit in one.binding if limit.key == key)
        step = 0.01
        slope = (value(limits[key].gy + step, key) - value(limits[key].gy - step, key)) / 2 / step
        assert price == pytest.approx(slope, rel=1e-3)


def test_the_single_territory_is_the_published_arithmetic(case: Case) -> None:
    workup = work_up(case, SITE)
    one = answer(Replanner.of(workup, "voxel"), case, "resin")
    # 40 Gy to the perfused normal liver by the voxel model: 1.644 GBq (docs/theory, real patient).
    assert one.administered_bq[0] / 1e9 == pytest.approx(1.644, abs=2e-3)
    assert [limit.key for limit in one.binding] == [PERFUSED_NORMAL]


def test_d70_of_the_optimum_is_that_of_the_dose_map(
    case: Case, halves: tuple[Workup, ScoutAnatomy]
) -> None:
    workup, anatomy = halves
    planner = Replanner.of(workup, "voxel", anatomy=anatomy)
    request = OptimiseRequest(objective=Objective.D70, trade_off=False)
    one = answer(planner, case, "resin", request)
    assert 0 < number(one.objective_value) < min(one.tumour_doses_gy.values())


def test_chances_are_kept_on_scenarios_that_were_not_used_to_choose(
    case: Case, halves: tuple[Workup, ScoutAnatomy]
) -> None:
    workup, anatomy = halves
    planner = Replanner.of(workup, "voxel", anatomy=anatomy)
    request = OptimiseRequest(
        trade_off=False, robust=RobustRequest(n_scenarios=1000, chances={"all": 0.9})
    )
    for name in DEVICES:
        one = answer(planner, case, name, request)
        plain = answer(planner, case, name)
        assert one.robust is not None
        assert sum(one.administered_bq) < sum(plain.administered_bq)
        assert all(goal.high >= 0.9 for goal in one.robust.goals if goal.kind == "limit")
        assert min(goal.low for goal in one.robust.goals if goal.kind == "limit") < 0.9
        assert one.binding
