"""Activities once more, from volumes and mean counts alone.

A path of its own: nothing here is shared with the planning models. Each territory is a list of
tissues with a volume in mL and mean counts; counts times volume say how the activity divides, one
density turns volumes into masses. Doses are kept in joules: 1 GBq that decays in tissue for ever
leaves `constant` joules (Gy kg), and a dose is joules over kilograms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opensirt.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedTissue:
    """Volume and mean counts of one tissue."""

    volume_ml: float
    mean_counts: float

    @property
    def amount(self) -> float:
        """Mean times volume: its share of the activity, in no particular unit."""
        return self.volume_ml * self.mean_counts


@dataclass(frozen=True, eq=False, kw_only=True)
class CountedTerritory:
    """One territory as it was counted."""

    name: str
    perfused_ml: float
    region_amount: float
    """Of everything that the territory's activity lies in: perfused volume and deposits."""
    perfused_amount: float
    normal: CountedTissue
    whole_normal_amount: float
    """Of the whole normal liver inside the territory's region."""
    tumours: Mapping[str, CountedTissue]

    def shares(self, *, by_compartment: bool, one_ratio: bool) -> "Shares":
        """Return what part of the activity lies where.

        Parameters
        ----------
        by_compartment
            Tumours and perfused normal liver hold all of it (partition), not the whole region.
        one_ratio
            All tumours take up as one.
        """
        tumours = {label: one.amount for label, one in self.tumours.items()}
        if one_ratio and tumours:
            volume = sum(one.volume_ml for one in self.tumours.values())
            total = sum(tumours.values())
            tumours = {label: total * one.volume_ml / volume for label, one in self.tumours.items()}
        if by_compartment:
            whole = self.normal.amount + sum(tumours.values())
            return Shares(
                normal=self.normal.amount / whole,
                whole_normal=self.normal.amount / whole,
                perfused=1.0,
                tumours={label: one / whole for label, one in tumours.items()},
            )
        return Shares(
            normal=self.normal.amount / self.region_amount,
            whole_normal=self.whole_normal_amount / self.region_amount,
            perfused=self.perfused_amount / self.region_amount,
            tumours={label: one / self.region_amount for label, one in tumours.items()},
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Shares:
    """Parts of a territory's activity."""

    normal: float
    whole_normal: float
    perfused: float
    tumours: Mapping[str, float]


@dataclass(frozen=True, eq=False, kw_only=True)
class CountedLiver:
    """All territories, and what they share."""

    territories: Sequence[CountedTerritory]
    whole_normal_ml: float
    density_kg_per_ml: float
    by_compartment: bool
    one_ratio: bool = False

    def _shares(self, one: CountedTerritory) -> Shares:
        return one.shares(by_compartment=self.by_compartment, one_ratio=self.one_ratio)

    def reaching_gbq(
        self,
        limits_gy: Mapping[str, float],
        *,
        constant: float,
        lung_shunt_fraction: float | None,
        lung_mass_kg: float | None,
    ) -> list[float]:
        """Return the activities that may reach the territories under maxima, in GBq.

        The largest that the limits of each territory allow; then all reduced together until the
        whole normal liver, and then the lungs, keep theirs. Where only the whole normal liver is
        limited, every perfused normal liver gets the same dose.

        Parameters
        ----------
        limits_gy
            Keys as in a prescription; those not named here play no part.
        """
        found = []
        whole_kg = self.whole_normal_ml * self.density_kg_per_ml
        only_whole = "perfused_normal_liver" not in limits_gy
        if only_whole and "normal_liver" not in limits_gy:
            raise InputError("a second check by limits needs one of the normal liver")
        for one in self.territories:
            shares = self._shares(one)
            rho = self.density_kg_per_ml
            joules = []  # that each limit lets the territory absorb, per its share
            if only_whole:
                joules.append(one.normal.volume_ml * rho / shares.normal)
            else:
                limit = limits_gy["perfused_normal_liver"]
                joules.append(limit * one.normal.volume_ml * rho / shares.normal)
            if "perfused_volume" in limits_gy and not only_whole:
                joules.append(
                    limits_gy["perfused_volume"] * one.perfused_ml * rho / shares.perfused
                )
            if "tumour" in limits_gy and not only_whole:
                joules += [
                    limits_gy["tumour"] * one.tumours[label].volume_ml * rho / part
                    for label, part in shares.tumours.items()
                ]
            found.append(min(joules) / constant)
        if only_whole:
            found = self._equal_dose(found, limits_gy, constant, whole_kg)
        elif "normal_liver" in limits_gy:
            dose = self._whole_normal_gy(found, constant, whole_kg)
            found = [gbq * min(1.0, limits_gy["normal_liver"] / dose) for gbq in found]
        if "lung" in limits_gy and lung_shunt_fraction and lung_mass_kg:
            passed = lung_shunt_fraction / (1.0 - lung_shunt_fraction)
            dose = sum(found) * passed * constant / lung_mass_kg
            found = [gbq * min(1.0, limits_gy["lung"] / dose) for gbq in found]
        return found

    def _equal_dose(
        self,
        per_gy: list[float],
        limits_gy: Mapping[str, float],
        constant: float,
        whole_kg: float,
    ) -> list[float]:
        """Raise 1 Gy to every perfused normal liver until the whole one has its limit."""
        rho = self.density_kg_per_ml
        level = limits_gy["normal_liver"] / self._whole_normal_gy(per_gy, constant, whole_kg)
        found = []
        for one, gbq in zip(self.territories, per_gy, strict=True):
            shares = self._shares(one)
            most = [level * gbq]
            if "perfused_volume" in limits_gy:
                kg = one.perfused_ml * rho
                most.append(limits_gy["perfused_volume"] * kg / (shares.perfused * constant))
            if "tumour" in limits_gy:
                most += [
                    limits_gy["tumour"] * one.tumours[label].volume_ml * rho / (part * constant)
                    for label, part in shares.tumours.items()
                ]
            found.append(min(most))
        return found

    def _whole_normal_gy(
        self, reaching_gbq: Sequence[float], constant: float, whole_kg: float
    ) -> float:
        joules = sum(
            gbq * constant * self._shares(one).whole_normal
            for one, gbq in zip(self.territories, reaching_gbq, strict=True)
        )
        return joules / whole_kg

    def fed_through_tumours_gbq(
        self, tumour_gy: float, *, constant: float, lung_shunt_fraction: float
    ) -> list[tuple[float, float]] | None:
        """Return (in the liver, in the lungs) of each territory for a mean dose to its tumours.

        The lungs get what tumours let pass, and nothing from normal liver. None where a territory
        has no tumour.
        """
        everything = sum(one.region_amount for one in self.territories)
        in_tumours = sum(t.amount for one in self.territories for t in one.tumours.values())
        lungs_over_tumours = 0.0
        if lung_shunt_fraction:
            over_liver = lung_shunt_fraction / (1.0 - lung_shunt_fraction)
            lungs_over_tumours = over_liver * everything / in_tumours
        found = []
        for one in self.territories:
            kg = sum(t.volume_ml for t in one.tumours.values()) * self.density_kg_per_ml
            amount = sum(t.amount for t in one.tumours.values())
            if kg <= 0:
                return None
            tumour = tumour_gy * kg / constant
            normal = tumour * one.normal.amount / amount
            found.append((tumour + normal, tumour * lungs_over_tumours))
        return found

    def perfused_normal_gy(self, index: int, reaching_gbq: float, *, constant: float) -> float:
        """Return the mean dose to the perfused normal liver of one territory."""
        one = self.territories[index]
        joules = reaching_gbq * constant * self._shares(one).normal
        return joules / (one.normal.volume_ml * self.density_kg_per_ml)


def uniform_gbq(
    dose_gy: float, volume_ml: float, *, density_kg_per_ml: float, constant: float
) -> float:
    """Return the activity that leaves a mean dose in a volume: joules over joules per GBq."""
    return dose_gy * volume_ml * density_kg_per_ml / constant
