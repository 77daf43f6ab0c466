"""The truth of a digital patient in voxels of half the side, with tumours of a smooth surface.

A tumour of 10 mm is four voxels of the digital patient wide. Its steps are not those of a body, and
a contour that is drawn on the same voxels moves by whole shells of them. Here every tumour has the
surface that it was designed with, and what draws it does not share its voxels.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.dvh import Dvh
from opensirt.domain.grid import Grid
from opensirt.domain.image import ActivityMap
from opensirt.domain.structure import StructureKind
from opensirt.imaging.density import uniform_density
from opensirt.imaging.edge import edge_distance_mm
from opensirt.phantom.against_truth import TRUE_ENGINE
from opensirt.phantom.anatomy import make_liver_with_lesions
from opensirt.phantom.patient import DigitalPatient, generators
from opensirt.physics.decay import permanent_implant
from opensirt.physics.dose import dose_engine
from opensirt.reference.radionuclide import radionuclide

_HALVES = 2
_AROUND_VOXELS = 16
"""Fine voxels around a tumour on which the distance from its surface is known."""


@dataclass(frozen=True, eq=False, kw_only=True)
class FineTumour:
    """One tumour: the distance of fine voxels from its surface, negative inside, and its doses."""

    label: str
    grid: Grid
    distance_mm: NDArray[np.float64]
    volume_ml: float
    dvh: Dvh

    @property
    def equivalent_diameter_mm(self) -> float:
        """Diameter of the sphere of the same volume."""
        return float(np.cbrt(6e3 * self.volume_ml / np.pi))


@dataclass(frozen=True, eq=False, kw_only=True)
class FineTruth:
    """A digital patient with its true activity on the finer grid."""

    patient: DigitalPatient
    activity: ActivityMap
    tumours: Mapping[str, FineTumour]


def fine_truth(patient: DigitalPatient) -> FineTruth:
    """Return the truth of a patient (or of a part cut out of one) on voxels of half the side.

    Concentrations of tumours and of all else go on, voxel by voxel, to the new surface; the mean
    of every tumour is as it was.
    """
    coarse = patient.truth.activity
    fine = _halved(coarse.grid)
    inside = _smooth_tumours(patient, coarse.grid)
    drawn = {one.label: one.mask.values for one in patient.structures.of_kind(StructureKind.TUMOUR)}
    values = _repeated(_filled(coarse.values, ~np.logical_or.reduce(list(drawn.values()))))
    boxes = {label: _box_of(one) for label, one in inside.items()}
    for label, one in inside.items():
        box = boxes[label]
        near = tuple(slice(side.start // _HALVES, side.stop // _HALVES) for side in box)
        own = _repeated(_filled(coarse.values[near], drawn[label][near]))
        part, within = values[box], one[box]
        mean = patient.truth.structure(label).mean_activity_bq_per_ml
        part[within] = own[within] * np.float32(mean / own[within].mean(dtype=np.float64))
    activity = replace(coarse, grid=fine, values=values)
    nuclide = radionuclide(patient.nuclide)
    decays = permanent_implant(
        activity, nuclide, administered_at=patient.administration.administered_at
    )
    density = uniform_density(fine, patient.truth.liver_density_kg_per_ml)
    dose = dose_engine(TRUE_ENGINE, nuclide).dose(decays, density).dose
    tumours = {
        label: FineTumour(
            label=label,
            grid=_part(fine, boxes[label]),
            distance_mm=edge_distance_mm(
                one[boxes[label]].astype(np.float64), fine.spacing_mm, fine.spacing_mm
            ),
            volume_ml=float(one.sum()) * fine.voxel_volume_ml,
            dvh=Dvh(dose.values[one], fine.voxel_volume_ml),
        )
        for label, one in inside.items()
    }
    return FineTruth(patient=patient, activity=activity, tumours=tumours)


def _smooth_tumours(patient: DigitalPatient, coarse: Grid) -> dict[str, NDArray[np.bool_]]:
    """Return the fine voxels whose middle lies inside each tumour as it was designed."""
    from scipy.ndimage import map_coordinates

    liver_rng, lesion_rng, *_ = generators(patient.seed)
    whole, liver, lesions = make_liver_with_lesions(liver_rng, lesion_rng)
    start = np.rint(whole.index_of(coarse.lps_mm((0, 0, 0)))).astype(int)
    made: dict[str, NDArray[np.bool_]] = {}
    for number, lesion in enumerate(lesions, start=1):
        first = [
            a.start + b.start - int(c)
            for a, b, c in zip(liver.space.box, lesion.box, start, strict=True)
        ]
        n_voxels = lesion.radius_part.shape
        at = np.meshgrid(*(np.arange(2 * n) / 2 - 0.25 for n in n_voxels), indexing="ij")
        part = map_coordinates(lesion.radius_part.astype(np.float64), at, mode="nearest")
        inside = np.zeros([_HALVES * n for n in coarse.shape], dtype=np.bool_)
        inside[
            tuple(
                slice(_HALVES * a, _HALVES * (a + n)) for a, n in zip(first, n_voxels, strict=True)
            )
        ] = part <= 1
        made[f"tumour {number}"] = inside
    return made


def _halved(grid: Grid) -> Grid:
    affine = grid.affine.copy()
    affine[:3, :3] /= _HALVES
    affine[:3, 3] = grid.lps_mm((-0.25, -0.25, -0.25))
    k, j, i = (_HALVES * n for n in grid.shape)
    return Grid((k, j, i), affine, grid.frame_of_reference_uid)


def _repeated(values: NDArray[np.float32]) -> NDArray[np.float32]:
    for axis in range(3):
        values = np.repeat(values, _HALVES, axis=axis)
    return values


def _filled(values: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return values where they are known, and elsewhere that of the nearest known voxel."""
    from scipy.ndimage import distance_transform_edt

    _, (k, j, i) = distance_transform_edt(~known, return_indices=True)
    made: NDArray[np.float32] = values[k, j, i]
    return made


def _box_of(inside: NDArray[np.bool_]) -> tuple[slice, slice, slice]:
    """Return a box of whole coarse voxels around what is inside, with room."""
    where = np.argwhere(inside)
    low = np.maximum(where.min(axis=0) - _AROUND_VOXELS, 0) // _HALVES * _HALVES
    high = np.minimum(where.max(axis=0) + 1 + _AROUND_VOXELS, inside.shape)
    high += high % _HALVES
    k, j, i = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return k, j, i


def _part(grid: Grid, box: tuple[slice, slice, slice]) -> Grid:
    affine = grid.affine.copy()
    affine[:3, 3] = grid.lps_mm([one.start for one in box])
    k, j, i = (one.stop - one.start for one in box)
    return Grid((k, j, i), affine, grid.frame_of_reference_uid)
