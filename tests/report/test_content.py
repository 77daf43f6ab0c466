"""The sections of a report: what stands first, what is marked, what is never left out."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import report_results as made

from opensirt.domain.case import AdministrationFacts
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.record import ChosenActivities, Plan
from opensirt.errors import InputError
from opensirt.report.content import (
    Cell,
    Column,
    Document,
    KeyFigures,
    Picture,
    Remarks,
    Section,
    Table,
    as_data,
    merged,
    row,
)
from opensirt.report.document import report_document
from opensirt.report.figures.scene import Scene
from opensirt.report.figures.slices import slices_top
from opensirt.report.sections import pictures
from opensirt.report.sections.chosen import in_order, planned_dose, reported_dose
from opensirt.report.sections.findings import findings_section
from opensirt.report.sections.key_results import key_results_section
from opensirt.report.sections.method import method_section
from opensirt.report.sections.pictures import pictures_section
from opensirt.report.sections.plan import chosen_section, plan_section
from opensirt.report.sections.verification import delivery_section, verification_section
from opensirt.report.wording import (
    RESEARCH_USE,
    UNVERIFIED_LEGEND,
    device_words,
    engine_words,
    model_words,
)


@pytest.fixture(scope="module")
def document() -> Document:
    return report_document(made.case(), made.result())


def texts(value: Any) -> Iterator[str]:
    """Return every text of a part of a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def tables(section: Section) -> list[Table]:
    return [one for one in section.blocks if isinstance(one, Table)]


def cells(table: Table) -> list[list[str]]:
    return [[cell.text for cell in one] for one in table.rows]


def test_key_results_and_findings_come_first_and_long_tables_last(document: Document) -> None:
    titles = [one.title for one in document.sections]
    assert titles == [
        "Key results",
        "Findings",
        "Plan",
        "Pictures",
        "Measured dose",
        "Planned against delivered",
        "Planned dose",
        "Estimated against true",
        "Work-up",
        "Appendix A: checks of the measured dose",
        "Appendix B: method and provenance",
    ]


def test_the_research_use_sentence_is_the_fixed_one(document: Document) -> None:
    assert document.research_use == RESEARCH_USE
    assert "research software, not a certified medical device" in RESEARCH_USE


def test_assumptions_stand_before_stops_warnings_and_notes() -> None:
    section = findings_section(tuple(reversed(made.FINDINGS)))
    remarks = next(one for one in section.blocks if isinstance(one, Remarks))
    assert [one.level for one in remarks.items] == ["Assumption", "Stop", "Warning", "Note"]


def test_every_finding_is_printed_with_rule_limit_and_source() -> None:
    remarks = next(
        one for one in findings_section(made.FINDINGS).blocks if isinstance(one, Remarks)
    )
    assert [one.text.rstrip(" ⚠") for one in remarks.items] == [
        one.text[0].upper() + one.text[1:] for one in made.FINDINGS
    ]
    stop = remarks.items[1]
    assert stop.detail == "rule lung_dose · value 34.0 · limit 30.0 · source: X"


def test_an_unverified_finding_has_its_mark_and_the_mark_is_explained() -> None:
    section = findings_section(made.FINDINGS)
    remarks = next(one for one in section.blocks if isinstance(one, Remarks))
    assert [one.text.endswith("⚠") for one in remarks.items] == [False, False, False, True]
    assert UNVERIFIED_LEGEND in list(texts(as_data_of(section)))
    sure = findings_section(made.FINDINGS[:3])
    assert UNVERIFIED_LEGEND not in list(texts(as_data_of(sure)))


def as_data_of(section: Section) -> dict[str, Any]:
    return as_data(
        Document(
            title="", case_key="", research_use="", made_at="", software="", sections=(section,)
        )
    )


def test_findings_are_counted_and_a_stop_is_said_to_be_one() -> None:
    (tally, *_) = texts(as_data_of(findings_section(made.FINDINGS))["sections"][0]["blocks"])
    assert tally.startswith("1 assumption, 1 stop, 1 warning, 1 note. A stop finding forbids")
    two = [Finding(Severity.NOTE, "a", "b"), Finding(Severity.NOTE, "c", "d")]
    (tally, *_) = texts(as_data_of(findings_section(two))["sections"][0]["blocks"])
    assert tally == "2 notes."


def test_no_finding_is_said() -> None:
    assert "No finding." in list(texts(as_data_of(findings_section(()))))


