"""What could still be given: activity that brings tumours to their goal within the limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opensirt.domain.delivery import TopUp
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.record import DoseResult, Number, StructureDose
from opensirt.domain.structure import Structure, StructureKind, StructureSet
from opensirt.imaging.mask_algebra import within
from opensirt.physics.analytic import lung_dose_gy
from opensirt.units import BQ_PER_MBQ
from opensirt.workflow.limit_in_force import (
    LUNG,
    LUNG_CUMULATIVE,
    NORMAL,
    NORMAL_CUMULATIVE,
    PERFUSED,
    PERFUSED_NORMAL,
    TUMOUR,
    InForce,
)

_HALF = 0.5


@dataclass(frozen=True, kw_only=True)
class LungFacts:
    """What a further session would give to the lungs, and what they got so far."""

    shunt: Number
    mass_kg: Number
    dose_constant_gy_kg_per_gbq: Number
    so_far_gy: Number
    """This session and earlier ones."""


@dataclass(frozen=True, eq=False, kw_only=True)
class _Territory:
    name: str
    perfused: StructureDose
    normal: StructureDose | None
    tumours: tuple[StructureDose, ...]
    goals_gy: Mapping[str, float]

    @property
    def reaching_bq(self) -> float:
        """Activity in the perfused volume."""
        return self.perfused.activity_bq

    @property
    def capped_gy(self) -> Mapping[str, float]:
        """Dose so far under each limit of a territory."""
        doses = {
            PERFUSED: self.perfused.mean_gy,
            TUMOUR: max(one.mean_gy for one in self.tumours),
        }
        return doses if self.normal is None else {PERFUSED_NORMAL: self.normal.mean_gy, **doses}

    @property
    def least(self) -> StructureDose:
        return max(self.tumours, key=lambda one: self.goals_gy[one.label] / one.mean_gy)

    @property
    def wanted(self) -> float:
        """More activity than given, as a part of it, for the goal."""
        least = self.least
        return max(self.goals_gy[least.label] / least.mean_gy - 1.0, 0.0)


def top_ups(
    result: DoseResult,
    structures: StructureSet,
    territories: Mapping[str, Structure],
    goals_gy: Mapping[str, float],
    goal: str,
    limits: Mapping[str, InForce],
    lung: LungFacts,
    *,
    earlier_normal_gy: float = 0.0,
) -> tuple[TopUp, ...]:
    """Return, for each territory with a tumour below its goal, what more activity would do.

    The activity is taken to go where this one went, so that every dose of a territory grows in
    proportion. Limits of a territory cap its own activity, those of the whole liver and the lungs
    scale all of them; what was given counts in full, without recovery.

    Parameters
    ----------
    result
        Measured dose in the scale of the vendor.
    structures
        Complete, in the frame of the image.
    territories
        Name → its perfused volume.
    goals_gy
        Tumour → dose to reach.
    goal
        Where the goals come from, in words.
    limits
        In force for the device.
    lung
        What a further session would give to the lungs.
    earlier_normal_gy
        Dose that earlier sessions gave to the whole normal liver.
    """
    parts = [
        one
        for name, perfused in territories.items()
        if (one := _territory(name, perfused, result, structures, goals_gy)) is not None
    ]
    wanting = [one for one in parts if one.wanted > 0]
    if not wanting:
        return ()
    factors: dict[str, float] = {}
    binding: dict[str, str] = {}
    for one in wanting:
        factors[one.name], binding[one.name] = one.wanted, goal
        for key, gy in one.capped_gy.items():
            cap = limits.get(key)
            most = float("inf") if cap is None or gy <= 0 else max(cap.gy / gy - 1.0, 0.0)
            if cap is not None and most < factors[one.name]:
                factors[one.name], binding[one.name] = most, cap.words
    shared = [
        _whole_normal(result, wanting, factors, limits, earlier_normal_gy),
        _lungs(wanting, factors, limits, lung),
    ]
    for scale, words in shared:
        if scale < 1:
            factors = {name: factor * scale for name, factor in factors.items()}
            binding = dict.fromkeys(binding, words)
    return tuple(
        _made(one, factors[one.name], binding[one.name], goal, result, wanting, factors, lung)
        for one in wanting
    )


def _territory(
    name: str,
    perfused: Structure,
    result: DoseResult,
    structures: StructureSet,
    goals_gy: Mapping[str, float],
) -> _Territory | None:
    figures = {one.label: one for one in result.structures}
    held = figures.get(perfused.label)
    tumours = [
        figures[one.label]
        for one in structures.of_kind(StructureKind.TUMOUR)
        if one.label in goals_gy
        and one.label in figures
        and figures[one.label].mean_gy > 0
        and within(one.mask, perfused.mask).volume_ml > _HALF * one.volume_ml
    ]
    if held is None or not tumours or held.activity_bq <= 0:
        return None
    normal = [
        figures[one.label]
        for one in structures.of_kind(StructureKind.PERFUSED_NORMAL_LIVER)
        if one.label in figures
        and within(one.mask, perfused.mask).volume_ml > _HALF * one.volume_ml
    ]
    return _Territory(
        name=name,
        perfused=held,
        normal=normal[0] if len(normal) == 1 else None,
        tumours=tuple(tumours),
        goals_gy=goals_gy,
    )


def _whole(result: DoseResult) -> StructureDose | None:
    found = [one for one in result.structures if one.kind is StructureKind.NORMAL_LIVER]
    return found[0] if len(found) == 1 else None


def _added_to_whole_gy(
    whole: StructureDose, wanting: Sequence[_Territory], factors: Mapping[str, float]
) -> float:
    return sum(
        factors[one.name] * one.normal.mean_gy * one.normal.mass_kg / whole.mass_kg
        for one in wanting
        if one.normal is not None
    )


def _whole_normal(
    result: DoseResult,
    wanting: Sequence[_Territory],
    factors: Mapping[str, float],
    limits: Mapping[str, InForce],
    earlier_gy: float,
) -> tuple[float, str]:
    whole = _whole(result)
    if whole is None:
        return 1.0, ""
    added = _added_to_whole_gy(whole, wanting, factors)
    best = (1.0, "")
    for key, before in ((NORMAL, 0.0), (NORMAL_CUMULATIVE, earlier_gy)):
        limit = limits.get(key)
        if limit is None or added <= 0:
            continue
        scale = max(limit.gy - whole.mean_gy - before, 0.0) / added
        if scale < best[0]:
            best = (scale, limit.words)
    return best


def _lungs(
    wanting: Sequence[_Territory],
    factors: Mapping[str, float],
    limits: Mapping[str, InForce],
    lung: LungFacts,
) -> tuple[float, str]:
    reaching = sum(factors[one.name] * one.reaching_bq for one in wanting)
    added = _lung_added_gy(reaching, lung)
    if isinstance(added, Missing) or added <= 0:
        return 1.0, ""
    best = (1.0, "")
    for key in (LUNG, LUNG_CUMULATIVE):
        limit = limits.get(key)
        if limit is None:
            continue
        before = 0.0
        if key == LUNG_CUMULATIVE:
            if isinstance(lung.so_far_gy, Missing):
                continue
            before = lung.so_far_gy
        scale = max(limit.gy - before, 0.0) / added
        if scale < best[0]:
            best = (scale, limit.words)
    return best


def _lung_added_gy(reaching_bq: float, lung: LungFacts) -> Number:
    shunt, mass, constant = lung.shunt, lung.mass_kg, lung.dose_constant_gy_kg_per_gbq
    if isinstance(shunt, Missing):
        return shunt
    if isinstance(mass, Missing):
        return mass
    if isinstance(constant, Missing):
        return constant
    return lung_dose_gy(
        reaching_bq / (1 - shunt),
        lung_shunt_fraction=shunt,
        lung_mass_kg=mass,
        dose_constant_gy_kg_per_gbq=constant,
    )


def _made(
    one: _Territory,
    factor: float,
    binding: str,
    goal: str,
    result: DoseResult,
    wanting: Sequence[_Territory],
    factors: Mapping[str, float],
    lung: LungFacts,
) -> TopUp:
    least, whole = one.least, _whole(result)
    reaching = factor * one.reaching_bq
    normal_after: Number = Missing.NEEDS_STRUCTURE
    if one.normal is not None:
        normal_after = one.normal.mean_gy * (1 + factor)
    whole_after: Number = Missing.NEEDS_STRUCTURE
    if whole is not None and all(part.normal is not None for part in wanting):
        whole_after = whole.mean_gy + _added_to_whole_gy(whole, wanting, factors)
    return TopUp(
        territory=one.name,
        tumour=least.label,
        goal_gy=one.goals_gy[least.label],
        goal=goal,
        delivered_gy=least.mean_gy,
        after_gy=least.mean_gy * (1 + factor),
        reaching_liver_bq=reaching,
        administered_bq=(
            lung.shunt if isinstance(lung.shunt, Missing) else reaching / (1 - lung.shunt)
        ),
        perfused_normal_liver_after_gy=normal_after,
        normal_liver_after_gy=whole_after,
        lung_added_gy=_lung_added_gy(reaching, lung),
        binding=binding,
    )


def top_ups_named(found: Sequence[TopUp]) -> tuple[Finding, ...]:
    """Say what could be considered; never an order."""
    said = []
    for one in found:
        if one.reaching_liver_bq <= 0:
            text = (
                f"territory {one.territory}: the limits leave no activity to bring {one.tumour} "
                f"from {one.delivered_gy:.0f} to {one.goal_gy:.0f} Gy ({one.binding})"
            )
        else:
            activity, words = one.administered_bq, "to administer"
            if isinstance(activity, Missing):
                activity, words = one.reaching_liver_bq, "reaching the liver"
            reached = "" if one.reaches_goal else f", not the {one.goal_gy:.0f} Gy wanted"
            text = (
                f"to consider, not an order: territory {one.territory}: "
                f"{activity / BQ_PER_MBQ:.4g} MBq {words} would bring {one.tumour} from "
                f"{one.delivered_gy:.0f} to {one.after_gy:.0f} Gy{reached}; fixed by "
                f"{one.binding}{_lungs_unknown(one)}. Spheres are taken to go where they went; "
                "limits count both sessions in full"
            )
        said.append(Finding(Severity.NOTE, "top_up", text, one.reaching_liver_bq, one.goal_gy))
    return tuple(said)


def _lungs_unknown(one: TopUp) -> str:
    if not isinstance(one.lung_added_gy, Missing):
        return ""
    return f"; the lungs are not judged ({one.lung_added_gy.value})"
