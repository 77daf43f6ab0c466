"""Segmentations that are not DICOM: `.seg.nrrd` with layers and names, and label maps."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.missing import Missing
from opensirt.domain.reading import ReadSegment, ReadVolume
from opensirt.errors import MissingInputError
from opensirt.files.file_format import FileFormat, file_format
from opensirt.files.nrrd_file import load_nrrd, nrrd_affine
from opensirt.files.refusal import EXPORT_AGAIN, refusal
from opensirt.files.volume import read_volume

_SEGMENT_KEY = re.compile(r"Segment(\d+)_(ID|Name|Layer|LabelValue)")
_N_LABELS_AT_MOST = 1000
"""A "label map" with more values than this is an image."""


def read_segments(path: Path, *, names: Mapping[int, str] | None = None) -> tuple[ReadSegment, ...]:
    """Return the segments of a file, each on the file's own grid, in the file's order.

    Parameters
    ----------
    path
        A `.seg.nrrd` of 3D Slicer (one layer or several), or a label map in any format that
        `read_volume` knows.
    names
        Label value → name, for label maps; others are called ``label <n>``.

    Raises
    ------
    MissingInputError
        When the file does not say where its voxels lie.
    InputError
        When the file cannot be read, names a layer that it does not have, has values between
        whole numbers, or holds no segment at all.
    """
    if file_format(path) is FileFormat.NRRD:
        values, header = load_nrrd(path)
        described = _described(header)
        if described:
            return _slicer_segments(path, values, header, described)
        if values.ndim != 3:  # noqa: PLR2004 - three axes
            raise refusal(
                path,
                f"{values.ndim} axes and no segment names (Segment0_Name …)",
                wanted="a .seg.nrrd or a three-dimensional label map",
                remedy="save the segmentation from 3D Slicer as .seg.nrrd",
            )
    return _label_map_segments(path, read_volume(path), names or {})


def _described(header: Mapping[str, Any]) -> dict[int, dict[str, str]]:
    described: dict[int, dict[str, str]] = {}
    for key, value in header.items():
        match = _SEGMENT_KEY.fullmatch(key)
        if match:
            described.setdefault(int(match[1]), {})[match[2]] = str(value)
    return dict(sorted(described.items()))


def _slicer_segments(
    path: Path,
    values: NDArray[Any],
    header: Mapping[str, Any],
    described: Mapping[int, Mapping[str, str]],
) -> tuple[ReadSegment, ...]:
    layers, affine = _layers(path, values, header)
    segments = []
    for number, about in described.items():
        name = about.get("Name") or about.get("ID") or f"segment {number}"
        # Before layers existed, each component of a four-dimensional file was one segment.
        old_style = "Layer" not in about and len(layers) > 1
        layer = _whole(path, about, "Layer", default=number if old_style else 0)
        label = _whole(path, about, "LabelValue", default=1 if old_style else None)
        if not 0 <= layer < len(layers):
            raise refusal(
                path,
                f"segment {name!r} lies in layer {layer}",
                wanted=f"a layer below {len(layers)}",
                remedy=EXPORT_AGAIN,
            )
        mask = layers[layer] == label
        segments.append(
            ReadSegment(
                name=name,
                label_value=label,
                values=mask,
                affine=affine,
                source=path.name,
                notes=() if mask.any() else (f"segment {name!r} has no voxels",),
            )
        )
    return tuple(segments)


def _layers(
    path: Path, values: NDArray[Any], header: Mapping[str, Any]
) -> tuple[list[NDArray[Any]], NDArray[np.float64]]:
    """Return the layers, each (k, j, i), and the affine."""
    _require_whole_numbers(path, values)
    if values.ndim == 3:  # noqa: PLR2004 - three axes
        return [np.ascontiguousarray(values.T)], nrrd_affine(path, header, spatial_axes=(0, 1, 2))
    if values.ndim != 4:  # noqa: PLR2004 - three axes and the layers
        raise refusal(
            path,
            f"the segmentation has {values.ndim} axes",
            wanted="three, or four with one axis of layers",
            remedy=EXPORT_AGAIN,
        )
    directions = header.get("space directions")
    if directions is None:
        raise MissingInputError(
            "affine (the header has no 'space directions')",
            where=path.name,
            remedy="export it again with its orientation; nothing is assumed",
        )
    lists = [axis for axis, row in enumerate(directions) if not np.isfinite(row).all()]
    if len(lists) != 1:
        raise refusal(
            path,
            f"{len(lists)} axes without a direction",
            wanted="one axis of layers and three of space",
            remedy=EXPORT_AGAIN,
        )
    i, j, k = (axis for axis in range(4) if axis != lists[0])
    by_layer = np.moveaxis(values.T, 3 - lists[0], 0)
    layers = [np.ascontiguousarray(layer) for layer in by_layer]
    return layers, nrrd_affine(path, header, spatial_axes=(i, j, k))


def _whole(path: Path, about: Mapping[str, str], key: str, *, default: int | None) -> int:
    text = about.get(key)
    if text is None and default is not None:
        return default
    if text is None or not text.strip().lstrip("-").isdigit():
        raise refusal(
            path,
            f"a segment with {key} {text!r}",
            wanted="a whole number",
            remedy=EXPORT_AGAIN,
        )
    return int(text)


def _label_map_segments(
    path: Path, read: ReadVolume, names: Mapping[int, str]
) -> tuple[ReadSegment, ...]:
    _require_whole_numbers(path, read.values)
    if isinstance(read.affine, Missing):
        raise MissingInputError(
            "affine", where=path.name, remedy="export it again with its orientation"
        )
    labels = _labels(read.values)
    if not labels or len(labels) > _N_LABELS_AT_MOST:
        raise refusal(
            path,
            f"{'more than ' if labels else ''}{min(len(labels), _N_LABELS_AT_MOST)} values other "
            "than zero",
            wanted=f"a label map with 1 to {_N_LABELS_AT_MOST} labels",
            remedy="name the segmentation, not the image",
        )
    absent = sorted(set(names) - set(labels))
    notes = (*read.notes, *(f"label {one} ({names[one]}) is not in the file" for one in absent))
    return tuple(
        ReadSegment(
            name=names.get(label, f"label {label}"),
            label_value=label,
            values=np.asarray(read.values == label),
            affine=read.affine,
            source=path.name,
            notes=notes,
        )
        for label in labels
    )


def _labels(values: NDArray[Any]) -> list[int]:
    """Return the values other than zero, in order; stop looking when there are too many."""
    found: set[int] = set()
    for plane in values:
        if plane.dtype == np.uint8:
            found.update(int(value) for value in np.flatnonzero(np.bincount(plane.ravel())))
        else:
            found.update(int(value) for value in np.unique(plane))
        if len(found) > _N_LABELS_AT_MOST + 1:
            break
    return sorted(found - {0})


def _require_whole_numbers(path: Path, values: NDArray[Any]) -> None:
    if values.dtype.kind in "iub":
        return
    whole = values.dtype.kind == "f" and bool((values == np.floor(values)).all())
    if not whole or not np.isfinite(values).all():
        raise refusal(
            path,
            "values that are not whole numbers",
            wanted="a label map (0 outside, 1, 2, … inside)",
            remedy="name the segmentation, not the image, or save it with nearest neighbours",
        )
