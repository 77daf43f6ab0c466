"""Adverse events: impossible grades, windows, the worst of each."""

from datetime import date, timedelta

import pytest

from opensirt.clinical.toxicity.event_window import event_window, events_of, worst_events
from opensirt.domain.adverse_event import AdverseEvent, clinical_terms
from opensirt.domain.ctcae import CtcaeVersion
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError
from opensirt.reference.table import read_table

TREATED = date(2026, 1, 10)
V4, V5, _ = CtcaeVersion


def event(term: str, grade: int, day: int, version: CtcaeVersion = CtcaeVersion.V5) -> AdverseEvent:
    return AdverseEvent(term=term, version=version, grade=grade, on=TREATED + timedelta(days=day))


@pytest.mark.parametrize("grade", [0, 6, -1])
def test_a_grade_outside_1_to_5_is_refused(grade: int) -> None:
    with pytest.raises(InputError, match="an event has grade 1 to 5"):
        event("alopecia", grade, 3)


def test_a_free_term_is_kept_and_said_to_be_unchecked() -> None:
    kept = event("alopecia", 4, 3)
    assert not kept.checked
    assert "its grade was not checked" in kept.findings()[0].text
    assert event("ascites", 2, 3).findings() == ()


def test_an_event_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(InputError, match="before it began"):
        AdverseEvent(term="fever", version=V5, grade=1, on=TREATED, until=date(2025, 1, 1))


def test_every_term_of_a_window_exists() -> None:
    for key in read_table("ctcae_clinical")["windows"]:
        for term in event_window(key).terms:
            assert term in clinical_terms(V5)


def test_post_embolization_syndrome_is_composed_of_early_events() -> None:
    window = event_window("post_embolization_syndrome")
    events = [
        event("fatigue", 2, 3),
        event("fever", 1, 14),
        event("fever", 1, 15),
        event("ascites", 2, 3),
        event("nausea", 1, -1),
    ]
    found = events_of(events, window, treated_on=TREATED)
    assert [one.term for one in found] == ["fatigue", "fever"]


def test_without_a_published_window_every_event_after_treatment_counts() -> None:
    window = event_window("pneumonitis")
    assert window.last_day is Missing.NO_VERIFIED_VALUE
    found = events_of(
        [event("pneumonitis", 3, 400), event("pneumonitis", 3, -4)], window, treated_on=TREATED
    )
    assert len(found) == 1


def test_an_unknown_window_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown event window 'hair'"):
        event_window("hair")


def test_the_worst_event_of_each_term_is_found_and_versions_stay_apart() -> None:
    events = [
        event("fatigue", 1, 3),
        event("fatigue", 3, 9),
        event("fatigue", 3, 12),
        event("fatigue", 2, 20, V4),
        event("ascites", 2, 200),
    ]
    found = worst_events(events, treated_on=TREATED, first_day=0, last_day=100)
    assert {(one.term, one.version, one.grade) for one in found} == {
        ("fatigue", V5, 3),
        ("fatigue", V4, 2),
    }
    assert next(one.on for one in found if one.version is V5) == TREATED + timedelta(days=9)
    with pytest.raises(InputError, match="0 <= first <= last"):
        worst_events(events, treated_on=TREATED, first_day=-1, last_day=5)
