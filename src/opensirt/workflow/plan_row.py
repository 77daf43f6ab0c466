"""The rows of a plan: one device, one model, one territory, and what would follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from opensirt.domain.case import Case, Prescription
from opensirt.domain.device import Device
from opensirt.domain.missing import Missing
from opensirt.domain.record import Number, PlanRow, Workup
from opensirt.domain.session_dose import SessionDose
from opensirt.domain.site import Figure, SiteProfile
from opensirt.errors import MissingInputError
from opensirt.physics.analytic import (
    lung_dose_gy,
    lung_limit_binds_at_fraction,
    lung_shunt_reduction,
    mono_compartment_activity_bq,
    tumour_shunt_activities,
)
from opensirt.physics.analytic.require import require_part_left
from opensirt.units import BQ_PER_GBQ
from opensirt.workflow.activity_choice import activities_within_limits
from opensirt.workflow.both_lobes import treats_both_lobes
from opensirt.workflow.formula_activity import (
    FormulaActivity,
    body_surface_area_activity,
    empiric_activity,
)
from opensirt.workflow.limit_in_force import (
    LUNG,
    PERFUSED,
    TUMOUR,
    limits_in_force,
    targets_in_force,
)
from opensirt.workflow.liver_model import LiverModel, partition_liver, voxel_liver
from opensirt.workflow.session_dose import limits_after
from opensirt.workflow.tumour_shunt_parts import tumour_lung_shunt, tumour_parts

BODY_SURFACE_AREA = "body_surface_area"
BODY_SURFACE_AREA_BY_SHARE = "body_surface_area_by_share"
EMPIRIC = "empiric"
MONO_COMPARTMENT = "mono_compartment"
PARTITION = "partition"
MULTI_TUMOUR_PARTITION = "multi_tumour_partition"
TUMOUR_SHUNT = "tumour_shunt"
VOXEL = "voxel"
STATED = "stated"
"""Activities that the prescription states, in place of a model's."""
MODELS = (
    BODY_SURFACE_AREA,
    BODY_SURFACE_AREA_BY_SHARE,
    EMPIRIC,
    MONO_COMPARTMENT,
    PARTITION,
    MULTI_TUMOUR_PARTITION,
    TUMOUR_SHUNT,
    VOXEL,
)
FORMULAS = (BODY_SURFACE_AREA, BODY_SURFACE_AREA_BY_SHARE, EMPIRIC)
"""Activities by a formula, not reckoned from dose."""

_KAO = "Kao et al., CVIR 2013, 10.1007/s00270-013-0783-z"

ALL_TERRITORIES = "all"
"""Name of the row that sums the territories, where there are several."""


@dataclass(frozen=True, eq=False, kw_only=True)
class _Activity:
    """Activities of one model before the doses are reckoned."""

    administered_bq: tuple[float, ...] | Missing
    reaching_bq: tuple[float, ...] | Missing
    binding: tuple[str, ...]
    lung_binds_at: Number = Missing.NOT_ESTIMATED
    note: str = ""
    sources: tuple[str, ...] = ()
    verified: bool = True
    lung_bq: tuple[float, ...] | None = None
    """In the lungs, for each territory, where the model itself says it."""


