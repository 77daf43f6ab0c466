"""Survival and dose–response of a cohort: a table from a file or a store, analysed and told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from opensirt.errors import InputError
from opensirt.provenance import sha256_of_json
from opensirt.whole_file import whole_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from opensirt.domain.analysis_table import AnalysisTable
    from opensirt.domain.participants import FlowStep
    from opensirt.outcomes.dose_response_analysis import DoseResponseAnalysis
    from opensirt.outcomes.local_dose_model import LocalDoseModel
    from opensirt.outcomes.survival_analysis import SurvivalAnalysis
    from opensirt.outcomes.table_one import TableOne
    from opensirt.outcomes.time_dependent import StateEffect
    from opensirt.report.content import Document


class Analysis(Protocol):
    """Any analysis of this room's documents."""

    @property
    def participants(self) -> "tuple[FlowStep, ...]":
        """The flow of participants."""


PICTURES = (".png", ".svg")
PAGES = (".html", ".pdf")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSource:
    """Where a table comes from: a file, or a store with what is selected in it."""

    path: Path | None = None
    db: str | None = None
    images: Path | None = None
    where: str | None = None
    unit: str = "patient"
    engine: str | None = None


def outcome_table(source: TableSource) -> "AnalysisTable":
    """Return the table of a source, of a file or of a store.

    Raises
    ------
    InputError
        When both are given, or the condition is for a file whose rows it does not fit.
    """
    if source.path is not None and source.db is not None:
        raise InputError("give a table or --db, not both")
    if source.path is None:
        from opensirt.app.cohort_table import cohort_select
        from opensirt.store.store import open_store

        with open_store(source.db, images=source.images) as store:
            return cohort_select(
                store, where=source.where, unit=source.unit, engine=source.engine
            ).table
    from opensirt.files.analysis_table_file import read_analysis_table

    table = read_analysis_table(source.path)
    if source.where is None:
        return table
    from opensirt.cohort.query import select_rows

    return select_rows(table, source.where).table


def table_sha256(table: "AnalysisTable") -> str:
    """Return the hash of a table's dictionary and values, the same for the same content."""
    from opensirt.files.analysis_table_file import dictionary_document, table_csv

    return sha256_of_json([dictionary_document(table), table_csv(table)])


def survival_pages(
    found: "SurvivalAnalysis", *, made_at: datetime, plot: Path | None, out: Path | None
) -> "Document":
    """Return the document of an analysis, and write figure and page where they are wanted."""
    from opensirt.report.survival_document import survival_document

    def figure() -> "Figure":
        from opensirt.report.figures.survival import survival_figure

        return survival_figure(found)

    return analysis_pages(survival_document, found, figure, made_at=made_at, plot=plot, out=out)


def analysis_pages(
    document_of: Callable[..., "Document"],
    found: Analysis,
    figure_of: Callable[[], "Figure"],
    *,
    made_at: datetime,
    plot: Path | None,
    out: Path | None,
) -> "Document":
    """Return the document of any analysis; its figure is drawn only where a file wants it."""
    _check_suffix(plot, PICTURES, "a figure")
    _check_suffix(out, PAGES, "a page")
    figure = None if plot is None and out is None else figure_of()
    document = document_of(
        found, made_at=_instant(made_at), software=_software(), picture=_png(figure)
    )
    document = _with_participants(document, found.participants)
    _write(figure, document, plot, out, made_at)
    return document


def dose_response_pages(
    found: "DoseResponseAnalysis", *, made_at: datetime, plot: Path | None, out: Path | None
) -> "Document":
    """Return the document of an analysis, and write figure and page where they are wanted."""
    from opensirt.report.dose_response_document import dose_response_document

    def figure() -> "Figure":
        from opensirt.report.figures.dose_response import dose_response_figure

        return dose_response_figure(found)

    return analysis_pages(
        dose_response_document, found, figure, made_at=made_at, plot=plot, out=out
    )


def _with_participants(document: "Document", steps: "Sequence[FlowStep]") -> "Document":
    """Return a document with the flow of participants after what was analysed."""
    from opensirt.report.participants import participants_section

    first, *rest = document.sections
    return replace(document, sections=(first, participants_section(steps), *rest))


def write_participants(path: Path, steps: "Sequence[FlowStep]") -> None:
    """Write the flow of participants as ``.csv`` or ``.json``.

    Raises
    ------
    InputError
        When the suffix is another one.
    """
    from opensirt.report.participants import (
        PARTICIPANTS_SCHEMA,
        participants_csv,
        participants_data,
    )
    from opensirt.report.plain import json_text

    _check_suffix(path, (".csv", ".json"), "a flow of participants")
    text = participants_csv(steps)
    if path.suffix == ".json":
        text = json_text({"schema": PARTICIPANTS_SCHEMA, "participants": participants_data(steps)})
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8", newline="")


