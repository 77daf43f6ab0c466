"""A dose map read structure by structure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from opensirt.domain.dvh import Dvh
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.grid import Grid
from opensirt.domain.image import DensityMap, DoseMap, Image3D
from opensirt.domain.missing import Missing
from opensirt.domain.record import Number, StructureDose
from opensirt.domain.structure import Structure, StructureKind, VoxelWeights
from opensirt.errors import InputError
from opensirt.imaging.voxel_weights import voxel_weights
from opensirt.physics.radiobiology import (
    biologically_effective_dose_gy,
    eqd2_gy,
    equivalent_uniform_bed_gy,
    tissue_parameters,
)
from opensirt.reference.table import read_table

ImageT = TypeVar("ImageT", bound=Image3D)

LIVER_KINDS = frozenset(
    {
        StructureKind.LIVER,
        StructureKind.NORMAL_LIVER,
        StructureKind.PERFUSED_VOLUME,
        StructureKind.PERFUSED_NORMAL_LIVER,
    }
)


@dataclass(frozen=True, eq=False)
class WeightedStructure:
    """A structure with its weights on the grid that is read."""

    structure: Structure
    weights: VoxelWeights


def weighted(
    structures: Sequence[Structure], grid: Grid
) -> tuple[tuple[WeightedStructure, ...], tuple[Finding, ...]]:
    """Return the structures that touch a grid with their weights, and findings on the others."""
    kept: list[WeightedStructure] = []
    findings: list[Finding] = []
    for structure in structures:
        weights = voxel_weights(structure.mask, grid)
        if weights.fraction.size == 0:
            text = f"{structure.label} lies wholly outside the image; it gets no figures"
            findings.append(Finding(Severity.WARN, "structure_outside_image", text))
            continue
        if weights.volume_outside_ml > 0:
            part = weights.volume_outside_ml / structure.volume_ml
            text = (
                f"{weights.volume_outside_ml:.2g} mL ({part:.1%}) of {structure.label} lie "
                "outside the image; its figures are those of the rest"
            )
            findings.append(
                Finding(Severity.WARN, "structure_outside_image", text, weights.volume_outside_ml)
            )
        kept.append(WeightedStructure(structure, weights))
    return tuple(kept), tuple(findings)


def _tissue(kind: StructureKind) -> str | None:
    """Return the tissue whose radiobiology holds for a kind, or None."""
    if kind is StructureKind.TUMOUR:
        return "tumour"
    if kind in LIVER_KINDS:
        return "liver"
    return None


def _levels_gy(kind: StructureKind) -> Sequence[float]:
    table = read_table("reporting")["volume_at_dose_gy"]
    levels: Sequence[float] = table[_tissue(kind) or "other"]
    return levels


def structure_dose(
    one: WeightedStructure,
    dose: DoseMap,
    activity: Image3D,
    density: DensityMap,
    *,
    half_life_s: float,
) -> tuple[StructureDose, Dvh]:
    """Return the dose figures of one structure.

    Parameters
    ----------
    one
        The structure with its weights on the grid of `dose`.
    dose, activity, density
        On one grid; the activity in Bq/mL at the start of the irradiation.
    half_life_s
        Physical half-life, for BED and EQD2 of the mean dose.

    Raises
    ------
    InputError
        When the mean dose of the structure is negative.
    """
    structure, weights = one.structure, one.weights
    dvh = Dvh(weights.values_of(dose), dose.grid.voxel_volume_ml, weights.fraction)
    figures = figures_of(
        structure,
        dvh,
        mass_kg=structure.volume_ml * weights.mean(density),
        activity_bq=weights.integral(activity),
        volume_outside_ml=weights.volume_outside_ml,
        half_life_s=half_life_s,
    )
    return figures, dvh


def figures_of(
    structure: Structure,
    dvh: Dvh,
    *,
    mass_kg: float,
    activity_bq: float,
    volume_outside_ml: float,
    half_life_s: float,
) -> StructureDose:
    """Return the dose figures of a structure whose DVH is known.

    Raises
    ------
    InputError
        When the mean dose of the structure is negative.
    """
    mean_gy = dvh.mean_gy
    if mean_gy < 0:
        raise InputError(
            f"the mean dose of {structure.label} is {mean_gy:.3g} Gy: negative voxels outweigh "
            "the others there; check the reconstruction and the mask"
        )
    bed_gy: Number = Missing.NO_VERIFIED_VALUE
    equivalent_gy: Number = Missing.NO_VERIFIED_VALUE
    uniform_gy: Number = Missing.NO_VERIFIED_VALUE
    alpha_beta_gy: Number = Missing.NO_VERIFIED_VALUE
    repair_h: Number = Missing.NO_VERIFIED_VALUE
    sure = False
    source = ""
    tissue = _tissue(structure.kind)
    if tissue is not None:
        biology = tissue_parameters(tissue)
        alpha_beta_gy = biology.alpha_beta_ratio_gy.value
        repair_h = biology.repair_half_life_h.value
        sure = biology.verified
        source = "; ".join(
            f"{name}: {one.source} ({one.status})"
            for name, one in (
                ("α/β", biology.alpha_beta_ratio_gy),
                ("repair half-life", biology.repair_half_life_h),
                ("α of EUBED", biology.alpha_per_gy),
            )
        )
        bed_gy = float(
            biologically_effective_dose_gy(
                mean_gy,
                alpha_beta_ratio_gy=alpha_beta_gy,
                repair_half_life_s=biology.repair_half_life_s,
                physical_half_life_s=half_life_s,
            )
        )
        uniform_gy = equivalent_uniform_bed_gy(
            dvh.doses_gy,
            tissue=biology,
            physical_half_life_s=half_life_s,
            volumes=dvh.fractions,
        )
        equivalent_gy = float(eqd2_gy(bed_gy, alpha_beta_ratio_gy=alpha_beta_gy))
    return StructureDose(
        label=structure.label,
        kind=structure.kind,
        volume_ml=structure.volume_ml,
        mass_kg=mass_kg,
        activity_bq=activity_bq,
        mean_activity_bq_per_ml=activity_bq / dvh.volume_ml,
        mean_gy=mean_gy,
        min_gy=dvh.min_gy,
        max_gy=dvh.max_gy,
        d95_gy=dvh.dose_gy(0.95),
        d70_gy=dvh.dose_gy(0.70),
        d50_gy=dvh.dose_gy(0.50),
        d5_gy=dvh.dose_gy(0.05),
        bed_gy=bed_gy,
        eqd2_gy=equivalent_gy,
        eubed_gy=uniform_gy,
        alpha_beta_ratio_gy=alpha_beta_gy,
        repair_half_life_h=repair_h,
        radiobiology_verified=sure,
        radiobiology_source=source,
        volume_fraction_at_gy={
            level: dvh.volume_fraction(level) for level in _levels_gy(structure.kind)
        },
        volume_outside_ml=volume_outside_ml,
    )


def structure_doses(
    structures: Sequence[WeightedStructure],
    dose: DoseMap,
    activity: Image3D,
    density: DensityMap,
    *,
    half_life_s: float,
) -> tuple[tuple[StructureDose, ...], Mapping[str, Dvh]]:
    """Return the dose figures and the DVH of every structure (see `structure_dose`)."""
    rows: list[StructureDose] = []
    curves: dict[str, Dvh] = {}
    for one in structures:
        row, dvh = structure_dose(one, dose, activity, density, half_life_s=half_life_s)
        rows.append(row)
        curves[row.label] = dvh
    return tuple(rows), curves


def scaled_image(image: ImageT, factor: float) -> ImageT:
    """Return the image with every value times `factor`."""
    return replace(image, values=(image.values * np.float32(factor)))
