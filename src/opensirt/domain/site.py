"""What is in force at one site: constants, data sets, limits and targets, each with its source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from opensirt.domain.finding import Confirmation
from opensirt.domain.missing import Missing
from opensirt.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number in force with where it comes from; `verified` False shows as ⚠."""

    value: float
    unit: str
    source: str
    verified: bool
    scenario: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastResidual:
    """What stayed behind at one delivery of the site, before its ledger began."""

    device: str
    dispensed_bq: float
    residual_bq: float

    def __post_init__(self) -> None:
        if not 0 <= self.residual_bq < self.dispensed_bq:
            raise InputError(
                f"a residual of {self.residual_bq:g} Bq of {self.dispensed_bq:g} Bq dispensed; it "
                "is from 0 to below all"
            )


@dataclass(frozen=True, kw_only=True)
class CameraCalibration:
    """What a camera counts of a nuclide, with the reconstruction of its images.

    Raises
    ------
    InputError
        When a number is not above zero, or the calibration ends before it was measured.
    """

    camera: str
    radionuclide: str
    sensitivity_cps_per_mbq: float
    """Counts of the reconstructed image per second and MBq."""
    measured_on: date
    valid_until: date
    """Last day on which it holds."""
    source: str
    standard_uncertainty_cps_per_mbq: float | Missing = Missing.NOT_RECORDED

    def __post_init__(self) -> None:
        spread = self.standard_uncertainty_cps_per_mbq
        for value in (self.sensitivity_cps_per_mbq, 1.0 if isinstance(spread, Missing) else spread):
            if not 0 < value < float("inf"):
                raise InputError(
                    f"the calibration of {self.camera} for {self.radionuclide} states {value:g} "
                    "cps/MBq; it is above zero"
                )
        if self.valid_until < self.measured_on:
            raise InputError(
                f"the calibration of {self.camera} for {self.radionuclide} was measured on "
                f"{self.measured_on} and is valid until {self.valid_until}, before that"
            )


@dataclass(frozen=True, eq=False, kw_only=True)
class SiteClinical:
    """What a site decides of eligibility, checklist and questionnaires, in the form of tables.

    `eligibility` is its own profile, None where it has none; `own_rules` are rules beside, or in
    place of, those that ship; `checklist` are items beside those that ship.
    """

    eligibility: Mapping[str, Any] | None = None
    own_rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    oldest_laboratory_days: int | None = None
    checklist: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    questionnaires: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    criteria: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Response criteria of the site by name."""
    percist: Mapping[str, Any] | None = None
    """Limits of PERCIST in place of those that ship, None where the site changes none."""

    @property
    def content(self) -> dict[str, Any]:
        """Everything that is decided here, for a hash; empty where nothing is."""
        made = {
            "eligibility": self.eligibility,
            "own_rules": self.own_rules,
            "oldest_laboratory_days": self.oldest_laboratory_days,
            "checklist": self.checklist,
            "questionnaires": self.questionnaires,
            "criteria": self.criteria,
            "percist": self.percist,
        }
        return {key: value for key, value in made.items() if value}


@dataclass(frozen=True, eq=False, kw_only=True)
class SiteProfile:
    """Everything that a site decides, and what holds where it decided nothing.

    `limits` and `targets` map device → key → figure, keys as in `Prescription`
    (``perfused_normal_liver``, ``normal_liver``, ``lung``, ``lung_cumulative``, ``tumour``,
    ``perfused_volume``). A limit is a maximum; a target is a minimum to reach.
    """

    name: str
    time_zone: str
    data_set: str
    planning_engine: str
    verification_engine: str
    dose_constants_gy_kg_per_gbq: Mapping[str, Figure]
    """Radionuclide → constant of the analytic models and of planning."""
    limits: Mapping[str, Mapping[str, Figure]]
    targets: Mapping[str, Mapping[str, Figure]]
    densities_kg_per_ml: Mapping[str, Figure] = field(default_factory=dict)
    lung_mass_kg: Figure | None = None
    confirmations: tuple[Confirmation, ...] = ()
    staff: tuple[str, ...] = ()
    """People who may approve a plan; anybody where none is named."""
    staff_roles: Mapping[str, str] = field(default_factory=dict)
    """Name of a person → role."""
    approving_roles: tuple[str, ...] = ()
    """Roles whose people may approve; every role where none is named."""
    one_of_each_role: bool = False
    """Whether the two approvals come from two different of these roles."""
    residual_history: tuple[PastResidual, ...] = ()
    camera_calibrations: tuple[CameraCalibration, ...] = ()
    delivery_days: tuple[str, ...] = ()
    """Days of the week on which vials arrive, in small letters; any day where none is named."""
    lung_shunt_method: str = "SPECT"
    """``SPECT`` or ``planar``: which measurement is used where there are both."""
    clinical: SiteClinical = field(default_factory=SiteClinical)
    ledger: str = ""
    """File of the site ledger, relative to site.toml; the usual name where empty."""
    sha256: str = ""
    """Of the canonical content in force, for provenance."""

    def __post_init__(self) -> None:
        for name in ("limits", "targets"):
            table = {key: MappingProxyType(dict(one)) for key, one in getattr(self, name).items()}
            object.__setattr__(self, name, MappingProxyType(table))
        for name in ("dose_constants_gy_kg_per_gbq", "densities_kg_per_ml", "staff_roles"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
