"""Planned against delivered: structure by structure in both activity scales, voxel by voxel."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.delivery import ComparedPlan, Delivery, StructureDelivery, VoxelAgreement
from opensirt.domain.device import UNKNOWN_DEVICE
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import DoseMap
from opensirt.domain.missing import Missing
from opensirt.domain.record import DoseResult, Number
from opensirt.domain.structure import StructureKind
from opensirt.imaging.resample import averaged_on
from opensirt.reference.constant import constant
from opensirt.reference.table import read_table
from opensirt.workflow.delivered_dose import AS_IMAGED, SELF_CALIBRATED
from opensirt.workflow.plan_compared import PlannedDoses, total_part
from opensirt.workflow.structure_dose import LIVER_KINDS, WeightedStructure

RULES = "verification_rules"


def delivery_of(
    plan: ComparedPlan | None,
    doses: PlannedDoses,
    results: Sequence[DoseResult],
    weights: Sequence[WeightedStructure],
    *,
    device: str,
    given_bq: Number,
) -> tuple[Delivery, tuple[Finding, ...]]:
    """Compare a plan with what was measured; without a plan only the scales are said.

    The plan is in the scale of the vendor's activities. So is the measured dose scaled to the
    activity given; the dose as imaged is in that of the scanner, where a perfect delivery of a
    device does not show 1 (reference/activity_scales). The engine is that of the plan where the
    measured dose has it.

    Parameters
    ----------
    plan
        Activities and mean doses of the prescribed device and model; None where there is none.
    doses
        Maps of the plan, of `planned_doses`.
    results
        Of the verification, every engine and calibration.
    weights
        Of the structures on the grid of the results.
    device
        That was given; ``unknown`` has no known scale.
    given_bq
        Administered activity.
    """
    findings = list(_other_than_planned(plan, results[0].radionuclide, device))
    if plan is not None and plan.radionuclide != results[0].radionuclide:
        plan = None
    engine = results[0].engine
    plan_gy: Mapping[str, float] = {}
    part: Number = Missing.NOT_DONE
    if plan is not None:
        if any(one.engine == plan.engine for one in results):
            engine = plan.engine
        findings += _engines_named(plan.engine, engine)
        plan_gy = plan.means_gy
        part = total_part(given_bq, plan.total_bq)
    of_engine = {one.calibration: one for one in results if one.engine == engine}
    imaged, scaled = of_engine.get(AS_IMAGED), of_engine.get(SELF_CALIBRATED)
    structures = tuple(
        StructureDelivery(
            label=one.label,
            kind=one.kind,
            planned_gy=plan_gy.get(one.label, Missing.NOT_DONE),
            planned_as_given_gy=_as_given(plan_gy, one.label, doses, part),
            delivered_gy=_mean(scaled, one.label),
            imaged_gy=_mean(imaged, one.label),
        )
        for one in results[0].structures
    )
    scales = read_table("activity_scales")
    scale = scales["pet_over_declared"].get(device)
    missing = Missing.UNKNOWN_DEVICE if device == UNKNOWN_DEVICE else Missing.NO_VERIFIED_VALUE
    delivery = Delivery(
        engine=engine,
        device=device,
        structures=structures,
        plan=plan,
        given_over_planned=part,
        territories_given_over_planned={} if plan is None else doses.parts,
        perfect_ratio=missing if scale is None else float(scale["value"]),
        perfect_ratio_standard_uncertainty=(
            missing if scale is None else float(scale["standard_uncertainty"])
        ),
        perfect_ratio_source="" if scale is None else str(scales["source"]),
    )
    expected = None if plan is None else _expected(doses, part)
    if expected is not None and scaled is not None:
        delivery, found = _with_voxels(delivery, *expected, scaled.dose, weights)
        findings += found
    return delivery, tuple(findings)


def _other_than_planned(
    plan: ComparedPlan | None, nuclide: str, device: str
) -> tuple[Finding, ...]:
    """Say when another nuclide or another device was given than planned."""
    if plan is None:
        return ()
    if plan.radionuclide != nuclide:
        text = (
            f"{plan.radionuclide} was planned, {nuclide} was imaged: planned and measured dose are "
            "not compared"
        )
        return (Finding(Severity.WARN, "other_nuclide_than_planned", text),)
    if device not in (plan.device, UNKNOWN_DEVICE):
        text = (
            f"{plan.device} was planned, {device} was given: planned doses are those of "
            f"{plan.device}"
        )
        return (Finding(Severity.WARN, "other_device_than_planned", text),)
    return ()


def _as_given(
    plan_gy: Mapping[str, float], label: str, doses: PlannedDoses, part: Number
) -> Number:
    """Return the planned dose for what was given, territory by territory where that is known."""
    if label not in plan_gy:
        return Missing.NOT_DONE
    if not doses.parts or isinstance(part, Missing):
        return part if isinstance(part, Missing) else plan_gy[label] * part
    if doses.as_given is None:
        return Missing.NOT_EVALUABLE
    return doses.as_given.structure(label).mean_gy


def _expected(doses: PlannedDoses, part: Number) -> tuple[DoseMap, float] | None:
    """Return the map of the plan and its factor to the activity given."""
    if doses.as_given is not None:
        return doses.as_given.dose, 1.0
    if doses.planned is None or doses.parts or isinstance(part, Missing):
        return None
    return doses.planned.dose, part


def _mean(result: DoseResult | None, label: str) -> Number:
    if result is None:
        return Missing.NOT_EVALUABLE
    return result.structure(label).mean_gy


def _engines_named(planned: str, used: str) -> tuple[Finding, ...]:
    if planned == used:
        return ()
    text = (
        f"the plan was computed by the engine {planned}, the delivery by {used}: a part of their "
        "difference is that of the engines"
    )
    return (Finding(Severity.NOTE, "engines_differ", text),)


def _with_voxels(
    delivery: Delivery,
    planned: DoseMap,
    part: float,
    delivered: DoseMap,
    weights: Sequence[WeightedStructure],
) -> tuple[Delivery, tuple[Finding, ...]]:
    if planned.grid.frame_of_reference_uid != delivered.grid.frame_of_reference_uid:
        text = (
            "scout and image after treatment lie in different frames of reference: planned and "
            "delivered dose are compared by structure, not by voxel"
        )
        return delivery, (Finding(Severity.NOTE, "voxels_not_compared", text),)
    on_image = averaged_on(planned, delivered.grid)
    expected = on_image.values.astype(np.float64) * part
    tolerance = constant(RULES, "voxel", "within_fraction").value
    rows = []
    for one in weights:
        if one.structure.kind not in LIVER_KINDS | {StructureKind.TUMOUR}:
            continue
        listed = delivery.structure(one.structure.label)
        if listed is None or isinstance(listed.planned_gy, Missing):
            continue
        plan_gy = expected.reshape(-1)[one.weights.flat_index]
        rows.append(
            _agreement(
                one.structure.label,
                plan_gy,
                one.weights.values_of(delivered),
                one.weights.fraction,
                tolerance,
            )
        )
    difference = replace(
        delivered, values=(delivered.values - expected.astype(np.float32)).astype(np.float32)
    )
    return replace(delivery, voxels=tuple(rows), difference=difference), ()


def _agreement(
    label: str,
    planned: NDArray[np.float64],
    delivered: NDArray[np.float64],
    fraction: NDArray[np.float64],
    tolerance: float,
) -> VoxelAgreement:
    """Return how far two sets of voxel doses agree, weighted by volume.

    References
    ----------
    .. [1] L. I. Lin, Biometrics 45 (1989), 255: concordance 2 cov / (var + var + (mean - mean)²).
    """
    weight = fraction / fraction.sum()
    off = delivered - planned
    means = float(planned @ weight), float(delivered @ weight)
    variances = (
        float((planned - means[0]) ** 2 @ weight),
        float((delivered - means[1]) ** 2 @ weight),
    )
    covariance = float(((planned - means[0]) * (delivered - means[1])) @ weight)
    below = sum(variances) + (means[0] - means[1]) ** 2
    return VoxelAgreement(
        label=label,
        mean_difference_gy=float(off @ weight),
        root_mean_square_gy=float(np.sqrt(off**2 @ weight)),
        concordance=2 * covariance / below if below > 0 else Missing.NOT_EVALUABLE,
        within_fraction=float((np.abs(off) <= tolerance * np.abs(planned)) @ weight),
    )


def scale_named(delivery: Delivery, imaged_ratio: Number) -> tuple[Finding, ...]:
    """Say what a perfect delivery of the device shows on PET, and what this image shows of it."""
    perfect, spread = delivery.perfect_ratio, delivery.perfect_ratio_standard_uncertainty
    if isinstance(imaged_ratio, Missing):
        return ()
    if isinstance(perfect, Missing) or isinstance(spread, Missing):
        text = (
            f"what the image of a perfect delivery of {delivery.device} shows is not known "
            f"({perfect.value if isinstance(perfect, Missing) else ''}): the doses as imaged are "
            "not comparable with planned ones beyond the ratio of imaged to given activity"
        )
        return (Finding(Severity.NOTE, "activity_scale_unknown", text, imaged_ratio),)
    text = (
        f"a perfect delivery of {delivery.device} shows {perfect:.2f} ± {spread:.2f} of its "
        f"declared activity on PET; this image shows {imaged_ratio:.3g}, "
        f"{imaged_ratio / perfect:.2f} of that. Doses as imaged are in that scale, "
        "planned ones in that of the vendor"
    )
    return (
        Finding(
            Severity.NOTE,
            "activity_scale",
            text,
            imaged_ratio,
            perfect,
            delivery.perfect_ratio_source,
        ),
    )


def underdosed(
    delivery: Delivery, *, target_gy: float | None, target_source: str
) -> tuple[Finding, ...]:
    """Name the tumours that got too little: below the target, else far below their plan.

    Judged in the scale of the vendor, in which plans and their targets are; a tumour that only
    falls short as imaged is named as such.
    """
    rule = constant(RULES, "underdosed", "part_of_plan")
    found = []
    for one in delivery.structures:
        if one.kind is not StructureKind.TUMOUR:
            continue
        goal = goal_gy(one, target_gy)
        if goal is None:
            continue
        low = [
            f"{gy:.1f} Gy {words}"
            for gy, words in (
                (one.delivered_gy, "in the scale of the vendor"),
                (one.imaged_gy, "as imaged"),
            )
            if not isinstance(gy, Missing) and gy < goal * (1 - 1e-9)
        ]
        if not low:
            continue
        wanted = (
            f"{rule.value:.0%} of its planned dose ({goal:.1f} Gy)"
            if target_gy is None
            else f"the target of {target_gy:g} Gy"
        )
        text = f"underdosed: {one.label} got {' and '.join(low)}, less than {wanted}"
        measured = one.imaged_gy if isinstance(one.delivered_gy, Missing) else one.delivered_gy
        assert not isinstance(measured, Missing)  # noqa: S101 - one of both is below the goal
        source = rule.source if target_gy is None else target_source
        found.append(Finding(Severity.WARN, "underdosed_tumour", text, measured, goal, source))
    return tuple(found)


def goal_gy(one: StructureDelivery, target_gy: float | None) -> float | None:
    """Return the dose below which a tumour is underdosed; None without target and plan."""
    if target_gy is not None:
        return target_gy
    if isinstance(one.planned_gy, Missing):
        return None
    return one.planned_gy * constant(RULES, "underdosed", "part_of_plan").value