def test_key_results_name_activity_tumour_liver_and_lung() -> None:
    found = {
        item.name: item.value
        for block in key_results_section(made.case(), made.result()).blocks
        if isinstance(block, KeyFigures)
        for item in block.items
    }
    assert found["Activity"] == "1123 of 1400 MBq"
    assert found["Largest tumour, mean dose"] == "120 Gy"
    assert found["All 2 tumours, mean doses"] == "120–260 Gy"
    assert found["Activity to administer"] == "1.51 GBq"
    assert found["Lungs, mean dose"] == "3.75 Gy"
    assert found["Lung shunt fraction"] == "5.00 %"
    assert found["Tumour-to-normal ratio"] == "4.50"


def figures_of(section: Section) -> dict[str, tuple[str, str]]:
    return {
        item.name: (item.value, item.detail)
        for block in section.blocks
        if isinstance(block, KeyFigures)
        for item in block.items
    }


def test_the_first_section_tells_of_every_stop_in_full() -> None:
    first = report_document(made.case(), made.result()).sections[0]
    remarks = next(one for one in first.blocks if isinstance(one, Remarks))
    assert [one.level for one in remarks.items] == ["Stop"]
    sure = replace(made.result(), findings=())
    first = report_document(made.case(), sure).sections[0]
    assert not [one for one in first.blocks if isinstance(one, Remarks)]


def test_a_mean_dose_has_its_uncertainty_and_no_more_digits_than_that_allows() -> None:
    dose = made.dose_result()
    tumour = next(one for one in dose.structures if one.label == "Tumour 1")
    one = replace(tumour, mean_gy_expanded_uncertainty=0.3 * tumour.mean_gy)
    rest = (each for each in dose.structures if each.label != "Tumour 1")
    verification = replace(made.verification(), results=(replace(dose, structures=(one, *rest)),))
    section = key_results_section(
        made.case(), made.result(verification=replace(verification, primary=0))
    )
    value, detail = figures_of(section)["Largest tumour, mean dose"]
    assert value == "120 ± 36 Gy"
    assert detail.startswith("Tumour 1, ")
    assert any("k = 2" in words and "⚠" in words for words in texts(as_data_of(section)))


def test_doses_without_an_uncertainty_say_so() -> None:
    section = key_results_section(made.case(), made.result())
    assert any("is not estimated" in one for one in texts(as_data_of(section)))


def test_lungs_that_are_not_drawn_have_no_dose_and_not_none_of_it() -> None:
    found = figures_of(key_results_section(made.case(), made.result(plan=None)))
    assert found["Lungs, mean dose"] == ("not known", "no lungs are drawn on the image")


def test_an_assumed_administered_activity_is_called_so_beside_its_figure() -> None:
    case = made.case()
    facts = AdministrationFacts(device="resin", assumed=("administered_activity_mbq",))
    section = key_results_section(replace(case, administration=facts), made.result())
    assert "assumed, not recorded" in figures_of(section)["Activity"][1]
    facts = replace(facts, assumed=())
    section = key_results_section(replace(case, administration=facts), made.result())
    assert "assumed" not in figures_of(section)["Activity"][1]


def test_an_unknown_lung_shunt_shows_what_reaches_the_liver_and_never_zero() -> None:
    plan = made.plan()
    chosen = plan.rows[-1]
    result = made.result(
        verification=None,
        plan=replace(plan, chosen=chosen, doses={}),
        workup=made.workup(lung_shunt=Missing.NOT_RECORDED),
    )
    found = {
        item.name: (item.value, item.detail)
        for block in key_results_section(made.case(), result).blocks
        if isinstance(block, KeyFigures)
        for item in block.items
    }
    assert "Activity to administer" not in found
    value, detail = found["Activity reaching the liver"]
    assert value == "1.43 GBq"
    assert detail.startswith("administered activity: needs LSF")
    assert found["Lungs, mean dose"][0] == "needs LSF"
    assert found["Lung shunt fraction"][0] == Missing.NOT_RECORDED.value


def test_an_image_in_counts_has_no_imaged_activity() -> None:
    result = made.result(verification=made.verification(counts_only=True))
    after = next(
        one
        for one in key_results_section(made.case(), result).blocks
        if isinstance(one, KeyFigures)
    )
    assert after.items[0].value == "1400 MBq"
    assert "counts" in after.items[0].detail


def test_without_a_chosen_plan_it_is_said() -> None:
    result = made.result(verification=None, plan=made.plan(chosen=False))
    assert any(
        "No plan is chosen" in one
        for one in texts(as_data_of(key_results_section(made.case(), result)))
    )


def test_the_plan_table_has_every_row_and_marks_the_chosen_one() -> None:
    plan = made.plan()
    table = tables(plan_section(plan))[0]
    assert len(table.rows) == len(plan.rows)
    strong = [line for line in table.rows if line[0].strong]
    assert [line[1].text for line in strong] == ["Partition, two compartments (chosen)"]


