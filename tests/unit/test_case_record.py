"""The clinical blocks of a case become a patient record; what is not said is missing."""

from datetime import date

import pytest
from clinical_cases import clinical_case, lab

from opensirt.app.case_record import example_findings, has_clinical_blocks, patient_record
from opensirt.domain.case import Case
from opensirt.domain.finding import Confirmation
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import TreatmentKind, TumourType
from opensirt.errors import ConfirmationError, InputError, UnknownNameError


def test_a_case_that_says_nothing_gives_a_record_of_nothing() -> None:
    record = patient_record(Case(key="bare"))
    assert record.disease.tumour_type is Missing.NOT_RECORDED
    assert record.disease.functioning_syndrome is Missing.NOT_RECORDED
    assert record.treatments_complete is Missing.NOT_RECORDED
    assert record.laboratory == ()
    assert not has_clinical_blocks(Case(key="bare"))


def test_what_is_said_stands_in_the_record() -> None:
    record = patient_record(clinical_case())
    assert record.disease.tumour_type is TumourType.NEUROENDOCRINE
    assert record.disease.functioning_syndrome is False
    assert record.disease.sstr_positive is True
    assert record.disease.fdg_positive is Missing.NOT_RECORDED
    assert record.entered["ecog"] == 1
    assert [one.inside for one in record.laboratory] == [10.0, 42.0, 1.0, 71.0]


def test_a_dated_performance_status_counts_from_its_day() -> None:
    record = patient_record(clinical_case({"ecog_on": date(2026, 1, 5)}))
    assert record.performance[0].on == date(2026, 1, 5)
    assert "ecog" not in record.entered


def test_earlier_treatments_keep_kind_dates_and_activity() -> None:
    given = {"kind": "PRRT", "cycles": 4, "activity_gbq": 29.6, "ended_on": date(2025, 6, 1)}
    [one] = patient_record(clinical_case(prior_treatments=[given])).treatments
    assert one.kind is TreatmentKind.PRRT
    assert (one.cycles, one.activity_gbq, one.last_on) == (4, 29.6, date(2025, 6, 1))
    assert one.first_on is Missing.NOT_RECORDED


def test_bilirubin_in_mg_per_dl_declared_as_micromol_is_refused_until_confirmed() -> None:
    case = clinical_case(labs=[lab("bilirubin", 1.2, "umol/L")])
    with pytest.raises(ConfirmationError, match="probably meant in mg/dL"):
        patient_record(case)
    by = Confirmation("laboratory_unit_bilirubin_2026_02_20", "B. Smits", date(2026, 3, 1))
    confirmed = Case(key="clinical", other_blocks=case.other_blocks, confirmations=(by,))
    assert patient_record(confirmed).laboratory[0].inside == 1.2


def test_a_unit_that_no_laboratory_prints_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unit of"):
        patient_record(clinical_case(labs=[lab("albumin", 42.0, "GBq")]))


def test_an_unknown_key_is_refused_with_a_hint() -> None:
    with pytest.raises(InputError, match=r"ki67_fractoin is not a known key; did you mean"):
        patient_record(clinical_case({"ki67_fractoin": 0.06}))


def test_an_unknown_kind_of_treatment_is_refused() -> None:
    with pytest.raises(InputError, match="one of somatostatin analogue"):
        patient_record(clinical_case(prior_treatments=[{"kind": "TARE"}]))


def test_example_data_are_called_so() -> None:
    [finding] = example_findings(clinical_case())
    assert "examples" in finding.text
    assert example_findings(clinical_case({"example": False})) == ()
    assert example_findings(
        clinical_case({"example": False}, labs=[lab("inr", 1.0, "1", example=True)])
    )
