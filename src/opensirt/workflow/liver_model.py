"""Where the activity that reaches the liver goes, by each model: doses are linear in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opensirt.domain.missing import Missing
from opensirt.domain.record import Territory, Workup
from opensirt.domain.structure import StructureKind
from opensirt.physics.analytic import Compartments
from opensirt.units import BQ_PER_GBQ


@dataclass(frozen=True, eq=False, kw_only=True)
class TerritoryModel:
    """Parts of the activity reaching one territory, and the masses that they lie in."""

    name: str
    perfused_mass_kg: float
    """Of the perfused volume as drawn."""
    perfused_part: float
    normal_mass_kg: float
    """Of the perfused normal liver."""
    normal_part: float
    whole_normal_part: float
    """Part in the whole normal liver (may differ from `normal_part` by how they are drawn)."""
    tumour_masses_kg: Mapping[str, float]
    tumour_parts: Mapping[str, float]
    deposit_parts: Mapping[str, float]

    def perfused_normal_gy(self, constant: float, reaching_bq: float) -> float:
        """Mean dose to the perfused normal liver."""
        return constant * reaching_bq / BQ_PER_GBQ * self.normal_part / self.normal_mass_kg

    def perfused_gy(self, constant: float, reaching_bq: float) -> float:
        """Mean dose to the perfused volume as drawn."""
        return constant * reaching_bq / BQ_PER_GBQ * self.perfused_part / self.perfused_mass_kg

    def tumour_gy(self, constant: float, reaching_bq: float) -> dict[str, float]:
        """Return label → mean dose to that part of the tumour that lies in the territory."""
        per_kg = constant * reaching_bq / BQ_PER_GBQ
        return {
            label: per_kg * self.tumour_parts[label] / mass_kg
            for label, mass_kg in self.tumour_masses_kg.items()
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class LiverModel:
    """All territories by one model, with the masses they share."""

    territories: tuple[TerritoryModel, ...]
    whole_normal_mass_kg: float
    deposit_masses_kg: Mapping[str, float]

    def normal_gy(self, constant: float, reaching_bq: Sequence[float]) -> float:
        """Mean dose to the whole normal liver, perfused or not."""
        inside_gbq = sum(
            one.whole_normal_part * bq / BQ_PER_GBQ
            for one, bq in zip(self.territories, reaching_bq, strict=True)
        )
        return constant * inside_gbq / self.whole_normal_mass_kg

    def tumour_gy(self, constant: float, reaching_bq: Sequence[float]) -> dict[str, float]:
        """Return label → mean dose over those parts of the tumour that lie in a territory."""
        energy: dict[str, float] = {}
        mass: dict[str, float] = {}
        for one, bq in zip(self.territories, reaching_bq, strict=True):
            for label, gy in one.tumour_gy(constant, bq).items():
                kg = one.tumour_masses_kg[label]
                energy[label] = energy.get(label, 0.0) + gy * kg
                mass[label] = mass.get(label, 0.0) + kg
        return {label: energy[label] / mass[label] for label in energy}

    def mean_tumour_gy(self, constant: float, reaching_bq: Sequence[float]) -> float | Missing:
        """Mean dose over the mass of all tumours in the territories."""
        mass = sum(sum(one.tumour_masses_kg.values()) for one in self.territories)
        if not mass:
            return Missing.NEEDS_STRUCTURE
        inside_gbq = sum(
            sum(one.tumour_parts.values()) * bq / BQ_PER_GBQ
            for one, bq in zip(self.territories, reaching_bq, strict=True)
        )
        return constant * inside_gbq / mass

    def perfused_normal_gy(self, constant: float, reaching_bq: Sequence[float]) -> float:
        """Mean dose over the perfused normal liver of all territories."""
        mass = sum(one.normal_mass_kg for one in self.territories)
        energy = sum(
            one.perfused_normal_gy(constant, bq) * one.normal_mass_kg
            for one, bq in zip(self.territories, reaching_bq, strict=True)
        )
        return energy / mass

    def perfused_gy(self, constant: float, reaching_bq: Sequence[float]) -> float:
        """Mean dose over the perfused volumes as drawn."""
        mass = sum(one.perfused_mass_kg for one in self.territories)
        energy = sum(
            one.perfused_gy(constant, bq) * one.perfused_mass_kg
            for one, bq in zip(self.territories, reaching_bq, strict=True)
        )
        return energy / mass

    def deposit_gy(self, constant: float, reaching_bq: Sequence[float]) -> dict[str, float]:
        """Return label → mean dose to each extrahepatic deposit."""
        found: dict[str, float] = {}
        for one, bq in zip(self.territories, reaching_bq, strict=True):
            for label, part in one.deposit_parts.items():
                gy = constant * part * bq / BQ_PER_GBQ / self.deposit_masses_kg[label]
                found[label] = found.get(label, 0.0) + gy
        return found

    def alone(self, index: int) -> "LiverModel":
        """Return the model of one territory, in the same whole liver."""
        return LiverModel(
            territories=(self.territories[index],),
            whole_normal_mass_kg=self.whole_normal_mass_kg,
            deposit_masses_kg=self.deposit_masses_kg,
        )


def compartments_of(territory: Territory) -> Compartments:
    """Return the compartments of a territory for the partition models."""
    ratios = {
        label: ratio
        for label, ratio in territory.tumour_to_normal_ratio.items()
        if not isinstance(ratio, Missing)
    }
    return Compartments(
        normal_mass_kg=territory.perfused_normal_mass_kg,
        tumour_masses_kg={label: territory.tumour_masses_kg[label] for label in ratios},
        tumour_to_normal_ratio=ratios,
    )


def partition_liver(workup: Workup, *, lumped: bool) -> LiverModel:
    """Return the partition model: activity in tumours and perfused normal liver alone.

    With `lumped` all tumours of a territory share one ratio, weighted by mass.
    """
    models = []
    for territory in workup.territories:
        each = compartments_of(territory)
        weighted = each.weighted_mass_kg
        ratios = dict(each.tumour_to_normal_ratio)
        if lumped and ratios:
            one = next(iter(each.lumped().tumour_to_normal_ratio.values()))
            ratios = dict.fromkeys(ratios, one)
        normal_part = each.normal_mass_kg / weighted
        models.append(
            TerritoryModel(
                name=territory.name,
                perfused_mass_kg=territory.perfused_mass_kg,
                perfused_part=1.0,
                normal_mass_kg=each.normal_mass_kg,
                normal_part=normal_part,
                whole_normal_part=normal_part,
                tumour_masses_kg=each.tumour_masses_kg,
                tumour_parts={
                    label: ratios[label] * mass_kg / weighted
                    for label, mass_kg in each.tumour_masses_kg.items()
                },
                deposit_parts={},
            )
        )
    return _liver(workup, models)


def voxel_liver(workup: Workup) -> LiverModel:
    """Return the voxel model: activity as the counts of the normalising volume lie."""
    normal_labels = [one.label for one in workup.uptakes if one.kind is StructureKind.NORMAL_LIVER]
    models = []
    for territory in workup.territories:
        parts = territory.uptake_fractions
        models.append(
            TerritoryModel(
                name=territory.name,
                perfused_mass_kg=territory.perfused_mass_kg,
                perfused_part=parts[territory.perfused_label],
                normal_mass_kg=territory.perfused_normal_mass_kg,
                normal_part=territory.perfused_normal_uptake_fraction,
                whole_normal_part=sum(parts.get(label, 0.0) for label in normal_labels),
                tumour_masses_kg=territory.tumour_masses_kg,
                tumour_parts={label: parts[label] for label in territory.tumour_masses_kg},
                deposit_parts={label: parts[label] for label in territory.deposits},
            )
        )
    return _liver(workup, models)


def _liver(workup: Workup, models: Sequence[TerritoryModel]) -> LiverModel:
    masses = {one.label: one.mass_kg for one in workup.uptakes}
    return LiverModel(
        territories=tuple(models),
        whole_normal_mass_kg=workup.normal_liver_volume_ml * workup.liver_density_kg_per_ml,
        deposit_masses_kg={
            label: masses[label] for territory in workup.territories for label in territory.deposits
        },
    )
