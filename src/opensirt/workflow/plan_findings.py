"""What a plan has to say: limits that a row exceeds, targets it misses, figures with ⚠."""

from collections.abc import Mapping, Sequence

from opensirt.domain.case import Case, Prescription
from opensirt.domain.device import Device
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.record import DoseResult, Number, PlanRow, Workup
from opensirt.domain.session_dose import (
    SessionDose,
    earlier_lung_gy,
    earlier_normal_liver_gy,
)
from opensirt.domain.structure import StructureKind
from opensirt.workflow.limit_in_force import (
    GASTROINTESTINAL_WALL,
    LUNG,
    LUNG_CUMULATIVE,
    NORMAL,
    NORMAL_CUMULATIVE,
    PERFUSED,
    PERFUSED_NORMAL,
    TUMOUR,
    InForce,
)

_SLACK = 1e-6
"""Relative: a limit that was planned for is not exceeded by round-off."""

_SAME = 0.005
"""Relative: means of map and row that are closer are called the same."""

_HOLLOW_ORGANS = frozenset({StructureKind.STOMACH, StructureKind.DUODENUM, StructureKind.BOWEL})


def exceeded_limits(
    row: PlanRow,
    limits: Mapping[str, InForce],
    workup: Workup,
    *,
    earlier: Sequence[SessionDose] = (),
    prescribed: bool,
    nothing_prescribed: bool,
    every_limit_stops: bool = False,
) -> tuple[Finding, ...]:
    """Return a finding for each maximum that a row exceeds, alone or with earlier sessions.

    A stop where the row is the prescribed one (or nothing is prescribed) and the limit is that of
    the lungs or one that the prescription itself states; a warning otherwise. With
    `every_limit_stops` each is a stop.
    """
    sessions = tuple(earlier)
    kinds = {one.label: one.kind for one in workup.uptakes}
    hollow = [
        gy for label, gy in row.extrahepatic_doses_gy.items() if kinds[label] in _HOLLOW_ORGANS
    ]
    doses: Mapping[str, Number] = {
        LUNG: row.lung_gy,
        NORMAL: row.normal_liver_gy,
        PERFUSED_NORMAL: row.perfused_normal_liver_gy,
        PERFUSED: row.perfused_volume_gy,
        TUMOUR: max(row.tumour_doses_gy.values(), default=Missing.NEEDS_STRUCTURE),
        GASTROINTESTINAL_WALL: max(hollow, default=Missing.NEEDS_STRUCTURE),
        LUNG_CUMULATIVE: _with_earlier(row.lung_gy, earlier_lung_gy(sessions)),
        NORMAL_CUMULATIVE: _with_earlier(row.normal_liver_gy, earlier_normal_liver_gy(sessions)),
    }
    found = []
    for key, gy in doses.items():
        limit = limits.get(key)
        if limit is None or isinstance(gy, Missing) or gy <= limit.gy * (1 + _SLACK):
            continue
        hard = key in (LUNG, LUNG_CUMULATIVE) or limit.prescribed
        stop = every_limit_stops or (hard and (prescribed or nothing_prescribed))
        text = (
            f"{_name(row)}: {key.replace('_', ' ')} would receive {gy:.1f} Gy, limit "
            f"{limit.gy:.4g} Gy ({limit.said or limit.scenario or limit.source})"
        )
        found.append(
            Finding(
                Severity.STOP if stop else Severity.WARN,
                f"limit_{key}",
                text,
                gy,
                limit.gy,
                limit.source,
                verified=limit.verified,
            )
        )
    return tuple(found)


def _with_earlier(gy: Number, earlier_gy: float) -> Number:
    return gy if isinstance(gy, Missing) else gy + earlier_gy


def _name(row: PlanRow) -> str:
    return f"{row.device}, {row.model.replace('_', ' ')}, territory {row.territory}"


def missed_targets(row: PlanRow, targets: Mapping[str, InForce]) -> tuple[Finding, ...]:
    """Return a finding for each minimum that a row does not reach.

    Of the tumours the least-dosed one is judged. The dose to reach in the perfused volume is that
    of the mono-compartment rows alone.
    """
    least = min(row.tumour_doses_gy, key=lambda one: row.tumour_doses_gy[one], default="")
    doses: Mapping[str, tuple[str, Number]] = {
        TUMOUR: (least, row.tumour_doses_gy.get(least, Missing.NEEDS_STRUCTURE)),
        PERFUSED_NORMAL: ("the perfused normal liver", row.perfused_normal_liver_gy),
    }
    found = []
    for key, (label, gy) in doses.items():
        target = targets.get(key)
        if target is None or isinstance(gy, Missing) or gy >= target.gy * (1 - _SLACK):
            continue
        text = f"{_name(row)}: {label} would receive {gy:.0f} Gy, target at least {target.gy:g} Gy"
        found.append(
            Finding(
                Severity.WARN,
                f"target_{key}",
                text,
                gy,
                target.gy,
                target.source,
                verified=target.verified,
            )
        )
    return tuple(found)


