"""Which maxima and minima hold for a device in one case, and where each comes from."""

from collections.abc import Mapping
from dataclasses import dataclass

from opensirt.domain.case import Prescription
from opensirt.domain.site import Figure, SiteProfile
from opensirt.domain.site_defaults import both_lobes_limit, scenario_targets
from opensirt.errors import InputError

PERFUSED_NORMAL = "perfused_normal_liver"
NORMAL = "normal_liver"
LUNG = "lung"
TUMOUR = "tumour"
PERFUSED = "perfused_volume"
LUNG_CUMULATIVE = "lung_cumulative"
NORMAL_CUMULATIVE = "normal_liver_cumulative"
GASTROINTESTINAL_WALL = "gastrointestinal_wall"

LIMIT_KEYS = (
    PERFUSED_NORMAL,
    NORMAL,
    LUNG,
    TUMOUR,
    PERFUSED,
    LUNG_CUMULATIVE,
    NORMAL_CUMULATIVE,
    GASTROINTESTINAL_WALL,
)
TARGET_KEYS = (TUMOUR, PERFUSED, PERFUSED_NORMAL)

PRESCRIPTION = "the prescription"


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """One maximum or minimum with its origin."""

    key: str
    gy: float
    source: str
    scenario: str
    verified: bool
    prescribed: bool
    """Stated by the prescription, not by the site profile."""
    said: str = ""
    """Words in place of key and dose: what earlier sessions left of a cumulative limit."""

    @property
    def words(self) -> str:
        """Such as ``perfused normal liver 40 Gy``."""
        return self.said or f"{self.key.replace('_', ' ')} {self.gy:g} Gy"


def limits_in_force(
    device: str,
    prescription: Prescription | None,
    site: SiteProfile,
    *,
    both_lobes: bool = False,
) -> Mapping[str, InForce]:
    """Return the maxima for a device.

    Those of the prescription hold for the device that it names, each in place of the site's of
    the same key; all others are the site's. A published limit for one lobe that the site has not
    decided on itself gives way to the one for both lobes when both are treated.

    Raises
    ------
    InputError
        When a key is not known or a dose not above zero.
    """
    stated = (
        prescription.limits_gy if prescription is not None and prescription.device == device else {}
    )
    of_site = dict(site.limits.get(device, {}))
    if both_lobes:
        for key, figure in of_site.items():
            of_site[key] = both_lobes_limit(device, key, figure) or figure
    return _merged(stated, of_site, LIMIT_KEYS, "limit")


def targets_in_force(
    device: str, prescription: Prescription | None, site: SiteProfile
) -> Mapping[str, InForce]:
    """Return the minima to reach for a device: those of the prescription, else the site's.

    Where neither states one and the prescription names a scenario, that of the scenario in print.

    Raises
    ------
    InputError
        When a key is not known or a dose not above zero.
    """
    stated = prescription.targets_gy.get(device, {}) if prescription is not None else {}
    printed = {}
    if prescription is not None and prescription.scenario:
        printed = scenario_targets(device, prescription.scenario)
    return _merged(stated, {**printed, **site.targets.get(device, {})}, TARGET_KEYS, "target")


def _merged(
    stated: Mapping[str, float], of_site: Mapping[str, Figure], keys: tuple[str, ...], what: str
) -> dict[str, InForce]:
    found: dict[str, InForce] = {}
    for key in (*of_site, *stated):
        if key not in keys:
            raise InputError(f"unknown {what} {key!r}; known: {', '.join(keys)}")
    for key in keys:
        if key in stated:
            gy, source, scenario, verified = stated[key], PRESCRIPTION, "", True
        elif key in of_site:
            figure = of_site[key]
            gy, source = figure.value, figure.source
            scenario, verified = figure.scenario, figure.verified
        else:
            continue
        if not gy > 0:
            raise InputError(f"the {what} {key} is {gy:g} Gy; a dose is above zero")
        found[key] = InForce(
            key=key,
            gy=gy,
            source=source,
            scenario=scenario,
            verified=verified,
            prescribed=key in stated,
        )
    return found
