"""What a physician finds in ten seconds."""

from collections.abc import Sequence

from opensirt.domain.missing import Missing
from opensirt.domain.record import (
    CaseResult,
    DoseResult,
    Plan,
    PlanRow,
    StructureDose,
    Verification,
    Workup,
)
from opensirt.domain.structure import StructureKind
from opensirt.report.content import KeyFigure, KeyFigures, Paragraph, Section, marked
from opensirt.report.number import as_gbq, as_gy, as_mbq, as_percent, rounded, with_unit
from opensirt.report.sections.chosen import largest_tumour, of_kind
from opensirt.report.wording import device_words, engine_words, kind_words, model_words

_LIVER_KINDS = (
    StructureKind.PERFUSED_NORMAL_LIVER,
    StructureKind.NORMAL_LIVER,
    StructureKind.LIVER,
)


def key_results_section(result: CaseResult) -> Section:
    """Return the few numbers that matter most: what was delivered, what is planned."""
    blocks: list[KeyFigures | Paragraph] = []
    if result.verification is not None:
        blocks.append(_delivered(result.verification))
    if result.plan is not None:
        blocks += _planned(result.plan)
    if result.workup is not None:
        blocks.append(_worked_up(result.workup))
    if not blocks:
        blocks.append(Paragraph("No dose: the case has no image to work on."))
    return Section("Key results", tuple(blocks))


def _delivered(verification: Verification) -> KeyFigures:
    dose = verification.primary_result
    items = [
        KeyFigure(
            "Activity",
            _activity(verification),
            _ratio(verification),
        )
    ]
    items += _tumours(dose)
    for kind in _LIVER_KINDS:
        found = of_kind(dose, kind)
        if found:
            items.append(_range(f"{kind_words(kind).capitalize()}, mean dose", found))
    title = f"After treatment: {dose.radionuclide}, {engine_words(dose.engine)}, {dose.calibration}"
    return KeyFigures(title, tuple(items))


def _activity(verification: Verification) -> str:
    given = verification.administered_activity_bq
    imaged = verification.imaged_activity_bq
    if isinstance(imaged, Missing):
        return with_unit(as_mbq(given), "MBq", given)
    if isinstance(given, Missing):
        return f"{as_mbq(imaged)} MBq imaged"
    return f"{as_mbq(imaged)} of {as_mbq(given)} MBq"


def _ratio(verification: Verification) -> str:
    given = verification.administered_activity_bq
    imaged = verification.imaged_activity_bq
    if isinstance(imaged, Missing):
        return "administered; the image is in counts"
    if isinstance(given, Missing):
        return f"administered activity: {given.value}"
    return f"imaged of administered, ratio {rounded(imaged / given)}"


def _tumours(dose: DoseResult) -> list[KeyFigure]:
    items = []
    largest = largest_tumour(dose)
    if largest is not None:
        items.append(
            KeyFigure(
                "Largest tumour, mean dose",
                f"{as_gy(largest.mean_gy)} Gy",
                f"{largest.label}, {rounded(largest.volume_ml)} mL; D70 {as_gy(largest.d70_gy)} Gy",
            )
        )
    tumours = of_kind(dose, StructureKind.TUMOUR)
    if len(tumours) > 1:
        items.append(_range(f"All {len(tumours)} tumours, mean doses", tumours))
    return items


def _range(name: str, found: Sequence[StructureDose]) -> KeyFigure:
    """Return the mean dose of one structure, or the lowest and highest of several."""
    low = min(found, key=lambda one: one.mean_gy)
    high = max(found, key=lambda one: one.mean_gy)
    if len(found) == 1:
        return KeyFigure(
            name, f"{as_gy(low.mean_gy)} Gy", f"{low.label}, {rounded(low.volume_ml)} mL"
        )
    return KeyFigure(
        name,
        f"{as_gy(low.mean_gy)}–{as_gy(high.mean_gy)} Gy",
        f"lowest {low.label}, highest {high.label}",
    )


def _planned(plan: Plan) -> list[KeyFigures | Paragraph]:
    if plan.chosen is None:
        return [
            Paragraph(
                "No plan is chosen: the case prescribes no device and model, or there are several "
                "territories. The plan table compares the models."
            )
        ]
    row = plan.chosen
    items = [*_plan_activity(row)]
    for name, value in (
        ("Tumour, mean dose", row.tumour_gy),
        ("Perfused normal liver, mean dose", row.perfused_normal_liver_gy),
        ("Whole normal liver, mean dose", row.normal_liver_gy),
        ("Lungs, mean dose", row.lung_gy),
    ):
        items.append(KeyFigure(name, with_unit(as_gy(value), "Gy", value)))
    title = f"Plan: {device_words(row.device)}, {model_words(row.model).lower()}, {row.territory}"
    return [KeyFigures(marked(title, verified=row.verified), tuple(items))]


def _plan_activity(row: PlanRow) -> tuple[KeyFigure, ...]:
    given, reaching = row.administered_activity_bq, row.reaching_liver_bq
    fixed = f"fixed by: {row.binding}" if row.binding else ""
    if isinstance(given, Missing):
        return (
            KeyFigure(
                "Activity reaching the liver",
                with_unit(as_gbq(reaching), "GBq", reaching),
                f"administered activity: {given.value}; {fixed}".removesuffix("; "),
            ),
        )
    return (KeyFigure("Activity to administer", f"{as_gbq(given)} GBq", fixed),)


def _worked_up(workup: Workup) -> KeyFigures:
    shunt = workup.lung_shunt
    detail = "assumed, not measured; " if shunt.assumed else ""
    items = [
        KeyFigure(
            "Lung shunt fraction",
            with_unit(as_percent(shunt.fraction), "%", shunt.fraction),
            f"{detail}{shunt.method}".removesuffix("; "),
        )
    ]
    ratios = [
        (label, value)
        for territory in workup.territories
        for label, value in territory.tumour_to_normal_ratio.items()
        if not isinstance(value, Missing)
    ]
    if ratios:
        low = min(ratios, key=lambda one: one[1])
        high = max(ratios, key=lambda one: one[1])
        items.append(
            KeyFigure(
                "Tumour-to-normal ratio",
                rounded(low[1]) if low == high else f"{rounded(low[1])}–{rounded(high[1])}",
                low[0] if low == high else f"lowest {low[0]}, highest {high[0]}",
            )
        )
    burden = workup.tumour_volume_ml / workup.liver_volume_ml
    items.append(
        KeyFigure(
            "Tumour in the liver",
            f"{rounded(workup.tumour_volume_ml)} of {rounded(workup.liver_volume_ml)} mL",
            f"{as_percent(burden)} % of the liver, gallbladder left out",
        )
    )
    return KeyFigures("Before treatment", tuple(items))
