"""How probable an effect is at a dose, by a published model and only where it holds.

A model belongs to the device, the disease, the structure and the endpoint of the patients behind
it. A question outside that has no answer, and the answer says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from opensirt.errors import InputError
from opensirt.reference.constant import Constant, constant
from opensirt.reference.table import read_table

PROBIT, HALF_EFFECT = "probit", "half-effect"
MEAN_DOSE, BED_OF_MEAN = "mean dose", "BED of the mean dose"


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectModel:
    """One model of `reference/tissue_effects.toml`; `slope` is None where only D50 is known."""

    name: str
    effect: str
    """``toxicity`` (NTCP) or ``control`` (TCP)."""
    form: str
    devices: tuple[str, ...]
    tumour_types: tuple[str, ...]
    structures: tuple[str, ...]
    quantity: str
    endpoint: str
    conditions: tuple[str, ...]
    half_effect_gy: Constant
    slope: Constant | None

    @property
    def verified(self) -> bool:
        """False when its answers are to be shown with ⚠."""
        return self.half_effect_gy.verified and (self.slope is None or self.slope.verified)

    @property
    def source(self) -> str:
        """Where its figures come from, each with its status."""
        parts = [self.half_effect_gy, *([] if self.slope is None else [self.slope])]
        return "; ".join(f"{one.source} ({one.status})" for one in parts)

    def holds(self, *, device: str, tumour_type: str, structure: str) -> bool:
        """Return whether the patients behind the model were such ones."""
        return (
            device in self.devices
            and tumour_type in self.tumour_types
            and structure in self.structures
        )


@cache
def effect_models() -> tuple[EffectModel, ...]:
    """Return all models, in the order of the table."""
    made = []
    for name, entry in read_table("tissue_effects")["models"].items():
        slope = "slope" in entry
        if slope != (entry["form"] == PROBIT):
            raise InputError(f"the effect model {name} of the form {entry['form']} misfits a slope")
        made.append(
            EffectModel(
                name=name,
                effect=entry["effect"],
                form=entry["form"],
                devices=tuple(entry["devices"]),
                tumour_types=tuple(entry["tumour_types"]),
                structures=tuple(entry["structures"]),
                quantity=entry["quantity"],
                endpoint=entry["endpoint"],
                conditions=tuple(entry["conditions"]),
                half_effect_gy=constant("tissue_effects", "models", name, "half_effect"),
                slope=constant("tissue_effects", "models", name, "slope") if slope else None,
            )
        )
    return tuple(made)


def lyman_probability(dose_gy: float, *, half_effect_gy: float, slope: float) -> float:
    """Return Φ((D − D50) / (m D50)), the model of Lyman, Kutcher and Burman.

    Parameters
    ----------
    dose_gy
        Effective dose: the mean for a volume exponent n = 1, else the generalised equivalent
        uniform dose of exponent 1/n.

    Raises
    ------
    InputError
        When D50 or the slope is not above zero, or the dose is negative.

    References
    ----------
    .. [1] J. T. Lyman, Radiat. Res. Suppl. 8 (1985), S13.
    .. [2] G. J. Kutcher and C. Burman, Int. J. Radiat. Oncol. Biol. Phys. 16 (1989), 1623.

    >>> f"{lyman_probability(40.0, half_effect_gy=52.0, slope=0.28):.3f}"
    '0.205'
    """
    from scipy.special import ndtr

    if not (half_effect_gy > 0 and slope > 0 and np.isfinite(dose_gy) and dose_gy >= 0):
        raise InputError(
            f"a dose of {dose_gy} Gy, a half-effect dose of {half_effect_gy} Gy and a slope of "
            f"{slope}; wanted a dose of at least 0 and the others above 0"
        )
    return float(ndtr((dose_gy - half_effect_gy) / (slope * half_effect_gy)))


def known_for(models: Iterable[EffectModel]) -> str:
    """Return in words what there are models for."""
    found = [
        f"{' or '.join(one.devices)} in {' or '.join(one.tumour_types)} disease" for one in models
    ]
    return ", ".join(dict.fromkeys(found))