def device_shunt(device: Device, workup: Workup, *, prescribed: bool) -> tuple[Finding, ...]:
    """Return a finding when the lung shunt is above what the device's label allows."""
    bound = device.figure("lung_shunt_fraction_at_most")
    shunt = workup.lung_shunt.fraction
    if isinstance(bound, Missing) or isinstance(shunt, Missing) or shunt <= bound.value:
        return ()
    text = (
        f"the lung shunt fraction of {shunt:.1%} is above {bound.value:.0%}: {device.name} is "
        "contraindicated by its label"
    )
    return (
        Finding(
            Severity.STOP if prescribed else Severity.WARN,
            "lung_shunt_of_device",
            text,
            shunt,
            bound.value,
            bound.source,
            verified=bound.verified,
        ),
    )


def about_the_case(
    case: Case, workup: Workup, prescription: Prescription | None
) -> tuple[Finding, ...]:
    """Return what holds for every row: no prescription, earlier treatments, no tumour target."""
    found = []
    if prescription is None:
        text = (
            "the case has no prescription: all devices and models are shown, none is chosen and "
            "no dose map is made; add [prescription] with device and model"
        )
        found.append(Finding(Severity.NOTE, "no_prescription", text))
    if case.earlier:
        kinds = ", ".join(dict.fromkeys(one.kind for one in case.earlier))
        text = f"earlier treatments are stated: {kinds}"
        found.append(Finding(Severity.NOTE, "prior_treatments", text))
    if not any(one.tumour_masses_kg for one in workup.territories):
        text = "no tumour lies in a perfused volume: the plan shows no tumour dose"
        found.append(Finding(Severity.WARN, "no_tumour", text))
    return tuple(found)


def limits_named(
    limits: Mapping[str, InForce], targets: Mapping[str, InForce], device: Device
) -> tuple[Finding, ...]:
    """Say which limits of a device are in force and what they were made for."""
    found = []
    for key, one in limits.items():
        if key == LUNG_CUMULATIVE or (one.prescribed and not one.said):
            continue
        by = "the prescription" if one.prescribed else "the site profile"
        text = f"{device.name}: limit {one.words} in force by {by} ({one.scenario or key})"
        found.append(
            Finding(
                Severity.NOTE,
                "limit_in_force",
                text,
                one.gy,
                None,
                one.source,
                verified=one.verified,
            )
        )
    if TUMOUR not in targets:
        text = (
            f"{device.name}: no tumour target is in force; none is published for neuroendocrine "
            "tumours, and a target found for another tumour does not hold"
        )
        found.append(Finding(Severity.NOTE, "no_tumour_target", text))
    return tuple(found)


def map_against_row(row: PlanRow, result: DoseResult) -> tuple[Finding, ...]:
    """Say where the dose map and its row differ: the map lays activity out as the counts lie."""
    said = []
    for label, gy in row.tumour_doses_gy.items():
        mapped = next((one.mean_gy for one in result.structures if one.label == label), gy)
        if abs(mapped - gy) > _SAME * gy:
            said.append(f"{label} {mapped:.1f} Gy (row {gy:.1f} Gy)")
    normal = [one for one in result.structures if one.kind is StructureKind.PERFUSED_NORMAL_LIVER]
    normal_gy = row.perfused_normal_liver_gy
    if len(normal) == 1 and not isinstance(normal_gy, Missing):
        mapped = normal[0].mean_gy
        if abs(mapped - normal_gy) > _SAME * normal_gy:
            said.append(f"{normal[0].label} {mapped:.1f} Gy (row {normal_gy:.1f} Gy)")
    if not said:
        return ()
    text = (
        f"the dose map lays the activity of the {row.model.replace('_', ' ')} row out as the "
        f"counts lie and is computed by the engine {result.engine}, so that its means differ from "
        f"the row's: {', '.join(said)}"
    )
    return (Finding(Severity.NOTE, "dose_map_and_row", text),)


def unverified_rows(rows: Sequence[PlanRow]) -> tuple[Finding, ...]:
    """Say which rows rest on a figure that is known only from memory or second hand."""
    names = list(
        dict.fromkeys(
            f"{one.device} {one.model.replace('_', ' ')}"
            for one in rows
            if not one.verified and not isinstance(one.administered_activity_bq, Missing)
        )
    )
    if not names:
        return ()
    text = f"unverified figures stand behind: {', '.join(names)}"
    return (Finding(Severity.WARN, "unverified_figures", text, verified=False),)
