"""The uncertainty of every structure's doses, and what it does not include."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log, sqrt

import numpy as np

from opensirt.domain.case import CaseImage
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import ActivityMap, DensityMap
from opensirt.domain.missing import Missing
from opensirt.domain.record import DoseResult, Number, RecoveredDose, StructureDose
from opensirt.domain.structure import StructureKind, StructureSet
from opensirt.domain.uncertainty import (
    Correlation,
    DoseUncertainty,
    SampledDose,
    UncertaintyComponent,
)
from opensirt.imaging.edge import edge_of
from opensirt.imaging.partial_volume import recovery_corrected_means
from opensirt.imaging.voxel_noise import differences_apart
from opensirt.imaging.voxel_weights import voxel_weights
from opensirt.physics.pooling import Displacement
from opensirt.physics.uncertainty import (
    diameter_uncertainty_mm,
    dose_uncertainty,
    noise_of_mean_fraction,
    recovery_component_fraction,
    recovery_elasticity,
    rectangular,
    volume_uncertainty_fraction,
)
from opensirt.reference.constant import STATUSES
from opensirt.reference.radionuclide import Radionuclide
from opensirt.reference.table import read_table
from opensirt.workflow.contour_shift import IN_LIVER
from opensirt.workflow.dose_realisation import Realiser
from opensirt.workflow.sampled_dose import (
    SampledFrom,
    Spread,
    displacements,
    realisers,
    sampled_dose,
)
from opensirt.workflow.structure_dose import WeightedStructure

CALIBRATION, VOLUME, REGISTRATION, RECOVERY = "calibration", "volume", "registration", "recovery"
NOISE, NUCLEAR_DATA, DENSITY, MODEL = "image noise", "nuclear data", "density", "dose model"

_NORMAL = (StructureKind.PERFUSED_NORMAL_LIVER, StructureKind.NORMAL_LIVER)
_WHOLE = 0.999
"""Part of a voxel from which on it counts as wholly inside."""


@dataclass(frozen=True, eq=False, kw_only=True)
class _Known:
    """What all structures of one verification share."""

    taken: CaseImage
    nuclide: Radionuclide
    engine: str
    noise: tuple[float, float] | Missing
    """Relative spread of the voxels of the normal liver, and their mean."""
    held: Mapping[str, float]
    """Label → mean of the image in the structure, in the image's own scale."""
    frame_assumed: bool
    """Some contours were drawn on another image; what is derived from them moves with them."""
    wider: Mapping[str, Number]
    """Label → |d ln corrected mean| for one standard uncertainty of the resolution."""
    realisers: Mapping[str, Realiser]
    displaced: Mapping[str, Displacement]
    shift_mm: float
    """Contours lie within ± so much along each axis; 0 where they share the image's frame."""
    seed: int


def dose_uncertainties(
    result: DoseResult,
    recovered: Sequence[RecoveredDose],
    weights: Sequence[WeightedStructure],
    activity: ActivityMap,
    taken: CaseImage,
    structures: StructureSet,
    nuclide: Radionuclide,
    *,
    density: DensityMap,
    gy_scale: float,
    seed: int,
) -> tuple[DoseUncertainty, ...]:
    """Return the uncertainty of the doses of every structure of a result.

    Parameters
    ----------
    result
        With the shifted means (`with_shifts`).
    recovered
        Doses corrected for the image's resolution; empty where it is not known.
    weights
        The structures of `result`, in its order, on the grid of its dose.
    activity
        The image at administration, on the same grid.
    density
        On the same grid.
    gy_scale
        Doses of the result over those of `activity` as it is: 1 where it holds Bq/mL.
    seed
        Of the draws.
    """
    frame_assumed = any("frame" in one.assumed for one in structures)
    shift_mm = float(read_table("geometry_rules")["contour_shift"]["shift_mm"])
    corrected = {one.label: one for one in recovered}
    source = SampledFrom(
        result=result,
        weights=weights,
        activity=activity,
        density=density,
        nuclide=nuclide,
        structures=structures,
        fwhm_mm=taken.resolution_fwhm_mm,
        recovered=corrected,
        gy_scale=gy_scale,
    )
    drawn = realisers(source, shift_mm)
    kinds = {row.label: row.kind for row in result.structures}
    known = _Known(
        taken=taken,
        nuclide=nuclide,
        engine=result.engine,
        frame_assumed=frame_assumed,
        noise=_voxel_noise(weights, activity, taken),
        held={one.structure.label: one.weights.mean(activity) for one in weights},
        wider=_resolution_parts(activity, structures, taken) if recovered else {},
        realisers=drawn,
        displaced=displacements(drawn, kinds) if frame_assumed else {},
        shift_mm=shift_mm if frame_assumed else 0.0,
        seed=seed,
    )
    rows = []
    for row, one in zip(result.structures, weights, strict=True):
        parts, links, sampled = _components(row, one, result, known)
        best = corrected.get(row.label)
        rows.append(
            dose_uncertainty(
                row.label,
                mean_gy=row.mean_gy,
                corrected_gy=Missing.NOT_ESTIMATED if best is None else best.corrected_gy,
                components=parts,
                correlations=links,
                coverage_factor=float(read_table("uncertainty")["coverage"]["factor"]),
                sampled=sampled,
            )
        )
    return tuple(rows)


