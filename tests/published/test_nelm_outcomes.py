"""Counts of published outcomes of neuroendocrine liver metastases, and their Wilson intervals.

Frilling 2019 (series), Braat 2020 (after PRRT), Su 2017, Tomozawa 2018, Zuckerman 2019, Peker
2015, Paprottka 2012, Jia 2017: rows of ``reference/evidence/outcomes.csv``, intervals in per cent
to one decimal.
"""

import pytest

from opensirt.domain.citation import Status
from opensirt.domain.evidence import PublishedOutcome
from opensirt.domain.evidence_table import published_evidence
from opensirt.domain.missing import Missing
from opensirt.outcomes.proportion import proportion

WILSON = [
    ("frilling_2019_uk", "orr", 14, 24, 58.3, 38.8, 75.5),
    ("frilling_2019_uk", "dcr", 21, 24, 87.5, 69.0, 95.7),
    ("frilling_2019_uk", "grade3_4_toxicity", 0, 24, 0.0, 0.0, 13.8),
    ("braat_2020_after_prrt", "symptom_response", 15, 23, 65.2, 44.9, 81.2),
    ("braat_2020_after_prrt", "reild_fatal", 1, 44, 2.3, 0.4, 11.8),
    ("su_2017", "cirrhosis_like_whole_liver", 22, 39, 56.4, 41.0, 70.7),
    ("su_2017", "cirrhosis_like_unilobar", 4, 15, 26.7, 10.9, 52.0),
    ("tomozawa_2018", "cirrhosis_like_or_portal_hypertension", 15, 52, 28.8, 18.3, 42.3),
    ("tomozawa_2018", "g3_serologic", 4, 52, 7.7, 3.0, 18.2),
    ("su_2017", "decompensation_whole_liver", 8, 39, 20.5, 10.8, 35.5),
    ("su_2017", "decompensation_no_other_cause_whole_liver", 2, 39, 5.1, 1.4, 16.9),
    ("zuckerman_2019", "hepatic_failure_death_possibly_related", 3, 59, 5.1, 1.7, 13.9),
]
NEW = [
    ("peker_2015", "orr", 14, 30),
    ("peker_2015", "dcr", 25, 30),
    ("paprottka_2012", "orr", 9, 40),
    ("paprottka_2012", "dcr", 39, 40),
    ("paprottka_2012", "symptom_response", 36, 38),
    ("jia_2017", "dcr", 32, 36),
    ("jia_2017", "symptom_response", 15, 16),
    ("captem_y90_2018", "orr", 14, 19),
    ("andrews_1994", "dcr", 6, 6),
]


def row(study: str, endpoint: str) -> PublishedOutcome:
    found = [
        one
        for one in published_evidence().outcomes
        if (one.study, one.endpoint) == (study, endpoint) and one.counts is not Missing.NOT_RECORDED
    ]
    assert len(found) == 1, (study, endpoint)
    return found[0]


@pytest.mark.parametrize(("study", "endpoint", "x", "n", "percent", "low", "high"), WILSON)
def test_verified_counts_with_their_wilson_interval(
    study: str, endpoint: str, x: int, n: int, percent: float, low: float, high: float
) -> None:
    found = row(study, endpoint)
    assert found.counts == (x, n)
    assert found.status is Status.VERIFIED
    made = proportion(x, n)
    ours = [round(100.0 * one, 1) for one in (made.fraction, *made.wilson)]
    assert ours == [percent, low, high]


@pytest.mark.parametrize(("study", "endpoint", "x", "n"), NEW)
def test_counts_found_since(study: str, endpoint: str, x: int, n: int) -> None:
    assert row(study, endpoint).counts == (x, n)


def test_categories_of_peker_and_paprottka_add_up_to_what_is_pooled() -> None:
    for study, parts in (("peker_2015", ("cr", "pr", "sd")), ("paprottka_2012", ("pr", "sd"))):
        summed = 0
        for part in parts:
            counts = row(study, part).counts
            assert not isinstance(counts, Missing)
            summed += counts[0]
        assert row(study, "dcr").counts == (summed, row(study, "pd").of)


def test_every_row_that_is_not_from_memory_has_a_place_and_its_study_a_source() -> None:
    base = published_evidence()
    for one in base.outcomes:
        assert one.locator, one.key
        assert base.study(one.study).where.source
        if one.status is not Status.MEMORY:
            assert one.locator != "none", one.key
            assert base.study(one.study).url, one.study
    assert not [
        one for one in base.outcomes if one.status is Status.MEMORY and one.locator != "none"
    ]
