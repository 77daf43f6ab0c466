"""What the scenario of a prescription means for its targets, limits and model."""

from collections.abc import Mapping

from opensirt.domain.case import Prescription
from opensirt.domain.device import Device
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.record import Workup
from opensirt.reference.table import read_table
from opensirt.workflow.both_lobes import perfused_part
from opensirt.workflow.limit_in_force import PERFUSED_NORMAL, PRESCRIPTION, InForce

SEGMENTECTOMY, LOBECTOMY = "segmentectomy", "lobectomy"
_SINGLE_COMPARTMENT = "mono_compartment"


def scenario_named(
    device: Device,
    limits: Mapping[str, InForce],
    targets: Mapping[str, InForce],
    workup: Workup,
    prescription: Prescription | None,
) -> tuple[Finding, ...]:
    """Say which printed targets a scenario puts in force, and what does not fit it."""
    if prescription is None or not prescription.scenario or prescription.device != device.name:
        return ()
    scenario = prescription.scenario
    found = [
        Finding(
            Severity.NOTE,
            "scenario_target",
            f"{device.name}, {scenario}: target {one.words} in force ({one.scenario})",
            one.gy,
            None,
            one.source,
            verified=one.verified,
        )
        for one in targets.values()
        if one.source != PRESCRIPTION and one.scenario
    ]
    rules = read_table("limits")
    if scenario == SEGMENTECTOMY:
        rule = rules["segmentectomy"]
        part = perfused_part(workup)
        if part > rule["liver_fraction_at_most"]:
            text = (
                f"a segmentectomy treats two segments at most; the perfused volumes are {part:.0%} "
                "of the liver"
            )
            found.append(
                Finding(
                    Severity.WARN,
                    "segmentectomy_volume",
                    text,
                    part,
                    rule["liver_fraction_at_most"],
                    rule["source"],
                )
            )
    rule = rules["lobectomy_single_compartment"]
    single = prescription.model == _SINGLE_COMPARTMENT
    if scenario == LOBECTOMY and single and device.name in rule["devices"]:
        text = (
            f"{device.name}: one compartment is not recommended for a lobectomy; the partition or "
            "voxel model tells tumour from normal liver"
        )
        found.append(
            Finding(Severity.WARN, "lobectomy_single_compartment", text, source=rule["source"])
        )
    wanted, most = targets.get(PERFUSED_NORMAL), limits.get(PERFUSED_NORMAL)
    if wanted is not None and most is not None and wanted.gy > most.gy:
        text = (
            f"{device.name}, {scenario}: at least {wanted.gy:g} Gy to the perfused normal liver "
            f"are wanted ({wanted.scenario}) and at most {most.gy:g} Gy are in force "
            f"({most.scenario or most.source}): the maximum holds; state the limit of this "
            "scenario in [prescription]"
        )
        found.append(
            Finding(
                Severity.WARN,
                "target_above_limit",
                text,
                wanted.gy,
                most.gy,
                wanted.source,
                verified=wanted.verified and most.verified,
            )
        )
    return tuple(found)
