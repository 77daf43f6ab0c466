"""A digital patient imaged, drawn and placed again and again, as somebody else would have.

Each draw has another image (counting noise), scale (calibration), stated resolution, edge of every
tumour and shift of the contours, and is verified as any case is; what that states is held against
the truth.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.case import Case
from opensirt.domain.grid import Grid
from opensirt.domain.missing import Missing
from opensirt.domain.site import SiteProfile
from opensirt.domain.structure import Mask, Structure, StructureKind, StructureSet
from opensirt.phantom.acquisition import acquired_counts, camera
from opensirt.phantom.course import digital_case
from opensirt.phantom.fine_truth import FineTruth, FineTumour
from opensirt.phantom.parameters import parameters
from opensirt.phantom.patient import DigitalPatient
from opensirt.physics.uncertainty import diameter_uncertainty_mm
from opensirt.workflow.contour_shift import IN_LIVER
from opensirt.workflow.verify import verify

CALIBRATION, RESOLUTION, SHIFT_MM = 0.05, 0.10, 5.0
"""Relative standard uncertainties of scale and resolution, and how far contours are misplaced."""

QUANTITIES = ("mean", "D70")

_NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
_MARGIN_MM = 40.0
_TWO_SIDES = 2 * 1.959964
"""Width of the interval that holds 95 % of a normal distribution, in standard deviations."""

_Box = tuple[slice, slice, slice]


@dataclass(frozen=True)
class Stated:
    """What one verification says of one dose, in Gy."""

    estimate: float
    low: float
    high: float


def box_around(grid: Grid, low_mm: NDArray[np.float64], high_mm: NDArray[np.float64]) -> _Box:
    """Return the voxels of a grid that lie in a box of LPS coordinates."""
    corners = np.array(np.meshgrid(*zip(low_mm, high_mm, strict=True))).reshape(3, -1).T
    index = grid.index_of(corners)
    first = np.maximum(np.floor(index.min(axis=0)), 0).astype(int)
    last = np.minimum(np.ceil(index.max(axis=0)) + 1, grid.shape).astype(int)
    k, j, i = (slice(int(a), int(b)) for a, b in zip(first, last, strict=True))
    return k, j, i


def part_of(grid: Grid, box: _Box) -> Grid:
    """Return the part of a grid in a box of its voxels."""
    affine = grid.affine.copy()
    affine[:3, 3] = grid.lps_mm([one.start for one in box])
    shape = tuple(one.stop - one.start for one in box)
    return Grid((shape[0], shape[1], shape[2]), affine, grid.frame_of_reference_uid)


def around_the_liver(patient: DigitalPatient) -> DigitalPatient:
    """Return the patient cut to what lies around the liver: the rest only costs time here."""
    grid = patient.truth.activity.grid
    where = grid.lps_mm(np.argwhere(patient.structures.labelled("liver").mask.values))
    low, high = where.min(axis=0) - _MARGIN_MM, where.max(axis=0) + _MARGIN_MM
    box, seen = box_around(grid, low, high), box_around(patient.treatment.grid, low, high)
    cut = part_of(grid, box)
    activity, treatment = patient.truth.activity, patient.treatment
    return replace(
        patient,
        structures=StructureSet(
            tuple(
                replace(one, mask=Mask(cut, one.mask.values[box]))
                for one in patient.structures
                if one.kind in IN_LIVER
            )
        ),
        truth=replace(
            patient.truth, activity=replace(activity, grid=cut, values=activity.values[box])
        ),
        treatment=replace(
            treatment, grid=part_of(treatment.grid, seen), values=treatment.values[seen]
        ),
    )


def drawn_structures(truth: FineTruth, rng: np.random.Generator) -> StructureSet:
    """Return the contours as somebody else drew and placed them.

    The voxels of the mask are those of the CT, moved by up to half of one along each axis, so that
    they do not fall together with those of the truth.
    """
    shift_mm = rng.uniform(-SHIFT_MM, SHIFT_MM, 3)
    grid = truth.patient.truth.activity.grid
    offset = rng.uniform(-0.5, 0.5, 3)
    seen = replace(grid, affine=_moved(grid.affine, grid.affine[:3, :3] @ offset))
    index = np.stack(np.meshgrid(*map(np.arange, seen.shape), indexing="ij"), axis=-1)
    shifted = replace(seen, affine=_moved(seen.affine, shift_mm))
    made: list[Structure] = []
    for one in truth.patient.structures:
        if one.kind is StructureKind.TUMOUR:
            spread_mm = diameter_uncertainty_mm(voxel_mm=grid.spacing_mm[0]) / 2
            inside = _within(truth.tumours[one.label], seen, rng.normal(0, spread_mm))
        else:
            at = np.minimum(np.rint(index + offset).astype(int), np.array(grid.shape) - 1)
            k, j, i = np.moveaxis(np.maximum(at, 0), -1, 0)
            inside = one.mask.values[k, j, i]
        made.append(replace(one, mask=Mask(shifted, inside), assumed=("frame",)))
    return StructureSet(tuple(made))


def _within(tumour: FineTumour, grid: Grid, edge_mm: float) -> NDArray[np.bool_]:
    """Return the voxels of a grid whose middle lies within an edge moved outwards."""
    from scipy.ndimage import map_coordinates

    corners = tumour.grid.lps_mm(np.array(tumour.grid.shape) - 1), tumour.grid.lps_mm((0, 0, 0))
    box = box_around(grid, np.minimum(*corners), np.maximum(*corners))
    starts = np.meshgrid(*(np.arange(one.start, one.stop) for one in box), indexing="ij")
    at = tumour.grid.index_of(grid.lps_mm(np.stack(starts, axis=-1)))
    distance = map_coordinates(tumour.distance_mm, np.moveaxis(at, -1, 0), order=1, mode="nearest")
    made = np.zeros(grid.shape, dtype=np.bool_)
    made[box] = distance <= edge_mm
    return made


def _moved(affine: NDArray[np.float64], by_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    made = affine.copy()
    made[:3, 3] += by_mm
    return made


def drawn_case(truth: FineTruth, rng: np.random.Generator) -> Case:
    """Return the case of one draw of a patient `around_the_liver`."""
    patient, activity = truth.patient, truth.activity
    case = digital_case(patient)
    taken = case.verification()
    assert taken is not None  # noqa: S101 - a digital patient has one
    device = camera(
        parameters()["course"][patient.nuclide]["camera"], activity.grid.frame_of_reference_uid
    )
    given_bq = patient.administration.administered_activity_bq
    assert not isinstance(given_bq, Missing)  # noqa: S101 - a digital patient's is known
    held = activity.total() / given_bq
    device = replace(device, grid=patient.treatment.grid, counts=device.counts * held)
    counts = acquired_counts(
        activity.values / np.float32(activity.total()), activity.grid, device, rng
    )
    total = float(patient.treatment.values.sum(dtype=np.float64))
    image = replace(
        patient.treatment,
        values=(counts * (total / device.counts * rng.normal(1, CALIBRATION))).astype(np.float32),
    )
    drawn = replace(
        taken,
        image=image,
        resolution_fwhm_mm=patient.treatment_fwhm_mm * rng.normal(1, RESOLUTION),
        calibration_standard_uncertainty_fraction=CALIBRATION,
    )
    return replace(case, images=(drawn,), structures=drawn_structures(truth, rng))


def stated_intervals(
    truth: FineTruth, site: SiteProfile, rng: np.random.Generator, *, labels: Sequence[str] = ()
) -> dict[tuple[str, str], Stated]:
    """Return (tumour, quantity) → what the verification of one draw states.

    Parameters
    ----------
    truth
        Of a patient `around_the_liver`.
    labels
        Tumours to keep; all without any.
    """
    case = drawn_case(truth, rng)
    if labels:
        kept = tuple(
            one
            for one in case.structures
            if one.kind is not StructureKind.TUMOUR or one.label in labels
        )
        case = replace(case, structures=StructureSet(kept))
    made = verify(case, site, made_at=_NOW, software={})
    found: dict[tuple[str, str], Stated] = {}
    for one in made.uncertainties:
        if isinstance(one.sampled, Missing):
            continue
        for name, dose in zip(QUANTITIES, (one.sampled.mean, one.sampled.dose(0.70)), strict=True):
            found[one.label, name] = Stated(dose.estimate_gy, dose.low_gy, dose.high_gy)
    return found


@dataclass(frozen=True)
class Row:
    """One dose of one tumour over all draws."""

    label: str
    diameter_mm: float
    quantity: str
    true_gy: float
    estimate_gy: float
    spread_gy: float
    width_gy: float
    covered: float

    @property
    def width_ratio(self) -> float:
        """Median width of the stated interval over the width that holds 95 % of the estimates."""
        return self.width_gy / (_TWO_SIDES * self.spread_gy)


def compared(truth: FineTruth, made: Sequence[dict[tuple[str, str], Stated]]) -> list[Row]:
    """Compare what was stated with the truth."""
    found: list[Row] = []
    for one in truth.tumours.values():
        for name, value in zip(QUANTITIES, (one.dvh.mean_gy, one.dvh.dose_gy(0.70)), strict=True):
            stated = [draw[one.label, name] for draw in made if (one.label, name) in draw]
            if not stated:
                continue
            estimates = np.array([each.estimate for each in stated])
            found.append(
                Row(
                    label=one.label,
                    diameter_mm=one.equivalent_diameter_mm,
                    quantity=name,
                    true_gy=value,
                    estimate_gy=float(estimates.mean()),
                    spread_gy=float(estimates.std(ddof=1)),
                    width_gy=float(np.median([each.high - each.low for each in stated])),
                    covered=float(np.mean([each.low <= value <= each.high for each in stated])),
                )
            )
    return found
