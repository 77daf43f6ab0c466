"""The structures of a case: segments of files that the case gives a kind."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from opensirt.app.case_image import CT_ROLES
from opensirt.app.gathered import Gathered
from opensirt.app.image_file import geometry_of, read_segment_file
from opensirt.domain.case import CaseImage
from opensirt.domain.grid import Grid, frame_of_reference_uid
from opensirt.domain.missing import Missing
from opensirt.domain.reading import ReadSegment, ReadVolume
from opensirt.domain.structure import Mask, Structure, StructureSet
from opensirt.errors import GeometryError, InputError, MissingInputError
from opensirt.files.image_blocks import StructuresBlock


def read_case_structures(
    block: StructuresBlock, folder: Path, images: Sequence[CaseImage], gathered: Gathered
) -> list[Structure]:
    """Return the structures of one file that the case gives a kind.

    Other segments are left out, with a finding.

    Raises
    ------
    InputError
        When a label of the case is that of no segment, or a segment has no voxels.
    MissingInputError
        When neither the file nor the case names a frame of reference.
    GeometryError
        When both do, and not the same.
    """
    path = folder / block.path
    names = {int(label): name for label, name in block.names.items()}
    read = read_segment_file(
        path,
        drawn_on=_drawn_on(images),
        names=names,
        wanted=lambda name: matching(name, block.labels) is not None,
    )
    gathered.add_input("structures", path)
    for note in dict.fromkeys(note for one in read.segments for note in one.notes):
        gathered.note("file", f"{path.name}: {note}")
    matched = {matching(name, block.labels) for name in read.names}
    unused = [pattern for pattern in block.labels if pattern not in matched]
    if unused:
        found = ", ".join(map(repr, read.names)) or "none"
        raise InputError(
            f"{path.name}: no segment is called {', '.join(map(repr, unused))}; found {found}. "
            "Correct labels in [[structures]]"
        )
    left = [name for name in read.names if matching(name, block.labels) is None]
    if left:
        listed = ", ".join(map(repr, left))
        gathered.note("unused_segment", f"{path.name}: {listed}: no label in the case; not used")
    structures = []
    for segment in read.segments:
        gathered.add_file(path.name, (), segment.patient_digests)
        pattern = matching(segment.name, block.labels)
        assert pattern is not None  # noqa: S101 - wanted says so
        structures.append(_structure(segment, block, path, pattern))
    return structures


def matching(name: str, labels: Iterable[str]) -> str | None:
    """Return the label that names a segment: the same text, else the first pattern that fits.

    >>> matching("Tumor 1", ["Tumor *", "Tumor 1"]), matching("Liver", ["Tumor *"])
    ('Tumor 1', None)
    """
    listed = list(labels)
    if name in listed:
        return name
    return next((one for one in listed if fnmatchcase(name, one)), None)


def _structure(segment: ReadSegment, block: StructuresBlock, path: Path, pattern: str) -> Structure:
    return Structure(
        label=segment.name,
        kind=block.labels[pattern],
        mask=mask_of_segment(segment, block.frame, where=path.name),
        source=path.name,
        assumed=tuple(block.assumed),
    )


def mask_of_segment(segment: ReadSegment, frame: str | None, *, where: str) -> Mask:
    """Return the mask of a segment, in its own frame of reference or in the one named.

    Raises
    ------
    InputError
        When the segment has no voxels.
    MissingInputError
        When neither the file nor `frame` names a frame of reference.
    GeometryError
        When both do, and not the same.
    """
    where = f"{where}, segment {segment.name!r}"
    if not segment.values.any():
        raise InputError(f"{where} has no voxels; draw it, or leave it out")
    k, j, i = segment.values.shape
    uid = _frame_of(segment, frame, where)
    return Mask(Grid((k, j, i), segment.affine, uid), segment.values)


def _frame_of(segment: ReadSegment, frame: str | None, where: str) -> str:
    named = frame_of_reference_uid(frame) if frame else None
    declared = segment.frame_of_reference_uid
    if isinstance(declared, Missing):
        if named is None:
            raise MissingInputError(
                "frame of reference", where=where, remedy='name it with frame = "…"'
            )
        return named
    if named is not None and named != declared:
        raise GeometryError(
            f"{where} declares the frame of reference {declared}, not {frame!r}; leave the frame "
            "out, or register the contours to that frame first"
        )
    return declared


def _drawn_on(images: Iterable[CaseImage]) -> list[ReadVolume]:
    """Return the geometry of all images, CTs first: contours are drawn on one of them."""
    listed = sorted(images, key=lambda one: one.role not in CT_ROLES)
    return [geometry_of(one.image, one.source) for one in listed]


def require_shared_frame(images: Sequence[CaseImage], structures: StructureSet) -> None:
    """Refuse structures that share their frame with no image: they could meet nothing.

    Raises
    ------
    GeometryError
        Naming the structure and the frames of all images.
    """
    frames = {one.image.grid.frame_of_reference_uid for one in images}
    for structure in structures if frames else ():
        if structure.mask.grid.frame_of_reference_uid not in frames:
            listed = ", ".join(
                f"{one.id}: {one.image.grid.frame_of_reference_uid}" for one in images
            )
            raise GeometryError(
                f"frames of reference differ: structure {structure.label!r} lies in "
                f"{structure.mask.grid.frame_of_reference_uid}, the images in {listed}; register "
                "one to the other, or name one frame for both when they are aligned"
            )
