"""The public patient before treatment (Taranis sample images, MIT), against independent figures.

Volumes, nearest-neighbour means and the two activities are those of the data page and were made
with other code.
"""

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from opensirt.app.public_patients.two_territories import (
    FIRST,
    SECOND,
    split_structures,
    write_two_territories,
)
from opensirt.app.read_case import read_case
from opensirt.domain.case import Case, Prescription, TerritoryFacts, WorkUpFacts
from opensirt.domain.finding import Severity
from opensirt.domain.missing import Missing
from opensirt.domain.record import Plan, PlanRow, Workup
from opensirt.domain.site_defaults import default_site_profile
from opensirt.domain.structure import StructureKind, StructureSet
from opensirt.workflow.plan import plan
from opensirt.workflow.plan_model import ALL_TERRITORIES
from opensirt.workflow.work_up import work_up

CASE = """
schema = "opensirt/case/1"
key = "patient-2"
[patient]
height_cm = 175
weight_kg = 78
assumed = ["height_cm", "weight_kg"]
[[images]]
id = "maa"
role = "scout"
path = "{folder}/patient_2_SPECT.nrrd"
unit = "counts"
radionuclide = "Tc-99m"
frame = "patient-2-spect"
assumed = ["frame"]
[[structures]]
path = "{folder}/patient_2_Segmentation.seg.nrrd"
frame = "patient-2-spect"
labels = {{ "liver" = "liver", "gallbladder" = "gallbladder", "Tumor *" = "tumour", "perfused volume" = "perfused_volume", "whole liver normal" = "normal_liver", "perfused normal" = "perfused_normal_liver" }}
[tissue]
liver_density_g_per_ml = 1.05
lung_mass_kg = 1.0
[work_up]
lung_shunt_fraction = 0.05
lung_shunt_method = "planar"
[[territories]]
name = "right"
perfused_volume = "perfused volume"
[prescription]
device = "resin"
model = "partition"
limits = {{ perfused_normal_liver_gy = 40, lung_gy = 30 }}
targets = {{ resin = {{ perfused_volume_gy = 120 }}, glass = {{ perfused_volume_gy = 120 }}, holmium = {{ perfused_volume_gy = 60 }} }}
"""  # noqa: E501 - as the contracts page prints it

