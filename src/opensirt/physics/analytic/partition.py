"""Partition: tumours and normal liver of one perfused volume, each with one concentration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from opensirt.errors import InputError
from opensirt.physics.analytic.require import (
    require_not_negative,
    require_part_left,
    require_positive,
)
from opensirt.units import BQ_PER_GBQ


@dataclass(frozen=True, eq=False, kw_only=True)
class Compartments:
    """One perfused volume: normal liver, and tumours with their ratio of concentrations.

    Parameters
    ----------
    normal_mass_kg
        Perfused liver without tumours.
    tumour_masses_kg
        Label → mass.
    tumour_to_normal_ratio
        Label → concentration in the tumour over that in the perfused normal liver (a ratio of
        concentrations, not of activities).

    Raises
    ------
    InputError
        When a mass or ratio is not above zero, or the labels differ.
    """

    normal_mass_kg: float
    tumour_masses_kg: Mapping[str, float]
    tumour_to_normal_ratio: Mapping[str, float]

    def __post_init__(self) -> None:
        require_positive(self.normal_mass_kg, "mass of the perfused normal liver", "kg")
        if set(self.tumour_masses_kg) != set(self.tumour_to_normal_ratio):
            raise InputError(
                f"masses are given for {sorted(self.tumour_masses_kg)}, ratios for "
                f"{sorted(self.tumour_to_normal_ratio)}; each tumour needs both"
            )
        for label, mass_kg in self.tumour_masses_kg.items():
            require_positive(mass_kg, f"mass of {label}", "kg")
        for label, ratio in self.tumour_to_normal_ratio.items():
            require_positive(ratio, f"tumour-to-normal ratio of {label}", "(a ratio)")
        for name in ("tumour_masses_kg", "tumour_to_normal_ratio"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def tumour_mass_kg(self) -> float:
        """Mass of all tumours."""
        return sum(self.tumour_masses_kg.values())

    @property
    def weighted_mass_kg(self) -> float:
        """Mass of normal liver that would take up as much: Σ ratio × tumour mass + normal."""
        tumours = sum(
            self.tumour_to_normal_ratio[label] * mass_kg
            for label, mass_kg in self.tumour_masses_kg.items()
        )
        return tumours + self.normal_mass_kg

    def lumped(self, label: str = "tumours") -> "Compartments":
        """Return the same with all tumours as one, its ratio weighted by mass."""
        mass_kg = self.tumour_mass_kg
        if not mass_kg:
            return self
        ratio = (self.weighted_mass_kg - self.normal_mass_kg) / mass_kg
        return Compartments(
            normal_mass_kg=self.normal_mass_kg,
            tumour_masses_kg={label: mass_kg},
            tumour_to_normal_ratio={label: ratio},
        )

    def activity_for_normal_dose_bq(
        self,
        normal_gy: float,
        *,
        dose_constant_gy_kg_per_gbq: float,
        lung_shunt_fraction: float = 0.0,
    ) -> float:
        """Return the activity in the patient for a mean dose to the perfused normal liver.

        A = D (Σ ratio × M_tumour + M_normal) / (c (1 − LSF)).

        Raises
        ------
        InputError
            When the shunt does not lie in 0 ≤ f < 1, or another number is not above zero.

        References
        ----------
        .. [1] van Roekel, PhD thesis Utrecht, chapter 2, p. 30 (after Ho 1996).
        """
        require_positive(normal_gy, "dose to the perfused normal liver", "Gy")
        require_positive(dose_constant_gy_kg_per_gbq, "dose constant", "Gy kg/GBq")
        require_part_left(lung_shunt_fraction, "lung shunt fraction")
        per_gbq = dose_constant_gy_kg_per_gbq * (1 - lung_shunt_fraction)
        return normal_gy * self.weighted_mass_kg / per_gbq * BQ_PER_GBQ

    def activity_for_tumour_dose_bq(
        self,
        tumour_gy: float,
        label: str,
        *,
        dose_constant_gy_kg_per_gbq: float,
        lung_shunt_fraction: float = 0.0,
    ) -> float:
        """Return the activity in the patient for a mean dose to one tumour.

        Raises
        ------
        InputError
            When there is no such tumour, the shunt does not lie in 0 ≤ f < 1, or another number
            is not above zero.
        """
        if label not in self.tumour_masses_kg:
            raise InputError(
                f"there is no tumour {label!r}; known: {', '.join(self.tumour_masses_kg)}"
            )
        require_positive(tumour_gy, f"dose to {label}", "Gy")
        return self.activity_for_normal_dose_bq(
            tumour_gy / self.tumour_to_normal_ratio[label],
            dose_constant_gy_kg_per_gbq=dose_constant_gy_kg_per_gbq,
            lung_shunt_fraction=lung_shunt_fraction,
        )

    def normal_dose_gy(
        self,
        activity_bq: float,
        *,
        dose_constant_gy_kg_per_gbq: float,
        lung_shunt_fraction: float = 0.0,
    ) -> float:
        """Return the mean dose to the perfused normal liver of an activity in the patient.

        Raises
        ------
        InputError
            When the shunt does not lie in 0 ≤ f < 1, or the constant is not above zero.
        """
        require_not_negative(activity_bq, "activity", "Bq")
        require_positive(dose_constant_gy_kg_per_gbq, "dose constant", "Gy kg/GBq")
        require_part_left(lung_shunt_fraction, "lung shunt fraction")
        reaching_gbq = activity_bq / BQ_PER_GBQ * (1 - lung_shunt_fraction)
        return dose_constant_gy_kg_per_gbq * reaching_gbq / self.weighted_mass_kg

    def tumour_doses_gy(self, normal_gy: float) -> Mapping[str, float]:
        """Return label → mean dose, at a mean dose to the perfused normal liver."""
        return {label: ratio * normal_gy for label, ratio in self.tumour_to_normal_ratio.items()}


def whole_normal_liver_gy(
    perfused: Sequence[tuple[float, float]], whole_normal_mass_kg: float
) -> float:
    """Return the mean dose to the whole normal liver; what is not perfused counts with 0 Gy.

    Parameters
    ----------
    perfused
        (mean dose in Gy, mass in kg) of the normal liver of each perfused volume.
    whole_normal_mass_kg
        All normal liver, perfused or not.

    Raises
    ------
    InputError
        When the parts together are heavier than the whole, or the whole has no mass.
    """
    require_positive(whole_normal_mass_kg, "mass of the whole normal liver", "kg")
    parts_kg = sum(mass_kg for _, mass_kg in perfused)
    if parts_kg > whole_normal_mass_kg * (1 + 1e-9):
        raise InputError(
            f"the perfused normal liver ({parts_kg:.4g} kg) is heavier than the whole normal "
            f"liver ({whole_normal_mass_kg:.4g} kg); check the masks"
        )
    return sum(gy * mass_kg for gy, mass_kg in perfused) / whole_normal_mass_kg
