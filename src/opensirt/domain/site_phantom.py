"""What a site knows of the phantom that it scanned."""

from dataclasses import dataclass

from opensirt.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownConcentration:
    """A part of the phantom.

    Parameters
    ----------
    label
        Structure of the case that covers it.
    activity_bq_per_ml
        At the instant that the image refers to.
    recovery_coefficient
        Image over truth that the site expects there.
    tolerance_fraction
        Of what is expected.
    """

    label: str
    activity_bq_per_ml: float
    recovery_coefficient: float
    tolerance_fraction: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePhantom:
    """All that is known of it; None where the file does not say it.

    Raises
    ------
    InputError
        When nothing at all is known.
    """

    name: str
    total_activity_bq: float | None
    total_tolerance_fraction: float | None
    concentrations: tuple[KnownConcentration, ...]

    def __post_init__(self) -> None:
        if self.total_activity_bq is None and not self.concentrations:
            raise InputError(
                f"the phantom {self.name} has neither a total nor a concentration; give one of "
                "them: there is nothing to compare its image with"
            )
