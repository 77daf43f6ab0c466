"""site.toml: what one site decides, laid over what holds where it decided nothing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from opensirt.domain.finding import Confirmation
from opensirt.domain.missing import Missing
from opensirt.domain.site import CameraCalibration, Figure, PastResidual, SiteProfile
from opensirt.domain.site_defaults import default_site_profile, site_sha256
from opensirt.errors import InputError
from opensirt.files.site_clinical import (
    ChecklistBlock,
    CriterionBlock,
    EligibilityBlock,
    PercistBlock,
    QuestionnaireBlock,
    site_clinical,
)
from opensirt.files.toml_document import Block, read_toml, validated
from opensirt.files.toml_values import DeviceName, Name, Nuclide, ZoneName, bounded
from opensirt.reference.radionuclide import known_data_sets
from opensirt.units import BQ_PER_MBQ, GRAMS_PER_KG

SITE_SCHEMA = "opensirt/site/1"
SITE_FILE_NAME = "site.toml"

_APPROVALS = 2
"""A plan is approved by two people."""

DayName = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def _data_set(name: str) -> str:
    if name not in known_data_sets():
        raise ValueError(f"one of {', '.join(known_data_sets())} is wanted")
    return name


class FigureBlock(Block):
    """A number that the site has decided, and why."""

    source: Name = Field(description="where the figure comes from: paper, protocol, decision")
    scenario: str = Field(default="", description="when it holds")


class Dose(FigureBlock):
    """A dose in Gy."""

    value: Annotated[float, bounded("dose", "limit_gy")] = Field(description="in Gy")


class DoseConstant(FigureBlock):
    """Dose × mass of a permanent implant of 1 GBq."""

    value: Annotated[float, bounded("dose", "dose_constant_gy_kg_per_gbq")] = Field(
        description="in Gy kg/GBq"
    )


class LiverDensity(FigureBlock):
    """A density."""

    value: Annotated[float, bounded("tissue", "liver_density_g_per_ml")] = Field(
        description="in g/mL"
    )


class LungMass(FigureBlock):
    """A mass."""

    value: Annotated[float, bounded("tissue", "lung_mass_kg")] = Field(description="in kg")


class SiteTissue(Block):
    """Densities and masses that hold where a case states none."""

    liver_density_g_per_ml: LiverDensity | None = None
    lung_mass_kg: LungMass | None = None


class SiteDoses(Block):
    """Limits or targets of one device."""

    perfused_normal_liver_gy: Dose | None = None
    normal_liver_gy: Dose | None = None
    lung_gy: Dose | None = None
    lung_cumulative_gy: Dose | None = None
    normal_liver_cumulative_gy: Dose | None = None
    gastrointestinal_wall_gy: Dose | None = None
    tumour_gy: Dose | None = None
    perfused_volume_gy: Dose | None = None

    def figures(self) -> dict[str, Figure]:
        """Return the figures given, by structure."""
        given: dict[str, Dose | None] = {key: getattr(self, key) for key in type(self).model_fields}
        return {
            key.removesuffix("_gy"): _figure(one, one.value, "Gy")
            for key, one in given.items()
            if one is not None
        }


class SiteConfirmation(Block):
    """A named person of the site vouches for one unverified figure."""

    figure: Name = Field(
        description='the figure as `opensirt site --show` names it, "limits.resin.lung"'
    )
    by: Name = Field(description="name of the person who confirms")
    on: date = Field(description="date, such as 2026-03-02 (without quotation marks)")


class StaffMember(Block):
    """A person who may approve plans."""

    name: Name = Field(description="name of the person, as given with `approve --by`")
    role: str = Field(default="", description='such as "medical physicist"')


class RolesBlock(Block):
    """Whose approvals count."""

    approve: list[Name] = Field(
        min_length=1, description="roles, as in [[staff]], whose people may approve a plan"
    )
    one_of_each: bool = Field(
        default=False, description="whether the two approvals come from two different roles"
    )


class CameraCalibrationBlock(Block):
    """What a camera counts of one nuclide, with the reconstruction of its images."""

    camera: Name = Field(description="name of the camera, as the images state it")
    radionuclide: Nuclide = Field(description='such as "Ho-166"; it holds for no other')
    sensitivity_cps_per_mbq: Annotated[float, Field(gt=0)] = Field(
        description="counts of the reconstructed image per second and MBq"
    )
    standard_uncertainty_cps_per_mbq: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="its standard uncertainty (k = 1)"
    )
    measured_on: date = Field(description="day of the measurement, such as 2026-01-05")
    valid_until: date = Field(description="last day on which it holds")
    source: Name = Field(description="where the figure comes from: phantom, protocol, report")


class ResidualBlock(Block):
    """What stayed behind at one delivery; for those before the site's ledger began."""

    device: DeviceName
    dispensed_mbq: Annotated[float, Field(gt=0)] = Field(description="activity dispensed, in MBq")
    residual_mbq: Annotated[float, Field(ge=0)] = Field(
        description="activity left in vial, lines and waste, in MBq, at the same instant"
    )
    on: date | None = Field(default=None, description="day of the delivery")


