"""How sure a dose is: what contributes, and what is not included."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from opensirt.domain.missing import Missing
from opensirt.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class UncertaintyComponent:
    """One contribution to the uncertainty of a dose.

    Raises
    ------
    InputError
        When the uncertainty is negative or not finite.
    """

    name: str
    relative_standard_uncertainty: float | Missing
    """One standard deviation over the dose (k = 1); `Missing` where it is not included."""
    how: str
    """How it was obtained, or why it is not included."""
    source: str = ""
    verified: bool = True
    """False when a figure behind it is known only from memory or second hand (⚠)."""

    def __post_init__(self) -> None:
        value = self.relative_standard_uncertainty
        if not isinstance(value, Missing) and not 0 <= value < float("inf"):
            raise InputError(
                f"the relative standard uncertainty {self.name!r} is {value}; wanted a finite "
                "number of at least 0"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """Correlation coefficient, −1 to 1, between two components of a dose."""

    first: str
    second: str
    coefficient: float

    def __post_init__(self) -> None:
        if not -1 <= self.coefficient <= 1:
            raise InputError(
                f"the correlation of {self.first} and {self.second} is {self.coefficient}; "
                "wanted -1 to 1"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseInterval:
    """A dose and the interval that holds it with a stated probability.

    Raises
    ------
    InputError
        When the estimate lies outside the interval or a dose is not finite.
    """

    estimate_gy: float
    low_gy: float
    high_gy: float

    def __post_init__(self) -> None:
        if not -float("inf") < self.low_gy <= self.estimate_gy <= self.high_gy < float("inf"):
            raise InputError(
                f"an interval holds its estimate; found {self.estimate_gy} Gy in {self.low_gy} to "
                f"{self.high_gy} Gy"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledDose:
    """Mean and dose–volume histogram of one structure with intervals, from drawn realisations.

    The estimate is the median of the draws, the interval holds the middle `probability` of them
    and need not be symmetric (JCGM 101:2008). `at_volume` maps a volume fraction to the highest
    dose that at least this fraction receives: the histogram with its band.
    """

    mean: DoseInterval
    at_volume: Mapping[float, DoseInterval]
    corrected: bool
    """True when the image's resolution is corrected for."""
    draws: int
    probability: float
    how: str
    shift_mm: tuple[float, float, float] | Missing
    """Where the image puts the contour, from where it was drawn, in LPS."""
    shift_spread: float | Missing
    """Relative standard deviation of the mean when only the contour's place varies."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "at_volume", MappingProxyType(dict(self.at_volume)))

    def dose(self, volume_fraction: float) -> DoseInterval:
        """Return D of a volume fraction; raise `KeyError` when it was not sampled."""
        return self.at_volume[volume_fraction]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseUncertainty:
    """Mean dose of one structure with the table of what makes it uncertain.

    `best_estimate_gy` is corrected for the image's resolution where that is known; the interval
    `best_estimate_gy` ± `expanded_gy` is that of the corrected dose. `uncorrected_expanded_gy`
    belongs to `mean_gy` as imaged and contains the correction that was left out.
    """

    label: str
    mean_gy: float
    best_estimate_gy: float
    corrected: bool
    components: tuple[UncertaintyComponent, ...]
    correlations: tuple[Correlation, ...]
    combined_fraction: float | Missing
    """Relative combined standard uncertainty of the best estimate."""
    expanded_gy: float | Missing
    uncorrected_expanded_gy: float | Missing
    coverage_factor: float
    sampled: SampledDose | Missing = Missing.NOT_ESTIMATED
    """The stated intervals; the table of components explains that of the mean."""

    @property
    def not_included(self) -> tuple[str, ...]:
        """Names of the components that are not included."""
        return tuple(
            one.name
            for one in self.components
            if isinstance(one.relative_standard_uncertainty, Missing)
        )

    @property
    def lower_bound(self) -> bool:
        """True when a component is not included: the real interval is wider."""
        return bool(self.not_included)

    @property
    def verified(self) -> bool:
        """False when a figure behind an included component is unverified (⚠)."""
        return all(
            one.verified
            for one in self.components
            if not isinstance(one.relative_standard_uncertainty, Missing)
        )

    def component(self, name: str) -> UncertaintyComponent:
        """Return one component; raise `KeyError` when there is none of that name."""
        for one in self.components:
            if one.name == name:
                return one
        raise KeyError(name)
