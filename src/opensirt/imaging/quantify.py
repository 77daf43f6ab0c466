"""From what a file holds to an image whose class says what it means."""

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.grid import Grid, frame_of_reference_uid
from opensirt.domain.image import (
    ActivityMap,
    CountsImage,
    CtImage,
    Event,
    Image3D,
    SignalImage,
    TimeIntegratedActivityMap,
)
from opensirt.domain.missing import Missing
from opensirt.domain.reading import ReadVolume
from opensirt.errors import GeometryError, InputError, MissingInputError
from opensirt.units import (
    ACTIVITY_CONCENTRATION_TO_BQ_PER_ML,
    BQ_PER_MBQ,
    SECONDS_PER_HOUR,
    ImageUnit,
)


def grid_of(read: ReadVolume, *, frame: str | None = None) -> Grid:
    """Return the grid of a file, in its own frame of reference or in the one named.

    Raises
    ------
    MissingInputError
        When the file carries no geometry, or neither it nor the case names a frame.
    GeometryError
        When the array is not three-dimensional, or the file and the case name different frames.
    """
    if isinstance(read.affine, Missing):
        raise MissingInputError(
            "affine (position, direction and spacing of the voxels)",
            where=read.source,
            remedy="export it again with its geometry; nothing is assumed",
        )
    if read.values.ndim != 3:  # noqa: PLR2004 - three axes
        raise GeometryError(f"{read.source}: an image has three axes, found {read.values.shape}")
    named = frame_of_reference_uid(frame) if frame else None
    declared = read.frame_of_reference_uid
    if isinstance(declared, Missing):
        if named is None:
            raise MissingInputError(
                "frame of reference", where=read.source, remedy='name it with frame = "…"'
            )
        uid = named
    else:
        if named is not None and named != declared:
            raise GeometryError(
                f"{read.source} declares the frame of reference {declared}, the case names "
                f"{frame!r}; leave the key out, or register the image to that frame first"
            )
        uid = declared
    k, j, i = read.values.shape
    return Grid((k, j, i), read.affine, uid)


def signal_image(read: ReadVolume, *, frame: str | None = None) -> SignalImage:
    """Return a magnetic resonance image; errors as of `grid_of`."""
    values = _as_float32(np.asarray(read.values))
    return SignalImage(grid=grid_of(read, frame=frame), values=values)


def typed_image(
    read: ReadVolume,
    *,
    unit: ImageUnit,
    frame: str | None = None,
    radionuclide: str | None = None,
    reference_at: datetime | Event | None = None,
    acquired_at: datetime | Missing = Missing.NOT_RECORDED,
    duration_s: float | Missing = Missing.NOT_RECORDED,
) -> Image3D:
    """Return the image that a file is, once everything about it is known.

    ``hu`` gives a `CtImage`, ``counts`` a `CountsImage`, concentrations and ``bq_per_voxel`` an
    `ActivityMap`, ``bq_s_per_ml`` and ``mbq_h_per_voxel`` a `TimeIntegratedActivityMap`.

    Raises
    ------
    MissingInputError
        When geometry, frame, radionuclide or reference instant are needed and absent.
    InputError
        When a voxel is not finite, or the unit is not that of an image that a dose starts from.
    """
    grid = grid_of(read, frame=frame)
    values = np.asarray(read.values)
    if unit is ImageUnit.HU:
        return CtImage(grid=grid, values=_as_float32(values))
    if not radionuclide:
        raise MissingInputError(
            "radionuclide", where=read.source, remedy='state it with radionuclide = "Y-90"'
        )
    if unit is ImageUnit.COUNTS:
        return CountsImage(
            grid=grid,
            values=_as_float32(values),
            radionuclide=radionuclide,
            acquired_at=acquired_at,
            duration_s=duration_s,
        )
    if unit is ImageUnit.BQ_S_PER_ML or unit is ImageUnit.MBQ_H_PER_VOXEL:
        to_bq_s_per_ml = 1.0
        if unit is ImageUnit.MBQ_H_PER_VOXEL:
            to_bq_s_per_ml = BQ_PER_MBQ * SECONDS_PER_HOUR / grid.voxel_volume_ml
        return TimeIntegratedActivityMap(
            grid=grid, values=_as_float32(values, to_bq_s_per_ml), radionuclide=radionuclide
        )
    if unit is ImageUnit.GY:
        raise InputError(f"{read.source} is a dose in Gy; here an activity, counts or CT is wanted")
    if unit is ImageUnit.BQ_PER_VOXEL:
        to_bq_per_ml = 1.0 / grid.voxel_volume_ml
    else:
        to_bq_per_ml = ACTIVITY_CONCENTRATION_TO_BQ_PER_ML[unit]
    if reference_at is None:
        raise MissingInputError(
            "instant that its activity refers to",
            where=read.source,
            remedy='state it with reference = "administration", "acquisition" or an instant with '
            "its zone",
        )
    return ActivityMap(
        grid=grid,
        values=_as_float32(values, to_bq_per_ml),
        radionuclide=radionuclide,
        reference_at=reference_at,
        acquired_at=acquired_at,
    )


def _as_float32(values: NDArray[np.generic], factor: float = 1.0) -> NDArray[np.float32]:
    if np.iscomplexobj(values):
        raise InputError("the image holds complex numbers; a real-valued image is wanted")
    if factor == 1.0:
        return np.ascontiguousarray(values, dtype=np.float32)
    scaled: NDArray[np.float32] = (np.asarray(values, dtype=np.float64) * factor).astype(np.float32)
    return scaled
