"""Doses of all sessions of a patient: what was given before, and what this course adds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from opensirt.domain.missing import Missing

Number = float | Missing


@dataclass(frozen=True, eq=False, kw_only=True)
class EarlierDoseFacts:
    """What a case states of the doses of one earlier treatment with radiation.

    Doses that are not stated may follow from activity, shunt and masses (microspheres only).
    """

    kind: str
    """As in the case file: ``SIRT``, ``PRRT``, ``external-beam radiotherapy of the liver`` …"""
    on: date | Missing = Missing.NOT_RECORDED
    name: str = ""
    lung_gy: Number = Missing.NOT_RECORDED
    normal_liver_gy: Number = Missing.NOT_RECORDED
    territories_gy: Mapping[str, float] = field(default_factory=dict)
    """Territory of this case → mean dose that its normal liver got before."""
    device: str = ""
    activity_bq: Number = Missing.NOT_RECORDED
    lung_shunt_fraction: Number = Missing.NOT_RECORDED
    lung_mass_kg: Number = Missing.NOT_RECORDED
    n_fractions: int | Missing = Missing.NOT_RECORDED
    """Equal fractions of external beam, or cycles of a radiopharmaceutical."""
    effective_half_life_h: Number = Missing.NOT_RECORDED
    """In the liver, of a radiopharmaceutical."""
    assumptions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "territories_gy", MappingProxyType(dict(self.territories_gy)))


@dataclass(frozen=True, eq=False, kw_only=True)
class SessionDose:
    """What one session gave or would give to lungs and normal liver."""

    words: str
    on: date | Missing
    lung_gy: Number
    normal_liver_gy: Number
    normal_liver_bed_gy: Number
    territories_gy: Mapping[str, float] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "territories_gy", MappingProxyType(dict(self.territories_gy)))


@dataclass(frozen=True, eq=False, kw_only=True)
class CumulativeDose:
    """The sessions of a patient and their sums; a sum with an unknown part is a `Missing`."""

    sessions: tuple[SessionDose, ...]
    """Earlier ones first; the last is this course."""
    alpha_beta_ratio_gy: float
    """Of the liver, behind BED and EQD2."""
    radiobiology_source: str
    radiobiology_verified: bool
    complete: bool
    """False when an earlier treatment with radiation has no lung or liver dose."""

    @property
    def earlier(self) -> tuple[SessionDose, ...]:
        """The sessions before this course."""
        return self.sessions[:-1]

    @property
    def lung_gy(self) -> Number:
        """Sum of the lung doses."""
        return _sum([one.lung_gy for one in self.sessions])

    @property
    def lung_gy_at_least(self) -> float:
        """Sum of the lung doses that are known."""
        return _known([one.lung_gy for one in self.sessions])

    @property
    def normal_liver_gy(self) -> Number:
        """Sum of the physical mean doses to the normal liver."""
        return _sum([one.normal_liver_gy for one in self.sessions])

    @property
    def normal_liver_gy_at_least(self) -> float:
        """Sum of those that are known."""
        return _known([one.normal_liver_gy for one in self.sessions])

    @property
    def normal_liver_bed_gy(self) -> Number:
        """Sum of the biologically effective doses: no recovery between sessions."""
        return _sum([one.normal_liver_bed_gy for one in self.sessions])

    @property
    def normal_liver_eqd2_gy(self) -> Number:
        """The same in fractions of 2 Gy: BED / (1 + 2 / (α/β))."""
        total = self.normal_liver_bed_gy
        return total if isinstance(total, Missing) else total / (1 + 2 / self.alpha_beta_ratio_gy)

    @property
    def territories_gy(self) -> Mapping[str, float]:
        """Territory → sum of the known doses to its perfused normal liver."""
        found: dict[str, float] = {}
        for one in self.sessions:
            for name, gy in one.territories_gy.items():
                found[name] = found.get(name, 0.0) + gy
        return found


def earlier_lung_gy(sessions: tuple[SessionDose, ...]) -> float:
    """Return the lung doses of earlier sessions that are known, together."""
    return _known([one.lung_gy for one in sessions])


def earlier_normal_liver_gy(sessions: tuple[SessionDose, ...]) -> float:
    """Return the normal-liver doses of earlier sessions that are known, together."""
    return _known([one.normal_liver_gy for one in sessions])


def _sum(values: list[Number]) -> Number:
    total = 0.0
    for one in values:
        if isinstance(one, Missing):
            return one
        total += one
    return total


def _known(values: list[Number]) -> float:
    return sum(one for one in values if not isinstance(one, Missing))
