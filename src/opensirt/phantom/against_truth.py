"""What was estimated from a digital patient's images beside what is true of it."""

from collections.abc import Iterator

import numpy as np

from opensirt.domain.case import Case
from opensirt.domain.image import DoseMap
from opensirt.domain.missing import Missing
from opensirt.domain.record import CaseResult, Number, TruthRow, Verification, Workup
from opensirt.domain.structure import StructureKind
from opensirt.imaging.density import uniform_density, with_organ_mass
from opensirt.imaging.voxel_weights import voxel_weights
from opensirt.phantom.parameters import parameters
from opensirt.phantom.patient import DigitalPatient
from opensirt.phantom.truth import TrueStructure
from opensirt.physics.decay import permanent_implant
from opensirt.physics.dose import dose_engine
from opensirt.reference.radionuclide import DEFAULT_DATA_SET, radionuclide
from opensirt.units import BQ_PER_MBQ

TRUE_ENGINE = "kernel"
"""Engine that turns the true activity into the true dose, whatever engine the estimate used."""

_PERCENT = 100.0


def true_dose(patient: DigitalPatient, data_set: str = DEFAULT_DATA_SET) -> DoseMap:
    """Return the dose of the true activity on the grid of the CT.

    Kernel convolution in tissue of the liver's density, with lungs of their own mass: the same
    physics as in a verification, without camera, noise and drawing.

    Raises
    ------
    UnknownNameError
        When there is no such data set.
    """
    truth, grid = patient.truth, patient.truth.activity.grid
    nuclide = radionuclide(patient.nuclide, data_set)
    lungs = [
        voxel_weights(one.mask, grid) for one in patient.structures.of_kind(StructureKind.LUNG)
    ]
    density = with_organ_mass(
        uniform_density(grid, truth.liver_density_kg_per_ml), lungs, truth.lung_mass_kg
    )
    decays = permanent_implant(
        truth.activity, nuclide, administered_at=patient.administration.administered_at
    )
    return dose_engine(TRUE_ENGINE, nuclide).dose(decays, density).dose


def truth_rows(patient: DigitalPatient, case: Case, result: CaseResult) -> tuple[TruthRow, ...]:
    """Return the quantities whose truth is known, as estimated by a run.

    Lung shunt and tumour-to-normal ratios of the scout, the imaged activity, and the mean doses
    of liver and tumours, corrected for resolution where the run did so. Tolerances are those
    that the demo promises; a row without one shows what the image's resolution does.

    Parameters
    ----------
    case
        The case that was run; only its structures' labels are used.
    """
    rows: list[TruthRow] = []
    if result.workup is not None:
        rows += _scout_rows(patient, result.workup)
    if result.verification is not None:
        rows += _treatment_rows(patient, case, result.verification)
    return tuple(rows)


def _large(one: TrueStructure) -> bool:
    return bool(one.equivalent_diameter_mm >= parameters()["acceptance"]["large_tumour_mm"])


def _scout_rows(patient: DigitalPatient, workup: Workup) -> Iterator[TruthRow]:
    truth, found = patient.truth, workup.lung_shunt.fraction
    yield TruthRow(
        quantity="lung shunt fraction",
        unit="%",
        true=truth.lung_shunt_fraction * _PERCENT,
        estimated=found if isinstance(found, Missing) else found * _PERCENT,
        tolerance=f"{parameters()['acceptance']['lung_shunt_points']:g} points",
    )
    ratios = {
        label: ratio
        for territory in workup.territories
        for label, ratio in territory.tumour_to_normal_ratio.items()
    }
    for one in truth.tumours:
        if _large(one) and one.label in ratios:
            yield TruthRow(
                quantity=f"tumour-to-normal ratio of {_described(one)}, scout as imaged",
                unit="",
                true=_scout_ratio(patient, one),
                estimated=ratios[one.label],
            )


def _scout_ratio(patient: DigitalPatient, tumour: TrueStructure) -> float:
    """Return the true ratio of the scout's distribution, which a mismatch makes another one."""
    values = patient.truth.scout_activity.values
    inside = patient.structures.labelled(tumour.label).mask.values
    taken_out = np.zeros_like(inside)
    for one in patient.structures:
        if one.kind in (StructureKind.TUMOUR, StructureKind.GALLBLADDER):
            taken_out |= one.mask.values
    (fed_by,) = (
        one
        for one in patient.structures.of_kind(StructureKind.PERFUSED_VOLUME)
        if (one.mask.values & inside).any()
    )
    normal = values[fed_by.mask.values & ~taken_out]
    return float(values[inside].mean(dtype=np.float64) / normal.mean(dtype=np.float64))


def _described(one: TrueStructure) -> str:
    return f"{one.label} ({one.equivalent_diameter_mm:.0f} mm)"


def _treatment_rows(
    patient: DigitalPatient, case: Case, verification: Verification
) -> Iterator[TruthRow]:
    imaged_bq = verification.imaged_activity_bq
    yield TruthRow(
        quantity="activity in the patient",
        unit="MBq",
        true=patient.truth.activity.total() / BQ_PER_MBQ,
        estimated=imaged_bq if isinstance(imaged_bq, Missing) else imaged_bq / BQ_PER_MBQ,
    )
    dose = true_dose(patient, verification.primary_result.data_set)
    rules = parameters()["acceptance"]
    liver = patient.truth.structure("liver")
    wanted = [(liver, "liver", f"{rules['liver_fraction']:.0%}")]
    for tumour in patient.truth.tumours:
        promised = f"{rules['large_tumour_fraction']:.0%}" if _large(tumour) else ""
        wanted.append((tumour, _described(tumour), promised))
    drawn = {one.label for one in case.structures}
    for one, name, tolerance in wanted:
        if one.label not in drawn:
            continue
        estimated, uncorrected = _estimated(verification, one.label)
        inside = dose.values[patient.structures.labelled(one.label).mask.values]
        yield TruthRow(
            quantity=f"mean dose of {name}",
            unit="Gy",
            true=float(inside.mean(dtype=np.float64)),
            estimated=estimated,
            uncorrected=uncorrected,
            tolerance=tolerance,
        )


def _estimated(verification: Verification, label: str) -> tuple[Number, Number]:
    """Return the mean dose that counts, and the one without correction where there is another."""
    for one in verification.recovered:
        if one.label == label:
            return one.corrected_gy, one.uncorrected_gy
    for row in verification.primary_result.structures:
        if row.label == label:
            return row.mean_gy, Missing.NOT_ESTIMATED
    return Missing.NOT_EVALUABLE, Missing.NOT_ESTIMATED
