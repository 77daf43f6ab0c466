"""Every activity of a plan once more, from masses and mean counts, by code of its own.

The tissues are counted anew on the scout (nearest voxel in place of overlap weights), and
`opensirt.physics.second_check` turns counts and volumes into activities. What the two paths share
is what both must: the case, the masks, the limits in force, the constants.
"""

from collections.abc import Mapping, Sequence

from opensirt.domain.case import Case
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import Image3D
from opensirt.domain.missing import Missing
from opensirt.domain.optimised_plan import OptimisedPlan
from opensirt.domain.record import PlanRow, Workup
from opensirt.domain.second_check import SecondCheck
from opensirt.domain.structure import Mask, StructureKind
from opensirt.imaging.mask_algebra import union, within
from opensirt.imaging.nearest_counts import nearest_mean
from opensirt.physics.second_check import (
    CountedLiver,
    CountedTerritory,
    CountedTissue,
    uniform_gbq,
)
from opensirt.reference.table import read_table
from opensirt.units import BQ_PER_GBQ
from opensirt.workflow.limit_in_force import PERFUSED, TUMOUR, InForce
from opensirt.workflow.second_check_formula import BY_SURFACE, EMPIRIC, FormulaLiver, by_formula
from opensirt.workflow.territory_region import Region
from opensirt.workflow.work_up import ScoutAnatomy

ADMINISTERED, REACHING = "administered activity", "activity reaching the liver"
PARTITION, VOXEL = "partition", "voxel"
MONO_COMPARTMENT, TUMOUR_SHUNT = "mono_compartment", "tumour_shunt"
_BY_LIMITS = (PARTITION, "multi_tumour_partition", VOXEL)