def test_a_row_that_is_not_defined_says_so_once_across_the_row() -> None:
    table = tables(plan_section(made.plan()))[0]
    glass = next(line for line in table.rows if line[0].text == "Glass")
    spanning = [cell for cell in glass if cell.span > 1]
    assert [(cell.text, cell.span) for cell in spanning] == [("not defined for this device", 9)]


def test_needs_lsf_and_the_binding_fraction_stand_in_the_plan_table() -> None:
    table = tables(plan_section(made.plan()))[0]
    assert "LSF from which the lung limit binds" in [one.header for one in table.columns]
    last = [cell.text for cell in table.rows[-1]]
    assert last.count("needs LSF") == 2
    assert "28.4" in last


def test_the_column_of_the_lung_limit_is_left_out_where_it_is_not_known() -> None:
    plan = made.plan()
    rows = plan.rows[:3]
    table = tables(plan_section(replace(plan, rows=rows)))[0]
    assert "LSF from which the lung limit binds" not in [one.header for one in table.columns]


def test_an_unverified_plan_row_has_its_mark_and_the_table_its_legend() -> None:
    table = tables(plan_section(made.plan()))[0]
    marked = [line[1].text for line in table.rows if "⚠" in line[1].text]
    assert marked == ["Mono-compartment ⚠"]
    assert UNVERIFIED_LEGEND in table.notes
    assert table.notes[-1] == (
        "Glass Mono-compartment ⚠: unverified; EANM procedure guideline 2022, table 3"
    )


def test_each_territory_has_a_table_of_its_own() -> None:
    plan = made.plan()
    left = replace(plan.rows[1], territory="left", tumour_doses_gy={"Tumour 3": 99.0})
    both = replace(plan, rows=(*plan.rows, left))
    captions = [one.caption for one in tables(plan_section(both))]
    assert "Devices and models, territory right" in captions
    assert "Devices and models, territory left" in captions
    of_left = next(
        one for one in tables(plan_section(both)) if one.caption == "Mean dose of each tumour, left"
    )
    assert [one.header for one in of_left.columns] == ["Device", "Model", "Tumour 3"]


def test_repeated_notes_of_plan_rows_are_printed_once_and_numbered() -> None:
    plan = made.plan()
    rows = tuple(
        replace(one, note="alpha; beta" if n else "beta") for n, one in enumerate(plan.rows)
    )
    table = tables(plan_section(replace(plan, rows=rows)))[0]
    assert "[1] beta; [2] alpha" in table.notes
    assert [line[-1].text for line in table.rows] == ["[1]", *["[2, 1]"] * (len(rows) - 1)]


def test_extrahepatic_doses_have_a_table() -> None:
    table = tables(plan_section(made.plan()))[-1]
    assert table.caption == "Mean dose of extrahepatic deposits, right"
    assert cells(table) == [["Resin", "Voxel dose", "55.0"]]


def test_the_dose_table_holds_every_figure_of_every_structure(document: Document) -> None:
    section = next(one for one in document.sections if one.title == "Measured dose")
    table = tables(section)[0]
    headers = [one.header for one in table.columns]
    for header in (
        "Volume",
        "Mass",
        "Activity",
        "Mean",
        "D95",
        "D70",
        "D50",
        "D5",
        "BED ⚠",
        "EUBED ⚠",
    ):
        assert header in headers
    assert len(table.rows) == len(made.STRUCTURES)
    assert [line[0].text for line in table.rows][:3] == ["Tumour 1", "Tumour 2", "Normal liver"]
    gallbladder = next(line for line in table.rows if line[0].text == "Gallbladder")
    assert (gallbladder[-1].text, gallbladder[-1].span) == ("no verified value", 3)
    assert any("α/β 10 Gy and a repair half-life of 1.5 h" in note for note in table.notes)
    assert any("primary source not read (memory)" in note for note in table.notes)


def test_verified_radiobiology_has_no_mark() -> None:
    dose = made.dose_result()
    sure = replace(
        dose,
        structures=tuple(replace(one, radiobiology_verified=True) for one in dose.structures),
    )
    result = made.result(verification=replace(made.verification(), results=(sure,)), plan=None)
    section = next(
        one for one in report_document(made.case(), result).sections if one.title == "Measured dose"
    )
    assert "BED" in [one.header for one in tables(section)[0].columns]


