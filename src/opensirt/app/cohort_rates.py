"""Response, toxicity, comparison and quality of life of a cohort, as documents and files."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from opensirt.app.cohort_outcomes import analysis_pages

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from opensirt.outcomes.response_analysis import ResponseAnalysis
    from opensirt.outcomes.score_analysis import ScoreAnalysis
    from opensirt.outcomes.toxicity_analysis import ToxicityAnalysis
    from opensirt.outcomes.treatment_comparison import TreatmentComparison
    from opensirt.report.content import Document


def response_pages(
    found: "ResponseAnalysis", *, made_at: datetime, plot: Path | None, out: Path | None
) -> "Document":
    """Return the document of response rates, and write figure and page where they are wanted."""
    from opensirt.report.response_rates_document import response_rates_document

    def figure() -> "Figure":
        from opensirt.report.figures.response_rates import response_rates_figure

        return response_rates_figure(found)

    return analysis_pages(
        response_rates_document, found, figure, made_at=made_at, plot=plot, out=out
    )


def toxicity_pages(
    found: "ToxicityAnalysis", *, made_at: datetime, plot: Path | None, out: Path | None
) -> "Document":
    """Return the document of a toxicity, and write figure and page where they are wanted."""
    from opensirt.report.toxicity_document import toxicity_document

    def figure() -> "Figure":
        from opensirt.report.figures.toxicity import toxicity_figure

        return toxicity_figure(found)

    return analysis_pages(toxicity_document, found, figure, made_at=made_at, plot=plot, out=out)


def comparison_pages(
    found: "TreatmentComparison", *, made_at: datetime, plot: Path | None, out: Path | None
) -> "Document":
    """Return the document of a comparison, and write figure and page where they are wanted."""
    from opensirt.report.comparison_document import comparison_document

    def figure() -> "Figure":
        from opensirt.report.figures.comparison import comparison_figure

        return comparison_figure(found)

    return analysis_pages(comparison_document, found, figure, made_at=made_at, plot=plot, out=out)


def score_pages(
    found: "ScoreAnalysis", *, made_at: datetime, plot: Path | None, out: Path | None
) -> "Document":
    """Return the document of a course of scores, and write figure and page where wanted."""
    from opensirt.report.score_document import score_document

    def figure() -> "Figure":
        from opensirt.report.figures.score_course import score_figure

        return score_figure(found)

    return analysis_pages(score_document, found, figure, made_at=made_at, plot=plot, out=out)
