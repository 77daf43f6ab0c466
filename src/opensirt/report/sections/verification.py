"""How far the measured dose can be trusted: calibrations, shifts, energy, recovery, the plan."""

from collections.abc import Sequence
from typing import TypeVar

from opensirt.domain.delivery import Delivery, PlanStanding, StructureDelivery, VoxelAgreement
from opensirt.domain.missing import Missing
from opensirt.domain.record import (
    DoseResult,
    Number,
    RecoveredDose,
    Verification,
)
from opensirt.domain.uncertainty import DoseUncertainty
from opensirt.reference.constant import constant
from opensirt.reference.table import read_table
from opensirt.report.content import Block, Cell, Column, Facts, Section, Table, row
from opensirt.report.number import as_gy, as_mbq, as_percent, rounded, with_unit
from opensirt.report.sections.chosen import in_order
from opensirt.report.sections.effects import effects_table
from opensirt.report.sections.uncertainty import interval_table, uncertainty_table
from opensirt.report.wording import engine_words

Labelled = TypeVar("Labelled", StructureDelivery, VoxelAgreement, RecoveredDose, DoseUncertainty)

_CALIBRATIONS = (
    "As imaged: Bq/mL of the image are taken as they are. Self-calibrated: the image is scaled so "
    "that the normalising volume holds the administered activity. Bold: the dose that is exported "
    "and that pictures and tables show."
)

_VOXEL_NOTE = (
    "Delivered minus planned in the scale of the vendor, on the voxels of the image. Lin's "
    "concordance is 1 for equal maps and 0 for unrelated ones; noise and the resolution of both "
    "images lower it. The map of the difference, dose_difference.nii.gz, lies beside the dose."
)

_TOP_UP_NOTE = (
    "Spheres are taken to go where they went. Doses of both sessions are added in full, in the "
    "scale of the vendor; limits are those in force for the device."
)

_ROUND_OFF_DIGITS = 9
"""A balance is not printed beyond this decimal: what follows is the round-off of sums."""


def verification_section(verification: Verification) -> Section:
    """Return what a physicist checks: calibrations, shifts, energy, recovery, components."""
    blocks: list[Block] = [
        Facts("Activity on the image", _activity(verification)),
        _calibrations(verification),
    ]
    shifts = _shifts(verification.primary_result)
    if shifts is not None:
        blocks.append(shifts)
    blocks.append(energy_table(verification.results))
    if verification.recovered:
        blocks.append(_recovered(verification))
    if verification.uncertainties:
        listed = _as_listed(verification, verification.uncertainties)
        blocks.append(uncertainty_table(listed))
    return Section("Checks of the measured dose", tuple(blocks), wide=True)


def measured_blocks(verification: Verification) -> tuple[Block, ...]:
    """Return how sure the measured doses are, and what they may do."""
    listed = _as_listed(verification, verification.uncertainties)
    intervals = interval_table(listed)
    blocks: list[Block] = [] if intervals is None else [intervals]
    if verification.effects:
        blocks.append(effects_table(verification.effects, "What the measured dose may do"))
    return tuple(blocks)


def delivery_section(verification: Verification) -> Section | None:
    """Return planned against delivered, and what could be considered; None without a plan."""
    if verification.delivery is None:
        return None
    blocks = tuple(delivery_blocks(verification, verification.delivery))
    return Section("Planned against delivered", blocks, wide=True) if blocks else None


def _activity(verification: Verification) -> tuple[tuple[str, str], ...]:
    imaged, given = verification.imaged_activity_bq, verification.administered_activity_bq
    rows = [
        ("Imaged activity at administration", with_unit(as_mbq(imaged), "MBq", imaged)),
        ("Administered activity", with_unit(as_mbq(given), "MBq", given)),
    ]
    if not isinstance(imaged, Missing) and not isinstance(given, Missing):
        rows.append(("Imaged over administered", rounded(imaged / given)))
    rows.append(("Normalising volume", verification.normalising_volume))
    return tuple(rows)


def _words(result: DoseResult) -> str:
    return f"{engine_words(result.engine)}, {result.calibration}"


