"""The outlines of a case's imaging visits."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np

from opensirt.app.case_structures import mask_of_segment
from opensirt.app.gathered import Gathered
from opensirt.app.image_file import SegmentFile, geometry_of, read_segment_file
from opensirt.domain.case import CaseImage, VisitSegments
from opensirt.domain.image import CtImage, SignalImage
from opensirt.domain.missing import Missing
from opensirt.domain.reading import ReadSegment
from opensirt.domain.structure import Mask
from opensirt.errors import GeometryError, InputError, MissingInputError
from opensirt.files.follow_up_blocks import FollowUpBlock, SegmentationBlock, VisitBlock


def read_visit_segments(
    block: FollowUpBlock | None, folder: Path, images: Sequence[CaseImage], gathered: Gathered
) -> tuple[VisitSegments, ...]:
    """Return the outlines of every visit that names files of them, with the visit's image.

    Contours of an RTSTRUCT are laid on the image that the visit names.

    Raises
    ------
    InputError
        When a file cannot be read, has no segment of a name that the case gives, or the case
        has no image of the id that a visit names.
    MissingInputError
        When contours come without an image of their visit.
    GeometryError
        When segments that belong together lie on different grids, or contours lie on no plane of
        the image.
    """
    visits: Sequence[VisitBlock] = () if block is None else block.visits
    found = []
    for visit in visits:
        image = _image(visit, images)
        found += [_read(visit, one, folder, image, gathered) for one in visit.segmentations]
    return tuple(found)


def _image(visit: VisitBlock, images: Sequence[CaseImage]) -> CaseImage | None:
    if visit.image is None:
        return None
    for one in images:
        if one.id == visit.image:
            return one
    known = ", ".join(one.id for one in images) or "none"
    raise InputError(
        f"the visit of {visit.on} names image {visit.image!r}; [[images]] has {known}. Add it with "
        'role = "follow-up"'
    )


def _segment_file(
    visit: VisitBlock, block: SegmentationBlock, path: Path, image: CaseImage | None
) -> SegmentFile:
    """Return the segments that a block asks for; contours need the image of the visit."""
    asked = [*block.lesions, *block.tumours]
    asked += [one for one in (block.liver, block.spleen) if one is not None]
    try:
        return read_segment_file(
            path,
            drawn_on=() if image is None else (geometry_of(image.image, image.source),),
            names={int(label): name for label, name in block.names.items()},
            wanted=lambda name: any(fnmatchcase(name, one) for one in asked),
        )
    except MissingInputError as error:
        from opensirt.dicom.structures import DRAWN_ON

        if error.fact != DRAWN_ON:
            raise
        raise MissingInputError(
            DRAWN_ON,
            where=f"the visit of {visit.on} ({path.name})",
            remedy='add the series that they were drawn on to [[images]] with role = "follow-up", '
            "and its id to the visit as image",
        ) from None


def _read(
    visit: VisitBlock,
    block: SegmentationBlock,
    folder: Path,
    image: CaseImage | None,
    gathered: Gathered,
) -> VisitSegments:
    path = folder / block.path
    read = _segment_file(visit, block, path, image)
    gathered.add_input(f"visits.{visit.on.isoformat()}", path)
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
        source=path.name,
        ct=image.image if image is not None and isinstance(image.image, CtImage) else None,
        on_mr=image is not None and isinstance(image.image, SignalImage),
        phase=Missing.NOT_RECORDED if visit.phase is None else visit.phase,
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
