"""Which dose a report is about."""

from opensirt.domain.record import CaseResult, DoseResult, Plan, StructureDose
from opensirt.domain.structure import StructureKind

_ORDER = (
    StructureKind.TUMOUR,
    StructureKind.NORMAL_LIVER,
    StructureKind.PERFUSED_NORMAL_LIVER,
    StructureKind.LIVER,
    StructureKind.PERFUSED_VOLUME,
    StructureKind.GALLBLADDER,
    StructureKind.LUNG,
    StructureKind.STOMACH,
    StructureKind.DUODENUM,
    StructureKind.BOWEL,
)


def planned_dose(plan: Plan | None) -> DoseResult | None:
    """Return the predicted dose of the prescribed device and model, or None."""
    if plan is None or plan.chosen is None:
        return None
    return plan.doses.get((plan.chosen.device, plan.chosen.model))


def reported_dose(result: CaseResult) -> DoseResult | None:
    """Return the dose that results.json names: the measured one before the planned one."""
    if result.verification is not None:
        return result.verification.primary_result
    return planned_dose(result.plan)


def largest_tumour(dose: DoseResult) -> StructureDose | None:
    """Return the tumour with the largest volume, or None without tumours."""
    tumours = [one for one in dose.structures if one.kind is StructureKind.TUMOUR]
    return max(tumours, key=lambda one: one.volume_ml, default=None)


def hottest_tumour(dose: DoseResult) -> StructureDose | None:
    """Return the tumour with the highest mean dose, or None without tumours."""
    tumours = [one for one in dose.structures if one.kind is StructureKind.TUMOUR]
    return max(tumours, key=lambda one: one.mean_gy, default=None)


def of_kind(dose: DoseResult, kind: StructureKind) -> tuple[StructureDose, ...]:
    """Return the structures of a kind, in order."""
    return tuple(one for one in dose.structures if one.kind is kind)


def in_order(dose: DoseResult) -> tuple[StructureDose, ...]:
    """Return the structures as a reader looks for them: tumours, liver, organs near it, others."""
    rank = {kind: number for number, kind in enumerate(_ORDER)}
    return tuple(sorted(dose.structures, key=lambda one: rank.get(one.kind, len(rank))))
