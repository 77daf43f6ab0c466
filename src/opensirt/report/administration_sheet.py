"""The sheet of an administration: what was given, how far from the directive, radiation safety."""

from pathlib import Path

from opensirt.domain.administration import TOPICS, Administration, TerritoryDelivery
from opensirt.domain.missing import Missing
from opensirt.report.content import (
    Block,
    Cell,
    Column,
    Document,
    Facts,
    KeyFigure,
    KeyFigures,
    Paragraph,
    Section,
    Table,
    marked,
    row,
)
from opensirt.report.envelope import case_document, provenance_facts
from opensirt.report.number import as_mbq, as_percent, rounded, signed, with_unit
from opensirt.report.order_sheet import shown_instant
from opensirt.report.pages import write_pages
from opensirt.report.sections.findings import findings_section
from opensirt.report.wording import UNVERIFIED_LEGEND, device_words

NAME = "administration"
"""Of both files, without their suffixes."""

_SPREAD = (
    "Dose rates per GBq: see their sources above; between patients they differ by about two thirds "
    "of the mean."
)


def write_administration_sheet(folder: Path, made: Administration) -> tuple[Path, Path]:
    """Write administration.html and administration.pdf, each there whole or not at all."""
    return write_pages(folder, NAME, administration_sheet(made), made.provenance.made_at)


def administration_sheet(made: Administration) -> Document:
    """Return the sheet of an administration with its radiation-safety part."""
    provenance = made.provenance
    return case_document(
        "Radioembolization: administration and radiation safety",
        made.case_key,
        provenance,
        (
            Section("Key results", (KeyFigures(_title(made), _answers(made)),)),
            findings_section(made.findings),
            _given(made),
            _safety(made),
            Section(
                "Provenance",
                provenance_facts(provenance),
            ),
        ),
    )


def _title(made: Administration) -> str:
    return f"{device_words(made.device)}, {made.radionuclide}, {shown_instant(made.net_at)}"


def _answers(made: Administration) -> tuple[KeyFigure, ...]:
    """Return what was given in all, and how far each territory is from its directive."""
    figures = [KeyFigure("Given in all", with_unit(as_mbq(made.net_bq), "MBq", made.net_bq))]
    for one in made.territories:
        given = with_unit(as_mbq(one.net_bq), "MBq", one.net_bq)
        wanted = with_unit(as_mbq(one.prescribed_bq), "MBq", one.prescribed_bq)
        if isinstance(one.deviation, Missing):
            verdict = f"not judged: {one.deviation.value}"
        else:
            off = signed(100.0 * one.deviation.fraction, 1)
            verdict = f"{off} %: {one.deviation.verdict.value}"
        figures.append(
            KeyFigure(f"Territory {one.territory}", given, f"prescribed {wanted}; {verdict}")
        )
    return tuple(figures)


def _given(made: Administration) -> Section:
    vials = Table(
        f"Vials, each at its injection ({made.radionuclide})",
        (
            Column("Territory", numeric=False),
            Column("Lot", numeric=False),
            Column("Injected", numeric=False, share=2.0),
            Column("Dispensed", "MBq"),
            Column("Residual", "MBq"),
            Column("Residual", "%"),
            Column("Given", "MBq"),
            Column("±, k = 1", "MBq"),
            Column("Residual by", numeric=False, share=1.2),
        ),
        tuple(
            row(
                one.territory,
                "not recorded" if isinstance(one.lot, Missing) else one.lot,
                shown_instant(one.injected_at),
                as_mbq(one.dispensed_bq),
                as_mbq(one.residual_bq),
                as_percent(one.residual_fraction),
                as_mbq(one.net_bq),
                as_mbq(one.net_standard_uncertainty_bq),
                one.method,
            )
            for one in made.vials
        ),
    )
    judged = Table(
        "Given against the directive",
        (
            Column("Territory", numeric=False),
            Column("Prescribed", "MBq"),
            Column("Given", "MBq"),
            Column("±, k = 1", "MBq"),
            Column("Deviation", "%"),
            Column("Interval, k = 2", "%", share=1.4),
            Column("Verdict", numeric=False, share=2.4),
        ),
        tuple(_judged(one) for one in made.territories),
    )
    plan = "none" if isinstance(made.plan_record, Missing) else made.plan_record
    facts = Facts(
        "Administration",
        (
            ("Device", device_words(made.device)),
            ("Plan", plan),
            ("Given in all", with_unit(as_mbq(made.net_bq), "MBq", made.net_bq)),
            ("at", shown_instant(made.net_at)),
        ),
    )
    return Section("What was given", (facts, vials, judged))


def _judged(one: TerritoryDelivery) -> tuple[Cell, ...]:
    judged = one.deviation
    off, between, verdict = "—", "not estimated", "not judged"
    if not isinstance(judged, Missing):
        off = signed(100.0 * judged.fraction, 1)
        verdict = judged.verdict.value
        low, high = judged.low_fraction, judged.high_fraction
        if not isinstance(low, Missing) and not isinstance(high, Missing):
            between = f"{signed(100.0 * low, 1)} to {signed(100.0 * high, 1)}"
    return row(
        one.territory,
        as_mbq(one.prescribed_bq),
        as_mbq(one.net_bq),
        as_mbq(one.net_standard_uncertainty_bq),
        off,
        between,
        verdict,
    )


def _safety(made: Administration) -> Section:
    blocks: list[Block] = [
        Paragraph(
            "Values for the activity that was given. The rules of your country and your "
            "radiation-protection expert decide."
        ),
        _values(made),
        _instants(made),
        _guidance(made),
    ]
    verified = [one.verified for one in made.safety] + [one.verified for one in made.guidance]
    if not all(verified):
        blocks.append(Paragraph(UNVERIFIED_LEGEND))
    return Section("Radiation safety", tuple(blocks))


def _values(made: Administration) -> Table:
    return Table(
        "Exposure, release, excretion, waste",
        (
            Column("What", numeric=False, share=2.4),
            Column("Value"),
            Column("Unit", numeric=False, share=1.1),
            Column("Source", numeric=False, share=3.0),
        ),
        tuple(
            row(
                marked(one.words, verified=one.verified),
                as_percent(one.value) if one.unit == "1" else rounded(one.value),
                "% of the activity" if one.unit == "1" else one.unit,
                one.source,
            )
            for one in made.safety
        ),
    )


def _instants(made: Administration) -> Table:
    names = list(made.safety_instants[0].dose_rates) if made.safety_instants else []
    return Table(
        "Activity left in the patient and dose rate, by physical decay alone",
        (
            Column("Days after treatment"),
            Column("Activity", "MBq"),
            *(Column(f"Dose rate {name}", "µSv/h") for name in names),
        ),
        tuple(
            row(
                f"{one.days:g}",
                as_mbq(one.activity_bq),
                *(rounded(one.dose_rates[name]) for name in names),
            )
            for one in made.safety_instants
        ),
        () if made.device == "holmium" else (_SPREAD,),
    )


def _guidance(made: Administration) -> Table:
    return Table(
        "What to do and to know",
        (
            Column("Topic", numeric=False, share=0.8),
            Column("", numeric=False, share=4.0),
            Column("Source", numeric=False, share=2.4),
        ),
        tuple(
            row(
                one.topic.capitalize(),
                marked(one.text, verified=one.verified),
                one.source or "—",
            )
            for topic in TOPICS
            for one in made.guidance
            if one.topic == topic
        ),
    )