class SiteFile(Block):
    """What one site decides."""

    schema_: Literal["opensirt/site/1"] = Field(alias="schema", description=f'"{SITE_SCHEMA}"')
    name: Name = Field(description="name of the site, printed in every report")
    profile: Literal["published", "common-unverified"] = Field(
        default="common-unverified",
        description='"published" for verified figures only, or "common-unverified"',
    )
    time_zone: ZoneName = Field(
        description='of the clocks of cameras and laboratory, such as "Europe/Amsterdam"'
    )
    data_set: Annotated[str, AfterValidator(_data_set)] | None = Field(
        default=None, description="nuclear data set"
    )
    planning_engine: Literal["local", "kernel", "superposition"] | None = Field(
        default=None, description='"local", "kernel" or "superposition"'
    )
    verification_engine: Literal["local", "kernel", "superposition"] | None = Field(
        default=None, description='"local", "kernel" or "superposition"'
    )
    dose_constants_gy_kg_per_gbq: dict[Literal["Y-90", "Ho-166"], DoseConstant] = Field(
        default_factory=dict
    )
    tissue: SiteTissue = Field(default_factory=SiteTissue)
    limits: dict[DeviceName, SiteDoses] = Field(
        default_factory=dict, description="device = { structure_gy = { value = …, source = … } }"
    )
    targets: dict[DeviceName, SiteDoses] = Field(
        default_factory=dict, description="device = { structure_gy = { value = …, source = … } }"
    )
    confirmations: list[SiteConfirmation] = Field(default_factory=list)
    delivery_days: list[DayName] = Field(
        default_factory=list,
        description='days on which vials arrive, such as ["monday", "wednesday"]; any day if empty',
    )
    lung_shunt_method: Literal["SPECT", "planar"] | None = Field(
        default=None,
        description="which lung shunt is used where the case states none and both are measured; "
        '"SPECT" if not stated',
    )
    camera_calibrations: list[CameraCalibrationBlock] = Field(
        default_factory=list,
        description="sensitivities of cameras; an image in counts after treatment that names its "
        "camera is turned into activity by the one of its nuclide and day",
    )
    residual_history: list[ResidualBlock] = Field(
        default_factory=list,
        description="deliveries before the ledger began; from twenty on, with those of the "
        "ledger, their median is what an order allows for",
    )
    ledger: Name | None = Field(
        default=None,
        description='file of the site ledger, relative to this file; "site-ledger.json"',
    )
    staff: list[StaffMember] = Field(
        default_factory=list, description="people who may approve plans; anybody if empty"
    )
    roles: RolesBlock | None = Field(default=None, description="whose approvals count")
    eligibility: EligibilityBlock | None = Field(
        default=None, description="the site's own eligibility profile"
    )
    checklist: dict[Name, ChecklistBlock] = Field(
        default_factory=dict, description="own items of the checklist, beside those that ship"
    )
    response_criteria: dict[Name, CriterionBlock] = Field(
        default_factory=dict, description="own response criteria, read beside those that ship"
    )
    percist: PercistBlock | None = Field(
        default=None, description="options of PERCIST where sources disagree"
    )
    questionnaires: dict[Name, QuestionnaireBlock] = Field(
        default_factory=dict, description="items of licensed questionnaires, such as qlq_gi_net21"
    )

    @model_validator(mode="after")
    def _roles_are_held(self) -> Self:
        if self.roles is None:
            return self
        held = [one.role for one in self.staff]
        lacking = [role for role in self.roles.approve if role not in held]
        if lacking:
            raise ValueError(
                f"[roles] approve names {', '.join(map(repr, lacking))}, which nobody in [[staff]] "
                f"has; roles there: {', '.join(sorted(filter(None, set(held)))) or 'none'}"
            )
        able = [one.name for one in self.staff if one.role in self.roles.approve]
        if len(able) < _APPROVALS:
            raise ValueError(
                f"[roles] approve leaves {len(able)} person of [[staff]] to approve; two are needed"
            )
        if self.roles.one_of_each and len(set(self.roles.approve)) < _APPROVALS:
            raise ValueError("[roles] one_of_each needs two roles in approve")
        return self

    @model_validator(mode="after")
    def _confirmed_once(self) -> Self:
        names = [one.figure for one in self.confirmations]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"[[confirmations]] names {', '.join(twice)} twice; keep one")
        return self