def _calibrations(verification: Verification) -> Table:
    """Return the mean dose of each structure for every engine and calibration."""
    results = verification.results
    labels = list(dict.fromkeys(one.label for result in results for one in in_order(result)))
    means: list[dict[str, float]] = [
        {one.label: one.mean_gy for one in result.structures} for result in results
    ]
    return Table(
        "Mean dose of each structure by engine and calibration",
        (
            Column("Structure", numeric=False, share=1.4),
            *(Column(_words(one).capitalize(), "Gy", share=1.2) for one in results),
        ),
        tuple(
            row(
                label,
                *(
                    Cell(
                        as_gy(one.get(label, Missing.NOT_ESTIMATED)),
                        strong=number == verification.primary,
                    )
                    for number, one in enumerate(means)
                ),
            )
            for label in labels
        ),
        (_CALIBRATIONS,),
    )


def _shifts(dose: DoseResult) -> Table | None:
    """Return the range of each mean when the contours are moved."""
    rows = []
    for one in in_order(dose):
        if isinstance(one.mean_gy_under_shift, Missing):
            continue
        low, high = one.mean_gy_under_shift
        spread: Number = (high - low) / one.mean_gy if one.mean_gy > 0 else Missing.NOT_EVALUABLE
        rows.append(row(one.label, as_gy(one.mean_gy), as_gy(low), as_gy(high), as_percent(spread)))
    if not rows:
        return None
    shift_mm = float(read_table("geometry_rules")["contour_shift"]["shift_mm"])
    return Table(
        f"Mean dose when the contours move by ±{shift_mm:g} mm along each axis",
        (
            Column("Structure", numeric=False, share=1.4),
            Column("Mean", "Gy"),
            Column("Lowest mean", "Gy"),
            Column("Highest mean", "Gy"),
            Column("Range over mean", "%"),
        ),
        tuple(rows),
    )


def energy_table(results: tuple[DoseResult, ...]) -> Table:
    """Return where the emitted energy went, for each dose map."""
    return Table(
        "Energy balance: scored = released × (1 − f − g)",
        (
            Column("Dose map", numeric=False, share=2.2),
            Column("Data set", numeric=False),
            Column("Energy per decay", "MeV"),
            Column("Released", "J"),
            Column("Scored", "J"),
            Column("f, outside the kernel", "%", share=1.1),
            Column("g, outside the grid", "%", share=1.1),
            Column("Left over", "%"),
        ),
        tuple(
            row(
                _words(one).capitalize(),
                one.data_set,
                rounded(one.energy.mean_energy_mev_per_decay, 4),
                rounded(one.energy.released_j, 4),
                rounded(one.energy.scored_j, 4),
                as_percent(one.energy.outside_kernel_fraction),
                as_percent(one.energy.outside_grid_fraction),
                as_percent(_left_over(one), 2),
            )
            for one in results
        ),
        ("Left over: what the balance does not account for, in per cent of the released energy.",),
    )


def _left_over(result: DoseResult) -> Number:
    energy = result.energy
    if energy.released_j <= 0:
        return Missing.NOT_EVALUABLE
    expected = 1 - energy.outside_kernel_fraction - energy.outside_grid_fraction
    return round(energy.scored_j / energy.released_j - expected, _ROUND_OFF_DIGITS)


def _as_listed(verification: Verification, rows: Sequence[Labelled]) -> list[Labelled]:
    """Return rows in the order of the dose table."""
    order = [one.label for one in in_order(verification.primary_result)]
    return sorted(rows, key=lambda one: order.index(one.label))


def _recovered(verification: Verification) -> Table:
    return Table(
        "Mean dose before and after correction for the resolution of the image",
        (
            Column("Structure", numeric=False, share=1.4),
            Column("Uncorrected", "Gy"),
            Column("Corrected", "Gy"),
            Column("Recovery coefficient"),
        ),
        tuple(
            row(
                one.label,
                as_gy(one.uncorrected_gy),
                as_gy(one.corrected_gy),
                rounded(one.recovery_coefficient),
            )
            for one in _as_listed(verification, verification.recovered)
        ),
        (f"Method: {verification.recovery_method}. All other tables are uncorrected.",),
    )


def delivery_blocks(verification: Verification, delivery: Delivery) -> list[Block]:
    """Return the tables of planned against delivered, and what could be considered."""
    blocks: list[Block] = []
    if delivery.planned_structures:
        blocks.append(_comparison(verification, delivery))
    if delivery.voxels:
        blocks.append(_voxels(verification, delivery))
    if delivery.top_ups:
        blocks.append(_top_ups(delivery))
    return blocks


