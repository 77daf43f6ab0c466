"""What a physician finds in ten seconds: is there a danger, what was given, what got what."""

from collections.abc import Mapping, Sequence

from opensirt.clinical.follow_up_record import FollowUp
from opensirt.domain.case import Case
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
from opensirt.domain.selection import Selection
from opensirt.domain.structure import StructureKind
from opensirt.domain.uncertainty import DoseUncertainty
from opensirt.report.content import (
    Block,
    KeyFigure,
    KeyFigures,
    Level,
    Paragraph,
    Remarks,
    Section,
    level_of,
    marked,
)
from opensirt.report.number import (
    as_gbq,
    as_gy,
    as_mbq,
    as_percent,
    rounded,
    with_uncertainty,
    with_unit,
)
from opensirt.report.sections.chosen import largest_tumour, of_kind
from opensirt.report.sections.findings import remark, tally_words
from opensirt.report.sections.follow_up_key import follow_up_figures
from opensirt.report.sections.selection import eligibility_counts
from opensirt.report.sections.uncertainty import no_relative_uncertainty, with_interval
from opensirt.report.wording import device_words, engine_words, kind_words, model_words

_LIVER_KINDS = (
    StructureKind.PERFUSED_NORMAL_LIVER,
    StructureKind.NORMAL_LIVER,
    StructureKind.LIVER,
)


_ASSUMED_ACTIVITY = "administered_activity_mbq"


def key_results_section(
    case: Case, result: CaseResult, *, follow_up: FollowUp | None = None
) -> Section:
    """Return what matters most: stops, what was delivered, what is planned, what came of it."""
    stops = [one for one in result.findings if level_of(one) is Level.STOP]
    none = "" if stops or not result.findings else "No stop. "
    blocks: list[Block] = [Paragraph(f"{none}{tally_words(result.findings)}")]
    if stops:
        blocks.append(Remarks(tuple(remark(one) for one in stops)))
    n_before = len(blocks)
    if result.verification is not None:
        blocks += _delivered(case, result.verification)
    if result.plan is not None:
        blocks += _planned(result.plan)
    if result.workup is not None:
        blocks.append(_worked_up(result.workup))
    if len(blocks) == n_before:
        blocks.append(Paragraph("No dose: the case has no image to work on."))
    if result.selection is not None:
        blocks.append(_selected(result.selection))
    if follow_up is not None:
        blocks.append(follow_up_figures(follow_up))
    return Section("Key results", tuple(blocks))


def _delivered(case: Case, verification: Verification) -> list[Block]:
    dose = verification.primary_result
    known = {one.label: one for one in verification.uncertainties}
    items = [KeyFigure("Activity", _activity(verification), _ratio(case, verification))]
    items += _tumours(dose, known)
    for kind in _LIVER_KINDS:
        found = of_kind(dose, kind)
        if found:
            items.append(_range(f"{kind_words(kind).capitalize()}, mean dose", found, known))
    lungs = of_kind(dose, StructureKind.LUNG)
    items.append(
        _range("Lungs, mean dose", lungs, known)
        if lungs
        else KeyFigure("Lungs, mean dose", "not known", "no lungs are drawn on the image")
    )
    title = f"After treatment: {dose.radionuclide}, {engine_words(dose.engine)}, {dose.calibration}"
    return [KeyFigures(title, tuple(items)), *_how_sure(dose, known)]


def _how_sure(dose: DoseResult, known: Mapping[str, DoseUncertainty]) -> list[Block]:
    """Return what ± means, and what it does not hold."""
    if all(isinstance(one.mean_gy_expanded_uncertainty, Missing) for one in dose.structures):
        return [Paragraph("The uncertainty of these doses is not estimated.")]
    lacking = dict.fromkeys(name for one in known.values() for name in one.not_included)
    bound = (
        f" At least that wide: not included for every structure are {', '.join(lacking)}."
        if lacking
        else ""
    )
    sure = all(one.verified for one in known.values())
    text = marked("±: expanded uncertainty, k = 2, about 95 %.", verified=sure)
    return [Paragraph(f"{text}{bound}")]


def _activity(verification: Verification) -> str:
    given = verification.administered_activity_bq
    imaged = verification.imaged_activity_bq
    if isinstance(imaged, Missing):
        return with_unit(as_mbq(given), "MBq", given)
    if isinstance(given, Missing):
        return f"{as_mbq(imaged)} MBq imaged"
    return f"{as_mbq(imaged)} of {as_mbq(given)} MBq"


def _ratio(case: Case, verification: Verification) -> str:
    given = verification.administered_activity_bq
    imaged = verification.imaged_activity_bq
    facts = case.administration
    assumed = (
        "; the administered activity is assumed, not recorded"
        if facts is not None and _ASSUMED_ACTIVITY in facts.assumed
        else ""
    )
    if isinstance(imaged, Missing):
        return f"administered; the image is in counts{assumed}"
    if isinstance(given, Missing):
        return f"administered activity: {given.value}"
    return f"imaged of administered, ratio {rounded(imaged / given)}{assumed}"


def _tumours(dose: DoseResult, known: Mapping[str, DoseUncertainty]) -> list[KeyFigure]:
    items = []
    largest = largest_tumour(dose)
    if largest is not None:
        d70 = f"; D70 {as_gy(largest.d70_gy)} Gy"
        items.append(_mean("Largest tumour, mean dose", largest, known, d70))
    tumours = of_kind(dose, StructureKind.TUMOUR)
    if len(tumours) > 1:
        items.append(_range(f"All {len(tumours)} tumours, mean doses", tumours, known))
    return items


def _mean(
    name: str, one: StructureDose, known: Mapping[str, DoseUncertainty], more: str = ""
) -> KeyFigure:
    """Return a mean dose with its uncertainty, and what it is after correction."""
    expanded = one.mean_gy_expanded_uncertainty
    value = as_gy(one.mean_gy)
    if not isinstance(expanded, Missing) and not no_relative_uncertainty(one.mean_gy, expanded):
        value = with_uncertainty(one.mean_gy, expanded)
    found = known.get(one.label)
    sampled = None if found is None else found.sampled
    corrected = (
        f"; corrected for resolution {with_interval(sampled.mean)} Gy"
        if sampled is not None and not isinstance(sampled, Missing) and sampled.corrected
        else ""
    )
    return KeyFigure(
        name, f"{value} Gy", f"{one.label}, {rounded(one.volume_ml)} mL{more}{corrected}"
    )


def _range(
    name: str, found: Sequence[StructureDose], known: Mapping[str, DoseUncertainty]
) -> KeyFigure:
    """Return the mean dose of one structure, or the lowest and highest of several."""
    low = min(found, key=lambda one: one.mean_gy)
    high = max(found, key=lambda one: one.mean_gy)
    if len(found) == 1:
        return _mean(name, low, known)
    return KeyFigure(
        name,
        f"{as_gy(low.mean_gy)}–{as_gy(high.mean_gy)} Gy",
        f"lowest {low.label}, highest {high.label}",
    )


def _planned(plan: Plan) -> list[Block]:
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


def _selected(selection: Selection) -> KeyFigures:
    """Return how many rules of eligibility failed, are unknown, passed."""
    failed, unknown, passed = eligibility_counts(selection.eligibility)
    return KeyFigures(
        f"Eligibility, as of {selection.on.isoformat()}",
        (
            KeyFigure("Rules that failed", str(failed)),
            KeyFigure("Unknown", str(unknown), "unknown is never pass"),
            KeyFigure("Passed", str(passed)),
        ),
    )