def with_uncertainties(result: DoseResult, found: Sequence[DoseUncertainty]) -> DoseResult:
    """Return the result with the expanded uncertainty of each uncorrected mean."""
    expanded = {one.label: one.uncorrected_expanded_gy for one in found}
    return replace(
        result,
        structures=tuple(
            replace(row, mean_gy_expanded_uncertainty=expanded[row.label])
            for row in result.structures
        ),
    )


def uncertainty_finding(found: Sequence[DoseUncertainty]) -> tuple[Finding, ...]:
    """List what the stated uncertainties do not include."""
    lacking: dict[str, list[str]] = {}
    for one in found:
        for name in one.not_included:
            lacking.setdefault(name, []).append(one.label)
    if not lacking:
        return ()
    parts = [
        name if len(labels) == len(found) else f"{name} ({', '.join(labels)})"
        for name, labels in lacking.items()
    ]
    text = f"the uncertainties of the mean doses are lower bounds; not included: {'; '.join(parts)}"
    return (Finding(Severity.NOTE, "uncertainty_not_included", text),)


def _components(
    row: StructureDose, one: WeightedStructure, result: DoseResult, known: _Known
) -> tuple[tuple[UncertaintyComponent, ...], tuple[Correlation, ...], SampledDose | Missing]:
    volume, effect = _volume(row, one, result, known)
    recovery, links = _recovery(row, volume, effect, known)
    multiplied = (
        _calibration(known.taken),
        _noise(row, known),
        _nuclear_data(known.nuclide),
        _density(row.kind),
        _model(row.kind, known),
    )
    sampled = _sampled(row, one, multiplied, known)
    calibration, *others = multiplied
    parts = (calibration, volume, _registration(sampled, known), recovery, *others)
    return parts, links, sampled


def _sampled(
    row: StructureDose,
    one: WeightedStructure,
    multiplied: Sequence[UncertaintyComponent],
    known: _Known,
) -> SampledDose | Missing:
    """Draw the doses of one structure; components that are not known are not drawn."""
    realiser = known.realisers.get(row.label)
    if realiser is None:
        return Missing.NOT_EVALUABLE
    values = [part.relative_standard_uncertainty for part in multiplied]
    if realiser.corrected and row.kind is not StructureKind.TUMOUR:
        values.append(known.wider.get(row.label, Missing.NOT_ESTIMATED))
    spread = Spread(
        edge_mm=diameter_uncertainty_mm(**_edge(one, known)) / 2,
        resolution=float(read_table("uncertainty")["resolution"]["relative_standard_uncertainty"]),
        shift_half_width_mm=known.shift_mm,
        factors=[value for value in values if not isinstance(value, Missing)],
    )
    return sampled_dose(realiser, spread, known.displaced.get(row.label), seed=known.seed)


def _edge(one: WeightedStructure, known: _Known) -> dict[str, float]:
    """Return what an edge is known by: the voxels of the mask, and the image it was drawn on."""
    mask, grid = one.structure.mask, one.weights.grid
    fwhm_mm = known.taken.resolution_fwhm_mm
    drawn_here = mask.grid.shape == grid.shape and np.allclose(mask.grid.affine, grid.affine)
    return {
        "voxel_mm": float(np.sqrt(np.mean(np.square(mask.grid.spacing_mm)))),
        "edge_fwhm_mm": fwhm_mm if drawn_here and not isinstance(fwhm_mm, Missing) else 0.0,
    }