def _perfect(delivery: Delivery) -> str:
    ratio, spread = delivery.perfect_ratio, delivery.perfect_ratio_standard_uncertainty
    if isinstance(ratio, Missing) or isinstance(spread, Missing):
        return f"not known ({ratio.value if isinstance(ratio, Missing) else ''})"
    return f"{ratio:.2f} ± {spread:.2f} ({delivery.perfect_ratio_source})"


def _plan_words(delivery: Delivery) -> str:
    plan = delivery.plan
    if plan is None:
        return ""
    if plan.standing is PlanStanding.MADE_AGAIN:
        return "Plan: made again from the case as it is now, not read from a record. "
    return f"Plan: {plan.record} ({plan.standing.value}, sha256 {plan.sha256[:12]}…). "


def _parts_words(delivery: Delivery) -> str:
    parts = delivery.territories_given_over_planned
    said = ", ".join(f"{name} {rounded(part)}" for name, part in parts.items())
    return f" ({said})" if said else ""


def _comparison(verification: Verification, delivery: Delivery) -> Table:
    note = (
        f"{_plan_words(delivery)}Activity given over planned: "
        f"{rounded(delivery.given_over_planned)}{_parts_words(delivery)}. Engine: "
        f"{engine_words(delivery.engine)}. Scale of the vendor: the image scaled to the activity "
        "given, as plans and their limits are. As imaged: the scale of the scanner, in which a "
        f"perfect delivery of {delivery.device} shows, on PET, {_perfect(delivery)} of what was "
        "planned."
    )
    return Table(
        "Planned against delivered mean dose",
        (
            Column("Structure", numeric=False, share=1.6),
            Column("Planned", "Gy"),
            Column("Planned, for the activity given", "Gy", share=1.1),
            Column("Delivered, scale of the vendor", "Gy", share=1.1),
            Column("over planned"),
            Column("As imaged", "Gy"),
            Column("over planned"),
        ),
        tuple(
            row(
                one.label,
                as_gy(one.planned_gy),
                as_gy(one.planned_as_given_gy),
                as_gy(one.delivered_gy),
                rounded(one.delivered_over_planned),
                as_gy(one.imaged_gy),
                rounded(one.imaged_over_planned),
            )
            for one in _as_listed(verification, delivery.planned_structures)
        ),
        (note,),
    )


def _voxels(verification: Verification, delivery: Delivery) -> Table:
    part = constant("verification_rules", "voxel", "within_fraction").value
    return Table(
        "Planned (for the activity given) against delivered dose, voxel by voxel",
        (
            Column("Structure", numeric=False, share=1.6),
            Column("Mean difference", "Gy"),
            Column("Root mean square", "Gy"),
            Column("Concordance"),
            Column(f"Within {part:.0%}", "% of the volume", share=1.2),
        ),
        tuple(
            row(
                one.label,
                as_gy(one.mean_difference_gy),
                as_gy(one.root_mean_square_gy),
                rounded(one.concordance, 2),
                as_percent(one.within_fraction),
            )
            for one in _as_listed(verification, delivery.voxels)
        ),
        (_VOXEL_NOTE,),
    )


def _top_ups(delivery: Delivery) -> Table:
    return Table(
        "Activity that could be added: to be considered, not an order",
        (
            Column("Territory", numeric=False),
            Column("Tumour", numeric=False, share=1.2),
            Column("Goal", "Gy"),
            Column("Now", "Gy"),
            Column("After", "Gy"),
            Column("To administer", "MBq", share=1.3),
            Column("Perfused normal liver after", "Gy", share=1.2),
            Column("Normal liver after", "Gy"),
            Column("Lungs, added", "Gy"),
            Column("Fixed by", numeric=False, share=1.8),
        ),
        tuple(
            row(
                one.territory,
                one.tumour,
                as_gy(one.goal_gy),
                as_gy(one.delivered_gy),
                as_gy(one.after_gy),
                as_mbq(one.administered_bq),
                as_gy(one.perfused_normal_liver_after_gy),
                as_gy(one.normal_liver_after_gy),
                as_gy(one.lung_added_gy),
                one.binding,
            )
            for one in delivery.top_ups
        ),
        (_TOP_UP_NOTE,),
    )
