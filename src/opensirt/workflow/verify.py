"""verify: from the image after treatment to the dose that was delivered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from opensirt.domain.case import AdministrationFacts, Case, CaseImage
from opensirt.domain.finding import Finding, Severity, refuse_unless_confirmed
from opensirt.domain.grid import Grid
from opensirt.domain.image import ActivityMap, CountsImage, DensityMap, Event, Image3D
from opensirt.domain.missing import Missing
from opensirt.domain.record import (
    DoseResult,
    Number,
    PlannedAgainstMeasured,
    RecoveredDose,
    StructureDose,
    Verification,
)
from opensirt.domain.site import SiteProfile
from opensirt.domain.structure import Mask, StructureKind, StructureSet, VoxelWeights
from opensirt.errors import InputError, MissingInputError
from opensirt.imaging.covering_grid import covering_grid
from opensirt.imaging.density import uniform_density, with_organ_mass
from opensirt.imaging.partial_volume import METHOD as RECOVERY_METHOD
from opensirt.imaging.partial_volume import recovered_model
from opensirt.imaging.plausibility import mirror_gain, negative_voxels
from opensirt.imaging.voxel_weights import cropped, voxel_weights
from opensirt.physics.decay import permanent_implant
from opensirt.physics.dose import dose_engine
from opensirt.provenance import Provenance
from opensirt.reference.radionuclide import Radionuclide, radionuclide
from opensirt.reference.table import read_table
from opensirt.units import BQ_PER_MBQ
from opensirt.workflow.anatomy import liver_of, tumours_inside_liver, with_derived_structures
from opensirt.workflow.structure_dose import (
    LIVER_KINDS,
    WeightedStructure,
    scaled_image,
    structure_doses,
    weighted,
)

AS_IMAGED = "as imaged"
SELF_CALIBRATED = "self-calibrated"

_IN_LIVER = LIVER_KINDS | {StructureKind.TUMOUR, StructureKind.GALLBLADDER}


@dataclass(frozen=True, eq=False)
class _Measured:
    """The activity at administration, in Bq/mL, or counts that only have a shape."""

    activity: ActivityMap
    absolute: bool
    imaged_bq: float
    """Total of the image at administration; of counts where not absolute."""


def verify(
    case: Case,
    site: SiteProfile,
    *,
    made_at: datetime,
    software: Mapping[str, str],
    engine: str | None = None,
    planned: DoseResult | None = None,
) -> Verification:
    """Compute the delivered dose from the image after treatment.

    The dose is given with the engine asked for (the site's where None) and with local
    deposition beside it, both as imaged and scaled so that the whole image holds the
    administered activity, where that is known.

    Raises
    ------
    MissingInputError
        When the case has no verification image, no liver, no tissue density, or an instant that
        a decay needs.
    ConfirmationError
        When the image is suspicious: imaged activity far from the administered one, or a liver
        mask that fits better mirrored.
    InputError
        When a total or a structure's mean is negative, or a tumour lies outside the liver.
    """
    taken = case.verification()
    if taken is None:
        raise MissingInputError(
            "image with role verification (activity or counts after treatment)",
            where=f"case {case.key}",
            remedy='add it to [[images]] with role = "verification"',
        )
    findings: list[Finding] = []
    nuclide = radionuclide(_name_of_nuclide(taken.image), site.data_set)
    measured = _at_administration(taken, case, nuclide)
    findings += _negatives(taken.image)
    findings += _calibration(case, measured)
    structures, derived = with_derived_structures(case.structures)
    findings += derived
    liver = liver_of(structures)
    findings += tumours_inside_liver(structures)
    findings += _mirrored(liver.mask, taken.image, case)

    grid = taken.image.grid
    weights, outside = weighted(tuple(structures), grid)
    findings += outside
    density = _density(case, weights, grid)
    results, engine_findings = _results(
        measured, density, weights, nuclide, _engines(engine, site), _given_bq(case)
    )
    findings += engine_findings
    moved = _moved(weights, grid)
    shifted = [_with_shifts(one, moved) for one in results]
    findings += _shift_finding(shifted[0], any("frame" in one.assumed for one in structures))
    findings += _small_lesions(shifted[0], taken)
    recovered = _recovered(shifted[0], measured, taken, case, structures, nuclide)
    comparison = _comparison(planned, shifted[0])
    return Verification(
        image_id=taken.id,
        results=tuple(shifted),
        primary=0,
        imaged_activity_bq=(measured.imaged_bq if measured.absolute else Missing.NOT_EVALUABLE),
        administered_activity_bq=_given_bq(case),
        normalising_volume=_normalising_volume(grid, measured),
        comparison=comparison,
        findings=tuple(findings),
        provenance=Provenance(
            method="verify",
            made_at=made_at,
            inputs=case.inputs,
            parameters={
                "engine": shifted[0].engine,
                "radionuclide": nuclide.name,
                "half_life_s": nuclide.half_life_s.value,
            },
            reference_data={"radionuclides": nuclide.data_set},
            software=software,
        ),
        recovered=recovered,
        recovery_method=_recovery_method(taken) if recovered else "",
    )


def _name_of_nuclide(image: Image3D) -> str:
    assert isinstance(image, ActivityMap | CountsImage)  # noqa: S101 - Case.verification() says so
    return image.radionuclide


def _administration(case: Case) -> AdministrationFacts:
    return case.administration or AdministrationFacts(device="unknown")


def _given_bq(case: Case) -> Number:
    """Return the administered activity: as stated, or dispensed minus residual."""
    facts = _administration(case)
    if not isinstance(facts.administered_activity_bq, Missing):
        return facts.administered_activity_bq
    if isinstance(facts.dispensed_activity_bq, Missing):
        return facts.administered_activity_bq
    if isinstance(facts.residual_activity_bq, Missing):
        return facts.administered_activity_bq
    return facts.dispensed_activity_bq - facts.residual_activity_bq


def _at_administration(taken: CaseImage, case: Case, nuclide: Radionuclide) -> _Measured:
    image = taken.image
    if isinstance(image, CountsImage):
        shape = ActivityMap(
            grid=image.grid,
            values=image.values,
            radionuclide=image.radionuclide,
            reference_at=Event.ADMINISTRATION,
        )
        total = float(image.values.sum(dtype=np.float64))
        if isinstance(_given_bq(case), Missing):
            raise MissingInputError(
                "administered activity",
                where=f"case {case.key}, [administration]",
                remedy=f"image {taken.id} is in counts; its dose can only be scaled to the "
                "activity given: add administered_activity_mbq",
            )
        measured = _Measured(shape, absolute=False, imaged_bq=total)
    else:
        assert isinstance(image, ActivityMap)  # noqa: S101 - Case.verification() says so
        decays = permanent_implant(
            image, nuclide, administered_at=_administration(case).administered_at
        )
        at_start = ActivityMap(
            grid=image.grid,
            values=decays.values / np.float32(nuclide.mean_life_s),
            radionuclide=image.radionuclide,
            reference_at=Event.ADMINISTRATION,
        )
        measured = _Measured(at_start, absolute=True, imaged_bq=at_start.total())
    if measured.imaged_bq <= 0:
        raise InputError(
            f"image {taken.id}: the total of all voxels is {measured.imaged_bq:.3g}; a dose needs "
            "a positive total: check rescaling and reconstruction"
        )
    return measured


def _negatives(image: Image3D) -> tuple[Finding, ...]:
    n_below, part = negative_voxels(image)
    if n_below == 0:
        return ()
    text = (
        f"{n_below} voxels of the image are negative ({part:.2g} of the sum of absolute values); "
        "they are kept as they are"
    )
    return (Finding(Severity.NOTE, "negative_voxels", text, n_below),)


def _calibration(case: Case, measured: _Measured) -> tuple[Finding, ...]:
    given_bq = _given_bq(case)
    if not measured.absolute:
        text = "the image is in counts: only the dose scaled to the administered activity is given"
        return (Finding(Severity.NOTE, "self_calibration_only", text),)
    imaged_mbq = measured.imaged_bq / BQ_PER_MBQ
    if isinstance(given_bq, Missing):
        text = (
            f"the image holds {imaged_mbq:.0f} MBq; the administered activity is not recorded, so "
            "it cannot be compared and nothing is self-calibrated"
        )
        return (Finding(Severity.WARN, "calibration_ratio", text, imaged_mbq),)
    rule = read_table("geometry_rules")["imaged_activity"]
    ratio = measured.imaged_bq / given_bq
    text = (
        f"the image holds {imaged_mbq:.0f} MBq of the {given_bq / BQ_PER_MBQ:.0f} MBq "
        f"administered: ratio {ratio:.3g}"
    )
    if not rule["ratio_at_least"] <= ratio <= rule["ratio_at_most"]:
        hint = "check the unit of the image (kBq/mL against Bq/mL), the rescaling and the activity"
        return (
            refuse_unless_confirmed(
                "imaged_activity",
                f"{text}, outside {rule['ratio_at_least']} to {rule['ratio_at_most']}; {hint}",
                case.confirmations,
            ),
        )
    return (
        Finding(
            Severity.WARN,
            "calibration_ratio",
            f"{text}. Doses are given as imaged and scaled to the administered activity. "
            f"{_activity_scales()}",
            ratio,
            None,
            read_table("activity_scales")["source"],
        ),
    )


def _activity_scales() -> str:
    """Say what PET over declared activity is known to be with a perfect delivery."""
    scales = read_table("activity_scales")["pet_over_declared"]
    parts = [
        f"{one['value']} ± {one['standard_uncertainty']} for {name}" for name, one in scales.items()
    ]
    return f"PET over declared vial activity was measured as {', '.join(parts)}"


def _mirrored(liver: Mask, image: Image3D, case: Case) -> tuple[Finding, ...]:
    rule = read_table("geometry_rules")["mirrored"]
    gain = mirror_gain(liver, image)
    if gain <= rule["gain_at_most"]:
        return ()
    text = (
        f"the liver mask mirrored left–right would hold {gain:.3g} times the activity that the "
        "mask holds: it may be flipped"
    )
    return (refuse_unless_confirmed("mirrored_mask", text, case.confirmations),)


def _density(case: Case, weights: Sequence[WeightedStructure], grid: Grid) -> DensityMap:
    stated = case.tissue.liver_density_kg_per_ml
    if isinstance(stated, Missing):
        raise MissingInputError(
            "liver density",
            where=f"case {case.key}, [tissue]",
            remedy="add liver_density_g_per_ml (1.03 to 1.06 are in use)",
        )
    density = uniform_density(grid, stated)
    lungs = [one.weights for one in weights if one.structure.kind is StructureKind.LUNG]
    lung_mass_kg = case.tissue.lung_mass_kg
    if lungs and not isinstance(lung_mass_kg, Missing):
        density = with_organ_mass(density, lungs, lung_mass_kg)
    return density


def _engines(asked: str | None, site: SiteProfile) -> tuple[str, ...]:
    first = asked or site.verification_engine
    return (first,) if first == "local" else (first, "local")


def _results(
    measured: _Measured,
    density: DensityMap,
    weights: Sequence[WeightedStructure],
    nuclide: Radionuclide,
    engines: Sequence[str],
    given_bq: Number,
) -> tuple[list[DoseResult], list[Finding]]:
    """Return one result for each engine and calibration, the first engine's first."""
    # Counts are first scaled to the activity given, so that every engine works in Bq.
    activity = measured.activity
    imaged_bq = measured.imaged_bq
    calibration = AS_IMAGED
    if not measured.absolute:
        assert not isinstance(given_bq, Missing)  # noqa: S101 - refused in _at_administration
        activity = scaled_image(activity, given_bq / activity.total())
        imaged_bq = given_bq
        calibration = SELF_CALIBRATED
    decays = permanent_implant(activity, nuclide, administered_at=Missing.NOT_RECORDED)
    results: list[DoseResult] = []
    findings: list[Finding] = []
    for name in engines:
        made = dose_engine(name, nuclide).dose(decays, density)
        findings += [one for one in made.findings if one not in findings]
        rows, curves = structure_doses(
            weights, made.dose, activity, density, half_life_s=nuclide.half_life_s.value
        )
        result = DoseResult(
            engine=name,
            calibration=calibration,
            radionuclide=nuclide.name,
            data_set=nuclide.data_set,
            dose=made.dose,
            energy=made.energy,
            structures=rows,
            dvhs=curves,
        )
        results.append(result)
        if measured.absolute and not isinstance(given_bq, Missing):
            factor = given_bq / imaged_bq
            dose = scaled_image(made.dose, factor)
            rows, curves = structure_doses(
                weights,
                dose,
                scaled_image(activity, factor),
                density,
                half_life_s=nuclide.half_life_s.value,
            )
            energy = replace(
                made.energy,
                released_j=made.energy.released_j * factor,
                scored_j=made.energy.scored_j * factor,
            )
            results.append(
                replace(
                    result,
                    calibration=SELF_CALIBRATED,
                    dose=dose,
                    energy=energy,
                    structures=rows,
                    dvhs=curves,
                )
            )
    return results, findings


def _shifts() -> tuple[float, list[np.ndarray]]:
    shift_mm = float(read_table("geometry_rules")["contour_shift"]["shift_mm"])
    return shift_mm, [sign * shift_mm * axis for axis in np.eye(3) for sign in (-1.0, 1.0)]


def _moved(weights: Sequence[WeightedStructure], grid: Grid) -> list[list[VoxelWeights]]:
    """Return, for each structure, its weights when moved along each axis, both ways."""
    _, moves = _shifts()
    moved: list[list[VoxelWeights]] = []
    for one in weights:
        small = cropped(one.structure.mask)
        places = []
        for move in moves:
            affine = small.grid.affine.copy()
            affine[:3, 3] += move
            places.append(Mask(replace(small.grid, affine=affine), small.values))
        found = [voxel_weights(place, grid) for place in places]
        moved.append([at for at in found if at.fraction.size])
    return moved


def _with_shifts(result: DoseResult, moved: Sequence[Sequence[VoxelWeights]]) -> DoseResult:
    """Add the range of each structure's mean when its contour is moved along each axis."""
    rows: list[StructureDose] = []
    for row, places in zip(result.structures, moved, strict=True):
        means = [row.mean_gy, *(at.mean(result.dose) for at in places)]
        rows.append(replace(row, mean_gy_under_shift=(min(means), max(means))))
    return replace(result, structures=tuple(rows))


def _shift_finding(result: DoseResult, frame_assumed: bool) -> tuple[Finding, ...]:  # noqa: FBT001 - private
    shift_mm, _ = _shifts()
    parts = []
    for row in result.structures:
        if row.kind in _IN_LIVER and not isinstance(row.mean_gy_under_shift, Missing):
            low, high = row.mean_gy_under_shift
            parts.append(f"{row.label} {row.mean_gy:.3g} Gy ({low:.3g}–{high:.3g})")
    why = (
        "the contours were drawn on another image and are taken as aligned; "
        if frame_assumed
        else ""
    )
    text = f"{why}mean doses when the contours move by ±{shift_mm:g} mm along each axis: "
    severity = Severity.WARN if frame_assumed else Severity.NOTE
    return (
        Finding(
            severity,
            "contour_shift",
            text + "; ".join(parts),
            shift_mm,
            None,
            read_table("geometry_rules")["contour_shift"]["source"],
        ),
    )


def _small_lesions(result: DoseResult, taken: CaseImage) -> tuple[Finding, ...]:
    rule = read_table("geometry_rules")["small_lesion"]
    small = [
        f"{row.label} ({row.volume_ml:.2g} mL)"
        for row in result.structures
        if row.kind is StructureKind.TUMOUR and row.volume_ml < rule["volume_ml"]
    ]
    findings = []
    if small:
        text = (
            f"{', '.join(small)}: below {rule['volume_ml']:g} mL the image's resolution decides "
            "the mean; read these doses as uncertain"
        )
        findings.append(
            Finding(
                Severity.WARN,
                "small_lesion",
                text,
                None,
                rule["volume_ml"],
                rule["source"],
                rule["status"] == "verified",
            )
        )
    if isinstance(taken.resolution_fwhm_mm, Missing):
        text = (
            f"the resolution of image {taken.id} is not stated (resolution_fwhm_mm): no recovery "
            "correction is made, doses are as the image shows them"
        )
        findings.append(Finding(Severity.NOTE, "no_recovery_correction", text))
    return tuple(findings)


def _recovery_method(taken: CaseImage) -> str:
    return (
        "dose, by the same engine, of uniform structures whose concentrations explain the image "
        f"({RECOVERY_METHOD}, {taken.resolution_fwhm_mm:g} mm full width at half maximum)"
    )


def _recovered(
    result: DoseResult,
    measured: _Measured,
    taken: CaseImage,
    case: Case,
    structures: StructureSet,
    nuclide: Radionuclide,
) -> tuple[RecoveredDose, ...]:
    """Return the mean doses without the image's blur; the engine's own spread is kept."""
    if isinstance(taken.resolution_fwhm_mm, Missing):
        return ()
    rule = read_table("geometry_rules")["recovered_model"]
    drawn = {row.label for row in result.structures}
    touching = tuple(one for one in structures if one.label in drawn)
    regions = [one.mask for one in touching if one.kind in _IN_LIVER]
    grid = covering_grid(
        regions, spacing_mm_at_least=rule["spacing_mm_at_least"], margin_mm=rule["margin_mm"]
    )
    model = recovered_model(measured.activity, touching, taken.resolution_fwhm_mm, grid)
    given_bq = _given_bq(case)
    factor = 1.0
    if not measured.absolute and not isinstance(given_bq, Missing):
        factor = given_bq / measured.activity.total()
    held, _ = weighted(tuple(one for one in touching if one.kind in _IN_LIVER), grid)
    decays = permanent_implant(model, nuclide, administered_at=Missing.NOT_RECORDED)
    made = dose_engine(result.engine, nuclide).dose(decays, _density(case, held, grid))
    return tuple(
        RecoveredDose(
            label=one.structure.label,
            uncorrected_gy=result.structure(one.structure.label).mean_gy,
            corrected_gy=one.weights.mean(made.dose) * factor,
        )
        for one in held
    )


def _comparison(
    planned: DoseResult | None, result: DoseResult
) -> tuple[PlannedAgainstMeasured, ...]:
    if planned is None:
        return ()
    measured = {row.label: row.mean_gy for row in result.structures}
    return tuple(
        PlannedAgainstMeasured(
            label=row.label, planned_gy=row.mean_gy, measured_gy=measured[row.label]
        )
        for row in planned.structures
        if row.label in measured
    )


def _normalising_volume(grid: Grid, measured: _Measured) -> str:
    k, j, i = grid.shape
    unit = "MBq" if measured.absolute else "counts"
    held = measured.imaged_bq / (BQ_PER_MBQ if measured.absolute else 1.0)
    return f"the whole image ({k}×{j}×{i} voxels), which holds {held:.1f} {unit}"