def test_an_expanded_uncertainty_gets_a_column() -> None:
    dose = made.dose_result()
    one = replace(dose.structures[0], mean_gy_expanded_uncertainty=3.2)
    uncertain = replace(dose, structures=(one, *dose.structures[1:]))
    result = made.result(verification=replace(made.verification(), results=(uncertain,)), plan=None)
    section = next(
        one for one in report_document(made.case(), result).sections if one.title == "Measured dose"
    )
    table = tables(section)[0]
    at = [one.header for one in table.columns].index("Expanded uncertainty of the mean")
    listed = {line[0].text: line[at].text for line in table.rows}
    assert listed["Liver"] == "3.20"
    assert listed["Tumour 1"] == "not estimated"


def test_both_calibrations_and_engines_stand_side_by_side() -> None:
    table = next(
        one
        for one in tables(verification_section(made.verification()))
        if "engine and calibration" in one.caption
    )
    assert [one.header for one in table.columns[1:]] == [
        "Kernel convolution, as imaged",
        "Kernel convolution, self-calibrated",
        "Local deposition, as imaged",
        "Local deposition, self-calibrated",
    ]
    tumour = next(line for line in table.rows if line[0].text == "Tumour 1")
    assert [cell.text for cell in tumour] == ["Tumour 1", "120", "150", "120", "150"]
    assert [cell.strong for cell in tumour] == [False, True, False, False, False]


def test_activity_shift_energy_recovery_and_plan_are_checked() -> None:
    section = verification_section(made.verification())
    printed = list(texts(as_data_of(section)))
    assert "0.802" in printed
    assert any("holds 1123.0 MBq" in one for one in printed)
    captions = [one.caption for one in tables(section)]
    assert "Mean dose when the contours move by ±5 mm along each axis" in captions
    assert "Energy balance: scored = released × (1 − f − g)" in captions
    delivered = delivery_section(made.verification())
    assert delivered is not None
    assert tables(delivered)[0].caption == "Planned against delivered mean dose"
    recovered = next(one for one in tables(section) if "before and after correction" in one.caption)
    assert cells(recovered) == [
        ["Tumour 1", "120", "131", "0.916"],
        ["Tumour 2", "260", "330", "0.788"],
    ]


def test_the_energy_balance_shows_what_is_left_over() -> None:
    table = next(
        one
        for one in tables(verification_section(made.verification()))
        if one.caption.startswith("Energy balance")
    )
    assert [line[-1].text for line in table.rows] == ["0"] * 4
    assert [line[5].text for line in table.rows] == ["0.400", "0.400", "0", "0"]


def test_estimates_stand_beside_the_truth(document: Document) -> None:
    section = next(one for one in document.sections if one.title == "Estimated against true")
    first, second = cells(tables(section)[0])
    assert first == [
        "Mean dose of the liver",
        "Gy",
        "41.2",
        "40.9",
        "40.1",
        "−0.300",
        "−0.728",
        "3 %",
    ]
    assert second[3] == "not done"


def test_method_constants_sources_hashes_and_versions_stand_at_the_end() -> None:
    printed = list(texts(as_data_of(method_section(made.result()))))
    for wanted in (
        "49.67 Gy kg/GBq",
        "EANM procedure guideline 2022, table 3",
        "ab" * 32,
        "published (sha256 12ab)",
        "2.4.6",
        "half_life_s",
    ):
        assert wanted in printed


def test_every_engine_and_model_used_is_described() -> None:
    printed = " ".join(texts(as_data_of(method_section(made.result()))))
    for word in ("Kernel convolution:", "Local deposition:", "Partition model:", "Voxel model:"):
        assert word in printed


def test_the_measured_dose_comes_before_the_planned_one() -> None:
    result = made.result()
    assert result.verification is not None
    assert reported_dose(result) is result.verification.primary_result
    assert reported_dose(replace(result, verification=None)) is planned_dose(result.plan)
    assert reported_dose(made.result(verification=None, plan=made.plan(chosen=False))) is None
    assert reported_dose(made.result(verification=None, plan=None)) is None


def test_tumours_and_normal_liver_are_listed_first() -> None:
    kinds = [one.kind.value for one in in_order(made.dose_result())]
    assert kinds == ["tumour", "tumour", "normal_liver", "liver", "perfused_volume", "gallbladder"]


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({}, "Radioembolization: plan and measured dose"),
        ({"plan": None}, "Radioembolization: measured dose"),
        ({"verification": None}, "Radioembolization: plan"),
        ({"verification": None, "plan": None}, "Radioembolization: work-up"),
    ],
)
def test_the_title_says_which_steps_were_done(changes: dict[str, Any], title: str) -> None:
    assert report_document(made.case(), made.result(**changes)).title == title


