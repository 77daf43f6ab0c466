"""Scored questionnaires of a store: the table by patient and visit, and its summary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from opensirt.app.cohort_outcomes import document_pages
from opensirt.app.cohort_table import cohort_select, courses
from opensirt.errors import InputError

if TYPE_CHECKING:
    from opensirt.clinical.quality_of_life import Questionnaire
    from opensirt.domain.analysis_table import AnalysisTable
    from opensirt.outcomes.quality_summary import QualitySummary
    from opensirt.report.content import Document
    from opensirt.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRequest:
    """What is asked of the forms of a store."""

    questionnaire: str = ""
    """Empty where the store holds one only."""
    difference: str = "ten_points"
    visits: tuple[str, ...] = ()
    """Such as ``6 weeks=28:42:60``; the planned visits that ship where empty."""
    where: str | None = None
    site_path: Path | None = None
    """Profile with questionnaires of the site's own; the user's where None."""


def quality_of_store(store: "Store", request: QualityRequest) -> "AnalysisTable":
    """Return the scores of a questionnaire by patient and planned visit.

    Raises
    ------
    InputError
        When the store holds no form, or forms of several questionnaires and none is named.
    UnknownNameError
        When nobody knows how to score the questionnaire.
    """
    from opensirt import __version__
    from opensirt.clinical.quality_of_life import important_difference
    from opensirt.cohort.planned_visit import parsed_visits, planned_visits
    from opensirt.cohort.quality_table import QualityQuestion, quality_table, questionnaires_of

    population = f"all cases of store {store.store_id[:8]}"
    keys: Sequence[str] | None = None
    if request.where is not None:
        chosen = cohort_select(store, where=request.where).table
        keys, population = chosen[chosen.patient_column].values.tolist(), chosen.population
    held = [one for one in courses(store) if keys is None or one.key in keys]
    name = request.questionnaire or _only(questionnaires_of(held))
    question = QualityQuestion(
        name=name,
        form=_form(name, request.site_path),
        difference=important_difference(request.difference),
        visits=parsed_visits(request.visits) if request.visits else planned_visits(),
    )
    provenance = {"store": store.store_id, "software": f"opensirt {__version__}"}
    return quality_table(held, question, population=population, provenance=provenance)


def _only(counts: Mapping[str, int]) -> str:
    names = sorted(counts)
    if len(names) == 1:
        return names[0]
    if not names:
        raise InputError("no case of the store holds a filled-in questionnaire")
    raise InputError(f"the store holds forms of {', '.join(names)}; name one (--questionnaire)")


def _form(name: str, site_path: Path | None) -> "Questionnaire":
    from opensirt.app.site import site_in_force
    from opensirt.clinical.quality_of_life import questionnaire, questionnaire_of

    own = site_in_force(given=site_path).profile.clinical.questionnaires
    return questionnaire_of(name, own[name]) if name in own else questionnaire(name)


def quality_pages(found: "QualitySummary", *, made_at: datetime, out: Path | None) -> "Document":
    """Return the summary by visit as a document, and write the page where it is wanted."""
    from opensirt.report.quality_document import quality_document

    return document_pages(quality_document, found, made_at=made_at, out=out)
