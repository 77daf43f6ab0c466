"""The outlines of a case's imaging visits."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np

from opensirt.app.case_structures import mask_of_segment
from opensirt.app.gathered import Gathered
from opensirt.app.image_file import read_segment_file, sha256_of_path
from opensirt.domain.case import VisitSegments
from opensirt.domain.missing import Missing
from opensirt.domain.reading import ReadSegment
from opensirt.domain.structure import Mask
from opensirt.errors import GeometryError, InputError
from opensirt.files.follow_up_blocks import FollowUpBlock, SegmentationBlock, VisitBlock


def read_visit_segments(
    block: FollowUpBlock | None, folder: Path, gathered: Gathered
) -> tuple[VisitSegments, ...]:
    """Return the outlines of every visit that names files of them.

    Raises
    ------
    InputError
        When a file cannot be read, or has no segment of a name that the case gives.
    GeometryError
        When segments that belong together lie on different grids.
    """
    visits: Sequence[VisitBlock] = () if block is None else block.visits
    return tuple(
        _read(visit, one, folder, gathered) for visit in visits for one in visit.segmentations
    )


def _read(
    visit: VisitBlock, block: SegmentationBlock, folder: Path, gathered: Gathered
) -> VisitSegments:
    path = folder / block.path
    asked = [*block.lesions, *block.tumours]
    asked += [one for one in (block.liver, block.spleen) if one is not None]
    read = read_segment_file(
        path,
        names={int(label): name for label, name in block.names.items()},
        wanted=lambda name: any(fnmatchcase(name, one) for one in asked),
    )
    gathered.inputs[f"visits.{visit.on.isoformat()}.{block.path}"] = sha256_of_path(path)
    for segment in read.segments:
        gathered.add_file(path.name, segment.notes, segment.patient_digests)
    frame = block.frame

    def mask(patterns: Iterable[str]) -> Mask | None:
        wanted = list(patterns)
        if not wanted:
            return None
        found = [
            one
            for one in read.segments
            if any(fnmatchcase(one.name, pattern) for pattern in wanted)
        ]
        if not found:
            raise InputError(
                f"{path.name}: no segment is called {' or '.join(map(repr, wanted))}; found "
                f"{', '.join(map(repr, read.names)) or 'none'}. Correct the segmentations of the "
                f"visit of {visit.on}"
            )
        return _union(found, frame or _own_frame(visit, found), path.name)

    by_lesion: dict[str, list[str]] = {}
    for segment_name, lesion in block.lesions.items():
        by_lesion.setdefault(lesion, []).append(segment_name)
    lesions = {}
    for lesion, names in by_lesion.items():
        one = mask(names)
        assert one is not None  # noqa: S101 - a lesion has at least one name
        lesions[lesion] = one
    return VisitSegments(
        on=visit.on,
        lesions=lesions,
        tumours=mask(block.tumours),
        liver=mask([block.liver] if block.liver else []),
        spleen=mask([block.spleen] if block.spleen else []),
        source=block.path,
    )


def _own_frame(visit: VisitBlock, segments: Sequence[ReadSegment]) -> str | None:
    """Return a name where the file carries none: sizes of one visit meet no other image."""
    if isinstance(segments[0].frame_of_reference_uid, Missing):
        return f"visit of {visit.on.isoformat()}"
    return None


def _union(segments: Sequence[ReadSegment], frame: str | None, where: str) -> Mask:
    masks = [mask_of_segment(one, frame, where=where) for one in segments]
    first = masks[0]
    for one in masks[1:]:
        try:
            first.grid.require_same(one.grid)
        except GeometryError as error:
            raise GeometryError(
                f"{where}: segments {segments[0].name!r} and others belong together but lie on "
                f"different grids ({error})"
            ) from None
    return first.with_values(np.logical_or.reduce([one.values for one in masks]))
