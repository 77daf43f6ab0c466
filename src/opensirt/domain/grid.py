"""Where voxels lie: a regular grid in the patient, without values."""

import uuid
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opensirt.errors import GeometryError
from opensirt.units import ML_PER_MM3

_SAME_PLACE_MM = 1e-3
"""Two grids are the same when no corner is farther apart than this."""

_SHEAR_COSINE = 1e-3
"""Axes whose directions have a larger cosine than this are not at right angles."""

_NAMED_FRAMES = uuid.UUID("6f3c1f0e-6d4c-5f5e-9b57-0f1e5a7c2d90")


def frame_of_reference_uid(name: str) -> str:
    """Return the DICOM UID that stands for a frame of reference known by a name.

    A name that already is a UID is returned as it is; any other name gives the same UID every
    time (a version 5 UUID under the 2.25 root, DICOM PS3.5 B.2).
    """
    parts = name.split(".")
    if len(parts) > 2 and all(part.isdigit() for part in parts):  # noqa: PLR2004 - a UID has dots
        return name
    return f"2.25.{uuid.uuid5(_NAMED_FRAMES, name).int}"


@dataclass(frozen=True, eq=False)
class Grid:
    """A regular grid of voxels in one frame of reference.

    Parameters
    ----------
    shape
        Number of voxels along (k, j, i).
    affine : (4, 4)
        Maps (k, j, i, 1) of a voxel centre to (x, y, z, 1) in LPS millimetres: x grows to the
        patient's left, y to the back, z to the head.
    frame_of_reference_uid
        UID of the space the millimetres belong to.

    Raises
    ------
    GeometryError
        When the affine is not 4×4, finite, invertible and free of shear, when an axis has no
        voxels, or when there is no frame of reference.
    """

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]
    frame_of_reference_uid: str

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=np.float64)
        if affine.shape != (4, 4):
            raise GeometryError(f"an affine is 4×4, found shape {affine.shape}")
        if not np.isfinite(affine).all():
            raise GeometryError("the affine holds a value that is not finite")
        if not np.array_equal(affine[3], (0.0, 0.0, 0.0, 1.0)):
            raise GeometryError(f"the last row of an affine is 0 0 0 1, found {affine[3]}")
        shape = tuple(int(n) for n in self.shape)
        if len(shape) != 3 or min(shape) < 1:  # noqa: PLR2004 - three axes
            raise GeometryError(f"a grid has three axes of at least one voxel, found {self.shape}")
        spacing = np.linalg.norm(affine[:3, :3], axis=0)
        if not (spacing > 0).all():
            raise GeometryError("the affine is singular: an axis has no length")
        directions = affine[:3, :3] / spacing
        cosines = np.abs(directions.T @ directions - np.eye(3))
        if cosines.max() > _SHEAR_COSINE:
            raise GeometryError(
                "the affine is singular or sheared: two axes have a cosine of "
                f"{cosines.max():.4f}; resample the image to a grid with right angles first"
            )
        if not self.frame_of_reference_uid:
            raise GeometryError(
                "no frame of reference: the file carries none and the case names none; "
                'name it with frame = "…"'
            )
        affine.setflags(write=False)
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "affine", affine)

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between neighbouring voxel centres along (k, j, i)."""
        k, j, i = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(k), float(j), float(i)

    @property
    def directions(self) -> NDArray[np.float64]:
        """Unit vectors of the k, j and i axes in LPS, as the columns of a (3, 3) array."""
        columns: NDArray[np.float64] = self.affine[:3, :3] / np.array(self.spacing_mm)
        return columns

    @property
    def voxel_volume_ml(self) -> float:
        """Volume of one voxel."""
        return float(np.prod(self.spacing_mm)) * ML_PER_MM3

    @property
    def n_voxels(self) -> int:
        """Number of voxels of the grid."""
        k, j, i = self.shape
        return k * j * i

    def lps_mm(self, index: ArrayLike) -> NDArray[np.float64]:
        """Return the LPS millimetres of (fractional) voxel indices (…, 3) in (k, j, i) order."""
        points = np.asarray(index, dtype=np.float64)
        mapped: NDArray[np.float64] = points @ self.affine[:3, :3].T + self.affine[:3, 3]
        return mapped

    def index_of(self, lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Return the fractional (k, j, i) indices of LPS millimetres (…, 3)."""
        points = np.asarray(lps_mm, dtype=np.float64) - self.affine[:3, 3]
        mapped: NDArray[np.float64] = points @ np.linalg.inv(self.affine[:3, :3]).T
        return mapped

    def require_same_frame(self, other: "Grid") -> None:
        """Raise `GeometryError` unless `other` lies in the same frame of reference."""
        if self.frame_of_reference_uid != other.frame_of_reference_uid:
            raise GeometryError(
                f"frames of reference differ ({self.frame_of_reference_uid} and "
                f"{other.frame_of_reference_uid}); register one image to the other first"
            )

    def require_same(self, other: "Grid") -> None:
        """Raise `GeometryError` unless `other` puts every voxel in the same place."""
        self.require_same_frame(other)
        if self.shape != other.shape:
            raise GeometryError(f"shapes differ ({self.shape} and {other.shape}); resample first")
        corners = np.array(list(np.ndindex(2, 2, 2))) * (np.array(self.shape) - 1.0)
        gap_mm = float(np.abs(self.lps_mm(corners) - other.lps_mm(corners)).max())
        if gap_mm > _SAME_PLACE_MM:
            raise GeometryError(f"corners lie {gap_mm:.3g} mm apart; resample first")
