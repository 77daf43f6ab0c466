"""Whether most of the liver is treated, and what that means for the limits."""

from collections.abc import Mapping

from opensirt.domain.case import Prescription
from opensirt.domain.device import Device
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.record import Workup
from opensirt.domain.site_defaults import printed_for_both_lobes
from opensirt.reference.table import read_table
from opensirt.workflow.limit_in_force import NORMAL, PERFUSED_NORMAL, InForce

BILOBAR = "bilobar"
"""Scenario of a prescription."""


def perfused_part(workup: Workup) -> float:
    """Return the part of the liver, tumours included, that the territories perfuse."""
    density = workup.liver_density_kg_per_ml
    treated = sum(
        one.perfused_normal_volume_ml + sum(one.tumour_masses_kg.values()) / density
        for one in workup.territories
    )
    return treated / (workup.normal_liver_volume_ml + workup.tumour_volume_ml)


def treats_both_lobes(workup: Workup, prescription: Prescription | None = None) -> bool:
    """Whether both lobes are treated: the prescription says so, or the volumes do.

    By volume where the territories perfuse more of the liver than one lobe holds
    (reference/limits).
    """
    if prescription is not None and prescription.scenario == BILOBAR:
        return True
    above: float = read_table("limits")["bilobar"]["liver_fraction_above"]
    return perfused_part(workup) > above


def both_lobes_named(
    device: Device,
    limits: Mapping[str, InForce],
    workup: Workup,
    prescription: Prescription | None = None,
) -> tuple[Finding, ...]:
    """Say which limit holds when both lobes are treated; warn where it is that of one lobe."""
    if not treats_both_lobes(workup, prescription):
        return ()
    rule = read_table("limits")["bilobar"]
    part = perfused_part(workup)
    found = []
    for key in (NORMAL, PERFUSED_NORMAL):
        one = limits.get(key)
        if one is None or one.prescribed:
            continue
        printed = "; ".join(
            f"{figure.value:g} Gy: {figure.scenario.split(';')[0]}"
            for figure in printed_for_both_lobes(device.name)
        )
        if "unilobar" in one.scenario:
            severity = Severity.WARN
            text = (
                f"{part:.0%} of the liver is perfused, but the limit in force for {device.name} "
                f"is {one.words}, which was made for one lobe; in print for both: {printed}. State "
                "the limit in [prescription] or in the site profile"
            )
        else:
            severity = Severity.NOTE
            text = (
                f"{part:.0%} of the liver is perfused: the limit in force for {device.name} is "
                f"{one.words}; in print for both lobes: {printed}"
            )
        found.append(
            Finding(
                severity,
                "both_lobes",
                text,
                part,
                rule["liver_fraction_above"],
                one.source,
                verified=one.verified,
            )
        )
    return tuple(found)
