"""What each scenario makes of a plan: doses per GBq administered, linear in the activities."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.missing import Missing
from opensirt.physics.scenario import ErrorDraws
from opensirt.workflow.liver_model import LiverModel

PerGbq = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class ScenarioDoses:
    """Gy per GBq administered, each of shape (n_scenarios, n_territories).

    `perfused_normal` and `perfused` are those of single territories (zero in the columns of the
    others), keyed by the territory; `tumours`, `tumour_parts` and `deposits` are keyed by label,
    `tumour_parts` by (territory, label).
    """

    tumours: Mapping[str, PerGbq]
    tumour_parts: Mapping[tuple[str, str], PerGbq]
    mean_tumour: PerGbq
    normal: PerGbq
    perfused_normal: Mapping[str, PerGbq]
    perfused: Mapping[str, PerGbq]
    deposits: Mapping[str, PerGbq]
    lung: PerGbq | Missing

    def __post_init__(self) -> None:
        for name in ("tumours", "tumour_parts", "perfused_normal", "perfused", "deposits"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


def no_errors(tumours: tuple[str, ...], n_territories: int) -> ErrorDraws:
    """Return the one scenario in which everything is as planned."""
    one = np.ones(1)
    return ErrorDraws(
        lung_shunt=one,
        tumour_to_normal=dict.fromkeys(tumours, one),
        tumour_volume=dict.fromkeys(tumours, one),
        perfused_uptake=np.ones((1, n_territories)),
        liver_volume=one,
        activity=one,
        kept=one,
        lung_shunt_added=np.zeros(1),
    )


def scenario_doses(
    model: LiverModel,
    draws: ErrorDraws,
    *,
    constant: float,
    lung_shunt_fraction: float,
    lung_mass_kg: float | Missing,
) -> ScenarioDoses:
    """Return the doses of every scenario.

    Within a territory a tumour takes up activity as its ratio and its mass say, the normal liver
    as its mass says, deposits as on the scout; together they hold what stays in the territory.

    Parameters
    ----------
    constant
        Dose constant in Gy kg/GBq.
    lung_mass_kg
        Not varied.
    """
    n, n_territories = draws.perfused_uptake.shape
    shunt = draws.shunt(lung_shunt_fraction)
    given = draws.activity * draws.kept
    labels = list(dict.fromkeys(k for one in model.territories for k in one.tumour_masses_kg))
    energy = {label: np.zeros((n, n_territories)) for label in labels}
    masses = {label: np.zeros(n) for label in labels}
    deposits: dict[str, PerGbq] = {}
    tumour_parts: dict[tuple[str, str], PerGbq] = {}
    perfused_normal: dict[str, PerGbq] = {}
    perfused: dict[str, PerGbq] = {}
    normal = np.zeros((n, n_territories))
    for index, one in enumerate(model.territories):
        takes = {
            label: one.tumour_parts[label]
            * draws.tumour_to_normal[label]
            * draws.tumour_volume[label]
            for label in one.tumour_masses_kg
        }
        normal_takes = one.normal_part * draws.liver_volume
        fixed = sum(one.deposit_parts.values())
        held = fixed + one.normal_part + sum(one.tumour_parts.values())
        fixed += max(0.0, 1.0 - held)
        whole = np.asarray(sum(takes.values())) + normal_takes + fixed
        whole /= max(1.0, held)  # parts that overlap hold more than one together, as planned
        # Gy kg per GBq administered, over the sum of what takes up.
        unit = constant * given * (1.0 - shunt) * draws.perfused_uptake[:, index] / whole
        for label, part in takes.items():
            mass = one.tumour_masses_kg[label] * draws.tumour_volume[label]
            energy[label][:, index] = unit * part
            masses[label] += mass
            own = np.zeros((n, n_territories))
            own[:, index] = unit * part / mass
            tumour_parts[one.name, label] = own
        liver = one.normal_mass_kg * draws.liver_volume
        perfused_normal[one.name] = _column(unit * normal_takes / liver, index, n_territories)
        in_normal = unit * one.whole_normal_part * draws.liver_volume
        normal[:, index] = in_normal / (model.whole_normal_mass_kg * draws.liver_volume)
        perfused[one.name] = _column(
            unit * whole * one.perfused_part / (one.perfused_mass_kg * draws.liver_volume),
            index,
            n_territories,
        )
        for label, part_of in one.deposit_parts.items():
            found = deposits.setdefault(label, np.zeros((n, n_territories)))
            found[:, index] += unit * part_of / model.deposit_masses_kg[label]
    total_mass = np.asarray(sum(masses.values())) if masses else np.ones(n)
    in_tumours = sum(energy.values()) if energy else np.zeros((n, n_territories))
    lung: PerGbq | Missing = Missing.NEEDS_LUNG_MASS
    if not isinstance(lung_mass_kg, Missing):
        one_column = constant * given * shunt / lung_mass_kg
        lung = np.repeat(one_column[:, None], n_territories, axis=1)
    return ScenarioDoses(
        tumours={label: energy[label] / masses[label][:, None] for label in labels},
        tumour_parts=tumour_parts,
        mean_tumour=np.asarray(in_tumours) / total_mass[:, None],
        normal=normal,
        perfused_normal=perfused_normal,
        perfused=perfused,
        deposits=deposits,
        lung=lung,
    )


def _column(values: NDArray[np.float64], index: int, n: int) -> PerGbq:
    found = np.zeros((len(values), n))
    found[:, index] = values
    return found
