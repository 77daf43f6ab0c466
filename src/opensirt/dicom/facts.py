"""What a series declares about its numbers: unit, nuclide, instants, activity, patient."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from types import MappingProxyType

from pydicom.dataset import Dataset
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
)

from opensirt.dicom.decay_reference import decay_reference
from opensirt.dicom.getters import (
    common_text,
    items,
    optional_float,
    optional_int,
    optional_text,
    where,
)
from opensirt.dicom.instant import acquisition, earliest, in_zone, injection, spread_too_far
from opensirt.dicom.radionuclide import series_radionuclide
from opensirt.dicom.real_world import activity_mapping
from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.units import BQ_PER_MBQ, ImageUnit

_MS_PER_S = 1000.0
_DECAYING = ("PT", "NM")
"""Modalities whose numbers depend on when they were acquired."""

_PET_UNITS: Mapping[str, ImageUnit] = MappingProxyType(
    {"BQML": ImageUnit.BQ_PER_ML, "CNTS": ImageUnit.COUNTS}
)
_CT_CLASSES = (
    CTImageStorage,
    EnhancedCTImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
    "",
    None,
)
_PHILIPS_SCALE = (0x7053, 0x1009)
"""Private element of Philips: factor from counts to Bq/mL."""


@dataclass(frozen=True, kw_only=True)
class SeriesFacts:
    """What the headers of one series say; the fields are those of `ReadVolume`."""

    modality: str
    unit: ImageUnit | Missing = Missing.NOT_RECORDED
    radionuclide: str | Missing = Missing.NOT_RECORDED
    decay_corrected_to: datetime | str | Missing = Missing.NOT_RECORDED
    acquired_at: datetime | Missing = Missing.NOT_RECORDED
    duration_s: float | Missing = Missing.NOT_RECORDED
    administered_activity_bq: float | Missing = Missing.NOT_RECORDED
    administered_at: datetime | Missing = Missing.NOT_RECORDED
    notes: tuple[str, ...] = ()


def series_facts(headers: Sequence[Dataset], zone: tzinfo | None = None) -> SeriesFacts:
    """Return what a series declares; `zone` reads clock times that carry no zone of their own.

    Raises
    ------
    InputError
        When slices contradict each other, a PET unit is neither BQML nor CNTS, or the named
        nuclide and the half-life contradict each other.
    """
    modality = common_text(headers, "Modality")
    name = "" if isinstance(modality, Missing) else modality
    times = [acquisition(header) for header in headers]
    acquired = earliest(times)
    notes: tuple[str, ...] = ()
    if spread_too_far(times):
        note = (
            "the acquisition times of its images contradict each other (a date stayed behind at "
            "midnight?) and were not used; the case has to state acquired_at"
        )
        notes = (note,)
    if name in _DECAYING and isinstance(acquired, datetime) and acquired.tzinfo is None:
        how = "was not used" if zone is None else f"was read in the time zone {zone} of the site"
        notes = (f"the acquisition time carries no time zone (TimezoneOffsetFromUTC) and {how}",)
    plain = SeriesFacts(modality=name, acquired_at=in_zone(acquired, zone), notes=notes)
    of_modality = _BY_MODALITY.get(name)
    return plain if of_modality is None else of_modality(headers, plain, zone)


def patient_digests(headers: Sequence[Dataset]) -> Mapping[str, str]:
    """Return field → sha256 of who the patient is; empty fields are left out.

    Raises
    ------
    InputError
        When the files of one series belong to different patients.
    """
    digests: dict[str, str] = {}
    keywords = {"id": "PatientID", "birth_date": "PatientBirthDate", "sex": "PatientSex"}
    for field, keyword in keywords.items():
        found = {
            hashlib.sha256(text.upper().encode()).hexdigest()
            for header in headers
            if not isinstance(text := optional_text(header, keyword), Missing)
        }
        if len(found) > 1:
            raise InputError(
                f"{where(headers[0])}: its files carry {len(found)} different values of {keyword}; "
                "wanted one patient; sort the files by patient again"
            )
        if found:
            digests[field] = found.pop()
    return digests


def is_secondary_capture(header: Dataset) -> bool:
    """Whether a file is a picture of something, whatever its modality says."""
    return "Secondary Capture" in getattr(header.get("SOPClassUID"), "name", "")


def _ct(headers: Sequence[Dataset], plain: SeriesFacts, zone: tzinfo | None) -> SeriesFacts:
    del zone
    rescale = common_text(headers, "RescaleType")
    is_ct = all(header.get("SOPClassUID") in _CT_CLASSES for header in headers)
    if rescale == "HU" or (is_ct and isinstance(rescale, Missing)):
        return replace(plain, unit=ImageUnit.HU)
    kind = "" if is_ct else " and the files are no CT images (secondary capture or other)"
    said = "no RescaleType" if isinstance(rescale, Missing) else f"RescaleType {rescale}"
    note = f"the files declare no unit: {said}{kind}; the case has to state it"
    return replace(plain, notes=(*plain.notes, note))


def _pet(headers: Sequence[Dataset], plain: SeriesFacts, zone: tzinfo | None) -> SeriesFacts:
    corrected = _corrections(headers)
    is_uncorrected = corrected and "ATTN" not in corrected
    if is_uncorrected or optional_text(headers[0], "AttenuationCorrected") == "NO":
        said = f"CorrectedImage says {', '.join(corrected)}" if corrected else "it says so"
        raise InputError(
            f"{where(headers[0])}: the PET is not corrected for attenuation ({said}); wanted one "
            "that is; name the corrected series"
        )
    units = common_text(headers, "Units")
    unit: ImageUnit | Missing = Missing.NOT_RECORDED
    notes = (*plain.notes, *_slices_left_out(headers))
    mapped = _mapped_unit(headers)
    if isinstance(units, Missing) and mapped is not None:
        unit = mapped
    elif isinstance(units, Missing):
        notes += ("the PET declares no Units; the case has to state them",)
    elif units in _PET_UNITS:
        unit = _PET_UNITS[units]
    else:
        raise InputError(
            f"{where(headers[0])}: Units are {units}; wanted {' or '.join(_PET_UNITS)}; export "
            "the series in Bq/mL (BQML)"
        )
    if unit is ImageUnit.COUNTS and _PHILIPS_SCALE in headers[0]:
        notes += ("a private factor to Bq/mL is in the file and was not used; export as BQML",)
    facts = replace(plain, unit=unit, notes=notes)
    return _with_emission(headers, facts, zone, bq_per_dose_unit=1.0)  # PET Isotope module: Bq


def _nuclear(headers: Sequence[Dataset], plain: SeriesFacts, zone: tzinfo | None) -> SeriesFacts:
    units = common_text(headers, "Units")
    unit = ImageUnit.COUNTS if isinstance(units, Missing) else _PET_UNITS.get(units)
    if unit is None:
        raise InputError(
            f"{where(headers[0])}: Units are {units}; wanted counts or BQML; export the series in "
            "one of these"
        )
    mapped = _mapped_unit(headers)
    corrected = _corrections(headers)
    if corrected and "ATTN" not in corrected and "TOMO" in _image_type(headers[0]):
        note = (
            f"the SPECT is not corrected for attenuation (CorrectedImage says "
            f"{', '.join(corrected)}): counts of deep tissue are too few"
        )
        plain = replace(plain, notes=(*plain.notes, note))
    facts = replace(plain, unit=unit)
    if isinstance(units, Missing) and mapped is not None:
        facts = replace(facts, unit=mapped)
    elif isinstance(units, Missing) and is_secondary_capture(headers[0]):
        note = "the files are secondary captures and declare no unit; the case has to state it"
        facts = replace(facts, unit=Missing.NOT_RECORDED, notes=(*plain.notes, note))
    return _with_emission(headers, facts, zone, bq_per_dose_unit=BQ_PER_MBQ)  # NM Isotope: MBq


def _corrections(headers: Sequence[Dataset]) -> tuple[str, ...]:
    """Return what every image says it was corrected for; nothing where one says nothing."""
    found = [_words(header, "CorrectedImage") for header in headers]
    return tuple(one for one in found[0] if all(one in other for other in found))


def _image_type(header: Dataset) -> str:
    return " ".join(_words(header, "ImageType"))


def _words(header: Dataset, keyword: str) -> tuple[str, ...]:
    text = optional_text(header, keyword)
    return () if isinstance(text, Missing) else tuple(text.split("\\"))


def _mapped_unit(headers: Sequence[Dataset]) -> ImageUnit | None:
    """Return the unit that the real-world value mappings of all images lead to."""
    mapped = [activity_mapping(header) for header in headers]
    found = {None if one is None else one[1] for one in mapped}
    if len(found) > 1:
        listed = ", ".join(sorted("none" if one is None else one.symbol for one in found))
        raise InputError(
            f"{where(headers[0])}: the real-world value mappings of its images lead to different "
            f"units ({listed}); wanted one; export the series with Units BQML"
        )
    return found.pop()


def _slices_left_out(headers: Sequence[Dataset]) -> tuple[str, ...]:
    """Say that a series declares more slices than there are: at its ends no gap shows it."""
    declared = optional_int(headers[0], "NumberOfSlices")
    if isinstance(declared, Missing) or declared <= len(headers):
        return ()
    note = (
        f"the series declares {declared} slices, {len(headers)} are here: some may be missing at "
        "its ends"
    )
    return (note,)


def _with_emission(
    headers: Sequence[Dataset],
    facts: SeriesFacts,
    zone: tzinfo | None,
    *,
    bq_per_dose_unit: float,
) -> SeriesFacts:
    nuclide = series_radionuclide(headers)
    corrected, notes = decay_reference(headers, zone, nuclide.half_life_s)
    if facts.unit is ImageUnit.COUNTS and "DecayCorrection" not in headers[0]:
        corrected, notes = Missing.NOT_RECORDED, ()
    return replace(
        facts,
        radionuclide=nuclide.name,
        administered_activity_bq=_administered(headers, bq_per_dose_unit),
        administered_at=in_zone(injection(headers[0]), zone),
        decay_corrected_to=corrected,
        duration_s=_duration_s(headers),
        notes=(*facts.notes, *nuclide.notes, *notes),
    )


def _administered(headers: Sequence[Dataset], bq_per_unit: float) -> float | Missing:
    found = {
        dose
        for header in headers
        for item in items(header, "RadiopharmaceuticalInformationSequence")
        if not isinstance(dose := optional_float(item, "RadionuclideTotalDose"), Missing)
        and dose > 0  # some writers fill in 0 for "not known"
    }
    return found.pop() * bq_per_unit if len(found) == 1 else Missing.NOT_RECORDED


def _duration_s(headers: Sequence[Dataset]) -> float | Missing:
    """Return the time over which the series was counted.

    The rotations of a tomographic NM acquisition are added up; a PET in several beds has the
    duration of one bed.
    """
    rotations = items(headers[0], "RotationInformationSequence")
    if rotations:
        total_ms = 0.0
        for rotation in rotations:
            frame_ms = optional_float(rotation, "ActualFrameDuration")
            n_views = optional_float(rotation, "NumberOfFramesInRotation")
            if isinstance(frame_ms, Missing) or isinstance(n_views, Missing):
                return Missing.NOT_RECORDED
            total_ms += frame_ms * n_views
        return total_ms / _MS_PER_S if total_ms > 0 else Missing.NOT_RECORDED
    found = {optional_float(header, "ActualFrameDuration") for header in headers}
    only = found.pop() if len(found) == 1 else Missing.NOT_RECORDED
    return only if isinstance(only, Missing) or only <= 0 else only / _MS_PER_S


_BY_MODALITY: Mapping[
    str, Callable[[Sequence[Dataset], SeriesFacts, tzinfo | None], SeriesFacts]
] = MappingProxyType({"CT": _ct, "PT": _pet, "NM": _nuclear})
