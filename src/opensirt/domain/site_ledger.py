"""What a site has learnt: for each verified treatment, how far the delivery lay from its plan.

A ledger only grows. An entry names its course by a hash and holds no name, key or date of birth;
lesions are numbered. A later entry of the same course supersedes the earlier one, which stays.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from opensirt.domain.delivery_error import (
    DeliveryErrors,
    ErrorQuantity,
    delivery_errors_in_force,
)
from opensirt.domain.missing import Missing
from opensirt.domain.record import Number
from opensirt.errors import InputError
from opensirt.provenance import sha256_of_json


@dataclass(frozen=True, kw_only=True)
class LesionEntry:
    """One tumour: mean dose and ratio of concentrations, planned and delivered.

    Both doses are for the activity that was given, in the scale of the vendor.
    """

    volume_ml: float
    planned_gy: float
    delivered_gy: float
    planned_ratio: Number
    """Concentration over that of the perfused normal liver, on the scout."""
    delivered_ratio: Number
    """The same on the image after treatment."""

    def __post_init__(self) -> None:
        for name in ("volume_ml", "planned_gy", "delivered_gy"):
            value = getattr(self, name)
            if not 0 <= value < float("inf"):
                raise InputError(
                    f"a lesion of the site ledger has {name} {value}; wanted 0 or more"
                )

    @property
    def dose_ratio(self) -> Number:
        """Delivered over planned dose."""
        if self.planned_gy <= 0 or self.delivered_gy <= 0:
            return Missing.NOT_EVALUABLE
        return self.delivered_gy / self.planned_gy

    @property
    def uptake_ratio(self) -> Number:
        """Delivered over planned ratio of concentrations."""
        planned, delivered = self.planned_ratio, self.delivered_ratio
        if isinstance(planned, Missing):
            return planned
        if isinstance(delivered, Missing):
            return delivered
        return delivered / planned if planned > 0 and delivered > 0 else Missing.NOT_EVALUABLE


@dataclass(frozen=True, kw_only=True)
class TerritoryEntry:
    """What stayed in one perfused volume, over what was injected for it (lung shunt taken off)."""

    retained_fraction: Number


@dataclass(frozen=True, kw_only=True)
class LedgerEntry:
    """One verified treatment.

    Raises
    ------
    InputError
        When a fraction lies outside 0 to 1 or the instant has no zone.
    """

    course: str
    """Hash of the case's pseudonym; the same for a correction."""
    content: str
    """Hash of everything measured here: the same verification is entered once."""
    recorded_at: datetime
    device: str
    model: str
    engine: str
    scout_nuclide: str
    planned_activity_bq: Number
    administered_activity_bq: Number
    residual_fraction: Number
    lung_shunt_predicted: Number
    lung_shunt_predicted_uncertainty: Number
    lung_shunt_seen: Number
    lung_shunt_seen_uncertainty: Number
    normal_liver_planned_gy: Number
    normal_liver_delivered_gy: Number
    lesions: tuple[LesionEntry, ...]
    territories: tuple[TerritoryEntry, ...] = ()
    assumed: tuple[str, ...] = ()
    """Facts behind the entry that were assumed: what rests on them is not counted."""

    def __post_init__(self) -> None:
        if self.recorded_at.tzinfo is None:
            raise InputError("the instant of a ledger entry has no time zone")
        for name in ("residual_fraction", "lung_shunt_predicted", "lung_shunt_seen"):
            value = getattr(self, name)
            if not isinstance(value, Missing) and not 0 <= value <= 1:
                raise InputError(f"a ledger entry has {name} {value:g}; a fraction is 0 to 1")


def with_content(entry: LedgerEntry) -> LedgerEntry:
    """Return an entry with the hash of what it says; the instant of recording does not count."""
    said = asdict(replace(entry, content=""))
    del said["recorded_at"]
    return replace(entry, content=sha256_of_json(_plain(said)))


def _plain(value: object) -> object:
    if isinstance(value, Missing):
        return value.value
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value


@dataclass(frozen=True, eq=False, kw_only=True)
class SiteLedger:
    """All entries of a site in the order in which they were added."""

    entries: tuple[LedgerEntry, ...] = ()

    def in_force(self) -> tuple[LedgerEntry, ...]:
        """Return the latest entry of each course, in the order of their first entries."""
        latest: dict[str, LedgerEntry] = {}
        for one in self.entries:
            latest[one.course] = one
        return tuple(latest.values())

    def has(self, entry: LedgerEntry) -> bool:
        """Whether the course's entry in force says the same."""
        return any(
            one.course == entry.course and one.content == entry.content for one in self.in_force()
        )

    def of_device(self, device: str) -> tuple[LedgerEntry, ...]:
        """Return the entries in force of one device."""
        return tuple(one for one in self.in_force() if one.device == device)


def history_of(
    entries: tuple[LedgerEntry, ...],
) -> Mapping[ErrorQuantity, tuple[tuple[float, ...], ...]]:
    """Return quantity → the values of each case, for `delivery_errors_in_force`.

    What rests on an assumed fact gives no value.
    """
    return {
        ErrorQuantity.LUNG_SHUNT_FRACTION: tuple(_shunt(one) for one in entries),
        ErrorQuantity.TUMOUR_TO_NORMAL_RATIO: tuple(
            _numbers(lesion.uptake_ratio for lesion in one.lesions) for one in entries
        ),
        ErrorQuantity.PERFUSED_UPTAKE: tuple(_retained(one) for one in entries),
        ErrorQuantity.RESIDUAL_FRACTION: tuple(
            _numbers([one.residual_fraction]) if "administration" not in one.assumed else ()
            for one in entries
        ),
    }


def errors_in_force(
    device: str, ledger: SiteLedger, *, scout_nuclide: str = "Tc-99m"
) -> DeliveryErrors:
    """Return the delivery errors of a site: its own from twenty cases on, else those in print."""
    entries = tuple(one for one in ledger.of_device(device) if one.scout_nuclide == scout_nuclide)
    return delivery_errors_in_force(
        device,
        history=history_of(entries),
        source=f"site ledger, {len(entries)} verifications, {device}",
        scout_nuclide=scout_nuclide,
    )


def residuals_bq(ledger: SiteLedger, device: str) -> tuple[float, ...]:
    """Return what stayed behind in Bq: A R / (1 − R) of the activity A that was given."""
    found = []
    for one in ledger.of_device(device):
        part, given = one.residual_fraction, one.administered_activity_bq
        if isinstance(part, Missing) or isinstance(given, Missing) or part >= 1:
            continue
        if "administration" not in one.assumed:
            found.append(given * part / (1 - part))
    return tuple(found)


def _shunt(one: LedgerEntry) -> tuple[float, ...]:
    seen, predicted = one.lung_shunt_seen, one.lung_shunt_predicted
    if "lung_shunt_fraction" in one.assumed:
        return ()
    if isinstance(seen, Missing) or isinstance(predicted, Missing):
        return ()
    return (seen / predicted,) if seen > 0 and predicted > 0 else ()


def _retained(one: LedgerEntry) -> tuple[float, ...]:
    if {"administration", "lung_shunt_fraction"} & set(one.assumed):
        return ()
    return _numbers(territory.retained_fraction for territory in one.territories)


def _numbers(values: object) -> tuple[float, ...]:
    assert hasattr(values, "__iter__")  # noqa: S101 - of this module
    return tuple(one for one in values if not isinstance(one, Missing) and one > 0)