def test_a_result_without_any_step_is_still_a_report() -> None:
    empty = made.result(workup=None, plan=None, verification=None, truth=())
    titles = [one.title for one in report_document(made.case(), empty).sections]
    assert titles == ["Key results", "Findings", "Appendix A: method and provenance"]


def test_pictures_show_both_tumours_of_both_doses_and_both_projections(document: Document) -> None:
    assert list(document.pictures()) == [
        "measured_slices_1",
        "measured_dvh",
        "measured_bands",
        "planned_measured",
        "measured_projection",
        "measured_slices_2",
        "planned_slices_1",
        "planned_dvh",
        "scout_projection",
        "planned_slices_2",
    ]


def test_a_work_up_alone_shows_the_scout() -> None:
    result = made.result(verification=None, plan=None, truth=())
    assert list(report_document(made.case(), result).pictures()) == [
        "scout_slices_1",
        "scout_projection",
    ]


def test_without_a_tumour_slices_go_through_the_middle() -> None:
    liver = (made.LIVER, made.NORMAL)
    dose = made.dose_result(structures=liver)
    result = made.result(
        plan=None,
        workup=None,
        truth=(),
        drawn=liver,
        verification=replace(
            made.verification(), results=(dose,), delivery=None, recovered=(), uncertainties=()
        ),
    )
    pictures = [
        one
        for section in report_document(made.case(structures=liver), result).sections
        for one in section.blocks
        if isinstance(one, Picture)
    ]
    assert [one.name for one in pictures] == [
        "measured_slices_1",
        "measured_dvh",
        "measured_projection",
    ]
    assert "no tumour is drawn" in pictures[0].caption


def test_every_picture_says_in_words_what_it_shows(document: Document) -> None:
    for section in document.sections:
        for one in section.blocks:
            if isinstance(one, Picture):
                assert len(one.alternative) > 40
                assert one.caption.endswith(".")


def test_a_row_that_does_not_fill_the_columns_is_refused() -> None:
    with pytest.raises(InputError, match="has 2 columns and a row of 1"):
        Table("t", (Column("a"), Column("b")), (row("x"),))
    Table("t", (Column("a"), Column("b")), ((Cell("x", span=2),),))


def test_two_pictures_of_one_name_are_refused() -> None:
    one = Picture("a", b"", "c", "d")
    twice = Document(
        title="",
        case_key="",
        research_use="",
        made_at="",
        software="",
        sections=(Section("s", (one, one)),),
    )
    with pytest.raises(InputError, match="two pictures are called 'a'"):
        twice.pictures()


def test_equal_words_are_joined_and_equal_numbers_are_not() -> None:
    joined = merged([Cell("none"), Cell("none"), Cell("1.5"), Cell("1.5"), Cell("none")])
    assert [(one.text, one.span) for one in joined] == [
        ("none", 2),
        ("1.5", 1),
        ("1.5", 1),
        ("none", 1),
    ]


def test_unknown_names_are_shown_as_they_are() -> None:
    assert device_words("carbon") == "carbon"
    assert model_words("new_model") == "new model"
    assert engine_words("other") == "other"


def test_a_plan_of_no_rows_is_a_section() -> None:
    plan: Plan = replace(made.plan(), rows=(), chosen=None)
    assert plan_section(plan).blocks == ()


def test_slices_of_measured_and_planned_dose_share_one_colour_scale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tops: list[float | None] = []
    own: list[float] = []

    def drawn(shown: Scene, at: np.ndarray, *, top: float | None = None) -> bytes:
        tops.append(top)
        own.append(slices_top(shown, at))
        return b"png"

    monkeypatch.setattr(pictures, "slices_png", drawn)
    section = pictures_section(made.case(), made.result())
    assert section is not None
    assert len(tops) == 4
    assert set(tops) == {max(own)}


def test_chosen_activities_that_rest_on_an_unverified_figure_are_marked() -> None:
    plan = made.plan()
    assert plan.chosen is not None
    choice = ChosenActivities(
        device=plan.chosen.device,
        model=plan.chosen.model,
        origin="row of the model",
        activities_bq={"right": 1.5e9},
    )
    unsure = replace(plan.chosen, verified=False)
    rows = tuple(unsure if one is plan.chosen else one for one in plan.rows)
    for chosen, of, marks in ((plan.chosen, plan.rows, False), (unsure, rows, True)):
        section = chosen_section(replace(plan, chosen=chosen, rows=of, choice=choice))
        assert section is not None
        (table,) = tables(section)
        assert ("⚠" in table.caption) is marks
        assert (UNVERIFIED_LEGEND in table.notes) is marks
