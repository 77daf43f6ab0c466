"""What is in force where a site decided nothing: published figures, and unverified ones with ⚠."""

from dataclasses import replace
from typing import Any

from opensirt.domain.device import device_names, dose_constant
from opensirt.domain.missing import Missing
from opensirt.domain.site import Figure, SiteProfile
from opensirt.provenance import sha256_of_json
from opensirt.reference.constant import Constant, constant
from opensirt.reference.radionuclide import DEFAULT_DATA_SET
from opensirt.reference.table import read_table

PUBLISHED = "published"
COMMON_UNVERIFIED = "common-unverified"

_SURE = ("verified", "computed")


def figure_of(one: Constant, *, scenario: str = "") -> Figure:
    """Return a reference constant as a figure of a site profile."""
    return Figure(
        value=one.value,
        unit=one.unit,
        source=one.source,
        verified=one.verified,
        scenario=scenario,
    )


def printed_limits(device_name: str) -> tuple[tuple[str, str, Figure], ...]:
    """Return every published maximum of a device as (id, key, figure with its scenario)."""
    return _printed("limit", device_name)


def printed_targets(device_name: str) -> tuple[tuple[str, str, Figure], ...]:
    """Return every published minimum of a device as (id, key, figure with its scenario).

    None of them is for neuroendocrine tumours: context, never a default.
    """
    return _printed("target", device_name)


def scenario_targets(device_name: str, scenario: str) -> dict[str, Figure]:
    """Return key → the published minimum of a scenario; the first printed one of each key."""
    found: dict[str, Figure] = {}
    for row in read_table("limits")["target"]:
        if row["device"] == device_name and scenario in row.get("scenarios", ()):
            found.setdefault(row["key"], _figure(row))
    return found


def both_lobes_limit(device_name: str, key: str, in_force: Figure) -> Figure | None:
    """Return the published limit for both lobes that stands beside a default one, if any.

    None where the site has decided on another limit itself, or where none is printed.
    """
    rows = [row for row in read_table("limits")["limit"] if row["device"] == device_name]
    for row in rows:
        default = row.get("default", False) and row["key"] == key
        if default and "both_lobes" in row and _figure(row) == in_force:
            return next(_figure(one) for one in rows if one["id"] == row["both_lobes"])
    return None


def printed_for_both_lobes(device_name: str) -> tuple[Figure, ...]:
    """Return the published maxima to the normal liver that hold when both lobes are treated."""
    return tuple(
        _figure(row)
        for row in read_table("limits")["limit"]
        if row["device"] == device_name and row.get("holds_for_both_lobes", False)
    )


def _printed(kind: str, device_name: str) -> tuple[tuple[str, str, Figure], ...]:
    rows = read_table("limits")[kind]
    return tuple(
        (row["id"], row["key"], _figure(row)) for row in rows if row["device"] == device_name
    )


def _figure(row: dict[str, Any]) -> Figure:
    scenario = f"{row['scenario']}; {row['note']}" if "note" in row else row["scenario"]
    if "any tumour" not in row["scenario"]:
        scenario += f"; {read_table('limits')['no_row_for']}"
    return Figure(
        value=row["gy"],
        unit="Gy",
        source=row["source"],
        verified=row["status"] in _SURE,
        scenario=scenario,
    )


def default_site_profile(*, unverified: bool = True) -> SiteProfile:
    """Return the profile ``published``, with ``common-unverified`` on top unless told not to.

    Limits are those of the unilobar scenario, named in each figure; there are no targets, since
    none is published for neuroendocrine tumours. The liver density is left to the case.
    """
    limits: dict[str, dict[str, Figure]] = {name: {} for name in device_names()}
    for row in read_table("limits")["limit"]:
        one = _figure(row)
        if row.get("default", False) and (one.verified or unverified):
            limits[row["device"]][row["key"]] = one
    constants = {name: figure_of(dose_constant(name)) for name in ("Y-90", "Ho-166")}
    lung_mass = figure_of(constant("formulas", "lung", "conventional_mass_kg"))
    profile = SiteProfile(
        name=f"{PUBLISHED} + {COMMON_UNVERIFIED}" if unverified else PUBLISHED,
        time_zone="UTC",
        data_set=DEFAULT_DATA_SET,
        planning_engine="local",
        verification_engine="kernel",
        dose_constants_gy_kg_per_gbq=constants,
        limits=limits,
        targets={name: {} for name in device_names()},
        lung_mass_kg=lung_mass,
    )
    return replace(profile, sha256=site_sha256(profile))


def site_sha256(profile: SiteProfile) -> str:
    """Return the sha256 of everything that a profile puts in force."""
    content: dict[str, Any] = {
        "name": profile.name,
        "time_zone": profile.time_zone,
        "data_set": profile.data_set,
        "engines": [profile.planning_engine, profile.verification_engine],
        "dose_constants": _plain(profile.dose_constants_gy_kg_per_gbq),
        "limits": {key: _plain(one) for key, one in profile.limits.items()},
        "targets": {key: _plain(one) for key, one in profile.targets.items()},
        "densities": _plain(profile.densities_kg_per_ml),
        "lung_mass": _plain({"lung": profile.lung_mass_kg} if profile.lung_mass_kg else {}),
        "confirmations": [[one.rule, one.by, one.on.isoformat()] for one in profile.confirmations],
    }
    if profile.staff:
        content["staff"] = list(profile.staff)
    if profile.lung_shunt_method != "SPECT":
        content["lung_shunt_method"] = profile.lung_shunt_method
    if profile.approving_roles:
        content["roles"] = [
            sorted(profile.staff_roles.items()),
            list(profile.approving_roles),
            profile.one_of_each_role,
        ]
    if profile.residual_history:
        content["residual_history"] = [
            [one.device, one.dispensed_bq, one.residual_bq] for one in profile.residual_history
        ]
    if profile.camera_calibrations:
        content["camera_calibrations"] = [
            [
                one.camera,
                one.radionuclide,
                one.sensitivity_cps_per_mbq,
                one.standard_uncertainty_cps_per_mbq.value
                if isinstance(one.standard_uncertainty_cps_per_mbq, Missing)
                else one.standard_uncertainty_cps_per_mbq,
                one.measured_on.isoformat(),
                one.valid_until.isoformat(),
                one.source,
            ]
            for one in profile.camera_calibrations
        ]
    if profile.clinical.content:
        content["clinical"] = profile.clinical.content
    if profile.delivery_days:
        content["delivery_days"] = list(profile.delivery_days)
    return sha256_of_json(content)


def _plain(figures: Any) -> dict[str, Any]:  # noqa: ANN401 - a mapping of figures
    return {
        key: [one.value, one.unit, one.source, one.verified, one.scenario]
        for key, one in figures.items()
    }
