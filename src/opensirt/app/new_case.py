"""A first case.toml from a folder of images: what they declare, and what is left to fill in."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from opensirt.app.case_image import MAGNETIC_RESONANCE
from opensirt.app.inspect import FoundFile, Inspection, SegmentFacts, inspect_path
from opensirt.domain.missing import Missing
from opensirt.domain.structure import StructureKind
from opensirt.errors import InputError
from opensirt.files.case_file import CASE_FILE_NAME, CASE_SCHEMA

_FILL_IN = "FILL IN"

_GUESSES = (
    (re.compile(r"gall", re.IGNORECASE), StructureKind.GALLBLADDER),
    (re.compile(r"tum|lesion|metast|gtv", re.IGNORECASE), StructureKind.TUMOUR),
    (re.compile(r"perf.*norm|norm.*perf", re.IGNORECASE), StructureKind.PERFUSED_NORMAL_LIVER),
    (re.compile(r"perf|territor", re.IGNORECASE), StructureKind.PERFUSED_VOLUME),
    (re.compile(r"norm", re.IGNORECASE), StructureKind.NORMAL_LIVER),
    (re.compile(r"liver|leber|foie", re.IGNORECASE), StructureKind.LIVER),
    (re.compile(r"lung", re.IGNORECASE), StructureKind.LUNG),
)
"""Names of segments that speak for themselves; a person confirms each line."""


def new_case(case_folder: Path, source: Path) -> Path:
    """Write ``case.toml`` into a new case folder and return its path.

    The images stay where they are and are named by relative path. What a file does not declare
    stands in the text as a commented line to fill in; nothing is guessed but the kind of a segment
    from its name, which the text says to check.

    Raises
    ------
    InputError
        When there is a case.toml already, or nothing that can be read at `source`.
    """
    target = case_folder / CASE_FILE_NAME
    if target.exists():
        raise InputError(
            f"{case_folder.name} has a {CASE_FILE_NAME} already; it is not overwritten: name "
            "another case folder"
        )
    inspection = inspect_path(source)
    text = "\n".join(_lines(case_folder, inspection)) + "\n"
    case_folder.mkdir(parents=True, exist_ok=True)
    with target.open("x", encoding="utf-8") as stream:
        stream.write(text)
    return target


def _lines(case_folder: Path, inspection: Inspection) -> Iterator[str]:
    yield "# Written by `opensirt new` from what the files declare. Lines that begin with"
    yield f'# "# {_FILL_IN}" are facts that no file states: remove the mark and write the value;'
    yield "# where it is not certain, add the key to `assumed` of its block."
    yield f'schema = "{CASE_SCHEMA}"'
    yield f"key = {_text(case_folder.resolve().name)}    # a pseudonym; nothing that identifies"
    for note in inspection.notes:
        yield f"# {note}"
    number = 0
    for one in inspection.files:
        if one.problem:
            yield ""
            yield f"# {one.name} cannot be used: {' '.join(one.problem.split())}"
        elif one.kind == "image":
            number += 1
            yield from _image(case_folder, one, number)
        elif one.kind == "structures":
            yield from _structures(case_folder, one)
    yield from (
        "",
        "[tissue]",
        f"# {_FILL_IN} liver_density_g_per_ml = 1.05",
        f"# {_FILL_IN} lung_mass_kg = 1.0",
        "",
        "# For a plan:",
        "# [patient]",
        "# height_cm = ",
        "# weight_kg = ",
        "# [work_up]",
        "# lung_shunt_fraction = 0.05      # between 0 and 1",
        '# lung_shunt_method = "planar"',
        "# [[territories]]",
        '# name = "right"',
        '# perfused_volume = "label of the perfused volume"',
        "# [prescription]",
        '# device = "resin"               # resin, glass or holmium',
        '# model = "partition"',
        "# limits = { perfused_normal_liver_gy = 40, lung_gy = 30 }",
        "",
        "# For a verification:",
        "# [administration]",
        '# device = "resin"',
        "# administered_activity_mbq = ",
        "# administered_at = 2026-03-02T12:00:00+01:00",
    )


def _text(value: str) -> str:
    """Return a TOML string, which JSON's is as well."""
    return json.dumps(value, ensure_ascii=False)


