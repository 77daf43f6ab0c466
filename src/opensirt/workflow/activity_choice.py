"""The largest activity for each territory that every limit in force allows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.physics.analytic import lung_dose_gy
from opensirt.units import BQ_PER_GBQ
from opensirt.workflow.limit_in_force import (
    LUNG,
    NORMAL,
    PERFUSED,
    PERFUSED_NORMAL,
    TUMOUR,
    InForce,
)
from opensirt.workflow.liver_model import LiverModel, TerritoryModel


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityChoice:
    """What may reach each territory, and which limit fixed it."""

    reaching_bq: tuple[float, ...]
    binding: tuple[str, ...]
    before_lung_bq: tuple[float, ...]
    """What the other limits alone would allow."""


def activities_within_limits(
    model: LiverModel,
    limits: Mapping[str, InForce],
    *,
    constant: float,
    lung_shunt_fraction: float | Missing,
    lung_mass_kg: float | Missing,
) -> ActivityChoice | Missing:
    """Return the activities reaching the territories, or why none can be chosen.

    Limits of one territory (perfused normal liver, tumour, perfused volume) come first; limits
    that territories share (whole normal liver, lungs) scale all of them by one factor. Where only
    the whole normal liver is limited, all territories get the same dose to their perfused normal
    liver. Targets are minima and play no part here.

    Raises
    ------
    InputError
        When a limited structure holds no uptake, so that no activity reaches the limit.
    """
    if PERFUSED_NORMAL not in limits and NORMAL not in limits:
        return Missing.NEEDS_LIMIT
    equal = None
    if PERFUSED_NORMAL not in limits:
        equal = _by_whole_normal(model, limits[NORMAL].gy, constant)
    reaching: list[float] = []
    binding: list[str] = []
    for index, one in enumerate(model.territories):
        caps = _caps(one, limits, constant)
        if equal is not None:
            caps.append((equal[index], limits[NORMAL].words))
        activity, words = min(caps, key=lambda cap: cap[0])
        reaching.append(activity)
        binding.append(words)
    if NORMAL in limits:
        found = model.normal_gy(constant, reaching)
        if found > limits[NORMAL].gy * (1 + 1e-12):
            factor = limits[NORMAL].gy / found
            reaching = [factor * bq for bq in reaching]
            binding = [limits[NORMAL].words] * len(reaching)
    before_lung = tuple(reaching)
    if LUNG in limits and not isinstance(lung_shunt_fraction, Missing):
        reaching, binding = _within_lung(
            reaching, binding, limits[LUNG], constant, lung_shunt_fraction, lung_mass_kg
        )
    return ActivityChoice(
        reaching_bq=tuple(reaching), binding=tuple(binding), before_lung_bq=before_lung
    )


def _by_whole_normal(model: LiverModel, limit_gy: float, constant: float) -> list[float]:
    """Return the activities that give every perfused normal liver one dose, the whole the limit."""
    unit = [
        _for_gy(1.0, one.perfused_normal_gy(constant, BQ_PER_GBQ), one) for one in model.territories
    ]
    whole = model.normal_gy(constant, unit)
    if whole <= 0:
        raise InputError(
            "the whole normal liver holds none of the uptake of the perfused volumes; check that "
            "normal_liver and perfused_volume were drawn on the same image"
        )
    return [bq * limit_gy / whole for bq in unit]


def _for_gy(gy: float, gy_per_gbq: float, territory: TerritoryModel) -> float:
    if gy_per_gbq <= 0:
        raise InputError(
            f"territory {territory.name!r}: a limited structure has a dose of {gy_per_gbq:.3g} Gy "
            "per GBq; check image and masks"
        )
    return gy / gy_per_gbq * BQ_PER_GBQ


def _caps(
    one: TerritoryModel,
    limits: Mapping[str, InForce],
    constant: float,
) -> list[tuple[float, str]]:
    """Return (activity, words) of each limit of one territory."""
    caps: list[tuple[float, str]] = []
    per_gbq = {
        PERFUSED_NORMAL: [one.perfused_normal_gy(constant, BQ_PER_GBQ)],
        PERFUSED: [one.perfused_gy(constant, BQ_PER_GBQ)],
        TUMOUR: list(one.tumour_gy(constant, BQ_PER_GBQ).values()),
    }
    for key, values in per_gbq.items():
        if key in limits and values:
            caps.append((_for_gy(limits[key].gy, max(values), one), limits[key].words))
    return caps


def _within_lung(
    reaching: Sequence[float],
    binding: Sequence[str],
    limit: InForce,
    constant: float,
    shunt: float,
    lung_mass_kg: float | Missing,
) -> tuple[list[float], list[str]]:
    if isinstance(lung_mass_kg, Missing) or shunt == 0:
        return list(reaching), list(binding)
    lung = lung_dose_gy(
        sum(reaching) / (1 - shunt),
        lung_shunt_fraction=shunt,
        lung_mass_kg=lung_mass_kg,
        dose_constant_gy_kg_per_gbq=constant,
    )
    if lung <= limit.gy * (1 + 1e-12):
        return list(reaching), list(binding)
    return [bq * limit.gy / lung for bq in reaching], [limit.words] * len(reaching)
