"""Analysis tables out of a store: each value from where the dictionary says, or a reason."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from cohort_cases import case, follow_up, record, small_store, structure, verification

from opensirt.app.cohort_table import cohort_select, cohort_table
from opensirt.clinical.liver_function.albi import albi
from opensirt.cohort.patient_table import missing_data
from opensirt.domain.missing import Missing
from opensirt.domain.unit_of_analysis import UnitOfAnalysis
from opensirt.errors import UnknownNameError
from opensirt.files.follow_up_blocks import FollowUpBlock
from opensirt.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with small_store(tmp_path) as made:
        yield made


def column(store: Store, name: str, unit: str = "patient") -> list[object]:
    table = cohort_table(store, unit=unit)
    return [table[name].at(row) for row in range(table.n_rows)]


NOT_RECORDED, NOT_DONE = Missing.NOT_RECORDED, Missing.NOT_DONE


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("patient", ["P-1", "P-2", "P-3", "P-4"]),
        ("age_years", [66.0, NOT_RECORDED, NOT_RECORDED, 66.0]),
        ("net_grade", ["G2", "G2", NOT_RECORDED, "G3"]),
        ("prior_prrt", [NOT_RECORDED, NOT_RECORDED, NOT_RECORDED, 0.0]),
        ("bilirubin_umol_per_l", [12.0, NOT_RECORDED, NOT_RECORDED, 12.0]),
        ("albumin_g_per_l", [42.0, NOT_RECORDED, NOT_RECORDED, 42.0]),
        ("device", ["resin", "resin", NOT_RECORDED, "glass"]),
        ("administered_activity_gbq", [1.5, 1.5, NOT_RECORDED, NOT_RECORDED]),
        ("tumour_gy", [125.0, NOT_DONE, NOT_DONE, NOT_DONE]),
        ("normal_liver_gy", [Missing.NEEDS_STRUCTURE, NOT_DONE, NOT_DONE, NOT_DONE]),
        ("liver_gy", [40.0, NOT_DONE, NOT_DONE, NOT_DONE]),
        ("n_lesions", [2.0, NOT_DONE, NOT_DONE, NOT_DONE]),
        ("os_days", [120.0, 60.0, NOT_RECORDED, 120.0]),
        ("os_event", [0.0, 1.0, NOT_RECORDED, 0.0]),
        ("pfs_days", [111.0, 50.0, NOT_DONE, NOT_DONE]),
        ("pfs_event", [0.0, 1.0, NOT_DONE, NOT_DONE]),
        ("best_response", ["PR", "SD", NOT_DONE, NOT_DONE]),
        ("responded", [1.0, 0.0, NOT_DONE, NOT_DONE]),
        ("response_day", [90.0, Missing.NOT_REACHED, NOT_DONE, NOT_DONE]),
        ("n_administrations", [1.0, 1.0, NOT_RECORDED, 2.0]),
        ("worst_event_grade", [NOT_RECORDED, NOT_RECORDED, NOT_RECORDED, "3"]),
        ("severe_event", [NOT_RECORDED, NOT_RECORDED, NOT_RECORDED, 1.0]),
    ],
)
def test_a_value_is_what_the_dictionary_says(store: Store, name: str, values: list[object]) -> None:
    assert column(store, name) == values


def test_albi_is_that_of_the_room_that_knows_it(store: Store) -> None:
    made = albi(bilirubin_umol_per_l=12.0, albumin_g_per_l=42.0)
    assert column(store, "albi_score")[0] == made.value
    assert column(store, "albi_grade")[0] == made.grade


def test_the_index_date_is_the_day_of_treatment(store: Store) -> None:
    table = cohort_table(store)
    assert table["treated_on"].at(0) == np.datetime64(date(2026, 1, 10))
    assert table.endpoint("os").index_date.startswith("day of treatment")
    assert table.endpoint("pfs").censoring


def test_the_index_date_is_found_where_only_vials_or_a_record_tell_it(store: Store) -> None:
    vials = [
        {"injected_at": "2026-03-04T23:30:00+01:00"},
        {"injected_at": "2026-03-04T22:45:00+00:00"},  # the later one
    ]
    seen = {"vital_status": {"state": "dead", "on": "2026-04-03"}}
    stated = case("P-5", administration={"device": "resin", "vials": vials}, follow_up=seen)
    store.add(record("case", "P-5", stated))
    store.add(record("case", "P-6", case("P-6", follow_up=seen)))
    for day in ("2026-03-14", "2026-03-24"):
        given = {"device": "resin", "net_at": f"{day}T10:00:00+01:00", "net_bq": 1e9}
        store.add(record("administer", "P-6", given))
    assert column(store, "treated_on")[-2:] == [
        np.datetime64(date(2026, 3, 4)),
        np.datetime64(date(2026, 3, 14)),
    ]
    assert column(store, "os_days")[-2:] == [30.0, 20.0]


def test_burden_and_lung_shunt_are_those_of_the_steps_where_the_case_states_none(
    store: Store,
) -> None:
    selection = {"rules": [], "facts": {"tumour_burden_fraction": 0.09}}
    shunt = {"value": 0.058, "method": "SPECT", "assumed": False}
    unknown = {"value": "done, could not be judged", "method": "SPECT", "assumed": False}
    for key, found in (("P-5", shunt), ("P-6", unknown)):
        stated = {"work_up": {"lung_shunt_fraction": 0.05}} if key == "P-6" else {}
        store.add(
            record("case", key, case(key, **stated)),
            record("select", key, {"selection": selection}),
            record("work-up", key, {"workup": {"lung_shunt_fraction": found}}),
        )
    assert column(store, "tumour_burden_fraction")[-2:] == [0.09, 0.09]
    assert column(store, "lung_shunt_fraction")[-2:] == [0.058, 0.05]
    burden = {"tumour_type": "neuroendocrine", "tumour_burden_fraction": 0.2}
    store.add(record("case", "P-7", case("P-7", disease=burden)))
    store.add(record("select", "P-7", {"selection": selection}))
    assert column(store, "tumour_burden_fraction")[-1] == 0.2


def test_lesions_are_rows_of_their_own_with_their_own_response(store: Store) -> None:
    table = cohort_table(store, unit="lesion")
    assert table.unit is UnitOfAnalysis.LESION
    assert column(store, "lesion", "lesion") == ["Tumour 1", "T2"]
    assert column(store, "mean_gy", "lesion") == [200.0, 100.0]
    assert column(store, "bed_gy", "lesion") == [Missing.NOT_ESTIMATED] * 2
    assert not table.variable("bed_gy").verified
    assert column(store, "best_response", "lesion") == ["PR", NOT_DONE]
    assert column(store, "best_change_fraction", "lesion") == [-0.4, NOT_DONE]
    assert any("not independent" in one for one in table.notes)


def test_procedures_are_rows_of_their_own(store: Store) -> None:
    assert column(store, "patient", "procedure") == ["P-1", "P-2", "P-4", "P-4"]
    assert column(store, "net_activity_gbq", "procedure") == [1.5, 1.5, 2.0, NOT_RECORDED]
    assert column(store, "days_from_index", "procedure") == [0.0, 0.0, 0.0, 30.0]


def test_a_last_contact_before_treatment_is_said_and_left_out(store: Store) -> None:
    wrong = {"treated_on": "2026-01-10", "vital_status": {"state": "dead", "on": "2026-01-01"}}
    store.add(record("case", "P-5", case("P-5", follow_up=wrong)))
    assert column(store, "os_days")[-1] is Missing.NOT_EVALUABLE
    assert any("1 patients have a last contact before" in one for one in cohort_table(store).notes)


def test_what_is_missing_is_reported_with_its_reasons(store: Store) -> None:
    report = {one["column"]: one for one in missing_data(cohort_table(store))}
    assert report["patient"]["n_absent"] == 0
    assert report["tumour_gy"]["reasons"] == {"not done": 3}
    assert report["pfs_days"]["absent_fraction"] == 0.5


def test_a_selection_says_what_it_could_not_tell(store: Store) -> None:
    found = cohort_select(store, where='device == "resin" and os_days > 100')
    assert found.table["patient"].values.tolist() == ["P-1"]
    assert (found.n_before, found.n_unknown) == (4, 1)
    assert 'where device == "resin"' in found.table.population
    assert cohort_select(store, where=None).table.n_rows == 4
    with pytest.raises(UnknownNameError, match="unknown unit of analysis 'visit'"):
        cohort_table(store, unit="visit")


def test_hepatic_progression_is_read_in_the_liver_alone(store: Store) -> None:
    # Without lesions in the case nobody knows where the progression of P-2 was.
    assert column(store, "hpfs_days") == [NOT_RECORDED, NOT_RECORDED, NOT_DONE, NOT_DONE]
    treated = {"treated_on": "2026-01-10", "vital_status": {"state": "alive", "on": "2026-05-10"}}
    liver, bone = {"id": "t1", "organ": "liver"}, {"id": "b1", "organ": "bone"}
    days = ("2026-02-01", "2026-03-01")
    seen = follow_up((days[0], "SD"), (days[1], "PD"), best="SD", progression_on=days[1])
    alone = follow_up((days[0], "SD"), (days[1], "SD"), best="SD")["response"][0]
    both = {"response": [*seen["response"], {**alone, "organs": ["liver"]}]}
    for key, lesions, new, said in (
        ("Q-1", [liver], [], seen),  # liver only: the reading of all organs is that of the liver
        ("Q-2", [liver, bone], [], seen),  # where it progressed is not told
        ("Q-3", [liver], [bone], both),  # the liver has its own reading, without progression
    ):
        visits = [{"on": "2026-03-01", "new_lesions": new}]
        stated = {**treated, "lesions": lesions, "visits": visits}
        store.add(record("case", key, case(key, follow_up=stated)), record("follow-up", key, said))
    assert column(store, "hpfs_days")[4:] == [50.0, Missing.NOT_EVALUABLE, 50.0]
    assert column(store, "hpfs_event")[4:] == [1.0, Missing.NOT_EVALUABLE, 0.0]
    assert column(store, "pfs_event")[4:] == [1.0, 1.0, 1.0]


def test_time_to_next_treatment_needs_a_statement(store: Store) -> None:
    assert column(store, "ttnt_days") == [NOT_RECORDED] * 4
    dead = {"state": "dead", "on": "2026-03-11"}
    for key, said in (
        ("Q-1", {"new_therapy_on": "2026-02-09"}),
        ("Q-2", {"no_new_therapy_until": "2026-02-09"}),
        ("Q-3", {"no_new_therapy_until": "2026-03-11", "vital_status": dead}),
        ("Q-4", {"no_new_therapy_until": "2026-02-09", "vital_status": dead}),
    ):
        stated = {"treated_on": "2026-01-10", **said}
        store.add(record("case", key, case(key, follow_up=stated)))
    assert column(store, "ttnt_days")[4:] == [30.0, 30.0, 60.0, 30.0]
    # A death after the last inquiry may have come after a therapy: censored at the inquiry.
    assert column(store, "ttnt_event")[4:] == ["next treatment", "censored", "death", "censored"]
    assert column(store, "untreated_event")[4:] == [1.0, 0.0, 1.0, 0.0]
    assert any("4 of 8 patients state neither" in one for one in cohort_table(store).notes)
    assert cohort_table(store).endpoint("untreated").time_column == "ttnt_days"


def test_a_therapy_before_the_day_until_which_there_was_none_is_refused() -> None:
    with pytest.raises(ValueError, match="is not before new_therapy_on"):
        FollowUpBlock.model_validate(
            {"new_therapy_on": date(2026, 2, 1), "no_new_therapy_until": date(2026, 2, 1)}
        )


def test_the_first_severe_event_has_a_day_and_an_empty_list_none(store: Store) -> None:
    def event(grade: int, on: str) -> dict[str, object]:
        return {"term": "ascites", "version": "v5", "grade": grade, "on": on}

    seen = [event(3, "2026-01-01"), event(2, "2026-01-20"), event(4, "2026-03-01")]
    store.add(record("case", "Q-1", case("Q-1", adverse_events=[*seen, event(3, "2026-02-09")])))
    store.add(record("case", "Q-2", case("Q-2", adverse_events=[])))
    assert column(store, "severe_event")[4:] == [1.0, 0.0]
    assert column(store, "severe_event_day")[4:] == [30.0, Missing.NOT_REACHED]


TREATED = {"treated_on": "2026-01-10"}
DEAD = {**TREATED, "vital_status": {"state": "dead", "on": "2026-02-09"}}


def test_death_before_any_imaging_ends_progression_free_survival(store: Store) -> None:
    unseen = {"response": [{"criterion": "recist_1_1", "reason": "not done"}], "on": "2026-06-01"}
    alive = {**TREATED, "vital_status": {"state": "alive", "on": "2026-05-10"}}
    for key, said in (("Q-1", DEAD), ("Q-2", alive)):
        store.add(record("case", key, case(key, follow_up=said)), record("follow-up", key, unseen))
    store.add(record("case", "Q-3", case("Q-3", follow_up=DEAD)))  # nobody read what was there
    assert column(store, "pfs_days")[4:] == [30.0, NOT_DONE, NOT_DONE]
    assert column(store, "pfs_event")[4:] == [1.0, NOT_DONE, NOT_DONE]
    assert column(store, "best_response")[4:] == [NOT_DONE] * 3
    assert column(store, "responded")[4:] == [0.0, 0.0, NOT_DONE]
    assert column(store, "response_day")[4:] == [Missing.NOT_REACHED] * 2 + [NOT_DONE]


def test_imaging_after_the_last_follow_up_record_is_not_overlooked(store: Store) -> None:
    later = {**DEAD, "visits": [{"on": "2026-02-01"}]}
    read = follow_up(("2026-01-20", "PR"), best="PR", on="2026-01-31")
    store.add(record("case", "Q-1", case("Q-1", follow_up=later)), record("follow-up", "Q-1", read))
    assert column(store, "pfs_days")[4:] == [NOT_DONE]
    assert column(store, "best_response")[4:] == [NOT_DONE]
    assert column(store, "os_days")[4:] == [30.0]
    assert any("1 patients have imaging after" in one for one in cohort_table(store).notes)


def test_a_response_to_the_next_therapy_is_none_of_this_one(store: Store) -> None:
    seen = follow_up(("2026-02-01", "SD"), ("2026-04-01", "PR"), best="SD")
    stated = {
        **TREATED,
        "new_therapy_on": "2026-02-20",
        "lesions": [{"id": "Tumour 1", "organ": "liver", "structure": "Segment 4"}],
    }
    store.add(
        record("case", "Q-1", case("Q-1", follow_up=stated)),
        record("follow-up", "Q-1", seen),
        record("verify", "Q-1", verification(structure("Segment 4", 150.0))),
    )
    assert column(store, "best_response")[4:] == ["SD"]
    assert column(store, "responded")[4:] == [0.0]
    # The lesion is found by the structure that it names, and its later shrinkage does not count.
    assert column(store, "lesion", "lesion")[2:] == ["Segment 4"]
    assert column(store, "best_response", "lesion")[2:] == ["SD"]


def test_records_of_one_day_are_one_administration_and_days_add_up(store: Store) -> None:
    def given(on: str, net_bq: float) -> dict[str, object]:
        return {"device": "resin", "net_bq": net_bq, "net_at": f"{on}T12:00:00+01:00"}

    store.add(record("case", "Q-1", case("Q-1")))
    for on, net_bq in (("2026-01-10", 1e9), ("2026-01-10", 1.2e9), ("2026-02-09", 0.5e9)):
        store.add(record("administer", "Q-1", given(on, net_bq)))
    assert column(store, "procedure", "procedure")[4:] == ["1", "2"]
    assert column(store, "net_activity_gbq", "procedure")[4:] == [1.2, 0.5]
    assert column(store, "administered_activity_gbq")[4:] == [1.7]