def _relative(case_folder: Path, path: Path) -> str:
    return Path(os.path.relpath(path.resolve(), case_folder.resolve())).as_posix()


def _place(case_folder: Path, one: FoundFile) -> Iterator[str]:
    yield f"path = {_text(_relative(case_folder, one.path))}"


def _image(case_folder: Path, one: FoundFile, number: int) -> Iterator[str]:
    shape = "×".join(str(n) for n in reversed(one.shape))
    spacing = "×".join(f"{mm:.4g}" for mm in reversed(one.spacing_mm))
    is_ct, is_mr = one.modality == "CT", one.modality == MAGNETIC_RESONANCE
    yield ""
    yield f"# {one.file_format}: {shape} voxels of {spacing} mm"
    if not isinstance(one.value_range, Missing):
        yield f"# values from {one.value_range[0]:.6g} to {one.value_range[1]:.6g}"
    if not isinstance(one.frame_of_reference_uid, Missing):
        yield f"# its frame of reference: {one.frame_of_reference_uid}"
    for note in one.notes:
        yield f"# {note}"
    yield "[[images]]"
    yield f'id = "{"ct" if is_ct else "mr" if is_mr else "image"}-{number}"'
    if is_ct:
        yield 'role = "ct"'
    elif is_mr:
        yield 'role = "follow-up"              # contours of a visit are laid on it'
    else:
        yield f'role = "{_role(one)}"           # check: scout, verification, follow-up, …'
    yield from _place(case_folder, one)
    if one.file_format.startswith("DICOM"):
        yield f"series = {_text(one.name)}"
    hints = {
        "unit": '"Bq/mL"                # or counts, kBq/mL, HU',
        "radionuclide": '"Y-90"',
        "reference": '"administration"    # or acquisition, or an instant with its zone',
        "acquired_at": "2026-03-02T14:00:00+01:00",
        "frame": '"frame-1"             # one name for all that is aligned',
    }
    for key in one.missing:
        yield f"# {_FILL_IN} {key} = {hints[key]}"


def _role(one: FoundFile) -> str:
    return "scout" if one.radionuclide == "Tc-99m" else "verification"


def _structures(case_folder: Path, one: FoundFile) -> Iterator[str]:
    yield ""
    yield f"# {one.file_format}"
    yield "[[structures]]"
    yield from _place(case_folder, one)
    if "frame" in one.missing:
        yield f'# {_FILL_IN} frame = "frame-1"'
    unnamed = [part for part in one.segments if not isinstance(part.label_value, Missing)]
    if unnamed:
        named = (f"{part.label_value} = {_text(_name(one, part))}" for part in unnamed)
        yield f"names = {{ {', '.join(named)} }}"
    yield "# check each kind"
    yield "[structures.labels]"
    written: set[str] = set()
    for segment in one.segments:
        name = _name(one, segment)
        if name in written:
            yield f"# another segment is called {_text(name)}: give each its own name in the file"
            continue
        written.add(name)
        kind = next((kind for pattern, kind in _GUESSES if pattern.search(name)), None)
        size = "" if isinstance(segment.volume_ml, Missing) else f"  # {segment.volume_ml:.1f} mL"
        yield f"{_text(name)} = {_text((kind or StructureKind.OTHER).value)}{size}"


def _name(one: FoundFile, segment: SegmentFacts) -> str:
    """Return the name of a segment; labels without one are called after their file."""
    if isinstance(segment.label_value, Missing):
        return segment.name
    stem = one.name.split(".")[0]
    return stem if len(one.segments) == 1 else f"{stem} {segment.label_value}"
