"""Pictures of evidence: the same bytes again, another picture for other numbers, and refusals."""

from dataclasses import replace

import pytest

from opensirt.app.evidence_meta import MetaAnalysis, meta_analysis
from opensirt.domain.bibliography import PrismaFlow
from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.outcomes.evidence.question import Question
from opensirt.report.evidence_plots import (
    bubble_of_proportion,
    common_notes,
    endpoint_words,
    forest_of_proportion,
)
from opensirt.report.figures.canvas import sheet, style
from opensirt.report.figures.forest import ForestRow, _mark_beyond, forest_png
from opensirt.report.figures.funnel import bubble_png
from opensirt.report.figures.prisma import prisma_png


@pytest.fixture(scope="module")
def response() -> MetaAnalysis:
    return meta_analysis(Question(endpoint="orr"))


def row(**changes: object) -> ForestRow:
    made = ForestRow(label="A 2020", count="3/10", estimate=0.3, low=0.07, high=0.65)
    return replace(made, **changes)  # type: ignore[arg-type]


def drawn(*rows: ForestRow, **words: object) -> bytes:
    return forest_png(rows, title="t", axis="a", column="c", notes=["n"], **words)  # type: ignore[arg-type]


def test_a_forest_plot_is_the_same_again_and_another_for_other_numbers() -> None:
    assert drawn(row()) == drawn(row())
    assert drawn(row()) != drawn(row(estimate=0.4))
    assert drawn(row()) != drawn(row(mark="†"))
    assert drawn(row(), row(summary=True)) != drawn(
        row(), row(summary=True, prediction=(0.01, 0.9))
    )


def test_an_end_that_was_not_reached_and_no_interval_are_drawn_apart() -> None:
    open_end = row(high=Missing.NOT_REACHED)
    none = row(low=Missing.NOT_RECORDED, high=Missing.NOT_RECORDED)
    assert len({drawn(row(), percent=False), drawn(open_end, percent=False)}) == 2
    assert drawn(none, percent=False) != drawn(open_end, percent=False)


def test_a_summary_that_runs_out_of_the_axis_points_outward() -> None:
    def pointers(**changes: object) -> list[object]:
        with style():
            axes = sheet(2.0).add_subplot()
            axes.set_xlim(10.0, 70.0)
            _mark_beyond(axes, row(estimate=41.0, **changes), 0, 1.0)
            return [one.get_marker() for one in axes.lines]

    assert pointers(summary=True, low=2.4, high=713.0) == ["<", ">"]
    assert pointers(summary=True, low=20.0, high=713.0) == [">"]
    assert pointers(summary=True, low=20.0, high=60.0) == []
    assert pointers(low=2.4, high=713.0) == []


def test_every_picture_states_definition_criterion_time_origin_and_source(
    response: MetaAnalysis,
) -> None:
    assert response.proportion is not None
    notes = " ".join(common_notes(response.selected, response.base))
    for words in (
        "Objective response (complete or partial response), by patient",
        "Criterion: RECIST, study definition",
        "Time point: 3 months",
        "Time origin: not stated, radioembolization",
        "Sources: Paprottka et al.",
        "known from memory only",
        "† rebuilt",
    ):
        assert words in notes
    assert forest_of_proportion(response.proportion, response.base)[:4] == b"\x89PNG"


def test_pictures_of_nothing_are_refused(response: MetaAnalysis) -> None:
    with pytest.raises(InputError, match="no study to draw"):
        drawn()
    assert response.proportion is not None
    with pytest.raises(InputError, match="no meta-regression was made"):
        bubble_of_proportion(response.proportion, response.base)
    from opensirt.outcomes.evidence.pooling import pool

    alone = pool(response.proportion.effects)
    with pytest.raises(InputError, match="0 moderators; a bubble plot shows one"):
        bubble_png(alone, [1.0], title="t", axis="a", across="b", notes=[])


def test_endpoints_without_words_are_shown_by_their_names() -> None:
    assert endpoint_words("hepatic_progression_free_survival") == (
        "Hepatic progression free survival"
    )


def test_a_flow_that_does_not_add_up_is_refused() -> None:
    flow = PrismaFlow(
        identified={"a.ris": 10},
        unreadable=1,
        duplicates=2,
        screened=7,
        excluded_at_title={"animals": 3},
        sought=3,
        excluded_at_full_text={"no counts": 1},
        included=2,
        undecided=1,
    )
    assert prisma_png(flow, title="t")[:4] == b"\x89PNG"
    with pytest.raises(InputError, match="10 records identified, but 1 unreadable, 2 duplicates"):
        replace(flow, screened=6)
    with pytest.raises(InputError, match="do not add up"):
        replace(flow, undecided=0)