def _calibration(one: CameraCalibrationBlock) -> CameraCalibration:
    spread = one.standard_uncertainty_cps_per_mbq
    return CameraCalibration(
        camera=one.camera,
        radionuclide=one.radionuclide,
        sensitivity_cps_per_mbq=one.sensitivity_cps_per_mbq,
        standard_uncertainty_cps_per_mbq=Missing.NOT_RECORDED if spread is None else spread,
        measured_on=one.measured_on,
        valid_until=one.valid_until,
        source=one.source,
    )


def _figure(one: FigureBlock, value: float, unit: str) -> Figure:
    return Figure(
        value=value,
        unit=unit,
        source=f"site profile: {one.source}",
        verified=True,
        scenario=one.scenario,
    )


def read_site_file(path: Path) -> SiteProfile:
    """Return the profile of a site.toml over the defaults.

    Raises
    ------
    InputError
        Naming the file and, all together, every key that is wrong.
    """
    stated = validated(SiteFile, read_toml(path), path)
    default = default_site_profile(unverified=stated.profile == "common-unverified")
    try:
        return over_default(stated, default)
    except InputError as error:
        raise InputError(f"{path.name}: {error}") from None


def over_default(stated: SiteFile, default: SiteProfile) -> SiteProfile:
    """Return a profile with the site's decisions in place of the default's.

    Raises
    ------
    InputError
        When a confirmation names a figure that is not in force, or a rule, checklist item or
        questionnaire is not written as one.
    """
    tissue = stated.tissue
    densities = dict(default.densities_kg_per_ml)
    if (liver := tissue.liver_density_g_per_ml) is not None:
        densities["liver"] = _figure(liver, liver.value / GRAMS_PER_KG, "kg/mL")
    lung = tissue.lung_mass_kg
    profile = replace(
        default,
        name=stated.name,
        time_zone=stated.time_zone,
        data_set=stated.data_set or default.data_set,
        planning_engine=stated.planning_engine or default.planning_engine,
        verification_engine=stated.verification_engine or default.verification_engine,
        dose_constants_gy_kg_per_gbq={
            **default.dose_constants_gy_kg_per_gbq,
            **{
                name: _figure(one, one.value, "Gy kg/GBq")
                for name, one in stated.dose_constants_gy_kg_per_gbq.items()
            },
        },
        limits=_over(default.limits, stated.limits),
        targets=_over(default.targets, stated.targets),
        densities_kg_per_ml=densities,
        lung_mass_kg=default.lung_mass_kg if lung is None else _figure(lung, lung.value, "kg"),
        staff=tuple(one.name for one in stated.staff),
        staff_roles={one.name: one.role for one in stated.staff},
        approving_roles=() if stated.roles is None else tuple(stated.roles.approve),
        one_of_each_role=stated.roles is not None and stated.roles.one_of_each,
        residual_history=tuple(
            PastResidual(
                device=one.device,
                dispensed_bq=one.dispensed_mbq * BQ_PER_MBQ,
                residual_bq=one.residual_mbq * BQ_PER_MBQ,
            )
            for one in stated.residual_history
        ),
        camera_calibrations=tuple(_calibration(one) for one in stated.camera_calibrations),
        ledger=stated.ledger or "",
        clinical=site_clinical(
            stated.eligibility,
            stated.checklist,
            stated.questionnaires,
            stated.response_criteria,
            stated.percist,
        ),
        lung_shunt_method=stated.lung_shunt_method or default.lung_shunt_method,
        delivery_days=tuple(stated.delivery_days),
        confirmations=tuple(
            Confirmation(one.figure, one.by, one.on) for one in stated.confirmations
        ),
    )
    for confirmation in profile.confirmations:
        profile = _confirmed(profile, confirmation)
    return replace(profile, sha256=site_sha256(profile))


