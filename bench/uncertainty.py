"""Whether the stated uncertainty of a tumour's mean dose holds, on the digital patient.

    python bench/uncertainty.py [DRAWS]

Every draw takes another image (counting noise), scale (calibration, 5 %), stated resolution
(10 %), edge of every tumour (the volume's own uncertainty) and shift of the contours (±5 mm along
each axis, taken as aligned). Printed for each tumour: how often the true mean lies in the stated
interval, and the stated half width over 1.96 times the spread of the estimates. Exits 1 when a
tumour of 3 cm or more is covered in less than 90 % or its interval is wider than 1.5 times.
"""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from statistics import NormalDist

import numpy as np

from opensirt.app.site import site_in_force
from opensirt.domain.case import Case
from opensirt.domain.structure import Mask, Structure, StructureKind, StructureSet
from opensirt.phantom.acquisition import acquired_counts, camera
from opensirt.phantom.against_truth import true_dose
from opensirt.phantom.course import digital_case
from opensirt.phantom.parameters import parameters
from opensirt.phantom.patient import DigitalPatient, digital_patient
from opensirt.workflow.contour_shift import IN_LIVER
from opensirt.workflow.verify import verify

CALIBRATION, RESOLUTION, SHIFT_MM = 0.05, 0.10, 5.0
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
_SMOOTH_VOXELS = 1.5
_KEPT = IN_LIVER | {StructureKind.LUNG}
"""Kinds that hold activity; the others only cost time here."""


def moved_edge(mask: Mask, by_mm: float) -> Mask:
    """Return the mask with its surface moved outwards, by parts of a voxel on average."""
    from scipy.ndimage import gaussian_filter

    (step_mm, *_) = mask.grid.spacing_mm
    where = np.argwhere(mask.values)
    reach = 8
    low = np.maximum(where.min(axis=0) - reach, 0)
    box = tuple(slice(a, b + reach + 1) for a, b in zip(low, where.max(axis=0), strict=True))
    part = mask.values[box].astype(np.float64)
    smooth = gaussian_filter(part, _SMOOTH_VOXELS)
    # Where the smoothed edge falls through this level lies `by_mm` outside the edge; the level
    # that gives back the drawn volume is the one of no move.
    inside = int(part.sum())
    start = np.sort(smooth, axis=None)[-inside]
    spread = NormalDist(0, _SMOOTH_VOXELS * step_mm)
    level = spread.cdf(spread.inv_cdf(float(start)) - by_mm)
    values = np.zeros_like(mask.values)
    values[box] = smooth >= level
    return mask.with_values(values)


def drawn_structures(patient: DigitalPatient, rng: np.random.Generator) -> StructureSet:
    """Return the contours as somebody else drew and placed them."""
    shift_mm = rng.uniform(-SHIFT_MM, SHIFT_MM, 3)
    made: list[Structure] = []
    for one in patient.structures:
        if one.kind not in _KEPT:
            continue
        mask = one.mask
        if one.kind is StructureKind.TUMOUR:
            # u(r) = u(d) / 2 with u(d)² = a²/6
            mask = moved_edge(mask, rng.normal(0, mask.grid.spacing_mm[0] / 6**0.5 / 2))
        affine = mask.grid.affine.copy()
        affine[:3, 3] += shift_mm
        grid = replace(mask.grid, affine=affine)
        made.append(replace(one, mask=Mask(grid, mask.values), assumed=("frame",)))
    return StructureSet(tuple(made))


def drawn_case(patient: DigitalPatient, rng: np.random.Generator) -> Case:
    """Return the case of one draw."""
    case = digital_case(patient)
    taken = case.verification()
    assert taken is not None  # noqa: S101 - a digital patient has one
    truth = patient.truth.activity
    device = camera(
        parameters()["course"][patient.nuclide]["camera"], truth.grid.frame_of_reference_uid
    )
    per_ml = truth.values / np.float32(truth.total())
    counts = acquired_counts(per_ml, truth.grid, device, rng)
    total = float(patient.treatment.values.sum(dtype=np.float64))
    values = counts * np.float32(total / counts.sum(dtype=np.float64))
    image = replace(
        patient.treatment, values=(values * rng.normal(1, CALIBRATION)).astype(np.float32)
    )
    drawn = replace(
        taken,
        image=image,
        resolution_fwhm_mm=patient.treatment_fwhm_mm * rng.normal(1, RESOLUTION),
        calibration_standard_uncertainty_fraction=CALIBRATION,
    )
    return replace(case, images=(drawn,), structures=drawn_structures(patient, rng))


def draws(
    patient: DigitalPatient, number: int, seed: int = 1
) -> dict[str, list[tuple[float, float, float, float]]]:
    """Return label → (corrected mean, its U, uncorrected mean, its U) of every draw, in Gy."""
    site = site_in_force().profile
    found: dict[str, list[tuple[float, float, float, float]]] = {}
    for child in np.random.SeedSequence(seed).spawn(number):
        case = drawn_case(patient, np.random.default_rng(child))
        made = verify(case, site, made_at=NOW, software={})
        for one in made.uncertainties:
            if isinstance(one.expanded_gy, float) and isinstance(
                one.uncorrected_expanded_gy, float
            ):
                found.setdefault(one.label, []).append(
                    (
                        one.best_estimate_gy,
                        one.expanded_gy,
                        one.mean_gy,
                        one.uncorrected_expanded_gy,
                    )
                )
    return found


def main() -> int:
    """Print the table; return 1 when a promise is broken."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    patient = digital_patient(seed=1)
    dose = true_dose(patient)
    found = draws(patient, number)
    large = parameters()["acceptance"]["large_tumour_mm"]
    broken = False
    print(f"{number} draws, Y-90, digital patient of seed 1")
    print(
        "tumour mm | true Gy | estimate Gy (spread) | U Gy | covered | U/(1.96 spread) "
        "| uncorrected covered"
    )
    for one in patient.truth.tumours:
        rows = np.array(found[one.label])
        mask = patient.structures.labelled(one.label).mask.values
        true = float(dose.values[mask].mean(dtype=np.float64))
        covered = float((np.abs(rows[:, 0] - true) <= rows[:, 1]).mean())
        uncorrected = float((np.abs(rows[:, 2] - true) <= rows[:, 3]).mean())
        spread = float(rows[:, 0].std(ddof=1))
        width = float(np.median(rows[:, 1])) / (1.96 * spread)
        if one.equivalent_diameter_mm >= large:
            broken |= covered < 0.90 or width > 1.5
        print(
            f"{one.equivalent_diameter_mm:9.0f} | {true:7.1f} | {rows[:, 0].mean():7.1f} "
            f"({spread:4.1f}) | {np.median(rows[:, 1]):5.1f} | {covered:6.0%} | {width:5.2f} | "
            f"{uncorrected:6.0%}",
            flush=True,
        )
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
