"""The images of a case: what the file declares and what the case states, in one typed image."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TypeVar

from opensirt.app.declared_administration import DeclaredAdministration
from opensirt.app.gathered import Gathered
from opensirt.app.image_file import read_image_file, sha256_of_path
from opensirt.domain.case import CaseImage, ImageRole
from opensirt.domain.image import ActivityMap, CountsImage, CtImage, Event, Image3D
from opensirt.domain.missing import Missing
from opensirt.domain.nuclide_name import canonical_nuclide
from opensirt.domain.reading import ReadVolume
from opensirt.errors import InputError, MissingInputError
from opensirt.files.image_blocks import ImageBlock
from opensirt.imaging.quantify import signal_image, typed_image
from opensirt.units import ImageUnit

T = TypeVar("T")

ACTIVITY_ROLES = frozenset({ImageRole.SCOUT, ImageRole.VERIFICATION, ImageRole.PRRT})
MAGNETIC_RESONANCE = "MR"
CT_ROLES = frozenset({ImageRole.CT, ImageRole.SCOUT_CT})


def read_case_image(
    block: ImageBlock, folder: Path, gathered: Gathered, *, zone: tzinfo | None = None
) -> tuple[CaseImage, DeclaredAdministration]:
    """Return one image of a case, and what its header declares of the administration.

    `zone` is that of the site, for DICOM files that state none.

    Raises
    ------
    MissingInputError
        When neither the file nor the case states a fact that is needed.
    InputError
        When the two contradict each other, or the image is not what its role wants.
    """
    path = folder / block.path
    read = read_image_file(path, series=block.series, zone=zone)
    where = f"image {block.id!r} ({path.name})"
    gathered.inputs[f"images.{block.id}"] = sha256_of_path(path)
    gathered.add_file(where, read.notes, read.patient_digests)
    if read.modality == MAGNETIC_RESONANCE:
        _require_no_unit(where, block)
        made = CaseImage(
            id=block.id,
            role=block.role,
            image=signal_image(read, frame=block.frame),
            source=path.name,
            assumed=tuple(block.assumed),
        )
        nothing = Missing.NOT_RECORDED
        return made, DeclaredAdministration(activity_bq=nothing, corrected_to=nothing)
    unit = agreed(where, "unit", read.unit, block.unit)
    if isinstance(unit, Missing):
        raise MissingInputError(
            "unit of its values",
            where=where,
            remedy='state it with unit = "Bq/mL", "counts" or "HU", and add "unit" to assumed '
            "when it is not certain",
        )
    _require_raw_counts(where, block, read, unit)
    nuclide = agreed(where, "radionuclide", read.radionuclide, block.radionuclide)
    acquired_at = agreed(where, "acquired_at", read.acquired_at, block.acquired_at)
    image = typed_image(
        read,
        unit=unit,
        frame=block.frame,
        radionuclide=None if isinstance(nuclide, Missing) else nuclide,
        reference_at=_reference(where, read, block, acquired_at),
        acquired_at=acquired_at,
        duration_s=agreed(where, "duration_s", read.duration_s, block.duration_s),
    )
    _require_kind(where, block.role, image)
    made = CaseImage(
        id=block.id,
        role=block.role,
        image=image,
        source=path.name,
        resolution_fwhm_mm=or_missing(block.resolution_fwhm_mm),
        calibration_standard_uncertainty_fraction=or_missing(
            block.calibration_standard_uncertainty_fraction
        ),
        camera=block.camera or "",
        assumed=tuple(block.assumed),
    )
    to_injection = read.decay_corrected_to == Event.ADMINISTRATION.value
    declared = DeclaredAdministration(
        activity_bq=read.administered_activity_bq,
        corrected_to=read.administered_at if to_injection else Missing.NOT_RECORDED,
    )
    return made, declared


def _require_raw_counts(where: str, block: ImageBlock, read: ReadVolume, unit: ImageUnit) -> None:
    """Refuse the camera of an image that is not in counts as acquired."""
    if block.camera is None:
        return
    if unit is not ImageUnit.COUNTS:
        raise InputError(
            f"{where} is in {unit.symbol}; a camera is named for an image in counts, which its "
            "calibration turns into activity: leave camera out"
        )
    corrected = read.decay_corrected_to
    if not isinstance(corrected, Missing) and corrected != Event.ACQUISITION.value:
        raise InputError(
            f"{where}: the file says that its counts are corrected for decay ({shown(corrected)}); "
            "a calibration of a camera is for counts as acquired: leave camera out, or export them "
            "uncorrected"
        )


def _require_no_unit(where: str, block: ImageBlock) -> None:
    """Refuse a unit or an emission's role for a magnetic resonance image."""
    if block.role not in (ImageRole.FOLLOW_UP, ImageRole.OTHER):
        raise InputError(
            f"{where} is a magnetic resonance image: role {block.role.value} wants another; "
            'outlines of a visit are laid on it with role = "follow-up"'
        )
    if block.unit is not None:
        raise InputError(
            f"{where} is a magnetic resonance image, whose signal has no unit; the case states "
            f"{block.unit.symbol}: leave unit out"
        )