class DevicePlanner:
    """Everything that rows of one device share."""

    def __init__(
        self,
        device: Device,
        case: Case,
        workup: Workup,
        site: SiteProfile,
        earlier: Sequence[SessionDose] = (),
    ) -> None:
        assert not isinstance(device.radionuclide, Missing)  # noqa: S101 - a product has one
        self.device = device
        self._case = case
        self._workup = workup
        stated = limits_in_force(
            device.name,
            case.prescription,
            site,
            both_lobes=treats_both_lobes(workup, case.prescription),
        )
        self.limits = limits_after(stated, earlier, device_name=device.name)
        self.targets = targets_in_force(device.name, case.prescription, site)
        self._constant = _constant_of(device.radionuclide, site)
        shunt = workup.lung_shunt.fraction
        self._shunt: Number = (
            shunt if isinstance(shunt, Missing) else require_part_left(shunt, "lung shunt fraction")
        )
        self._by_compartment = partition_liver(workup, lumped=False)
        self._models = {
            PARTITION: partition_liver(workup, lumped=True),
            TUMOUR_SHUNT: partition_liver(workup, lumped=True),
            VOXEL: voxel_liver(workup),
        }

    @property
    def dose_constant(self) -> Figure:
        """Dose constant in force for the device's nuclide."""
        return self._constant

    def rows(self, model: str) -> tuple[PlanRow, ...]:
        """Return the row of each territory by one model, and their sum where there are several."""
        liver = self._models.get(model, self._by_compartment)
        return self._rows_of(model, liver, self._activity(model, liver))

    def stated_rows(self, administered_bq: Sequence[float], *, model: str) -> tuple[PlanRow, ...]:
        """Return the rows of stated activities, with the doses that a model predicts for them.

        Parameters
        ----------
        administered_bq
            For each territory, in the order of the work-up.
        model
            That predicts the doses.
        """
        reaching: tuple[float, ...] | Missing = Missing.NEEDS_LUNG_SHUNT
        if not isinstance(self._shunt, Missing):
            reaching = tuple(bq * (1 - self._shunt) for bq in administered_bq)
        activity = _Activity(
            administered_bq=tuple(administered_bq),
            reaching_bq=reaching,
            binding=("the prescription",) * len(administered_bq),
            note=f"doses by {model.replace('_', ' ')}",
        )
        return self._rows_of(STATED, self._models.get(model, self._by_compartment), activity)

    def _rows_of(self, model: str, liver: LiverModel, activity: _Activity) -> tuple[PlanRow, ...]:
        names = [one.name for one in self._workup.territories]
        rows = [
            self._row(model, name, liver.alone(index), activity, (index,))
            for index, name in enumerate(names)
        ]
        if len(names) > 1:
            everything = tuple(range(len(names)))
            rows.append(self._row(model, ALL_TERRITORIES, liver, activity, everything))
        return tuple(rows)

    def _activity(self, model: str, liver: LiverModel) -> _Activity:
        if model in FORMULAS:
            formula = EMPIRIC if model == EMPIRIC else BODY_SURFACE_AREA
            if not self.device.has_formula(formula):
                return _nothing(Missing.NOT_DEFINED_FOR_DEVICE)
            return self._by_formula(model)
        if model == TUMOUR_SHUNT:
            return self._by_tumour_shunt(liver)
        if model == MONO_COMPARTMENT:
            return self._mono()
        return self._by_limits(liver)

    def _by_formula(self, model: str) -> _Activity:
        """Body surface area or experience: an activity given, not reckoned from dose."""
        found: FormulaActivity | Missing
        if model == EMPIRIC:
            found = empiric_activity(self._workup)
        else:
            found = body_surface_area_activity(
                self._case.patient, self._workup, by_share=model == BODY_SURFACE_AREA_BY_SHARE
            )
        if isinstance(found, Missing):
            return _nothing(found)
        note = f"{found.note}; doses by multi-tumour partition"
        if isinstance(self._shunt, Missing):
            gbq = sum(found.given_bq) / BQ_PER_GBQ
            note += f"; {gbq:.3g} GBq before the cut for lung shunt, which needs the fraction"
            return _Activity(
                administered_bq=Missing.NEEDS_LUNG_SHUNT,
                reaching_bq=Missing.NEEDS_LUNG_SHUNT,
                binding=("formula",) * len(found.given_bq),
                note=note,
                sources=(found.source,),
                verified=found.verified,
            )
        cut = lung_shunt_reduction(self._shunt)
        words = "formula"
        if cut.factor < 1:
            words = (
                f"formula, cut to {cut.factor:.0%} as the lung shunt is above "
                f"{cut.above_fraction:.0%}"
            )
        given = tuple(bq * cut.factor for bq in found.given_bq)
        return _Activity(
            administered_bq=given,
            reaching_bq=tuple(bq * (1 - self._shunt) for bq in given),
            binding=(words,) * len(given),
            note=note,
            sources=(found.source, cut.source),
            verified=found.verified and cut.verified,
        )

    def _mono(self) -> _Activity:
        target = self.targets.get(PERFUSED)
        if target is None:
            return _nothing(Missing.NEEDS_TARGET)
        reaching = tuple(
            mono_compartment_activity_bq(
                target.gy,
                mass_kg=one.perfused_mass_kg,
                dose_constant_gy_kg_per_gbq=self._constant.value,
            )
            for one in self._workup.territories
        )
        return self._reckoned(
            reaching,
            reaching,
            (f"target {target.words}",) * len(reaching),
            note="perfused volume as drawn; doses of tumours and normal liver by multi-tumour "
            "partition",
            sources=(target.source,),
            verified=target.verified,
        )

    def _by_tumour_shunt(self, liver: LiverModel) -> _Activity:
        """Activity for the tumour target when the lungs are fed through the tumours alone."""
        target = self.targets.get(TUMOUR)
        if target is None:
            return _nothing(Missing.NEEDS_TARGET)
        if isinstance(self._shunt, Missing):
            return _nothing(Missing.NEEDS_LUNG_SHUNT)
        parts = tumour_parts(liver)
        if isinstance(parts, Missing):
            return _nothing(parts)
        shunt = tumour_lung_shunt(self._workup, self._shunt)
        made = [
            tumour_shunt_activities(
                target.gy,
                tumour_mass_kg=one.mass_kg,
                tumour_to_normal_activity_ratio=one.activity_ratio,
                tumour_lung_shunt_fraction=shunt,
                dose_constant_gy_kg_per_gbq=self._constant.value,
            )
            for one in parts
        ]
        return _Activity(
            administered_bq=tuple(one.total_bq for one in made),
            reaching_bq=tuple(one.tumour_bq + one.normal_bq for one in made),
            lung_bq=tuple(one.lung_bq for one in made),
            binding=(f"target {target.words}",) * len(made),
            note=f"lungs fed through the tumours alone, {shunt:.1%} of what enters them (Kao 2013)",
            sources=(target.source, _KAO),
            verified=target.verified,
        )

    def _by_limits(self, liver: LiverModel) -> _Activity:
        choice = activities_within_limits(
            liver,
            self.limits,
            constant=self._constant.value,
            lung_shunt_fraction=self._shunt,
            lung_mass_kg=self._workup.lung_mass_kg,
        )
        if isinstance(choice, Missing):
            return _nothing(choice)
        figures = [one for one in self.limits.values() if one.words in choice.binding]
        scenarios = "; ".join(f"{one.words}: {one.scenario}" for one in figures if one.scenario)
        verified = all(one.verified for one in figures)
        return self._reckoned(
            choice.reaching_bq,
            choice.before_lung_bq,
            choice.binding,
            note=scenarios,
            sources=tuple(one.source for one in figures),
            verified=verified,
        )

    def _reckoned(
        self,
        reaching: tuple[float, ...],
        before_lung: tuple[float, ...],
        binding: tuple[str, ...],
        *,
        note: str,
        sources: tuple[str, ...],
        verified: bool,
    ) -> _Activity:
        """Return an activity that was reckoned from what reaches the liver."""
        administered: tuple[float, ...] | Missing = Missing.NEEDS_LUNG_SHUNT
        if not isinstance(self._shunt, Missing):
            administered = tuple(bq / (1 - self._shunt) for bq in reaching)
        return _Activity(
            administered_bq=administered,
            reaching_bq=reaching,
            binding=binding,
            lung_binds_at=self._lung_binds_at(sum(before_lung)),
            note=note,
            sources=sources,
            verified=verified,
        )

    def _lung_binds_at(self, reaching_bq: float) -> Number:
        lung_mass = self._workup.lung_mass_kg
        if LUNG not in self.limits:
            return Missing.NEEDS_LIMIT
        if isinstance(lung_mass, Missing):
            return lung_mass
        return lung_limit_binds_at_fraction(
            reaching_bq,
            lung_limit_gy=self.limits[LUNG].gy,
            lung_mass_kg=lung_mass,
            dose_constant_gy_kg_per_gbq=self._constant.value,
        )

    def _lung_gy(self, administered_bq: float | Missing) -> Number:
        if isinstance(administered_bq, Missing):
            return administered_bq
        if isinstance(self._shunt, Missing):
            return self._shunt
        if isinstance(self._workup.lung_mass_kg, Missing):
            return self._workup.lung_mass_kg
        return lung_dose_gy(
            administered_bq,
            lung_shunt_fraction=self._shunt,
            lung_mass_kg=self._workup.lung_mass_kg,
            dose_constant_gy_kg_per_gbq=self._constant.value,
        )

    def _lung_gy_of(self, inside_bq: float) -> Number:
        """Return the lung dose of an activity in the lungs."""
        mass = self._workup.lung_mass_kg
        if isinstance(mass, Missing):
            return mass
        return self._constant.value * inside_bq / BQ_PER_GBQ / mass

    def _row(
        self,
        model: str,
        territory: str,
        liver: LiverModel,
        activity: _Activity,
        which: Sequence[int],
    ) -> PlanRow:
        reaching = activity.reaching_bq
        constant = self._constant
        administered: Number
        if isinstance(activity.administered_bq, Missing):
            administered = activity.administered_bq
        else:
            administered = sum(activity.administered_bq[one] for one in which)
        empty = PlanRow(
            device=self.device.name,
            model=model,
            territory=territory,
            administered_activity_bq=administered,
            reaching_liver_bq=Missing.NOT_EVALUABLE,
            tumour_gy=Missing.NOT_EVALUABLE,
            normal_liver_gy=Missing.NOT_EVALUABLE,
            perfused_normal_liver_gy=Missing.NOT_EVALUABLE,
            perfused_volume_gy=Missing.NOT_EVALUABLE,
            lung_gy=(
                self._lung_gy(administered)
                if activity.lung_bq is None
                else self._lung_gy_of(sum(activity.lung_bq[one] for one in which))
            ),
            sphere_count=self._spheres(administered),
            binding=_joined(activity.binding, which),
            lung_limit_binds_at_fraction=activity.lung_binds_at,
            dose_constant_gy_kg_per_gbq=constant.value,
            sources=tuple(dict.fromkeys((*activity.sources, constant.source))),
            verified=activity.verified and constant.verified,
            note=self._note(activity, administered, territory),
        )
        if isinstance(reaching, Missing):
            return replace(
                empty,
                reaching_liver_bq=reaching,
                tumour_gy=reaching,
                normal_liver_gy=reaching,
                perfused_normal_liver_gy=reaching,
                perfused_volume_gy=reaching,
            )
        inside = [reaching[one] for one in which]
        tumours = liver.tumour_gy(constant.value, inside)
        return replace(
            empty,
            reaching_liver_bq=sum(inside),
            tumour_gy=liver.mean_tumour_gy(constant.value, inside),
            normal_liver_gy=liver.normal_gy(constant.value, inside),
            perfused_normal_liver_gy=liver.perfused_normal_gy(constant.value, inside),
            perfused_volume_gy=liver.perfused_gy(constant.value, inside),
            tumour_doses_gy=tumours,
            note="; ".join(filter(None, (empty.note, self._about_target(tumours, sum(inside))))),
            extrahepatic_doses_gy=liver.deposit_gy(constant.value, inside),
        )

    def _spheres(self, administered_bq: Number) -> Number:
        if isinstance(administered_bq, Missing):
            return administered_bq
        return self.device.sphere_count(administered_bq)

    def _note(self, activity: _Activity, administered_bq: Number, territory: str) -> str:
        words = [activity.note] if activity.note else []
        several = len(self._workup.territories) > 1
        if several and territory != ALL_TERRITORIES:
            words.append("normal-liver and lung doses are this territory's part")
        if not isinstance(administered_bq, Missing):
            words += self._about_spheres(administered_bq)
        return "; ".join(words)

    def _about_target(self, tumours: Mapping[str, float], reaching_bq: float) -> str:
        """Say with what activity the least-dosed tumour reaches the tumour target."""
        target = self.targets.get(TUMOUR)
        if target is None or not tumours or reaching_bq <= 0:
            return ""
        least = min(tumours, key=lambda label: tumours[label])
        needed_gbq = reaching_bq * target.gy / tumours[least] / BQ_PER_GBQ
        return (
            f"{least}, the least-dosed, reaches the target of {target.gy:g} Gy with "
            f"{needed_gbq:.3g} GBq reaching the liver"
        )

    def _about_spheres(self, administered_bq: float) -> list[str]:
        words = []
        each = self.device.activity_per_sphere_range_bq
        if not isinstance(each, Missing):
            low, high = each
            words.append(
                f"{administered_bq / high.value / 1e6:.1f} to "
                f"{administered_bq / low.value / 1e6:.1f} million spheres ({low.value:g} to "
                f"{high.value:g} Bq each: sources disagree)"
            )
        vials = self.device.vial_activities_gbq
        if not isinstance(vials, Missing) and administered_bq > max(vials) * BQ_PER_GBQ:
            words.append(f"more than one vial: the largest has {max(vials):g} GBq at calibration")
        return words


