"""The rows of a plan: one device, one model, one territory, and what would follow."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from opensirt.domain.case import Case
from opensirt.domain.device import Device
from opensirt.domain.missing import Missing
from opensirt.domain.record import Number, PlanRow, Workup
from opensirt.domain.session_dose import SessionDose
from opensirt.domain.site import Figure, SiteProfile
from opensirt.errors import MissingInputError
from opensirt.physics.analytic import (
    lung_dose_gy,
)
from opensirt.physics.analytic.require import require_part_left
from opensirt.units import BQ_PER_GBQ
from opensirt.workflow.both_lobes import treats_both_lobes
from opensirt.workflow.limit_in_force import (
    TUMOUR,
    limits_in_force,
    targets_in_force,
)
from opensirt.workflow.liver_model import LiverModel, partition_liver, voxel_liver
from opensirt.workflow.model_activity import ActivityRule, ModelActivity
from opensirt.workflow.plan_model import ALL_TERRITORIES, PARTITION, STATED, TUMOUR_SHUNT, VOXEL
from opensirt.workflow.session_dose import limits_after


class DevicePlanner:
    """Everything that rows of one device share.

    `used_up` says, in words, that earlier sessions left nothing of a cumulative limit; no row has
    an activity then.
    """

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
        self._workup = workup
        stated = limits_in_force(
            device.name,
            case.prescription,
            site,
            both_lobes=treats_both_lobes(workup, case.prescription),
        )
        self.limits, self.used_up = limits_after(stated, earlier, device_name=device.name)
        self.targets = targets_in_force(device.name, case.prescription, site)
        self._constant = _constant_of(device.radionuclide, site)
        shunt = workup.lung_shunt.fraction
        self._shunt: Number = (
            shunt if isinstance(shunt, Missing) else require_part_left(shunt, "lung shunt fraction")
        )
        self._rule = ActivityRule(
            device=device,
            patient=case.patient,
            workup=workup,
            limits=self.limits,
            targets=self.targets,
            constant=self._constant,
            shunt=self._shunt,
            used_up=self.used_up,
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
        return self._rows_of(model, liver, self._rule.activity(model, liver))

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
        activity = ModelActivity(
            administered_bq=tuple(administered_bq),
            reaching_bq=reaching,
            binding=("the prescription",) * len(administered_bq),
            note=f"doses by {model.replace('_', ' ')}",
        )
        return self._rows_of(STATED, self._models.get(model, self._by_compartment), activity)

    def _rows_of(
        self, model: str, liver: LiverModel, activity: ModelActivity
    ) -> tuple[PlanRow, ...]:
        names = [one.name for one in self._workup.territories]
        rows = [
            self._row(model, name, liver.alone(index), activity, (index,))
            for index, name in enumerate(names)
        ]
        if len(names) > 1:
            everything = tuple(range(len(names)))
            rows.append(self._row(model, ALL_TERRITORIES, liver, activity, everything))
        return tuple(rows)

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
        activity: ModelActivity,
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

    def _note(self, activity: ModelActivity, administered_bq: Number, territory: str) -> str:
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
        one = self.device.activity_per_sphere_bq
        if not isinstance(one, Missing):
            words.append(
                f"spheres of {one.value:.4g} Bq as at calibration: later vials hold less and bring "
                "more"
            )
        vials = self.device.vial_activities_gbq
        if not isinstance(vials, Missing) and administered_bq > max(vials) * BQ_PER_GBQ:
            words.append(f"more than one vial: the largest has {max(vials):g} GBq at calibration")
        return words


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
