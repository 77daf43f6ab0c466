"""Dose of the delivered activity: every engine, as imaged and scaled to the activity given."""

from collections.abc import Sequence
from dataclasses import replace

from opensirt.domain.case import Case
from opensirt.domain.finding import Finding
from opensirt.domain.grid import Grid
from opensirt.domain.image import DensityMap
from opensirt.domain.missing import Missing
from opensirt.domain.record import DoseResult, Number
from opensirt.domain.site import SiteProfile
from opensirt.domain.structure import StructureKind
from opensirt.errors import MissingInputError
from opensirt.imaging.density import uniform_density, with_organ_mass
from opensirt.physics.decay import permanent_implant
from opensirt.physics.dose import dose_engine
from opensirt.reference.radionuclide import Radionuclide
from opensirt.workflow.delivered_activity import DeliveredActivity
from opensirt.workflow.structure_dose import WeightedStructure, scaled_image, structure_doses

AS_IMAGED = "as imaged"
SELF_CALIBRATED = "self-calibrated"


def tissue_density(case: Case, weights: Sequence[WeightedStructure], grid: Grid) -> DensityMap:
    """Return the liver's density everywhere, and in the lungs that of their stated mass.

    Raises
    ------
    MissingInputError
        When the case states no liver density.
    """
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


def gy_per_imaged(measured: DeliveredActivity, given_bq: Number) -> float:
    """Return what doses of the image's own scale are multiplied with: 1, or Bq per count."""
    if measured.absolute or isinstance(given_bq, Missing):
        return 1.0
    return given_bq / measured.activity.total()


def engine_names(asked: str | None, site: SiteProfile) -> tuple[str, ...]:
    """Return the engine asked for, or the site's, and local deposition beside it."""
    first = asked or site.verification_engine
    return (first,) if first == "local" else (first, "local")


def dose_results(
    measured: DeliveredActivity,
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
