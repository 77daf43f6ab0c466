"""Worked examples of the planning formulas, decay, radiobiology and liver function."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from opensirt.clinical.liver_function import albi
from opensirt.domain.acceptance import Check
from opensirt.domain.missing import Missing
from opensirt.physics.analytic import (
    Compartments,
    body_surface_area_m2,
    lung_dose_gy,
    mono_compartment_activity_bq,
    whole_liver_activity_bq,
)
from opensirt.physics.decay import decayed_activity_bq
from opensirt.physics.radiobiology import lea_catcheside_factor
from opensirt.reference.radionuclide import radionuclide
from opensirt.reference.table import read_table
from opensirt.units import BQ_PER_GBQ, SECONDS_PER_HOUR

GROUP = "planning formulas"

_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_LUNG_KG = 1.0

Numbers = Iterator[tuple[str, str, float, str, str]]
"""Name of a number, its unit, the number, and the keys of what is wanted and of its tolerance."""


def formula_checks() -> Iterator[Check]:
    """Yield every number of every worked example."""
    examples = read_table("commissioning_examples")
    for formula, numbers in (
        ("body_surface_area", _body_surface_area),
        ("mono_compartment", _mono_compartment),
        ("partition", _partition),
        ("protraction", _protraction),
        ("decay", _decay),
        ("albi", _albi),
    ):
        table = examples[formula]
        for row in table["rows"]:
            for quantity, unit, found, wanted, tolerance in numbers(table, row):
                yield Check(
                    name=f"{formula}/{row['name']}/{quantity}",
                    group=GROUP,
                    quantity=f"{formula.replace('_', ' ')}, {row['name']}: {quantity}",
                    unit=unit,
                    found=found,
                    wanted=float(row[wanted]),
                    tolerance=float(table[tolerance]),
                    source=str(table["source"]),
                )


def _body_surface_area(_: Mapping[str, Any], row: Mapping[str, Any]) -> Numbers:
    area_m2 = body_surface_area_m2(row["height_cm"], row["weight_kg"])
    activity_bq = whole_liver_activity_bq(
        area_m2, tumour_volume_ml=row["tumour_fraction"], liver_volume_ml=1.0
    )
    yield "area", "m²", area_m2, "area_m2", "tolerance_m2"
    yield "activity", "GBq", activity_bq / BQ_PER_GBQ, "activity_gbq", "tolerance_gbq"


def _mono_compartment(table: Mapping[str, Any], row: Mapping[str, Any]) -> Numbers:
    shared = {
        "dose_constant_gy_kg_per_gbq": table["dose_constant_gy_kg_per_gbq"],
        "lung_shunt_fraction": row["lung_shunt_fraction"],
        "residual_fraction": row["residual_fraction"],
    }
    activity_bq = mono_compartment_activity_bq(row["dose_gy"], mass_kg=row["mass_kg"], **shared)
    yield "activity", "GBq", activity_bq / BQ_PER_GBQ, "activity_gbq", "tolerance_gbq"
    lung_gy = lung_dose_gy(activity_bq, lung_mass_kg=_LUNG_KG, **shared)
    yield "lung dose", "Gy", lung_gy, "lung_gy", "tolerance_lung_gy"


def _partition(_: Mapping[str, Any], row: Mapping[str, Any]) -> Numbers:
    liver = Compartments(
        normal_mass_kg=row["normal_kg"],
        tumour_masses_kg={"tumour": row["tumour_kg"]},
        tumour_to_normal_ratio={"tumour": row["ratio"]},
    )
    shared = {
        "dose_constant_gy_kg_per_gbq": row["dose_constant_gy_kg_per_gbq"],
        "lung_shunt_fraction": row["lung_shunt_fraction"],
    }
    activity_bq = liver.activity_for_normal_dose_bq(row["limit_gy"], **shared)
    yield "activity", "GBq", activity_bq / BQ_PER_GBQ, "activity_gbq", "tolerance_gbq"
    normal_gy = liver.normal_dose_gy(activity_bq, **shared)
    tumour_gy = liver.tumour_doses_gy(normal_gy)["tumour"]
    yield "tumour dose", "Gy", tumour_gy, "tumour_gy", "tolerance_gy"
    lung_gy = lung_dose_gy(activity_bq, lung_mass_kg=row["lung_kg"], **shared)
    yield "lung dose", "Gy", lung_gy, "lung_gy", "tolerance_gy"


def _protraction(_: Mapping[str, Any], row: Mapping[str, Any]) -> Numbers:
    physical_s = radionuclide(row["nuclide"]).half_life_s.value
    factor = lea_catcheside_factor(row["repair_h"] * SECONDS_PER_HOUR, physical_s)
    yield "Lea-Catcheside factor", "1", factor, "factor", "tolerance"


def _decay(_: Mapping[str, Any], row: Mapping[str, Any]) -> Numbers:
    left = decayed_activity_bq(
        1.0,
        radionuclide(row["nuclide"]),
        from_at=_NOON,
        to_at=_NOON + timedelta(hours=row["hours"]),
    )
    yield "part left", "1", left, "factor", "tolerance"


def _albi(_: Mapping[str, Any], row: Mapping[str, Any]) -> Numbers:
    score = albi(
        bilirubin_umol_per_l=row["bilirubin_umol_per_l"], albumin_g_per_l=row["albumin_g_per_l"]
    ).value
    found = float("nan") if isinstance(score, Missing) else float(score)
    yield "score", "1", found, "score", "tolerance"
