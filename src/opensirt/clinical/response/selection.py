"""Which lesions can be measured, and which are chosen as targets at baseline."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from opensirt.clinical.comparison import at_least, below
from opensirt.clinical.response.criterion import measurement_rules
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.lesion import Lesion, LesionKind, LesionRole, Modality
from opensirt.domain.missing import Missing
from opensirt.reference.table import read_table

_NODES = "lymph nodes"


class Measurability(Enum):
    """What a lesion may be at baseline (RECIST 1.1, 3.1)."""

    MEASURABLE = "measurable"
    NOT_MEASURABLE = "not measurable: non-target"
    NORMAL = "a node of normal size: no lesion"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a lesion may be, and why."""

    measurability: Measurability
    reason: str


def measurability(lesion: Lesion) -> Judgement:
    """Judge one lesion at baseline by RECIST 1.1.

    A lesion in an irradiated or locoregionally treated area is not measurable unless
    progression in it was shown; when that is not known, neither is the answer. Ultrasound
    measures nothing.
    """
    if lesion.kind in {LesionKind.BONE_BLASTIC, LesionKind.DIFFUSE}:
        return Judgement(Measurability.NOT_MEASURABLE, lesion.kind.value)
    if lesion.modality is Modality.ULTRASOUND:
        return Judgement(Measurability.NOT_MEASURABLE, "ultrasound is not used to measure")
    by_size = _node(lesion) if lesion.is_node else _mass(lesion)
    if by_size.measurability is not Measurability.MEASURABLE:
        return by_size
    return _treated_area(lesion, by_size)


def _treated_area(lesion: Lesion, by_size: Judgement) -> Judgement:
    if lesion.in_treated_area is False or lesion.progression_in_treated_area is True:
        return by_size
    if lesion.in_treated_area is True and lesion.progression_in_treated_area is False:
        return Judgement(
            Measurability.NOT_MEASURABLE, "in a treated area without progression shown in it"
        )
    return Judgement(
        Measurability.UNKNOWN, "whether it lies in a treated area, or grew there, is not recorded"
    )


def _node(lesion: Lesion) -> Judgement:
    rules = measurement_rules()
    axis = lesion.short_axis_mm
    if isinstance(axis, Missing):
        return Judgement(Measurability.UNKNOWN, f"short axis: {axis.value}")
    if below(axis, rules["node_pathological_from_mm"]):
        return Judgement(Measurability.NORMAL, f"short axis {axis:g} mm")
    if below(axis, rules["node_target_from_mm"]):
        return Judgement(Measurability.NOT_MEASURABLE, f"short axis {axis:g} mm")
    return Judgement(Measurability.MEASURABLE, f"short axis {axis:g} mm")


def _mass(lesion: Lesion) -> Judgement:
    size = lesion.longest_diameter_mm
    if isinstance(size, Missing):
        return Judgement(Measurability.UNKNOWN, f"longest diameter: {size.value}")
    least = _least_diameter_mm(lesion)
    if isinstance(least, Missing):
        return Judgement(Measurability.UNKNOWN, f"slice thickness: {least.value}")
    text = f"longest diameter {size:g} mm, {least:g} mm needed"
    measurable = at_least(size, least)
    return Judgement(Measurability.MEASURABLE if measurable else Measurability.NOT_MEASURABLE, text)


def _least_diameter_mm(lesion: Lesion) -> float | Missing:
    rules = measurement_rules()
    if lesion.modality is Modality.CALLIPER:
        return rules["calliper_from_mm"]
    if lesion.modality is Modality.CHEST_RADIOGRAPH:
        return rules["chest_radiograph_from_mm"]
    thickness = lesion.slice_thickness_mm
    if isinstance(thickness, Missing):
        return thickness
    if thickness <= rules["slice_thickness_up_to_mm"]:
        return rules["diameter_from_mm"]
    return rules["slices_when_thicker"] * thickness


def check_targets(lesions: Sequence[Lesion]) -> tuple[Finding, ...]:
    """Return what is wrong with the targets that were chosen: each one, and how many.

    At most five in all and two of an organ, all nodes together counting as one organ.
    """
    rules = measurement_rules()
    source = read_table("response_criteria")["measurement"]["source"]
    targets = [one for one in lesions if one.role is LesionRole.TARGET]
    found = []
    for one in targets:
        judged = measurability(one)
        if judged.measurability is Measurability.MEASURABLE:
            continue
        text = f"target {one.id} is {judged.measurability.value} ({judged.reason})"
        found.append(Finding(Severity.WARN, "target_not_measurable", text, source=source))
    if len(targets) > rules["most_targets"]:
        text = f"{len(targets)} targets; RECIST 1.1 takes at most {rules['most_targets']:g}"
        found.append(
            Finding(
                Severity.WARN,
                "too_many_targets",
                text,
                float(len(targets)),
                rules["most_targets"],
                source,
            )
        )
    for organ, count in Counter(_organ(one) for one in targets).items():
        if count > rules["most_targets_per_organ"]:
            most = rules["most_targets_per_organ"]
            text = f"{count} targets in {organ}; RECIST 1.1 takes at most {most:g} of an organ"
            found.append(
                Finding(
                    Severity.WARN,
                    "too_many_targets_in_organ",
                    text,
                    float(count),
                    most,
                    source,
                )
            )
    return tuple(found)


def suggest_targets(lesions: Sequence[Lesion]) -> tuple[str, ...]:
    """Suggest targets: the largest measurable lesions within the limits of number.

    The choice is the reader's: lesions should also suit repeated measurement, and solid ones
    are preferred to cystic ones, which come last here.
    """
    rules = measurement_rules()
    measurable = [
        one for one in lesions if measurability(one).measurability is Measurability.MEASURABLE
    ]
    measurable.sort(key=lambda one: (one.kind is LesionKind.CYSTIC, -_size(one), one.id))
    chosen: list[Lesion] = []
    for one in measurable:
        same_organ = sum(_organ(other) == _organ(one) for other in chosen)
        if same_organ < rules["most_targets_per_organ"] and len(chosen) < rules["most_targets"]:
            chosen.append(one)
    return tuple(one.id for one in chosen)


def _organ(lesion: Lesion) -> str:
    return _NODES if lesion.is_node else lesion.organ


def _size(lesion: Lesion) -> float:
    size = lesion.short_axis_mm if lesion.is_node else lesion.longest_diameter_mm
    return 0.0 if isinstance(size, Missing) else size


def mrecist_node_is_malignant(*, short_axis_mm: float, porta_hepatis: bool) -> bool:
    """Whether mRECIST counts a node as malignant: from 20 mm at the porta hepatis, else 15 mm."""
    rules = measurement_rules()
    least = rules[
        "mrecist_porta_hepatis_node_from_mm" if porta_hepatis else "mrecist_other_node_from_mm"
    ]
    return at_least(short_axis_mm, least)