def _from_table(name: str, value: float, how: str, *keys: str) -> UncertaintyComponent:
    entry = read_table("uncertainty")
    for key in keys:
        entry = entry[key]
    return UncertaintyComponent(
        name=name,
        relative_standard_uncertainty=value,
        how=how,
        source=entry["source"],
        verified=entry["status"] in STATUSES[:2],
    )


def _absent(name: str, why: str) -> UncertaintyComponent:
    return UncertaintyComponent(
        name=name, relative_standard_uncertainty=Missing.NOT_INCLUDED, how=why
    )


def _calibration(taken: CaseImage) -> UncertaintyComponent:
    stated = taken.calibration_standard_uncertainty_fraction
    if isinstance(stated, Missing):
        return _absent(
            CALIBRATION,
            f"image {taken.id} states no calibration_standard_uncertainty_fraction",
        )
    return UncertaintyComponent(
        name=CALIBRATION,
        relative_standard_uncertainty=stated,
        how=f"stated for image {taken.id}",
        source="case file",
    )


def _volume(
    row: StructureDose, one: WeightedStructure, result: DoseResult, known: _Known
) -> tuple[UncertaintyComponent, tuple[float, float]]:
    """Return the component, and (u(v)/v, d ln mean / d ln v) behind it."""
    mask = one.structure.mask
    inner, outer = (voxel_weights(part, result.dose.grid) for part in edge_of(mask))
    sides = [side.mean(result.dose) for side in (inner, outer) if side.fraction.size]
    if row.mean_gy <= 0 or not sides:
        return _absent(VOLUME, "no dose, or no edge on the image"), (0.0, 0.0)
    edge = _edge(one, known)
    u = volume_uncertainty_fraction(row.volume_ml, **edge)
    elasticity = float(np.mean(sides)) / row.mean_gy - 1
    how = (
        f"u(v)/v {u:.2g} from the voxels of the mask"
        + (" and the image's resolution" if edge["edge_fwhm_mm"] > 0 else "")
        + f", times {abs(elasticity):.2g}: the dose at the edge over the mean; the observer's "
        "spread is not in it"
    )
    return _from_table(VOLUME, abs(elasticity) * u, how, "volume"), (u, elasticity)


def _registration(sampled: SampledDose | Missing, known: _Known) -> UncertaintyComponent:
    if not known.frame_assumed:
        return _absent(REGISTRATION, "contours and image share a frame; motion is not estimated")
    if isinstance(sampled, Missing) or isinstance(sampled.shift_spread, Missing):
        return _absent(REGISTRATION, "the contours could not be moved")
    rule = read_table("geometry_rules")["contour_shift"]
    where = "" if isinstance(sampled.shift_mm, Missing) else ", where the image allows it"
    return UncertaintyComponent(
        name=REGISTRATION,
        relative_standard_uncertainty=sampled.shift_spread,
        how=(
            f"spread of the mean when the contour is drawn anew within ±{rule['shift_mm']:g} mm "
            f"along each axis{where}"
        ),
        source=rule["source"],
        verified=rule["status"] in STATUSES[:2],
    )


def _recovery(
    row: StructureDose,
    volume: UncertaintyComponent,
    effect: tuple[float, float],
    known: _Known,
) -> tuple[UncertaintyComponent, tuple[Correlation, ...]]:
    fwhm_mm = known.taken.resolution_fwhm_mm
    part = known.wider.get(row.label, Missing.NOT_ESTIMATED)
    if row.kind not in IN_LIVER or isinstance(fwhm_mm, Missing) or isinstance(part, Missing):
        return _absent(RECOVERY, "no recovery correction, so none that could be uncertain"), ()
    u_volume, elasticity = effect
    slope = recovery_elasticity(row.volume_ml, fwhm_mm) if row.kind is StructureKind.TUMOUR else 0.0
    total, shared = recovery_component_fraction(resolution_part=part, volume_part=slope * u_volume)
    width = read_table("uncertainty")["resolution"]["relative_standard_uncertainty"]
    how = f"{part:.2g} from a resolution known to {width:.0%}, {slope * u_volume:.2g} by the volume"
    made = _from_table(RECOVERY, total, how, "resolution")
    if isinstance(volume.relative_standard_uncertainty, Missing) or shared == 0:
        return made, ()
    # corrected = imaged mean / recovery: ln D moves by (elasticity − slope) · d ln v
    sign = -1.0 if elasticity * slope > 0 else 1.0
    return made, (Correlation(first=VOLUME, second=RECOVERY, coefficient=sign * shared),)


