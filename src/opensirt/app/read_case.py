"""A case folder read whole: its facts, images and structures as frozen values."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

from opensirt.domain.case import (
    AdministrationFacts,
    Case,
    CaseImage,
    ImageRole,
    PatientFacts,
    Prescription,
    TerritoryFacts,
    Tissue,
    WorkUpFacts,
)
from opensirt.domain.finding import Confirmation, Finding, Severity, refuse_unless_confirmed
from opensirt.domain.grid import Grid, frame_of_reference_uid
from opensirt.domain.image import ActivityMap, CountsImage, CtImage, Event, Image3D
from opensirt.domain.missing import Missing
from opensirt.domain.reading import ReadSegment, ReadVolume
from opensirt.domain.structure import Mask, Structure, StructureSet
from opensirt.errors import GeometryError, InputError, MissingInputError
from opensirt.files.case_file import (
    AdministrationBlock,
    CaseFile,
    FactsBlock,
    ImageBlock,
    PrescriptionBlock,
    StructuresBlock,
    case_file_path,
    read_case_file,
)
from opensirt.imaging.quantify import typed_image
from opensirt.provenance import sha256_of_file
from opensirt.units import BQ_PER_MBQ, GRAMS_PER_KG, ImageUnit

T = TypeVar("T")

_ACTIVITY_ROLES = frozenset({ImageRole.SCOUT, ImageRole.VERIFICATION, ImageRole.PRRT})
_CT_ROLES = frozenset({ImageRole.CT, ImageRole.SCOUT_CT})


@dataclass
class _Gathered:
    """What reading the files of one case brings together."""

    findings: list[Finding] = field(default_factory=list)
    inputs: dict[str, str] = field(default_factory=dict)
    patients: dict[str, dict[str, str]] = field(default_factory=dict)
    """Identity field → digest → first file that had it."""

    def patient(self, digests: Mapping[str, str], source: str) -> None:
        for name, digest in digests.items():
            self.patients.setdefault(name, {}).setdefault(digest, source)


def read_case(path: Path) -> Case:
    """Return the case of a folder with a case.toml, or of the case.toml itself.

    Raises
    ------
    InputError
        When the file, or one that it names, cannot be used; the message says which and why.
    ConfirmationError
        When the images seem to be of different patients.
    """
    case_path = case_file_path(path)
    stated = read_case_file(case_path)
    folder = case_path.parent
    gathered = _Gathered()
    gathered.inputs["case.toml"] = sha256_of_file(case_path)
    confirmations = tuple(Confirmation(one.finding, one.by, one.on) for one in stated.confirmations)
    images = tuple(_image(block, folder, gathered) for block in stated.images)
    structures = StructureSet(
        tuple(
            structure
            for block in stated.structures
            for structure in _structures(block, folder, images, gathered)
        )
    )
    administration = _administration(stated.administration)
    _require_after_administration(images, administration)
    _require_frames(images, structures)
    gathered.findings += _same_patient(gathered.patients, confirmations)
    patient, tissue, work_up = stated.patient, stated.tissue, stated.work_up
    density_g_per_ml = tissue.liver_density_g_per_ml
    return Case(
        key=stated.key,
        images=images,
        structures=structures,
        patient=PatientFacts(
            height_cm=_or_missing(patient.height_cm),
            weight_kg=_or_missing(patient.weight_kg),
            sex=_or_missing(patient.sex),
            assumed=tuple(patient.assumed),
        ),
        tissue=Tissue(
            liver_density_kg_per_ml=(
                Missing.NOT_RECORDED
                if density_g_per_ml is None
                else density_g_per_ml / GRAMS_PER_KG
            ),
            lung_mass_kg=_or_missing(tissue.lung_mass_kg),
            assumed=tuple(tissue.assumed),
        ),
        work_up=WorkUpFacts(
            lung_shunt_fraction=_or_missing(work_up.lung_shunt_fraction),
            lung_shunt_standard_uncertainty=(
                Missing.NOT_ESTIMATED
                if work_up.lung_shunt_standard_uncertainty is None
                else work_up.lung_shunt_standard_uncertainty
            ),
            lung_shunt_method=_or_missing(work_up.lung_shunt_method),
            assumed=tuple(work_up.assumed),
        ),
        territories=tuple(
            TerritoryFacts(
                name=one.name,
                perfused_volume=one.perfused_volume,
                vessel=_or_missing(one.vessel),
                catheter_position=_or_missing(one.catheter_position),
                assumed=tuple(one.assumed),
            )
            for one in stated.territories
        ),
        prescription=_prescription(stated.prescription),
        administration=administration,
        confirmations=confirmations,
        findings=(*_assumptions(stated), *gathered.findings),
        inputs=gathered.inputs,
        other_blocks=stated.other_blocks,
    )


def _or_missing(value: T | None) -> T | Missing:
    return Missing.NOT_RECORDED if value is None else value


def sha256_of_path(path: Path) -> str:
    """Return the sha256 of a file, or of the sorted digests of all files of a folder."""
    if path.is_file():
        return sha256_of_file(path)
    digests = sorted(sha256_of_file(one) for one in path.rglob("*") if one.is_file())
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


# --- images ---------------------------------------------------------------------------------


def read_image_file(path: Path, *, series: str | None = None) -> ReadVolume:
    """Return one volume: a DICOM series of a folder or file, or any other image file.

    Raises
    ------
    InputError
        When there is nothing there, or it cannot be read.
    """
    from opensirt.files.file_format import FileFormat, file_format
    from opensirt.files.volume import read_volume

    if not path.exists():
        raise InputError(f"there is no {path.name}; check the path in case.toml or the command")
    if path.is_dir() or file_format(path) is FileFormat.DICOM:
        from opensirt.dicom.series import read_series

        return read_series(path, series)
    if series is not None:
        raise InputError(f"{path.name} is no DICOM series; leave out series")
    return read_volume(path)


def _image(block: ImageBlock, folder: Path, gathered: _Gathered) -> CaseImage:
    path = folder / block.path
    read = read_image_file(path, series=block.series)
    where = f"image {block.id!r} ({path.name})"
    gathered.inputs[block.id] = sha256_of_path(path)
    gathered.patient(read.patient_digests, where)
    gathered.findings += [Finding(Severity.NOTE, "file", f"{where}: {note}") for note in read.notes]
    unit = _agreed(where, "unit", read.unit, block.unit)
    if isinstance(unit, Missing):
        if block.role not in _CT_ROLES or read.modality != "CT":
            raise MissingInputError(
                "unit of its values",
                where=where,
                remedy='state it with unit = "Bq/mL", "counts" or "HU", and add it to assumed '
                "when it is not certain",
            )
        unit = ImageUnit.HU
    nuclide = _agreed(where, "radionuclide", read.radionuclide, block.radionuclide)
    acquired_at = _agreed(where, "acquired_at", read.acquired_at, block.acquired_at)
    image = typed_image(
        read,
        unit=unit,
        frame=block.frame,
        radionuclide=None if isinstance(nuclide, Missing) else nuclide,
        reference_at=_reference(where, read, block),
        acquired_at=acquired_at,
        duration_s=_agreed(where, "duration_s", read.duration_s, block.duration_s),
    )
    _require_kind(where, block.role, image)
    return CaseImage(
        id=block.id,
        role=block.role,
        image=image,
        source=block.path,
        resolution_fwhm_mm=_or_missing(block.resolution_fwhm_mm),
        assumed=tuple(block.assumed),
    )


def _agreed(where: str, key: str, declared: T | Missing, stated: T | None) -> T | Missing:
    """Return what the file or the case says; refuse when they contradict each other."""
    if isinstance(declared, Missing):
        return _or_missing(stated)
    if stated is not None and stated != declared:
        raise InputError(
            f"{where}: the file declares {key} {_shown(declared)}, the case states "
            f"{_shown(stated)}; correct the case, or leave {key} out of it"
        )
    return declared


def _shown(value: object) -> str:
    return str(value.value) if isinstance(value, ImageUnit | Event) else str(value)


def _reference(where: str, read: ReadVolume, block: ImageBlock) -> datetime | Event | None:
    declared: datetime | Event | Missing = Missing.NOT_RECORDED
    if isinstance(read.decay_corrected_to, datetime):
        declared = read.decay_corrected_to
    elif isinstance(read.decay_corrected_to, str):
        declared = Event(read.decay_corrected_to)
    stated: datetime | Event | None = block.reference
    agreed: datetime | Event | Missing = _agreed(where, "reference", declared, stated)
    return None if isinstance(agreed, Missing) else agreed


def _require_kind(where: str, role: ImageRole, image: Image3D) -> None:
    if role in _CT_ROLES and not isinstance(image, CtImage):
        raise InputError(f"{where}: role {role.value} wants CT numbers, found {image.unit}")
    if role in _ACTIVITY_ROLES and not isinstance(image, ActivityMap | CountsImage):
        raise InputError(
            f"{where}: role {role.value} wants activity in Bq/mL or counts, found {image.unit}"
        )


# --- structures -----------------------------------------------------------------------------


def read_segment_file(
    path: Path, *, reference: ReadVolume | None = None, names: Mapping[int, str] | None = None
) -> tuple[ReadSegment, ...]:
    """Return the segments of a DICOM SEG or RTSTRUCT, a `.seg.nrrd` or a label map."""
    from opensirt.files.file_format import FileFormat, file_format
    from opensirt.files.segmentation import read_segments

    if not path.exists():
        raise InputError(f"there is no {path.name}; check the path in case.toml or the command")
    if path.is_dir() or file_format(path) is FileFormat.DICOM:
        from opensirt.dicom.structures import read_dicom_segments

        return read_dicom_segments(path, reference)
    return read_segments(path, names=names)


def _structures(
    block: StructuresBlock, folder: Path, images: Iterable[CaseImage], gathered: _Gathered
) -> list[Structure]:
    path = folder / block.path
    names = {int(label): name for label, name in block.names.items()}
    segments = read_segment_file(path, reference=_reference_volume(images), names=names)
    gathered.inputs[f"structures {path.name}"] = sha256_of_path(path)
    matched: dict[str, int] = dict.fromkeys(block.labels, 0)
    structures = []
    for segment in segments:
        gathered.patient(segment.patient_digests, path.name)
        gathered.findings += [
            Finding(Severity.NOTE, "file", f"{path.name}: {note}") for note in segment.notes
        ]
        pattern = _pattern(segment.name, block.labels)
        if pattern is None:
            text = f"{path.name}: segment {segment.name!r} has no label in the case; it is not used"
            gathered.findings.append(Finding(Severity.NOTE, "unused_segment", text))
            continue
        matched[pattern] += 1
        structures.append(_structure(segment, block, path, pattern))
    unused = [pattern for pattern, n_found in matched.items() if n_found == 0]
    if unused:
        found = ", ".join(repr(one.name) for one in segments)
        raise InputError(
            f"{path.name}: no segment is called {', '.join(map(repr, unused))}; found {found}. "
            "Correct labels in [[structures]]"
        )
    return structures


def _pattern(name: str, labels: Iterable[str]) -> str | None:
    """Return the label that names a segment: the same text, else the first pattern."""
    listed = list(labels)
    if name in listed:
        return name
    return next((one for one in listed if fnmatchcase(name, one)), None)


def _structure(segment: ReadSegment, block: StructuresBlock, path: Path, pattern: str) -> Structure:
    where = f"{path.name}, segment {segment.name!r}"
    if not segment.values.any():
        raise InputError(f"{where} has no voxels; draw it, or leave it out of labels")
    named = frame_of_reference_uid(block.frame) if block.frame else None
    uid = segment.frame_of_reference_uid
    if isinstance(uid, Missing):
        if named is None:
            raise MissingInputError(
                "frame of reference", where=where, remedy='name it with frame = "…"'
            )
        uid = named
    elif named is not None and named != uid:
        raise GeometryError(
            f"{where} declares the frame of reference {uid}, the case names {block.frame!r}; leave "
            "frame out, or register the contours to that frame first"
        )
    k, j, i = segment.values.shape
    return Structure(
        label=segment.name,
        kind=block.labels[pattern],
        mask=Mask(Grid((k, j, i), segment.affine, uid), segment.values),
        source=block.path,
        assumed=tuple(block.assumed),
    )


def _reference_volume(images: Iterable[CaseImage]) -> ReadVolume | None:
    """Return the geometry that contours without a grid are drawn on: the first CT or image."""
    listed = sorted(images, key=lambda one: one.role not in _CT_ROLES)
    if not listed:
        return None
    grid = listed[0].image.grid
    return ReadVolume(
        values=listed[0].image.values,
        affine=grid.affine,
        source=listed[0].source,
        frame_of_reference_uid=grid.frame_of_reference_uid,
    )


# --- facts ----------------------------------------------------------------------------------


def _prescription(block: PrescriptionBlock | None) -> Prescription | None:
    if block is None:
        return None
    return Prescription(
        device=block.device,
        model=block.model,
        limits_gy=block.limits.by_name(),
        targets_gy={device: figures.by_name() for device, figures in block.targets.items()},
        assumed=tuple(block.assumed),
    )


def _becquerel(value_mbq: float | None) -> float | Missing:
    return Missing.NOT_RECORDED if value_mbq is None else value_mbq * BQ_PER_MBQ


def _administration(block: AdministrationBlock | None) -> AdministrationFacts | None:
    if block is None:
        return None
    return AdministrationFacts(
        device=block.device,
        administered_activity_bq=_becquerel(block.administered_activity_mbq),
        administered_at=_or_missing(block.administered_at),
        dispensed_activity_bq=_becquerel(block.dispensed_activity_mbq),
        residual_activity_bq=_becquerel(block.residual_activity_mbq),
        assumed=tuple(block.assumed),
    )


def _assumptions(stated: CaseFile) -> tuple[Finding, ...]:
    """Return one finding for each block with assumed facts, for the head of every report."""
    blocks: list[tuple[str, FactsBlock]] = [("patient", stated.patient)]
    blocks += [(f"image {one.id}", one) for one in stated.images]
    blocks += [(f"structures {Path(one.path).name}", one) for one in stated.structures]
    blocks += [("tissue", stated.tissue), ("work-up", stated.work_up)]
    blocks += [(f"territory {one.name}", one) for one in stated.territories]
    if stated.prescription is not None:
        blocks.append(("prescription", stated.prescription))
    if stated.administration is not None:
        blocks.append(("administration", stated.administration))
    findings = []
    for name, block in blocks:
        if block.assumed:
            facts = ", ".join(f"{key} = {_fact(getattr(block, key))}" for key in block.assumed)
            text = f"assumed, not recorded: {name}: {facts}"
            findings.append(Finding(Severity.WARN, "assumed", text))
    return tuple(findings)


def _fact(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_fact(one)}" for key, one in value.items())
    if hasattr(value, "by_name"):
        return ", ".join(f"{key} {one:g} Gy" for key, one in value.by_name().items())
    return _shown(value)


def _require_after_administration(
    images: Iterable[CaseImage], administration: AdministrationFacts | None
) -> None:
    if administration is None or isinstance(administration.administered_at, Missing):
        return
    given_at = administration.administered_at
    for one in images:
        if one.role is not ImageRole.VERIFICATION:
            continue
        acquired_at = getattr(one.image, "acquired_at", Missing.NOT_RECORDED)
        if isinstance(acquired_at, datetime) and acquired_at < given_at:
            raise InputError(
                f"image {one.id!r} with role verification was acquired at "
                f"{acquired_at.isoformat()}, before the administration at {given_at.isoformat()}; "
                "correct the instants, or the role of the image"
            )


def _require_frames(images: tuple[CaseImage, ...], structures: StructureSet) -> None:
    """Refuse structures that share their frame with no image: they could meet nothing."""
    frames = {one.image.grid.frame_of_reference_uid for one in images}
    if not frames:
        return
    for structure in structures:
        if structure.mask.grid.frame_of_reference_uid not in frames:
            listed = ", ".join(
                f"{one.id}: {one.image.grid.frame_of_reference_uid}" for one in images
            )
            raise GeometryError(
                f"frames of reference differ: structure {structure.label!r} lies in "
                f"{structure.mask.grid.frame_of_reference_uid}, the images in {listed}; register "
                "one to the other, or name one frame for both when they are aligned"
            )


def _same_patient(
    patients: Mapping[str, Mapping[str, str]], confirmations: tuple[Confirmation, ...]
) -> tuple[Finding, ...]:
    differing = {name: list(found.values()) for name, found in patients.items() if len(found) > 1}
    if not differing:
        return ()
    fields = {"id": "patient ID", "birth_date": "birth date", "sex": "sex"}
    what = "; ".join(
        f"{fields.get(name, name)} differs between {' and '.join(sources)}"
        for name, sources in differing.items()
    )
    return (
        refuse_unless_confirmed(
            "different_patients",
            f"the files seem to be of different patients: {what}",
            confirmations,
        ),
    )