def _over(
    default: Mapping[str, Mapping[str, Figure]], stated: Mapping[DeviceName, SiteDoses]
) -> dict[str, dict[str, Figure]]:
    laid = {device: dict(one) for device, one in default.items()}
    for device, doses in stated.items():
        laid.setdefault(device, {}).update(doses.figures())
    return laid


def figures_in_force(profile: SiteProfile) -> dict[str, Figure]:
    """Return every figure of a profile by the name that a confirmation uses."""
    named = {
        f"dose_constants_gy_kg_per_gbq.{name}": one
        for name, one in profile.dose_constants_gy_kg_per_gbq.items()
    }
    named |= {
        f"{kind}.{device}.{key}": one
        for kind, table in (("limits", profile.limits), ("targets", profile.targets))
        for device, figures in table.items()
        for key, one in figures.items()
    }
    named |= {f"densities.{name}": one for name, one in profile.densities_kg_per_ml.items()}
    if profile.lung_mass_kg is not None:
        named["lung_mass"] = profile.lung_mass_kg
    return named


def _confirmed(profile: SiteProfile, confirmation: Confirmation) -> SiteProfile:
    figures = figures_in_force(profile)
    name = confirmation.rule
    if name not in figures:
        unsure = [key for key, one in figures.items() if not one.verified]
        raise InputError(
            f"[[confirmations]] names the figure {name!r}, which is not in force; unverified are "
            f"{', '.join(unsure) or 'none'}"
        )
    old = figures[name]
    on = confirmation.on.isoformat()
    sure = replace(
        old, verified=True, source=f"{old.source}; confirmed by {confirmation.by} on {on}"
    )
    kind, _, rest = name.partition(".")
    if kind in ("limits", "targets"):
        device, _, key = rest.partition(".")
        table = {one: dict(values) for one, values in getattr(profile, kind).items()}
        table[device][key] = sure
        return (
            replace(profile, limits=table) if kind == "limits" else replace(profile, targets=table)
        )
    if kind == "densities":
        return replace(profile, densities_kg_per_ml={**profile.densities_kg_per_ml, rest: sure})
    if kind == "lung_mass":
        return replace(profile, lung_mass_kg=sure)
    constants = {**profile.dose_constants_gy_kg_per_gbq, rest: sure}
    return replace(profile, dose_constants_gy_kg_per_gbq=constants)


def site_schema() -> dict[str, Any]:
    """Return the JSON Schema of site.toml."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SITE_SCHEMA,
        **SiteFile.model_json_schema(by_alias=True),
    }