def _nothing(why: Missing) -> _Activity:
    return _Activity(administered_bq=why, reaching_bq=why, binding=())


def _joined(binding: Sequence[str], which: Sequence[int]) -> str:
    if not binding:
        return ""
    return "; ".join(dict.fromkeys(binding[one] for one in which))


def _constant_of(radionuclide: str, site: SiteProfile) -> Figure:
    figure = site.dose_constants_gy_kg_per_gbq.get(radionuclide)
    if figure is None:
        raise MissingInputError(
            f"dose constant of {radionuclide}",
            where=f"the site profile {site.name!r}",
            remedy="state it in Gy kg/GBq: the planning models reckon with it",
        )
    return figure


def rows_of(rows: Sequence[PlanRow], device: str, model: str) -> tuple[PlanRow, ...]:
    """Return the rows of one device and model, those of single territories only."""
    found = [one for one in rows if (one.device, one.model) == (device, model)]
    if len(found) > 1:
        found = [one for one in found if one.territory != ALL_TERRITORIES]
    return tuple(found)


def chosen_model(prescription: Prescription) -> str:
    """Return the model of the prescribed rows: `STATED` where activities are stated."""
    return STATED if prescription.activities_bq else prescription.model


def chosen_row(rows: Sequence[PlanRow], prescription: Prescription | None) -> PlanRow | None:
    """Return the prescribed row: of the one territory, or of all together."""
    if prescription is None:
        return None
    key = (prescription.device, chosen_model(prescription))
    found = [one for one in rows if (one.device, one.model) == key]
    if len(found) > 1:
        found = [one for one in found if one.territory == ALL_TERRITORIES]
    return found[0] if found else None