class SecondPath:
    """The second path of one case: tissues counted once, activities for any row."""

    def __init__(self, case: Case, workup: Workup, anatomy: ScoutAnatomy) -> None:
        self._case = case
        self._workup = workup
        self._density = workup.liver_density_kg_per_ml
        normals = anatomy.structures.of_kind(StructureKind.NORMAL_LIVER)
        whole = union([one.mask for one in normals])
        tumours = {one.label: one.mask for one in anatomy.structures.of_kind(StructureKind.TUMOUR)}
        image = anatomy.taken.image
        self._whole_normal_ml = whole.volume_ml
        self._tumour_ml = union(list(tumours.values())).volume_ml if tumours else 0.0
        self._territories = [
            _counted(one, territory.tumour_masses_kg, tumours, whole, image)
            for one, territory in zip(anatomy.regions, workup.territories, strict=True)
        ]

    def checks_of(
        self,
        rows: Sequence[PlanRow],
        *,
        limits: Mapping[str, InForce],
        targets: Mapping[str, InForce],
    ) -> tuple[SecondCheck, ...]:
        """Return the check of each territory's row of one device and model.

        Parameters
        ----------
        rows
            Of single territories, in their order (see `rows_of`).
        limits, targets
            In force for the device.
        """
        if all(isinstance(one.reaching_liver_bq, Missing) for one in rows):
            return ()
        found, how = self._found_gbq(rows, limits, targets)
        checks = []
        for index, row in enumerate(rows):
            quantity, stated = ADMINISTERED, row.administered_activity_bq
            if isinstance(stated, Missing):
                quantity, stated = REACHING, row.reaching_liver_bq
            if isinstance(stated, Missing):
                continue
            recomputed: float | Missing = Missing.NOT_EVALUABLE
            if found is not None:
                liver, lungs = found[index]
                recomputed = liver * BQ_PER_GBQ
                if quantity == ADMINISTERED:
                    recomputed += lungs * BQ_PER_GBQ
            checks.append(
                SecondCheck(
                    device=row.device,
                    model=row.model,
                    territory=row.territory,
                    quantity=quantity,
                    stated_bq=stated,
                    recomputed_bq=recomputed,
                    how=how,
                )
            )
        return tuple(checks)

    def checks_of_optimised(self, plan: OptimisedPlan) -> tuple[SecondCheck, ...]:
        """Return, for each territory, the activity that gives the dose stated for it.

        The dose is that of the perfused normal liver.
        """
        if plan.refused or isinstance(plan.dose_constant_gy_kg_per_gbq, Missing):
            return ()
        liver = self._liver(plan.model)
        checks = []
        for index, name in enumerate(plan.territories):
            given, reaching = plan.administered_bq[index], plan.reaching_bq[index]
            if given <= 0:
                continue
            gy = liver.perfused_normal_gy(
                index, reaching / BQ_PER_GBQ, constant=plan.dose_constant_gy_kg_per_gbq
            )
            checks.append(
                SecondCheck(
                    device=plan.device,
                    model=f"{plan.model}, optimised",
                    territory=name,
                    quantity=ADMINISTERED,
                    stated_bq=given,
                    recomputed_bq=given * plan.perfused_normal_doses_gy[name] / gy,
                    how="volumes and mean counts; the dose stated for the perfused normal liver",
                )
            )
        return tuple(checks)

    def checks_of_stated(self, rows: Sequence[PlanRow], *, model: str) -> tuple[SecondCheck, ...]:
        """Return, for each territory, the activity that gives the dose predicted for a stated one.

        The dose is that of the perfused normal liver; the lungs get what the shunt says.

        Parameters
        ----------
        rows
            Of single territories, in their order (see `rows_of`).
        model
            That predicted the doses.
        """
        liver = self._liver(model)
        shunt_known = not isinstance(self._workup.lung_shunt.fraction, Missing)
        checks = []
        for index, row in enumerate(rows):
            given, gy = row.administered_activity_bq, row.perfused_normal_liver_gy
            constant_gy = row.dose_constant_gy_kg_per_gbq
            if isinstance(given, Missing) or isinstance(constant_gy, Missing):
                continue
            recomputed: float | Missing = Missing.NEEDS_LUNG_SHUNT
            how = "the lung shunt is not known"
            if shunt_known and not isinstance(gy, Missing):
                per_gbq = liver.perfused_normal_gy(index, 1.0, constant=constant_gy)
                inside, lungs = self._with_lungs([gy / per_gbq])[0]
                recomputed = (inside + lungs) * BQ_PER_GBQ
                how = "volumes and mean counts; the dose predicted for the perfused normal liver"
            checks.append(
                SecondCheck(
                    device=row.device,
                    model=f"{row.model}, doses by {model}",
                    territory=row.territory,
                    quantity=ADMINISTERED,
                    stated_bq=given,
                    recomputed_bq=recomputed,
                    how=how,
                )
            )
        return tuple(checks)

    def _with_lungs(self, reaching_gbq: Sequence[float]) -> list[tuple[float, float]]:
        """Return (in the liver, in the lungs); without a known shunt the lungs hold none of it."""
        shunt = self._workup.lung_shunt.fraction
        passed = 0.0 if isinstance(shunt, Missing) else shunt / (1.0 - shunt)
        return [(gbq, gbq * passed) for gbq in reaching_gbq]

    def _liver(self, model: str) -> CountedLiver:
        return CountedLiver(
            territories=self._territories,
            whole_normal_ml=self._whole_normal_ml,
            density_kg_per_ml=self._density,
            by_compartment=model != VOXEL,
            one_ratio=model == PARTITION,
        )

    def _found_gbq(
        self,
        rows: Sequence[PlanRow],
        limits: Mapping[str, InForce],
        targets: Mapping[str, InForce],
    ) -> tuple[list[tuple[float, float]] | None, str]:
        """Return (in the liver, in the lungs) of each territory in GBq, and from what."""
        model = rows[0].model
        gy_per_gbq = rows[0].dose_constant_gy_kg_per_gbq
        assert not isinstance(gy_per_gbq, Missing)  # noqa: S101 - every row has one
        if model in (*_BY_LIMITS, MONO_COMPARTMENT):
            return self._by_dose(model, limits, targets, gy_per_gbq)
        shunt = self._workup.lung_shunt.fraction
        if isinstance(shunt, Missing):
            return None, "the lung shunt is not known"
        if model == TUMOUR_SHUNT:
            found = self._liver(model).fed_through_tumours_gbq(
                targets[TUMOUR].gy, constant=gy_per_gbq, lung_shunt_fraction=shunt
            )
            return found, "volumes and mean counts, lungs fed through the tumours, and target"
        if model in (EMPIRIC, *BY_SURFACE):
            liver = FormulaLiver(
                patient=self._case.patient,
                territories=self._territories,
                normal_ml=self._whole_normal_ml,
                tumour_ml=self._tumour_ml,
            )
            return by_formula(liver, model, shunt)
        return None, f"no second path for the model {model}"

    def _by_dose(
        self,
        model: str,
        limits: Mapping[str, InForce],
        targets: Mapping[str, InForce],
        gy_per_gbq: float,
    ) -> tuple[list[tuple[float, float]], str]:
        """Return the activities that a limit or a target fixes."""
        shunt, lung_mass = self._workup.lung_shunt.fraction, self._workup.lung_mass_kg
        if model in _BY_LIMITS:
            reaching = self._liver(model).reaching_gbq(
                {key: one.gy for key, one in limits.items()},
                constant=gy_per_gbq,
                lung_shunt_fraction=None if isinstance(shunt, Missing) else shunt,
                lung_mass_kg=None if isinstance(lung_mass, Missing) else lung_mass,
            )
            return self._with_lungs(reaching), "volumes and mean counts under the limits in force"
        reaching = [
            uniform_gbq(
                targets[PERFUSED].gy,
                one.perfused_ml,
                density_kg_per_ml=self._density,
                constant=gy_per_gbq,
            )
            for one in self._territories
        ]
        return self._with_lungs(reaching), "perfused volume and target"


