"""Mean doses and dose–volume histograms with intervals, by drawing what is not known exactly."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.image import ActivityMap, DensityMap
from opensirt.domain.missing import Missing
from opensirt.domain.record import DoseResult, RecoveredDose
from opensirt.domain.structure import Mask, StructureKind, StructureSet
from opensirt.domain.uncertainty import DoseInterval, SampledDose
from opensirt.imaging.local_model import FINER_VOXELS, LocalModel
from opensirt.imaging.partial_volume import exclusive_masks
from opensirt.physics.decay import permanent_implant
from opensirt.physics.dose.convolution import KernelConvolution
from opensirt.physics.dose.local import LocalDeposition
from opensirt.physics.dose.patch import PatchDose
from opensirt.physics.pooling import (
    Displacement,
    elsewhere,
    measured,
    spread_between_mm2,
    with_the_others,
)
from opensirt.physics.sampling import even_draws, factors, interval, normal, normal_within
from opensirt.reference.radionuclide import Radionuclide
from opensirt.reference.table import read_table
from opensirt.workflow.contour_shift import IN_LIVER
from opensirt.workflow.dose_realisation import Moved, Realiser, Recovered
from opensirt.workflow.structure_dose import WeightedStructure

Array = NDArray[np.float64]

_NARROWEST = 0.3
"""No drawn resolution is below this part of the stated one."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Spread:
    """How far what is drawn goes, as standard uncertainties."""

    edge_mm: float
    resolution: float
    shift_half_width_mm: float
    """0 where contours and image share a frame of reference."""
    factors: Sequence[float]
    """Relative standard uncertainties of what multiplies every dose."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SampledFrom:
    """What the structures of one verification are drawn from."""

    result: DoseResult
    weights: Sequence[WeightedStructure]
    activity: ActivityMap
    """At administration."""
    density: DensityMap
    nuclide: Radionuclide
    structures: StructureSet
    fwhm_mm: float | Missing
    recovered: Mapping[str, RecoveredDose]
    gy_scale: float
    """Doses of the result over those of `activity` as it is."""


def realisers(known: SampledFrom, shift_mm: float) -> dict[str, Realiser]:
    """Return, for each structure with a dose, what gives its doses for any state.

    Tumours of an image whose resolution is known are explained anew for each state; all else is
    read from the dose map.
    """
    volume_fractions: Sequence[float] = _rule()["volume_fractions"]
    touching = {one.structure.label for one in known.weights}
    masks = exclusive_masks(tuple(one for one in known.structures if one.label in touching))
    scale = _engine_scale(known)
    made: dict[str, Realiser] = {}
    for row, one in zip(known.result.structures, known.weights, strict=True):
        if row.mean_gy <= 0:
            continue
        label = row.label
        if row.kind is StructureKind.TUMOUR and not isinstance(known.fwhm_mm, Missing):
            others = [mask for other, mask in masks.items() if other != label]
            made[label] = _recovered(
                known, one, others, shift_mm, scale.get(label, 1.0), volume_fractions
            )
            continue
        dvh = known.result.dvhs[label]
        exact = np.array([row.mean_gy, *(dvh.dose_gy(part) for part in volume_fractions)])
        better = known.recovered.get(label)
        made[label] = Moved(
            row,
            one.structure.mask,
            known.result.dose,
            exact,
            volume_fractions=volume_fractions,
            correction=1.0 if better is None else better.corrected_gy / row.mean_gy,
            corrected=better is not None,
        )
    return made


def _recovered(
    known: SampledFrom,
    one: WeightedStructure,
    others: Sequence[Mask],
    shift_mm: float,
    scale: float,
    volume_fractions: Sequence[float],
) -> Recovered:
    assert not isinstance(known.fwhm_mm, Missing)  # noqa: S101 - asked only where it is known
    model_on = partial(
        LocalModel,
        known.activity,
        one.structure.mask,
        others,
        fwhm_mm=known.fwhm_mm,
        shift_mm=shift_mm,
    )
    dose_on = partial(
        PatchDose,
        known.nuclide,
        density_kg_per_ml=one.weights.mean(known.density),
        in_place=known.result.engine == LocalDeposition.name,
    )

    def made(model: LocalModel, make_finer: Callable[[], Recovered] | None = None) -> Recovered:
        dose = dose_on(model.grid.shape, model.grid.spacing_mm)
        return Recovered(model, dose, scale * known.gy_scale, volume_fractions, make_finer)

    return made(model_on(), lambda: made(model_on(n_voxels=FINER_VOXELS)))


def _engine_scale(known: SampledFrom) -> Mapping[str, float]:
    """Return dose by the engine over that by the kernel alone, both of the image as it is."""
    engine, photons = known.result.engine, known.nuclide.photons != "none"
    if engine == LocalDeposition.name or (engine == KernelConvolution.name and not photons):
        return {}
    near = replace(known.nuclide, photons="none") if photons else known.nuclide
    decays = permanent_implant(known.activity, near, administered_at=Missing.NOT_RECORDED)
    plain = KernelConvolution(nuclide=near).dose(decays, known.density).dose
    found = {}
    for row, one in zip(known.result.structures, known.weights, strict=True):
        by_kernel = one.weights.mean(plain) * known.gy_scale
        if row.kind is StructureKind.TUMOUR and by_kernel > 0:
            found[row.label] = row.mean_gy / by_kernel
    return found


def displacements(
    given: Mapping[str, Realiser], kinds: Mapping[str, StructureKind]
) -> dict[str, Displacement]:
    """Return how far each structure's contour lies from where the image shows it.

    Tumours are found on the image, and each is told by its own place and those of the others as
    far as they agree. All else in the liver moves as the tumours have in common. Structures
    elsewhere, and all of them where no tumour is found, have no entry.
    """
    found = {label: one.place() for label, one in given.items()}
    labels = [label for label, place in found.items() if place is not None]
    if not labels:
        return {}
    places = [
        measured(place.shift_mm, place.precision_per_mm2)
        for place in found.values()
        if place is not None
    ]
    least_mm = float(read_table("geometry_rules")["contour_shift"]["spread_between_mm_at_least"])
    between = spread_between_mm2(places, at_least_mm2=least_mm**2)
    made = dict(zip(labels, with_the_others(places, between), strict=True))
    rest = elsewhere(places, between)
    return {
        label: made.get(label, rest) for label in given if label in made or kinds[label] in IN_LIVER
    }


def sampled_dose(
    one: Realiser, spread: Spread, displaced: Displacement | None, *, seed: int
) -> SampledDose:
    """Return the doses of one structure with their intervals.

    Parameters
    ----------
    displaced
        Where the image puts the contour; even within ± the half-width along each axis where None.
    seed
        Of the draws.
    """
    rule = _rule()
    number, alone = int(rule["realisations"]), int(rule["place_only"])
    drawn = even_draws(number, 5, seed=seed)
    shifts = _shifts(drawn[:, :3], displaced, spread.shift_half_width_mm)
    edges = spread.edge_mm * normal(drawn[:, 3])
    widths = np.maximum(1 + spread.resolution * normal(drawn[:, 4]), _NARROWEST)
    states = _figures(one, shifts, widths, edges)
    if (finer := one.finer()) is not None:
        part = slice(int(rule["refined"]))
        exact = _figures(finer, shifts[part], widths[part], edges[part]).mean(axis=0)
        plain = states[part].mean(axis=0)
        states *= np.divide(exact, plain, out=np.ones_like(plain), where=(plain > 0) & (exact > 0))
        # Each volume has a factor of its own; a histogram does not rise for all that.
        states[:, 1:] = np.minimum.accumulate(states[:, 1:], axis=1)
    by_place: float | Missing = Missing.NOT_INCLUDED
    if spread.shift_half_width_mm > 0:
        only = np.array(
            [one.figures(shift, resolution=1.0, edge_mm=0.0)[0] for shift in shifts[:alone]]
        )
        by_place = float(only.std(ddof=1) / only.mean()) if only.mean() > 0 else 0.0
    multiplied = factors(spread.factors, int(rule["factors"]))
    values = (states[:, None, :] * multiplied[None, :, None]).reshape(-1, states.shape[1])
    found = [_interval(column, float(rule["probability"])) for column in values.T]
    return SampledDose(
        mean=found[0],
        at_volume=dict(zip(rule["volume_fractions"], found[1:], strict=True)),
        corrected=one.corrected,
        draws=number * len(multiplied),
        probability=float(rule["probability"]),
        how=one.how,
        shift_mm=(
            Missing.NOT_ESTIMATED
            if displaced is None
            else (
                float(displaced.mean_mm[0]),
                float(displaced.mean_mm[1]),
                float(displaced.mean_mm[2]),
            )
        ),
        shift_spread=by_place,
    )


def _figures(one: Realiser, shifts: Array, widths: Array, edges: Array) -> Array:
    """Return the figures of every state, (states, 1 + n)."""
    return np.stack(
        [
            one.figures(shift, resolution=float(width), edge_mm=float(edge))
            for shift, width, edge in zip(shifts, widths, edges, strict=True)
        ]
    )


def _shifts(uniform: Array, displaced: Displacement | None, half_width_mm: float) -> Array:
    if displaced is None or half_width_mm == 0:
        return (2 * uniform - 1) * half_width_mm
    mean = np.clip(displaced.mean_mm, -half_width_mm, half_width_mm)
    return normal_within(uniform, mean, displaced.covariance_mm2, half_width_mm)


def _interval(values: Array, probability: float) -> DoseInterval:
    middle, low, high = interval(values, probability)
    return DoseInterval(estimate_gy=middle, low_gy=low, high_gy=high)


def _rule() -> dict[str, Any]:
    return dict(read_table("uncertainty")["sampling"])