def _resolution_parts(
    activity: ActivityMap, structures: StructureSet, taken: CaseImage
) -> Mapping[str, Number]:
    fwhm_mm = taken.resolution_fwhm_mm
    assert not isinstance(fwhm_mm, Missing)  # noqa: S101 - asked only where doses are recovered
    width = float(read_table("uncertainty")["resolution"]["relative_standard_uncertainty"])
    less, more = (
        recovery_corrected_means(activity, tuple(structures), fwhm_mm * factor)
        for factor in (1 - width, 1 + width)
    )
    found: dict[str, Number] = {}
    for label, one in less.items():
        low, high = one.corrected, more[label].corrected
        found[label] = (
            abs(log(high) - log(low)) / 2 if low > 0 and high > 0 else Missing.NOT_EVALUABLE
        )
    return found


def _voxel_noise(
    weights: Sequence[WeightedStructure], activity: ActivityMap, taken: CaseImage
) -> tuple[float, float] | Missing:
    """Return the smallest relative spread of the voxels of a normal liver, and its mean."""
    fwhm_mm = taken.resolution_fwhm_mm
    if isinstance(fwhm_mm, Missing):
        return Missing.NOT_ESTIMATED
    rule = read_table("uncertainty")["image_noise"]
    found: list[tuple[float, float]] = []
    for one in weights:
        if one.structure.kind not in _NORMAL:
            continue
        inside = np.zeros(activity.grid.n_voxels, dtype=np.bool_)
        inside[one.weights.flat_index[one.weights.fraction > _WHOLE]] = True
        within = inside.reshape(activity.grid.shape)
        differences = differences_apart(
            activity, within, apart_mm=float(rule["apart_in_resolutions"]) * fwhm_mm
        )
        if differences.size < rule["voxels_at_least"]:
            continue
        mean = float(activity.values[within].mean(dtype=np.float64))
        if mean > 0:
            low, high = np.quantile(differences, (rule["lower_part"], rule["upper_part"]))
            found.append((float(high - low) / 2 / sqrt(2) / mean, mean))
    return min(found) if found else Missing.NOT_ESTIMATED


def _noise(row: StructureDose, known: _Known) -> UncertaintyComponent:
    fwhm_mm = known.taken.resolution_fwhm_mm
    if isinstance(fwhm_mm, Missing):
        return _absent(NOISE, "without the resolution it is not known how far noise reaches")
    if isinstance(known.noise, Missing):
        return _absent(NOISE, "no normal liver whose voxels would show the noise")
    spread, level = known.noise
    held = known.held[row.label]
    if held <= 0:
        return _absent(NOISE, "no activity in the structure")
    value = noise_of_mean_fraction(
        spread, concentration_ratio=held / level, volume_ml=row.volume_ml, fwhm_mm=fwhm_mm
    )
    how = (
        f"spread of the normal liver's voxels ({spread:.0%}, part of the uptake's included), less "
        "the larger the structure"
    )
    return _from_table(NOISE, value, how, "image_noise")


def _nuclear_data(nuclide: Radionuclide) -> UncertaintyComponent:
    table = read_table("uncertainty")["nuclear_data"]
    if nuclide.name not in table:
        return _absent(NUCLEAR_DATA, f"no spread of evaluations is known here for {nuclide.name}")
    value = float(table[nuclide.name]["relative_standard_uncertainty"])
    how = "spread of the mean energy between evaluations"
    return _from_table(NUCLEAR_DATA, value, how, "nuclear_data", nuclide.name)


def _density(kind: StructureKind) -> UncertaintyComponent:
    if kind not in IN_LIVER:
        return _absent(DENSITY, "known for the liver only")
    half = float(read_table("uncertainty")["density"]["half_width"])
    return _from_table(DENSITY, rectangular(half), f"±{half:.1%}, rectangular", "density")


def _model(kind: StructureKind, known: _Known) -> UncertaintyComponent:
    table = read_table("uncertainty")["model"].get(known.nuclide.name, {})
    if kind not in IN_LIVER or known.engine not in table:
        return _absent(
            MODEL, f"engine {known.engine} was not measured for {known.nuclide.name} there"
        )
    half = float(table[known.engine]["half_width"])
    how = f"±{half:.1%} of EGSnrc in soft tissue, rectangular"
    return _from_table(MODEL, rectangular(half), how, "model", known.nuclide.name)
