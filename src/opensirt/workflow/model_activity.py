"""The activity of one planning model, before the doses of its row are reckoned."""

from collections.abc import Mapping
from dataclasses import dataclass

from opensirt.domain.case import PatientFacts
from opensirt.domain.device import Device
from opensirt.domain.missing import Missing
from opensirt.domain.record import Number, Workup
from opensirt.domain.site import Figure
from opensirt.physics.analytic import (
    lung_limit_binds_at_fraction,
    lung_shunt_reduction,
    mono_compartment_activity_bq,
    tumour_shunt_activities,
)
from opensirt.units import BQ_PER_GBQ
from opensirt.workflow.activity_choice import activities_within_limits
from opensirt.workflow.formula_activity import (
    FormulaActivity,
    body_surface_area_activity,
    empiric_activity,
)
from opensirt.workflow.limit_in_force import LUNG, PERFUSED, TUMOUR, InForce
from opensirt.workflow.liver_model import LiverModel
from opensirt.workflow.plan_model import (
    BODY_SURFACE_AREA,
    BODY_SURFACE_AREA_BY_SHARE,
    EMPIRIC,
    FORMULAS,
    MONO_COMPARTMENT,
    TUMOUR_SHUNT,
)
from opensirt.workflow.tumour_shunt_parts import tumour_lung_shunt, tumour_parts

_KAO = "Kao et al., CVIR 2013, 10.1007/s00270-013-0783-z"


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelActivity:
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


@dataclass(frozen=True, eq=False, kw_only=True)
class ActivityRule:
    """What the models of one device take their activities from.

    `used_up` says, in words, that earlier sessions left nothing of a cumulative limit; no model
    gives an activity then.
    """

    device: Device
    patient: PatientFacts
    workup: Workup
    limits: Mapping[str, InForce]
    targets: Mapping[str, InForce]
    constant: Figure
    shunt: Number
    used_up: str

    def activity(self, model: str, liver: LiverModel) -> ModelActivity:
        """Return the activities of all territories by one model, or why there are none."""
        if self.used_up:
            return _nothing(Missing.LIMIT_USED_UP)
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

    def _by_formula(self, model: str) -> ModelActivity:
        """Body surface area or experience: an activity given, not reckoned from dose."""
        found: FormulaActivity | Missing
        if model == EMPIRIC:
            found = empiric_activity(self.workup)
        else:
            found = body_surface_area_activity(
                self.patient, self.workup, by_share=model == BODY_SURFACE_AREA_BY_SHARE
            )
        if isinstance(found, Missing):
            return _nothing(found)
        note = f"{found.note}; doses by multi-tumour partition"
        if isinstance(self.shunt, Missing):
            gbq = sum(found.given_bq) / BQ_PER_GBQ
            note += f"; {gbq:.3g} GBq before the cut for lung shunt, which needs the fraction"
            return ModelActivity(
                administered_bq=Missing.NEEDS_LUNG_SHUNT,
                reaching_bq=Missing.NEEDS_LUNG_SHUNT,
                binding=("formula",) * len(found.given_bq),
                note=note,
                sources=(found.source,),
                verified=found.verified,
            )
        cut = lung_shunt_reduction(self.shunt)
        words = "formula"
        if cut.factor < 1:
            words = (
                f"formula, cut to {cut.factor:.0%} as the lung shunt is above "
                f"{cut.above_fraction:.0%}"
            )
        given = tuple(bq * cut.factor for bq in found.given_bq)
        return ModelActivity(
            administered_bq=given,
            reaching_bq=tuple(bq * (1 - self.shunt) for bq in given),
            binding=(words,) * len(given),
            note=note,
            sources=(found.source, cut.source),
            verified=found.verified and cut.verified,
        )

    def _mono(self) -> ModelActivity:
        target = self.targets.get(PERFUSED)
        if target is None:
            return _nothing(Missing.NEEDS_TARGET)
        reaching = tuple(
            mono_compartment_activity_bq(
                target.gy,
                mass_kg=one.perfused_mass_kg,
                dose_constant_gy_kg_per_gbq=self.constant.value,
            )
            for one in self.workup.territories
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

    def _by_tumour_shunt(self, liver: LiverModel) -> ModelActivity:
        """Activity for the tumour target when the lungs are fed through the tumours alone."""
        target = self.targets.get(TUMOUR)
        if target is None:
            return _nothing(Missing.NEEDS_TARGET)
        if isinstance(self.shunt, Missing):
            return _nothing(Missing.NEEDS_LUNG_SHUNT)
        parts = tumour_parts(liver)
        if isinstance(parts, Missing):
            return _nothing(parts)
        shunt = tumour_lung_shunt(self.workup, self.shunt)
        made = [
            tumour_shunt_activities(
                target.gy,
                tumour_mass_kg=one.mass_kg,
                tumour_to_normal_activity_ratio=one.activity_ratio,
                tumour_lung_shunt_fraction=shunt,
                dose_constant_gy_kg_per_gbq=self.constant.value,
            )
            for one in parts
        ]
        return ModelActivity(
            administered_bq=tuple(one.total_bq for one in made),
            reaching_bq=tuple(one.tumour_bq + one.normal_bq for one in made),
            lung_bq=tuple(one.lung_bq for one in made),
            binding=(f"target {target.words}",) * len(made),
            note=f"lungs fed through the tumours alone, {shunt:.1%} of what enters them (Kao 2013)",
            sources=(target.source, _KAO),
            verified=target.verified,
        )

    def _by_limits(self, liver: LiverModel) -> ModelActivity:
        choice = activities_within_limits(
            liver,
            self.limits,
            constant=self.constant.value,
            lung_shunt_fraction=self.shunt,
            lung_mass_kg=self.workup.lung_mass_kg,
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
    ) -> ModelActivity:
        """Return an activity that was reckoned from what reaches the liver."""
        administered: tuple[float, ...] | Missing = Missing.NEEDS_LUNG_SHUNT
        if not isinstance(self.shunt, Missing):
            administered = tuple(bq / (1 - self.shunt) for bq in reaching)
        return ModelActivity(
            administered_bq=administered,
            reaching_bq=reaching,
            binding=binding,
            lung_binds_at=self._lung_binds_at(sum(before_lung)),
            note=note,
            sources=sources,
            verified=verified,
        )

    def _lung_binds_at(self, reaching_bq: float) -> Number:
        lung_mass = self.workup.lung_mass_kg
        if LUNG not in self.limits:
            return Missing.NEEDS_LIMIT
        if isinstance(lung_mass, Missing):
            return lung_mass
        return lung_limit_binds_at_fraction(
            reaching_bq,
            lung_limit_gy=self.limits[LUNG].gy,
            lung_mass_kg=lung_mass,
            dose_constant_gy_kg_per_gbq=self.constant.value,
        )


def _nothing(why: Missing) -> ModelActivity:
    return ModelActivity(administered_bq=why, reaching_bq=why, binding=())
