"""Whether the lung shunt can decide anything: the fraction below which it does not."""

from collections.abc import Mapping

from opensirt.domain.device import Device
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.record import Workup
from opensirt.physics.analytic import lung_shunt_bound
from opensirt.workflow.limit_in_force import LUNG, NORMAL, PERFUSED_NORMAL, InForce


def lung_shunt_bound_named(
    limits: Mapping[str, InForce], workup: Workup, device: Device
) -> tuple[Finding, ...]:
    """Say from which lung shunt fraction on the lung limit comes before that of the liver.

    With the limit of the whole (or perfused) normal liver taken as that of the liver as a whole,
    tumours included. Nothing where a limit or the lung mass is not known.
    """
    liver = limits.get(NORMAL, limits.get(PERFUSED_NORMAL))
    lung, lung_mass = limits.get(LUNG), workup.lung_mass_kg
    if liver is None or lung is None or isinstance(lung_mass, Missing):
        return ()
    bound = lung_shunt_bound(
        liver_limit_gy=liver.gy,
        liver_mass_kg=workup.liver_volume_ml * workup.liver_density_kg_per_ml,
        lung_limit_gy=lung.gy,
        lung_mass_kg=lung_mass,
    )
    text = (
        f"{device.name}: with {liver.words} for the liver as a whole and {lung.words}, the lung "
        f"limit comes first only from a lung shunt fraction of {bound:.1%} on. Tumours that take "
        "up more than normal liver let the liver bear more activity and lower this bound; each "
        "row states its own"
    )
    shunt = workup.lung_shunt.fraction
    return (
        Finding(
            Severity.NOTE,
            "lung_shunt_bound",
            text,
            None if isinstance(shunt, Missing) else shunt,
            bound,
            "Thomas et al., Radiology Advances 2026 (the idea; this form is derived)",
            verified=liver.verified and lung.verified,
        ),
    )
