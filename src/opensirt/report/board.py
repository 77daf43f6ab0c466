"""The tumour-board page: everything that bears on the decision, on one side of paper."""

from opensirt.domain.case import Case
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import Disease
from opensirt.domain.record import CaseResult, PlanRow, Verification
from opensirt.domain.selection import Selection
from opensirt.errors import InputError
from opensirt.report.content import (
    Block,
    Bullets,
    Document,
    Facts,
    Paragraph,
    Picture,
    Section,
    marked,
)
from opensirt.report.envelope import case_document
from opensirt.report.number import as_gbq, as_gy, as_percent, rounded, with_unit
from opensirt.report.sections.chosen import in_order
from opensirt.report.sections.pictures import board_picture
from opensirt.report.sections.selection import (
    checklist_items,
    considerations_blocks,
    eligibility_blocks,
    open_questions,
    scores_table,
)
from opensirt.report.wording import device_words, model_words

_LISTED_QUESTIONS = 12
_EXAMPLE = "example_clinical_facts"


def board_document(case: Case, result: CaseResult) -> Document:
    """Return the page of one case.

    Raises
    ------
    InputError
        When the result holds no selection.
    """
    selection = result.selection
    if selection is None:
        raise InputError(
            f"case {result.case_key} has no selection; state [disease] and [[labs]] in case.toml"
        )
    picture = board_picture(case, result)
    sections = [
        Section("Patient and tumour load", _patient(result, selection, picture)),
        Section("Liver function", (scores_table(selection.scores),)),
        Section("Dose summary", (_dose(result),)),
        Section("Eligibility", eligibility_blocks(selection.eligibility, sources=False)),
        Section("Open questions", (_questions(open_questions(selection)),)),
        Section("Checklist", (_bullets(checklist_items(selection), "Nothing applies."),)),
        Section(
            "Options, in no order of preference",
            considerations_blocks(selection),
        ),
    ]
    return case_document(
        "Tumour board: radioembolization",
        result.case_key,
        result.provenance,
        sections,
        layout="board",
    )


def _bullets(items: tuple[str, ...], none: str) -> Block:
    return Bullets(items) if items else Paragraph(none)


def _questions(items: tuple[str, ...]) -> Block:
    """Return questions one below the other, or as one text where they would fill the page."""
    if len(items) > _LISTED_QUESTIONS:
        return Paragraph(" · ".join(items))
    return _bullets(items, "None.")


def _patient(
    result: CaseResult, selection: Selection, picture: Picture | None
) -> tuple[Block, ...]:
    disease = selection.disease
    blocks: list[Block] = []
    if any(one.rule == _EXAMPLE for one in selection.findings):
        blocks.append(Paragraph("EXAMPLE: the clinical facts are invented, of no person."))
    rows = [
        ("As of", selection.on.isoformat()),
        ("Tumour", _tumour(disease)),
        ("Grade", _grade(selection)),
        ("Syndrome", _yes_no(disease.functioning_syndrome, "functioning", "not functioning")),
        ("Receptors", _receptors(disease)),
        ("Outside the liver", _outside(disease)),
        ("In the liver", _load(result, selection)),
        ("Performance", f"ECOG {_text(selection.facts.get('ecog', Missing.NOT_RECORDED))}"),
        ("Lung shunt", _shunt(result, selection)),
    ]
    blocks.append(Facts("", tuple(rows)))
    if picture is not None:
        blocks.append(picture)
    return tuple(blocks)


def _text(value: object) -> str:
    if isinstance(value, Missing):
        return "not recorded" if value is Missing.NOT_RECORDED else value.value
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).replace("_", " ")


def _yes_no(value: bool | Missing, yes: str, no: str) -> str:  # noqa: FBT001 - a fact, no switch
    if isinstance(value, Missing):
        return _text(value)
    return yes if value else no


