"""The program of one device: its limits as rows, its objective, its required targets."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp2

import numpy as np

from opensirt.domain.device import Device
from opensirt.domain.missing import Missing
from opensirt.domain.optimised_plan import Objective, OptimiseRequest
from opensirt.domain.record import Number, Workup
from opensirt.domain.site import Figure
from opensirt.domain.structure import StructureKind
from opensirt.errors import InputError, MissingInputError
from opensirt.physics.analytic.require import require_not_negative, require_positive
from opensirt.physics.optimise import ActivityProgram, LinearLimit, LinearTarget, Logistic
from opensirt.physics.optimise.program import Matrix
from opensirt.physics.scenario import ErrorDraws
from opensirt.reference.radionuclide import radionuclide
from opensirt.units import SECONDS_PER_HOUR
from opensirt.workflow.limit_in_force import (
    GASTROINTESTINAL_WALL,
    LUNG,
    LUNG_CUMULATIVE,
    NORMAL,
    PERFUSED,
    PERFUSED_NORMAL,
    TUMOUR,
    InForce,
)
from opensirt.workflow.liver_model import LiverModel
from opensirt.workflow.scenario_doses import ScenarioDoses, no_errors, scenario_doses

SPHERES = "spheres_per_ml"
_HOLLOW_ORGANS = frozenset({StructureKind.STOMACH, StructureKind.DUODENUM, StructureKind.BOWEL})


@dataclass(frozen=True, eq=False, kw_only=True)
class LimitRow:
    """One limit over scenarios; with one scenario it is a row of the program."""

    key: str
    words: str
    territory: str
    per_gbq: Matrix
    """(n_scenarios, n_territories)"""
    at_most: float
    already: float
    unit: str
    source: str
    verified: bool

    def linear(self) -> LinearLimit:
        """Return the row of a program whose only scenario this is."""
        return LinearLimit(
            key=self.key,
            words=self.words,
            territory=self.territory,
            per_gbq=self.per_gbq[0],
            at_most=self.at_most,
            already=self.already,
            unit=self.unit,
            source=self.source,
            verified=self.verified,
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Setting:
    """What one optimisation reckons with."""

    liver: LiverModel
    workup: Workup
    device: Device
    limits: Mapping[str, InForce]
    targets: Mapping[str, InForce]
    request: OptimiseRequest
    constant: Figure
    lung_shunt_fraction: float
    spheres_per_gbq: Number

    @property
    def tumours(self) -> tuple[str, ...]:
        """Labels of the tumours that lie in a territory."""
        each = [label for one in self.liver.territories for label in one.tumour_masses_kg]
        return tuple(dict.fromkeys(each))

    @property
    def territories(self) -> tuple[str, ...]:
        """Names of the territories."""
        return tuple(one.name for one in self.liver.territories)

    def doses(self, draws: ErrorDraws | None = None) -> ScenarioDoses:
        """Return the doses per GBq of scenarios, or of the one in which all is as planned."""
        return scenario_doses(
            self.liver,
            draws or no_errors(self.tumours, len(self.liver.territories)),
            constant=self.constant.value,
            lung_shunt_fraction=self.lung_shunt_fraction,
            lung_mass_kg=self.workup.lung_mass_kg,
        )

    def rows(self, doses: ScenarioDoses) -> tuple[LimitRow, ...]:
        """Return every limit in force over the scenarios of these doses."""
        return limit_rows(doses, self.limits, self.workup, self.request, self.spheres_per_gbq)


def limit_rows(
    doses: ScenarioDoses,
    limits: Mapping[str, InForce],
    workup: Workup,
    request: OptimiseRequest,
    spheres_per_gbq: Number,
) -> tuple[LimitRow, ...]:
    """Return every limit in force that bounds an activity, over the scenarios of `doses`.

    Limits of single territories (perfused normal liver, perfused volume, tumour maximum, spheres)
    are one row for each; those that territories share (whole normal liver, lungs, wall of a hollow
    organ) one row.
    """
    return (
        *_territory_rows(doses, limits),
        *_shared_rows(doses, limits, workup, request),
        *_sphere_rows(doses, workup, request, spheres_per_gbq),
    )


def _row(limit: InForce, per_gbq: Matrix, where: str = "", already: float = 0.0) -> LimitRow:
    return LimitRow(
        key=limit.key,
        words=f"{limit.words}, {where}" if where else limit.words,
        territory=where,
        per_gbq=per_gbq,
        at_most=limit.gy,
        already=already,
        unit="Gy",
        source=limit.source,
        verified=limit.verified,
    )


def _territory_rows(doses: ScenarioDoses, limits: Mapping[str, InForce]) -> list[LimitRow]:
    several = len(doses.perfused_normal) > 1
    rows = []
    for key, each in ((PERFUSED_NORMAL, doses.perfused_normal), (PERFUSED, doses.perfused)):
        if key in limits:
            rows += [
                _row(limits[key], per_gbq, name if several else "")
                for name, per_gbq in each.items()
            ]
    if TUMOUR in limits:
        rows += [
            _row(limits[TUMOUR], per_gbq, f"{label}, {name}" if several else label)
            for (name, label), per_gbq in doses.tumour_parts.items()
        ]
    return rows


def _shared_rows(
    doses: ScenarioDoses,
    limits: Mapping[str, InForce],
    workup: Workup,
    request: OptimiseRequest,
) -> list[LimitRow]:
    rows = []
    if NORMAL in limits:
        rows.append(_row(limits[NORMAL], doses.normal))
    if not isinstance(doses.lung, Missing):
        if LUNG in limits:
            rows.append(_row(limits[LUNG], doses.lung))
        if LUNG_CUMULATIVE in limits and not isinstance(request.earlier_lung_gy, Missing):
            earlier = require_not_negative(request.earlier_lung_gy, "earlier lung dose", "Gy")
            rows.append(_row(limits[LUNG_CUMULATIVE], doses.lung, already=earlier))
    if GASTROINTESTINAL_WALL in limits:
        kinds = {one.label: one.kind for one in workup.uptakes}
        rows += [
            _row(limits[GASTROINTESTINAL_WALL], per_gbq, label)
            for label, per_gbq in doses.deposits.items()
            if kinds.get(label) in _HOLLOW_ORGANS
        ]
    return rows


def _sphere_rows(
    doses: ScenarioDoses,
    workup: Workup,
    request: OptimiseRequest,
    spheres_per_gbq: Number,
) -> list[LimitRow]:
    several = len(workup.territories) > 1
    most = request.spheres_per_ml_at_most
    if isinstance(most, Missing):
        return []
    require_positive(most, "limit of spheres", "per mL")
    if isinstance(spheres_per_gbq, Missing):
        raise MissingInputError(
            "activity per sphere",
            where="the request and reference/devices",
            remedy="state activity_per_sphere_bq at administration: a limit of spheres needs it",
        )
    shape = doses.normal.shape
    rows = []
    for index, one in enumerate(workup.territories):
        per_gbq = np.zeros(shape)
        per_gbq[:, index] = spheres_per_gbq / one.perfused_volume_ml
        where = f", {one.name}" if several else ""
        rows.append(
            LimitRow(
                key=SPHERES,
                words=f"{most:g} spheres per mL of perfused volume{where}",
                territory=one.name if several else "",
                per_gbq=per_gbq,
                at_most=most,
                already=0.0,
                unit="per mL",
                source="the request",
                verified=True,
            )
        )
    return rows


def activity_per_sphere(
    device: Device, request: OptimiseRequest, data_set: str
) -> tuple[Number, str]:
    """Return the activity of a sphere at administration in Bq, and in words what that rests on.

    As stated; else the device's at calibration, decayed to the time at which vials are asked for;
    else the least in print, which are the most spheres.
    """
    stated = request.activity_per_sphere_bq
    if not isinstance(stated, Missing):
        require_positive(stated, "activity per sphere", "Bq")
        return stated, f"spheres of {stated:.4g} Bq at administration, as stated"
    each = device.activity_per_sphere_bq
    if not isinstance(each, Missing):
        if request.vials is None or isinstance(device.radionuclide, Missing):
            return each.value, (
                f"spheres of {each.value:.4g} Bq, as at calibration: later ones hold less and are "
                "more"
            )
        hours = request.vials.hours_after_calibration
        half_life_s = radionuclide(device.radionuclide, data_set).half_life_s.value
        then = each.value * exp2(-hours * SECONDS_PER_HOUR / half_life_s)
        return then, (
            f"spheres of {then:.4g} Bq, {hours:g} h after a calibration with {each.value:.4g} Bq"
        )
    pair = device.activity_per_sphere_range_bq
    if isinstance(pair, Missing):
        return pair, ""
    return pair[0].value, (
        f"spheres of {pair[0].value:g} Bq, the least in print ({pair[1].value:g} the most): "
        "as many spheres as there can be"
    )


def activity_program(
    doses: ScenarioDoses,
    rows: tuple[LimitRow, ...],
    targets: Mapping[str, InForce],
    request: OptimiseRequest,
    d70_per_gbq: Matrix | None,
) -> ActivityProgram:
    """Return the program of the one scenario in which everything is as planned.

    Raises
    ------
    MissingInputError
        When no tumour lies in a territory, a control curve is asked for and not stated, or no
        limit bounds a territory.
    InputError
        When D70 is asked for of a model that knows no voxels.
    """
    labels = tuple(doses.tumours)
    if not labels:
        raise MissingInputError(
            "tumour in a perfused volume",
            where="the work-up",
            remedy="draw one: there is no tumour dose to make large",
        )
    means = np.array([doses.tumours[label][0] for label in labels])
    targeted: tuple[LinearTarget, ...] = ()
    if request.targets_required and TUMOUR in targets:
        targeted = _required(means, labels, targets)
    control = None
    per_gbq = means
    if request.objective is Objective.D70:
        if d70_per_gbq is None:
            raise InputError(
                "D70 of a tumour needs the voxel model: partition gives each tumour one dose; ask "
                "for the model voxel, or for the objective minimum"
            )
        per_gbq = d70_per_gbq
    if request.objective is Objective.CONTROL:
        if request.control is None:
            raise MissingInputError(
                "control curve (dose of 50 % control and slope)",
                where="the request",
                remedy="state d50_gy and slope_per_gy of a curve that holds for this tumour, "
                "device and activity scale; no verified one exists for neuroendocrine tumours",
            )
        control = Logistic(d50_gy=request.control.d50_gy, slope_per_gy=request.control.slope_per_gy)
    mean = doses.mean_tumour[0]
    if request.objective is Objective.MEAN:
        return ActivityProgram(
            territories=tuple(doses.perfused_normal),
            rows=mean[None, :],
            weights=np.ones(1),
            limits=tuple(row.linear() for row in rows),
            targets=targeted,
        )
    return ActivityProgram(
        territories=tuple(doses.perfused_normal),
        rows=per_gbq,
        control=control,
        second=mean,
        limits=tuple(row.linear() for row in rows),
        targets=targeted,
    )


def _required(
    means: Matrix, labels: tuple[str, ...], targets: Mapping[str, InForce]
) -> tuple[LinearTarget, ...]:
    target = targets[TUMOUR]
    return tuple(
        LinearTarget(words=f"{label} at least {target.gy:g} Gy", per_gbq=row, at_least=target.gy)
        for label, row in zip(labels, means, strict=True)
    )