def _counted(
    region: Region,
    tumour_labels: Mapping[str, float],
    tumours: Mapping[str, Mask],
    whole_normal: Mask,
    image: Image3D,
) -> CountedTerritory:
    def tissue(mask: Mask) -> CountedTissue:
        volume_ml, mean = nearest_mean(image, mask)
        return CountedTissue(volume_ml=volume_ml, mean_counts=mean)

    perfused = tissue(region.perfused.mask)
    parts = [perfused, *(tissue(one) for one in region.parts[1:])]
    normal_parts = [tissue(within(whole_normal, one)) for one in region.parts]
    return CountedTerritory(
        name=region.name,
        perfused_ml=perfused.volume_ml,
        region_amount=sum(one.amount for one in parts),
        perfused_amount=perfused.amount,
        normal=tissue(region.perfused_normal),
        whole_normal_amount=sum(one.amount for one in normal_parts),
        tumours={
            label: tissue(within(tumours[label], region.perfused.mask)) for label in tumour_labels
        },
    )


def _named(one: SecondCheck) -> str:
    return f"{one.device}, {one.model.replace('_', ' ')}, territory {one.territory}"


def second_check_findings(
    checks: Sequence[SecondCheck],
) -> tuple[Finding, ...]:
    """Return a stop for each activity that its recomputation contradicts, else one note."""
    rule = read_table("second_check")["difference"]
    bound: float = rule["fraction_at_most"]
    found = []
    largest = 0.0
    n = 0
    for one in checks:
        difference = one.difference_fraction
        if isinstance(difference, Missing):
            if one.stated_bq > 0:
                text = (
                    f"{_named(one)}: {one.quantity} not reckoned a second time ({one.how}); check "
                    "it by hand"
                )
                found.append(Finding(Severity.WARN, "second_check_missing", text))
            continue
        n += 1
        largest = max(largest, abs(difference))
        if abs(difference) <= bound:
            continue
        assert not isinstance(one.recomputed_bq, Missing)  # noqa: S101 - there is a difference
        text = (
            f"second check, {_named(one)}: the {one.quantity} of "
            f"{one.stated_bq / BQ_PER_GBQ:.4g} GBq is "
            f"{one.recomputed_bq / BQ_PER_GBQ:.4g} GBq when reckoned from {one.how} "
            f"({difference:+.1%}); find out why before anything is ordered"
        )
        found.append(
            Finding(Severity.STOP, "second_check", text, difference, bound, rule["source"])
        )
    if n and not any(one.severity is Severity.STOP for one in found):
        text = (
            f"second check: {n} activities reckoned again from volumes and mean counts by a path "
            f"of its own; the largest difference is {largest:.2%}, at most {bound:.0%} is accepted"
        )
        found.append(
            Finding(Severity.NOTE, "second_check_passed", text, largest, bound, rule["source"])
        )
    return tuple(found)