def _tumour(disease: Disease) -> str:
    kind = disease.tumour_type
    words = "type not recorded" if isinstance(kind, Missing) else kind.value
    return f"{words}; primary {_text(disease.primary_site)}"


def _grade(selection: Selection) -> str:
    ki67 = selection.disease.ki67_fraction
    grade = _text(selection.facts.get("net_grade", Missing.NOT_RECORDED))
    shown = "not recorded" if isinstance(ki67, Missing) else f"{as_percent(ki67)} %"
    return f"{grade}; Ki-67 {shown}"


def _receptors(disease: Disease) -> str:
    sstr = _yes_no(disease.sstr_positive, "positive", "negative")
    return f"SSTR {sstr}; FDG {_yes_no(disease.fdg_positive, 'positive', 'negative')}"


def _outside(disease: Disease) -> str:
    sites = f" ({', '.join(disease.extrahepatic_sites)})" if disease.extrahepatic_sites else ""
    return _text(disease.extrahepatic_disease) + sites


def _load(result: CaseResult, selection: Selection) -> str:
    where = _text(selection.disease.liver_distribution)
    if result.workup is not None:
        tumour, liver = result.workup.tumour_volume_ml, result.workup.liver_volume_ml
        return (
            f"{where}; {rounded(tumour)} of {rounded(liver)} mL, "
            f"{as_percent(tumour / liver)} % (outlined)"
        )
    burden = selection.facts.get("tumour_burden_fraction", Missing.NOT_RECORDED)
    load = f"{as_percent(burden)} % (stated)" if isinstance(burden, float) else "not recorded"
    volume_ml = selection.facts.get("liver_volume_ml", Missing.NOT_RECORDED)
    outlined = isinstance(selection.disease.tumour_burden_fraction, Missing)
    if isinstance(burden, float) and isinstance(volume_ml, float) and outlined:
        return (
            f"{where}; {rounded(burden * volume_ml)} of {rounded(volume_ml)} mL, "
            f"{as_percent(burden)} % (outlined)"
        )
    return f"{where}; tumour load {load}"


def _shunt(result: CaseResult, selection: Selection) -> str:
    if result.workup is not None:
        shunt = result.workup.lung_shunt
        text = with_unit(as_percent(shunt.fraction), "%", shunt.fraction)
        return f"{text}{' assumed, not measured' if shunt.assumed else ''}"
    value = selection.facts.get("lung_shunt_fraction", Missing.NOT_RECORDED)
    return f"{as_percent(value)} %" if isinstance(value, float) else "not recorded"


def _dose(result: CaseResult) -> Block:
    chosen = None if result.plan is None else result.plan.chosen
    if chosen is None and result.verification is not None:
        return _measured(result.verification)
    if chosen is None:
        return Paragraph("No plan is chosen yet: no dose.")
    return Facts("", _plan_rows(chosen))


def _measured(verification: Verification) -> Block:
    dose = verification.primary_result
    rows = [(one.label, f"mean {as_gy(one.mean_gy)} Gy") for one in in_order(dose)]
    return Facts(f"Measured after treatment, {dose.radionuclide}, {dose.calibration}", tuple(rows))


def _plan_rows(chosen: PlanRow) -> tuple[tuple[str, str], ...]:
    given = chosen.administered_activity_bq
    title = f"{device_words(chosen.device)}, {model_words(chosen.model).lower()}"
    doses = (
        ("Tumour", chosen.tumour_gy),
        ("Perfused normal liver", chosen.perfused_normal_liver_gy),
        ("Normal liver", chosen.normal_liver_gy),
        ("Lungs", chosen.lung_gy),
    )
    return (
        ("Plan", marked(f"{title}, {chosen.territory}", verified=chosen.verified)),
        ("Activity", f"{with_unit(as_gbq(given), 'GBq', given)}; fixed by {chosen.binding}"),
        (
            "Mean doses",
            "; ".join(f"{name.lower()} {with_unit(as_gy(one), 'Gy', one)}" for name, one in doses),
        ),
    )