# label: native mL, nearest-neighbour mean of counts
FIGURES = {
    "liver": (1726.4, 368.9),
    "Tumor 1": (112.8, 1440.7),
    "Tumor 2": (128.5, 1212.1),
    "whole liver normal": (1443.3, 205.7),
    "perfused volume": (1082.2, 551.3),
    "perfused normal": (799.4, 322.3),
}
SITE = default_site_profile()
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def case(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("patient-2")
    patients = (shared_data / "data" / "sirt_patients").resolve()
    (folder / "case.toml").write_text(CASE.format(folder=patients), encoding="utf-8")
    return read_case(folder)


@pytest.fixture(scope="module")
def workup(case: Case) -> Workup:
    return work_up(case, SITE)


@pytest.fixture(scope="module")
def planned(case: Case, workup: Workup) -> Plan:
    return plan(case, workup, SITE, made_at=NOW, software={})


def row(made: Plan, device: str, model: str) -> PlanRow:
    return next(one for one in made.rows if (one.device, one.model) == (device, model))


def number(value: float | Missing) -> float:
    assert not isinstance(value, Missing), value
    return value


def test_native_volumes_and_means(workup: Workup) -> None:
    found = {one.label: one for one in workup.uptakes}
    for label, (volume_ml, mean) in FIGURES.items():
        assert found[label].volume_ml == pytest.approx(volume_ml, abs=0.05)
        assert found[label].mean == pytest.approx(mean, rel=0.01)  # fractional weights
    assert workup.liver_volume_ml == pytest.approx(1726.4 - 41.8, abs=0.1)


def test_ratios_against_the_perfused_normal_liver(workup: Workup) -> None:
    [territory] = workup.territories
    ratios = {name: number(one) for name, one in territory.tumour_to_normal_ratio.items()}
    assert ratios == pytest.approx({"Tumor 1": 4.5, "Tumor 2": 3.8}, abs=0.1)


def test_what_a_reader_must_know_is_said(workup: Workup) -> None:
    findings = {one.rule: one for one in workup.findings}
    assert findings["negative_voxels"].value == 461
    assert "only 60% of the uptake" in findings["counts_outside"].text
    bladder = findings["extrahepatic_uptake"]
    assert bladder.severity is Severity.WARN
    assert "41.8 mL inside the liver mask, which are taken out" in bladder.text
    assert "1.56 times the perfused normal liver" in bladder.text


def test_the_normalising_volume_is_the_perfused_one_with_the_gallbladder(workup: Workup) -> None:
    assert workup.normalising_volume.startswith("perfused volume (1082.2 mL) with gallbladder")


def test_what_reaches_the_liver_at_40_gy(planned: Plan) -> None:
    partition, voxel = row(planned, "resin", "partition"), row(planned, "resin", "voxel")
    assert number(partition.reaching_liver_bq) / 1e9 == pytest.approx(1.51, abs=0.01)
    assert number(voxel.reaching_liver_bq) / 1e9 == pytest.approx(1.56, abs=0.01)
    assert partition.binding == voxel.binding == "perfused normal liver 40 Gy"
    bile = voxel.extrahepatic_doses_gy["gallbladder"]
    assert bile == pytest.approx(40 * 1.56, abs=0.5)


def test_mono_compartment_is_the_formula(planned: Plan) -> None:
    for device, gy, constant in (("glass", 120, 49.67), ("holmium", 60, 15.87)):
        found = number(row(planned, device, "mono_compartment").administered_activity_bq) / 1e9
        assert found == pytest.approx(gy * 1.0822333 * 1.05 / constant / 0.95, rel=1e-5)


def test_formulas_hold_for_resin_only(planned: Plan) -> None:
    resin = row(planned, "resin", "body_surface_area")
    assert 1.0 < number(resin.administered_activity_bq) / 1e9 < 1.5
    for device in ("glass", "holmium"):
        one = row(planned, device, "body_surface_area")
        assert one.administered_activity_bq is Missing.NOT_DEFINED_FOR_DEVICE


def test_the_map_of_the_prescribed_row_keeps_the_energy(planned: Plan) -> None:
    result = planned.doses["resin", "partition"]
    assert planned.chosen is not None
    released = number(planned.chosen.reaching_liver_bq) / 1e9 * 49.67
    mass_kg = 1.05e-3 * result.dose.grid.voxel_volume_ml
    scored = float(result.dose.values.sum(dtype=np.float64)) * mass_kg
    assert scored == pytest.approx(released, rel=1e-3)


def test_nothing_stops_the_plan(planned: Plan) -> None:
    assert not [one for one in planned.findings if one.severity is Severity.STOP]


def test_without_a_lung_shunt_the_table_gives_what_reaches_the_liver(case: Case) -> None:
    unknown = replace(case, work_up=WorkUpFacts())
    made = plan(unknown, work_up(unknown, SITE), SITE, made_at=NOW, software={})
    one = row(made, "resin", "partition")
    assert number(one.reaching_liver_bq) / 1e9 == pytest.approx(1.51, abs=0.01)
    assert one.administered_activity_bq is Missing.NEEDS_LUNG_SHUNT
    assert one.lung_gy is Missing.NEEDS_LUNG_SHUNT
    assert one.lung_limit_binds_at_fraction == pytest.approx(30 / (30 + 49.67 * 1.506), abs=0.002)


def halved(case: Case) -> Case:
    """Return the case with the two example territories."""
    return replace(
        case,
        structures=split_structures(case.structures),
        territories=tuple(
            TerritoryFacts(name=name, perfused_volume=label)
            for name, label in (("first", FIRST), ("second", SECOND))
        ),
    )


def test_the_halves_are_the_perfused_volume_and_hold_a_tumour_each(case: Case) -> None:
    two = split_structures(case.structures)
    first, second = two.labelled(FIRST), two.labelled(SECOND)
    assert first.volume_ml + second.volume_ml == pytest.approx(1082.2, abs=0.05)
    assert not (first.mask.values & second.mask.values).any()
    for half, tumour in ((first, "Tumor 1"), (second, "Tumor 2")):
        inside = half.mask.values & case.structures.labelled(tumour).mask.values
        assert inside.sum() > 0.95 * case.structures.labelled(tumour).mask.values.sum()


@pytest.mark.parametrize(
    ("device", "key", "gy"),
    [
        ("resin", "perfused_normal_liver_gy", 40.0),
        ("glass", "normal_liver_gy", 75.0),
        ("holmium", "normal_liver_gy", 60.0),
    ],
)
def test_a_complete_plan_with_two_territories(
    case: Case, planned: Plan, device: str, key: str, gy: float
) -> None:
    two = halved(replace(case, prescription=Prescription(device=device, model="voxel")))
    made = plan(two, work_up(two, SITE), SITE, made_at=NOW, software={})
    assert made.chosen is not None
    assert made.chosen.territory == ALL_TERRITORIES
    found = {
        one.territory: one for one in made.rows if (one.device, one.model) == (device, "voxel")
    }
    assert number(getattr(found[ALL_TERRITORIES], key)) == pytest.approx(gy)
    total = sum(number(found[name].reaching_liver_bq) for name in ("first", "second"))
    assert found[ALL_TERRITORIES].reaching_liver_bq == pytest.approx(total)
    assert number(found[ALL_TERRITORIES].lung_gy) < 30.0
    # Each half has a normal concentration of its own, so the sum is near the undivided one only.
    assert total == pytest.approx(number(row(planned, device, "voxel").reaching_liver_bq), rel=0.1)
    assert "gallbladder" in found[ALL_TERRITORIES].extrahepatic_doses_gy
    assert set(found[ALL_TERRITORIES].tumour_doses_gy) == {"Tumor 1", "Tumor 2"}
    result = made.doses[device, "voxel"]
    assert result.structure("Tumor 1").mean_gy == pytest.approx(
        found[ALL_TERRITORIES].tumour_doses_gy["Tumor 1"], rel=1e-3
    )
    [bile] = [one for one in made.findings if one.rule == "deposit_dose"]
    assert bile.value == pytest.approx(
        found[ALL_TERRITORIES].extrahepatic_doses_gy["gallbladder"], rel=1e-6
    )


def test_the_gallbladder_is_named_with_its_dose_and_part_of_the_activity(planned: Plan) -> None:
    [finding] = [one for one in planned.findings if one.rule == "deposit_dose"]
    assert "3.54% of the activity reaching the liver" in finding.text
    assert "3.36% of the activity given" in finding.text
    assert "receive 60 Gy" in finding.text


def test_foci_are_dosed_by_the_counts_that_the_liver_is_dosed_by(
    planned: Plan, workup: Workup
) -> None:
    found = [one for one in planned.findings if one.rule == "extrahepatic_focus_dose"]
    assert [round(float(one.value or 0)) for one in found] == [14, 39]
    voxel = row(planned, "resin", "voxel")
    normal = next(one for one in workup.uptakes if one.label == "perfused normal")
    for focus in workup.foci:
        # Gy per count and mL is that of the perfused normal liver, of the voxel model.
        counts = focus.per_reaching_liver / (focus.volume_ml / 1000)
        liver = normal.uptake_fraction / (normal.volume_ml / 1000)
        gy = number(voxel.perfused_normal_liver_gy) * counts / liver
        ratio = number(voxel.reaching_liver_bq) / number(
            row(planned, "resin", "partition").reaching_liver_bq
        )
        near = min(found, key=lambda one: abs(float(one.value or 0) - gy / ratio))
        assert near.value == pytest.approx(gy / ratio, rel=1e-3)


def test_with_one_density_and_no_remainder_partition_and_voxel_model_agree(case: Case) -> None:
    """The gallbladder and what is neither tumour nor normal liver are taken out of the volume."""
    kinds = (StructureKind.TUMOUR, StructureKind.PERFUSED_NORMAL_LIVER)
    parts = [one.mask for kind in kinds for one in case.structures.of_kind(kind)]
    overlap = parts[0].values & parts[1].values
    filled = np.logical_or.reduce([one.values for one in parts])
    perfused = case.structures.labelled("perfused volume")
    only = replace(perfused, mask=perfused.mask.with_values(filled & perfused.mask.values))
    assert not overlap.any()
    whole = replace(
        case,
        structures=StructureSet(
            tuple(
                only if one.label == "perfused volume" else one
                for one in case.structures
                if one.kind is not StructureKind.GALLBLADDER
            )
        ),
    )
    made = plan(whole, work_up(whole, SITE), SITE, made_at=NOW, software={})
    for device in ("resin", "glass", "holmium"):
        one, other = (row(made, device, name) for name in ("multi_tumour_partition", "voxel"))
        for key in (
            "reaching_liver_bq",
            "administered_activity_bq",
            "tumour_gy",
            "perfused_normal_liver_gy",
            "lung_gy",
        ):
            assert number(getattr(one, key)) == pytest.approx(number(getattr(other, key)), rel=1e-9)


def test_the_demo_writes_the_example_as_a_case(shared_data: Path, tmp_path: Path) -> None:
    text = files("opensirt.app.public_patients").joinpath("patient-2.toml").read_text()
    (tmp_path / "case.toml").write_text(text)
    for name in ("patient_2_SPECT.nrrd", "patient_2_Segmentation.seg.nrrd"):
        shutil.copy(shared_data / "data" / "sirt_patients" / name, tmp_path)
    write_two_territories(tmp_path)
    two = read_case(tmp_path)
    assert [one.name for one in two.territories] == ["first", "second"]
    assert len(two.structures.of_kind(StructureKind.PERFUSED_VOLUME)) == 2
    assumed = [one.text for one in two.findings if one.rule == "assumed"]
    assert any("territory first" in one for one in assumed)
    made = work_up(two, SITE)
    assert [one.name for one in made.territories] == ["first", "second"]