def or_missing(value: T | None) -> T | Missing:
    """Return a fact of the case file, or that it is not recorded."""
    return Missing.NOT_RECORDED if value is None else value


def agreed(where: str, key: str, declared: T | Missing, stated: T | None) -> T | Missing:
    """Return what the file or the case says; refuse when they contradict each other.

    Raises
    ------
    InputError
        When both say something, and not the same.
    """
    if isinstance(declared, Missing):
        return or_missing(stated)
    if stated is not None and not _same(stated, declared):
        raise InputError(
            f"{where}: the file declares {key} {shown(declared)}, the case states "
            f"{shown(stated)}; correct the case, or leave {key} out of it"
        )
    return declared


def _same(stated: object, declared: object) -> bool:
    if isinstance(stated, str) and isinstance(declared, str):
        return (canonical_nuclide(stated) or stated) == (canonical_nuclide(declared) or declared)
    return stated == declared


def shown(value: object) -> str:
    """Return a fact as people write it."""
    if isinstance(value, ImageUnit):
        return value.symbol
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value.value) if isinstance(value, Event) else str(value)


def _reference(
    where: str, read: ReadVolume, block: ImageBlock, acquired_at: datetime | Missing
) -> datetime | Event | None:
    declared: datetime | Event | Missing = Missing.NOT_RECORDED
    if isinstance(read.decay_corrected_to, datetime):
        declared = read.decay_corrected_to
    elif isinstance(read.decay_corrected_to, str):
        declared = Event(read.decay_corrected_to)
    stated = block.reference
    if isinstance(declared, datetime) and stated is Event.ACQUISITION and declared == acquired_at:
        stated = None  # the same instant in other words
    found: datetime | Event | Missing = agreed(where, "reference", declared, stated)
    return None if isinstance(found, Missing) else found


def _require_kind(where: str, role: ImageRole, image: Image3D) -> None:
    if role in CT_ROLES and not isinstance(image, CtImage):
        raise InputError(
            f"{where}: role {role.value} wants CT numbers in HU, found {image.unit}; correct the "
            "role or the unit"
        )
    if role in ACTIVITY_ROLES and not isinstance(image, ActivityMap | CountsImage):
        raise InputError(
            f"{where}: role {role.value} wants activity in Bq/mL or counts, found {image.unit}; "
            "correct the role or the unit"
        )


def require_after_administration(
    images: Sequence[CaseImage], administered_at: datetime | Missing
) -> None:
    """Refuse an image of the treatment that was acquired before it.

    Raises
    ------
    InputError
        When an image with role verification is older than the administration.
    """
    if isinstance(administered_at, Missing):
        return
    for one in images:
        if one.role is not ImageRole.VERIFICATION:
            continue
        assert isinstance(one.image, ActivityMap | CountsImage)  # noqa: S101 - _require_kind
        acquired_at = one.image.acquired_at
        if isinstance(acquired_at, datetime) and acquired_at < administered_at:
            raise InputError(
                f"image {one.id!r} with role verification was acquired at "
                f"{acquired_at.isoformat()}, before the administration at "
                f"{administered_at.isoformat()}; correct the instants, or the role of the image"
            )
