"""Sizes of lesions and volumes of organs from the outlines of imaging visits."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from opensirt.clinical.comparison import below
from opensirt.clinical.response.criterion import measurement_rules
from opensirt.domain.case import VisitSegments
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.lesion import (
    ImagingVisit,
    Lesion,
    LiverView,
    Modality,
    Sight,
    SightState,
)
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import PatientRecord
from opensirt.domain.structure import Mask
from opensirt.errors import InputError
from opensirt.imaging.attenuation import mean_attenuation_hu
from opensirt.imaging.lesion_size import LesionSize, lesion_size
from opensirt.reference.table import read_table


def _outline_rules() -> dict[str, float]:
    entry = read_table("response_criteria")["outlines"]
    return {key: float(entry[key]) for key in ("apart_fraction", "tilt_from_degrees")}


def with_measured_visits(
    record: PatientRecord, segments: Sequence[VisitSegments]
) -> tuple[PatientRecord, tuple[Finding, ...]]:
    """Return a record with what the outlines of its visits measure, and findings.

    What a person entered is kept; a measured size that differs from it is a finding. Pieces of
    a lesion are those that reach the size of a measurable remnant; smaller islands count in the
    volume only, and are named. A lesion without an outline stays as it was entered. The mean
    attenuation is measured where the visit has a CT in the portal venous phase.

    Raises
    ------
    InputError
        When an outline is of a visit or lesion that the record does not list, or reaches beyond
        the CT of its visit.
    """
    visits = {one.on: one for one in record.imaging}
    lesions = {one.id: one for one in record.lesions}
    found: list[Finding] = []
    for one in segments:
        if one.on not in visits:
            raise InputError(f"{one.source} has outlines of {one.on}, which is no imaging visit")
        visit = visits[one.on]
        sights = dict(visit.sights)
        for name, mask in one.lesions.items():
            if name not in lesions:
                raise InputError(
                    f"{one.source} outlines lesion {name}, which the follow-up does not list"
                )
            size = lesion_size(mask)
            found += _notes(name, one.on, size)
            attenuation = _attenuation(name, mask, one, found)
            sights[name] = _sight(
                name, one.on, sights.get(name), size, attenuation, lesions[name], found
            )
        found += _other_modality(one, [lesions[name] for name in one.lesions], sights)
        visits[one.on] = replace(visit, sights=sights, liver=_liver(visit, one, found))
    measured = tuple(visits[one.on] for one in record.imaging)
    return replace(record, imaging=measured), tuple(dict.fromkeys(found))


def _other_modality(
    one: VisitSegments, outlined: Sequence[Lesion], sights: Mapping[str, Sight]
) -> list[Finding]:
    """Say what a magnetic resonance image does not give, and lesions that were read on another."""
    if not one.on_mr:
        return []
    found = []
    elsewhere = [lesion.id for lesion in outlined if lesion.modality is not Modality.MR]
    if elsewhere:
        text = (
            f"{', '.join(elsewhere)}: outlined on MR on {one.on}, listed as read on another "
            "modality; sizes are compared within one modality (state modality of the lesion, or "
            "measure on the same one)"
        )
        found.append(Finding(Severity.WARN, "modality_changed", text, float(len(elsewhere))))
    in_hu = [
        lesion.id
        for lesion in outlined
        if not isinstance(sights[lesion.id].attenuation_hu, Missing)
    ]
    if in_hu:
        text = (
            f"{', '.join(in_hu)}: an attenuation in HU is entered for {one.on}, whose image is MR; "
            "Choi reads it as of a CT of that day"
        )
        found.append(Finding(Severity.WARN, "attenuation_beside_mr", text, float(len(in_hu))))
    return found


def _attenuation(
    name: str, mask: Mask, one: VisitSegments, found: list[Finding]
) -> float | Missing:
    """Return the mean CT number of a lesion in HU; say why there is none beside a CT."""
    if one.ct is None:
        return Missing.NOT_RECORDED
    wanted = str(read_table("response_criteria")["choi_image"]["phase"])
    reason = ""
    if one.phase != wanted:
        phase = "not stated" if isinstance(one.phase, Missing) else one.phase
        reason = f"the phase of the CT is {phase}, Choi reads the {wanted} one"
    elif mask.grid.frame_of_reference_uid != one.ct.grid.frame_of_reference_uid:
        reason = (
            "outline and CT lie in different frames of reference; state the frame of the "
            "segmentation where its file carries none and both are aligned"
        )
    if not reason:
        return mean_attenuation_hu(mask, one.ct)
    text = f"the attenuation of lesion {name} on {one.on} was not measured: {reason}"
    found.append(Finding(Severity.NOTE, "attenuation_not_measured", text))
    return Missing.NOT_EVALUABLE


def _pieces(size: LesionSize) -> tuple[float, ...]:
    least = measurement_rules()["too_small_mm"]
    large = tuple(
        one.longest_diameter_mm for one in size.pieces if not below(one.longest_diameter_mm, least)
    )
    return large if len(large) > 1 else ()


def _sight(
    name: str,
    on: date,
    entered: Sight | None,
    size: LesionSize,
    attenuation_hu: float | Missing,
    lesion: Lesion,
    found: list[Finding],
) -> Sight:
    node = lesion.is_node
    measured: Mapping[str, float] = {
        "longest_diameter_mm": size.longest_diameter_mm,
        "perpendicular_mm": size.perpendicular_mm,
        "volume_ml": size.volume_ml,
        **({"short_axis_mm": size.perpendicular_mm} if node else {}),
        **({} if isinstance(attenuation_hu, Missing) else {"attenuation_hu": attenuation_hu}),
    }
    if entered is None:
        entered = Sight(state=SightState.MEASURED)
    elif entered.state is not SightState.MEASURED:
        text = (
            f"lesion {name} of {on} is entered as {entered.state.value}, and has an outline; used "
            "as entered"
        )
        found.append(Finding(Severity.WARN, "lesion_entered_and_outlined", text))
        return entered
    known: dict[str, Any] = {}
    for field, value in measured.items():
        stated = getattr(entered, field)
        if isinstance(stated, Missing):
            known[field] = value
        elif abs(stated - value) > _outline_rules()["apart_fraction"] * max(
            abs(stated), abs(value)
        ):
            text = (
                f"{field} of lesion {name} on {on} is entered as {stated:g} and measured from its "
                f"outline as {value:.3g}; used as entered"
            )
            found.append(Finding(Severity.WARN, "size_entered_and_measured", text, value, stated))
    pieces = entered.pieces_mm or ("longest_diameter_mm" in known and _pieces(size)) or ()
    return replace(entered, **known, pieces_mm=pieces)


def _notes(name: str, on: date, size: LesionSize) -> list[Finding]:
    found = []
    least = measurement_rules()["too_small_mm"]
    islands = [one for one in size.pieces[1:] if below(one.longest_diameter_mm, least)]
    if islands:
        volume = sum(one.volume_ml for one in islands)
        text = (
            f"the outline of lesion {name} on {on} has {len(islands)} islands below {least:g} mm "
            f"({volume:.2g} mL): they count in the volume, not as pieces"
        )
        found.append(Finding(Severity.NOTE, "outline_islands", text, float(len(islands)), least))
    tilted = _outline_rules()["tilt_from_degrees"]
    if size.tilt_degrees > tilted:
        text = (
            f"lesion {name} on {on} was measured in planes {size.tilt_degrees:.0f} degrees off "
            "axial, those of its outline"
        )
        found.append(Finding(Severity.NOTE, "planes_off_axial", text, size.tilt_degrees, tilted))
    return found


def _liver(visit: ImagingVisit, one: VisitSegments, found: list[Finding]) -> LiverView:
    known: dict[str, Any] = {}
    for field, mask in (
        ("tumour_volume_ml", one.tumours),
        ("liver_volume_ml", one.liver),
        ("spleen_volume_ml", one.spleen),
    ):
        if mask is None:
            continue
        stated = getattr(visit.liver, field)
        if isinstance(stated, Missing):
            known[field] = mask.volume_ml
        elif abs(stated - mask.volume_ml) > _outline_rules()["apart_fraction"] * max(
            stated, mask.volume_ml
        ):
            text = (
                f"{field} of {visit.on} is entered as {stated:g} and measured as "
                f"{mask.volume_ml:.4g}; used as entered"
            )
            found.append(
                Finding(Severity.WARN, "size_entered_and_measured", text, mask.volume_ml, stated)
            )
    return replace(visit.liver, **known)
