"""Size of a lesion from its segmentation: axial diameters, pieces, volume."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.structure import Mask
from opensirt.errors import InputError
from opensirt.units import ML_PER_MM3

_LPS_Z = 2
_ROUND_OFF_MM = 1e-9
_SMOOTHING_PIXELS = 1.0
_MARGIN = 4
"""Width of the Gaussian that takes the staircase off an outline, and room for it, in pixels."""

_TO_THE_HEAD = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceSize:
    """One connected part of a lesion.

    `perpendicular_mm` is the longest chord at right angles to the longest diameter in the same
    plane; in a lymph node it is the short axis.
    """

    longest_diameter_mm: float
    perpendicular_mm: float
    volume_ml: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionSize:
    """A lesion as its segmentation shows it, the piece with the longest diameter first.

    `plane_spacing_mm` is the distance of the planes in which diameters were taken,
    `tilt_degrees` the angle between these planes and the patient's axial plane.
    """

    pieces: tuple[PieceSize, ...]
    volume_ml: float
    plane_spacing_mm: float
    pixel_mm: tuple[float, float]
    tilt_degrees: float

    @property
    def longest_diameter_mm(self) -> float:
        """Longest diameter of the largest piece."""
        return self.pieces[0].longest_diameter_mm

    @property
    def perpendicular_mm(self) -> float:
        """Longest chord at right angles to it, in its plane."""
        return self.pieces[0].perpendicular_mm


def lesion_size(mask: Mask) -> LesionSize:
    """Measure a segmented lesion in the planes of its grid that lie nearest to axial.

    The longest diameter is the largest distance between two points of the outline in one plane
    (RECIST 1.1: in the plane of acquisition). The outline is that of the mask smoothed by one
    pixel, at the level that keeps the area: on the staircase itself the largest distance would
    always pick the steps that stick out. Parts that touch neither by a face, an edge nor a corner
    are pieces of their own. The volume is that of all voxels.

    Parameters
    ----------
    mask
        The lesion on any grid, oblique ones included.

    Raises
    ------
    InputError
        When the mask is empty.
    """
    from scipy import ndimage

    if not mask.values.any():
        raise InputError("the segmentation of a lesion is empty; enter an absent lesion as absent")
    grid = mask.grid
    axis = int(np.argmax(np.abs(grid.directions.T @ _TO_THE_HEAD)))
    spacing = np.array(grid.spacing_mm)
    in_plane = np.delete(np.arange(3), axis)
    labelled, n_pieces = ndimage.label(mask.values, structure=np.ones((3, 3, 3)))
    boxes = ndimage.find_objects(labelled)
    voxel_ml = float(np.prod(spacing)) * ML_PER_MM3
    pieces = [
        _piece(
            np.moveaxis(labelled[boxes[number - 1]] == number, axis, 0), spacing[in_plane], voxel_ml
        )
        for number in range(1, n_pieces + 1)
    ]
    pieces.sort(key=lambda one: (-one.longest_diameter_mm, -one.volume_ml))
    cosine = min(1.0, float(abs(grid.directions[_LPS_Z, axis])))
    return LesionSize(
        pieces=tuple(pieces),
        volume_ml=mask.volume_ml,
        plane_spacing_mm=float(spacing[axis]),
        pixel_mm=(float(spacing[in_plane[0]]), float(spacing[in_plane[1]])),
        tilt_degrees=float(np.degrees(np.arccos(cosine))),
    )


def _piece(planes: NDArray[np.bool_], pixel_mm: NDArray[np.float64], voxel_ml: float) -> PieceSize:
    best = (0.0, 0.0)
    for plane in planes:
        if plane.any():
            best = max(best, *(_diameters(one) for one in _outlines(plane, pixel_mm)))
    return PieceSize(
        longest_diameter_mm=best[0],
        perpendicular_mm=best[1],
        volume_ml=int(np.count_nonzero(planes)) * voxel_ml,
    )


def _outlines(plane: NDArray[np.bool_], pixel_mm: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return the outline points (n, 2) in mm of every connected region of one plane."""
    from scipy import ndimage

    regions, n_regions = ndimage.label(plane, structure=np.ones((3, 3)))
    return [_outline(regions == number, pixel_mm) for number in range(1, n_regions + 1)]


def _outline(region: NDArray[np.bool_], pixel_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points of the level of the smoothed region that encloses as many pixels."""
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(
        np.pad(region, _MARGIN).astype(np.float64), _SMOOTHING_PIXELS, mode="constant"
    )
    n_inside = int(np.count_nonzero(region))
    highest = np.sort(smooth, axis=None)[::-1]
    above = smooth - 0.5 * (highest[n_inside - 1] + highest[n_inside])
    points = []
    for axis in (0, 1):
        here = above[:-1] if axis == 0 else above[:, :-1]
        there = above[1:] if axis == 0 else above[:, 1:]
        crossed = (here > 0) != (there > 0)
        index = np.argwhere(crossed).astype(np.float64)
        index[:, axis] += here[crossed] / (here[crossed] - there[crossed])
        points.append(index)
    return np.concatenate(points) * pixel_mm


def _diameters(points: NDArray[np.float64]) -> tuple[float, float]:
    """Return the longest distance of two outline points, and the longest chord across it."""
    from scipy.spatial import ConvexHull

    corners = points[ConvexHull(points).vertices]
    apart = corners[:, None, :] - corners[None, :, :]
    squared = (apart**2).sum(axis=2)
    first, second = np.unravel_index(int(squared.argmax()), squared.shape)
    longest = float(np.sqrt(squared[first, second]))
    along = (corners[second] - corners[first]) / longest
    across = np.array([-along[1], along[0]])
    place, height = corners @ along, corners @ across
    level = height[first]
    chords = [
        _border(place, height, level, at, upper=True)
        - _border(place, height, level, at, upper=False)
        for at in place
    ]
    return longest, float(max(chords))


def _border(
    place: NDArray[np.float64],
    height: NDArray[np.float64],
    level: float,
    at: float,
    *,
    upper: bool,
) -> float:
    """Return the height of the hull's upper or lower side at one place along the diameter."""
    apart = height - level if upper else level - height
    side = apart >= -_ROUND_OFF_MM
    order = np.argsort(place[side], kind="stable")
    return float(np.interp(at, place[side][order], height[side][order]))