def document_pages(
    document_of: Callable[..., "Document"], found: object, *, made_at: datetime, out: Path | None
) -> "Document":
    """Return the document of an analysis without a figure, and write the page where wanted."""
    document = document_of(found, made_at=_instant(made_at), software=_software())
    _write(None, document, None, out, made_at)
    return document


def table_one_pages(found: "TableOne", *, made_at: datetime, out: Path | None) -> "Document":
    """Return table 1 as a document, and write the page where it is wanted."""
    from opensirt.report.table_one_document import table_one_document

    return _flow_pages(table_one_document, found, made_at=made_at, out=out)


def state_pages(found: "StateEffect", *, made_at: datetime, out: Path | None) -> "Document":
    """Return the effect of a state as a document, and write the page where it is wanted."""
    from opensirt.report.state_effect_document import state_effect_document

    return _flow_pages(state_effect_document, found, made_at=made_at, out=out)


def _flow_pages(
    document_of: Callable[..., "Document"], found: Analysis, *, made_at: datetime, out: Path | None
) -> "Document":
    def with_participants(one: Analysis, **words: str) -> "Document":
        return _with_participants(document_of(one, **words), one.participants)

    return document_pages(with_participants, found, made_at=made_at, out=out)


def keep_dose_model(
    path: Path,
    found: "DoseResponseAnalysis",
    table: "AnalysisTable",
    *,
    words: dict[str, str],
    made_by: str,
    made_at: datetime,
) -> "LocalDoseModel":
    """Write the curve of an analysis as a local dose model.

    Raises
    ------
    RuleError
        When the data leave its D50 open, or dose makes no clear difference.
    """
    from opensirt.files.local_dose_model_file import write_local_dose_model
    from opensirt.outcomes.local_dose_model import DoseModelWords, local_dose_model

    model = local_dose_model(
        found.fit,
        DoseModelWords(
            effect=found.outcome,
            criterion=found.criterion,
            unit=found.unit_of_analysis,
            population=found.population,
            source=found.dose_meaning,
            **words,
        ),
        table_sha256=table_sha256(table),
        software=_software(),
        made_at=made_at.isoformat(timespec="seconds"),
        made_by=made_by,
    )
    write_local_dose_model(path, model)
    return model


def simulate_tables(folder: Path, n: int, seed: int, *, suffix: str) -> tuple[Path, ...]:
    """Write the patients, lesions and visits of a simulated cohort as analysis tables."""
    from opensirt.files.analysis_table_file import write_analysis_table
    from opensirt.phantom.cohort import simulated_cohort
    from opensirt.phantom.cohort_tables import lesion_table, patient_table, visit_table

    cohort = simulated_cohort(n, seed=seed)
    made: list[Path] = []
    for name, table in (
        ("patients", patient_table(cohort)),
        ("lesions", lesion_table(cohort)),
        ("visits", visit_table(cohort)),
    ):
        made += write_analysis_table(folder / f"{name}.{suffix}", table)
    return tuple(made)


def _software() -> str:
    from opensirt import __version__

    return f"opensirt {__version__}"


def _instant(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="seconds")


def _png(figure: "Figure | None") -> bytes | None:
    if figure is None:
        return None
    from opensirt.report.figures.canvas import png, style

    with style():
        return png(figure)


def _write(
    figure: "Figure | None", document: "Document", plot: Path | None, out: Path | None, at: datetime
) -> None:
    _check_suffix(plot, PICTURES, "a figure")
    _check_suffix(out, PAGES, "a page")
    if plot is not None and figure is not None:
        from opensirt.report.figures.canvas import png, style, svg

        with style():
            content = png(figure) if plot.suffix == ".png" else svg(figure)
        with whole_file(plot) as part:
            part.write_bytes(content)
    if out is not None:
        with whole_file(out) as part:
            part.write_bytes(_page(document, out.suffix, at))


def _page(document: "Document", suffix: str, at: datetime) -> bytes:
    if suffix == ".pdf":
        from opensirt.report.pdf import pdf_bytes

        return pdf_bytes(document, at)
    from opensirt.report.html import html_text

    return html_text(document).encode()


def _check_suffix(path: Path | None, known: Sequence[str], kind: str) -> None:
    if path is not None and path.suffix not in known:
        raise InputError(f"{kind} is written as {' or '.join(known)}, not {path.name!r}")


def tables_of(document: "Document") -> list[Any]:
    """Return the tables and lists of a document, in their order, for a terminal."""
    from opensirt.report.content import Bullets, Facts, Table

    return [
        block
        for section in document.sections
        for block in section.blocks
        if isinstance(block, Bullets | Facts | Table)
    ]
