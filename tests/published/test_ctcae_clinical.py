"""CTCAE clinical terms against the counts of grades printed in v4.03 and v5.

Source: KohSoonho/CTCAE (CTCAE_4.03.csv, CTCAE_v5.0.csv), bjornna/ctcae-extractor-transformer.
"""

from datetime import date

import pytest

from opensirt.domain.adverse_event import AdverseEvent, clinical_terms
from opensirt.domain.ctcae import CtcaeVersion
from opensirt.errors import InputError, UnknownNameError

V4, V5, V6 = CtcaeVersion
DAY = date(2026, 3, 2)

GRADES = {
    "ascites": ((1, 2, 3, 4, 5), (1, 2, 3, 4, 5)),
    "abdominal_pain": ((1, 2, 3), (1, 2, 3)),
    "nausea": ((1, 2, 3), (1, 2, 3)),
    "vomiting": ((1, 2, 3, 4, 5), (1, 2, 3, 4, 5)),
    "fatigue": ((1, 2, 3), (1, 2, 3)),
    "oesophageal_varices_haemorrhage": ((2, 3, 4, 5), (2, 3, 4, 5)),
    "gastric_perforation": ((2, 3, 4, 5), (2, 3, 4, 5)),
    "cholecystitis": ((2, 3, 4, 5), (2, 3, 4, 5)),
    "gallbladder_necrosis": ((4, 5), (4, 5)),
    "biliary_tract_infection": ((3, 4, 5), (2, 3, 4, 5)),
    "hepatic_infection": ((3, 4, 5), (2, 3, 4, 5)),
    "hepatic_failure": ((3, 4, 5), (3, 4, 5)),
    "portal_hypertension": ((2, 3, 4, 5), (2, 3, 4, 5)),
    "sinusoidal_obstruction_syndrome": ((), (2, 3, 4, 5)),
    "weight_loss": ((1, 2, 3), (1, 2, 3)),
    "sepsis": ((4, 5), (3, 4, 5)),
    "flushing": ((1, 2, 3), (1, 2, 3)),
}


@pytest.mark.parametrize("term", GRADES)
def test_the_grades_that_a_term_has(term: str) -> None:
    for version, expected in zip((V4, V5), GRADES[term], strict=True):
        entry = clinical_terms(version).get(term)
        assert (tuple(entry.grades) if entry else ()) == expected


@pytest.mark.parametrize("term", GRADES)
@pytest.mark.parametrize("grade", [1, 2, 3, 4, 5])
def test_a_grade_that_does_not_exist_is_refused(term: str, grade: int) -> None:
    for version, expected in zip((V4, V5), GRADES[term], strict=True):
        if not expected:
            with pytest.raises(UnknownNameError, match=r"term of CTCAE v4\.03"):
                AdverseEvent(term=term, version=version, grade=grade, on=DAY)
        elif grade in expected:
            assert AdverseEvent(term=term, version=version, grade=grade, on=DAY).checked
        else:
            with pytest.raises(InputError, match=f"has no grade {grade} in CTCAE"):
                AdverseEvent(term=term, version=version, grade=grade, on=DAY)


def test_no_clinical_term_of_v6_ships_because_none_was_read() -> None:
    assert not clinical_terms(V6)
    event = AdverseEvent(term="ascites", version=V6, grade=2, on=DAY)
    assert event.findings()[0].rule == "adverse_event_unchecked"
