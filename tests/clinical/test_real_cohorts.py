"""Liver scores on published patient tables (not shipped: OPENSIRT_TEST_DATA)."""

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from opensirt.clinical.liver_function import (
    Ascites,
    Encephalopathy,
    albi,
    apri,
    child_pugh,
    meld,
    meld_3_0,
    meld_na,
)
from opensirt.clinical.liver_function import Sex as MeldSex
from opensirt.domain.laboratory import Analyte, LabValue
from opensirt.domain.missing import Missing
from opensirt.errors import ConfirmationError

DAY = date(2020, 1, 1)  # the tables have no dates


def inside(row: dict[str, str], column: str, analyte: Analyte, unit: str) -> float | Missing:
    text = row[column]
    if text in {"", "?", "NA"}:
        return Missing.NOT_RECORDED
    return LabValue(analyte=analyte, value=float(text), unit=unit, on=DAY).inside


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_pbc_has_albi_in_all_and_neither_child_pugh_nor_meld_in_any(shared_data: Path) -> None:
    rows = table(shared_data / "data/cohorts/survival_pbc/pbc.csv")
    assert len(rows) == 418
    values = []
    for row in rows:
        bilirubin = inside(row, "bili", Analyte.BILIRUBIN, "mg/dL")
        albumin = inside(row, "albumin", Analyte.ALBUMIN, "g/dL")
        score = albi(bilirubin_umol_per_l=bilirubin, albumin_g_per_l=albumin)
        assert not isinstance(score.value, Missing)
        values.append(score.value)
        absent = Missing.NOT_RECORDED
        child = child_pugh(
            bilirubin_umol_per_l=bilirubin,
            albumin_g_per_l=albumin,
            inr=absent,
            ascites=absent,
            encephalopathy=absent,
        )
        assert not child.known
        assert set(child.missing) == {"inr", "ascites", "encephalopathy"}
        plain = meld(
            bilirubin_umol_per_l=bilirubin, inr=absent, creatinine_umol_per_l=absent, dialysis=False
        )
        with_sodium = meld_na(
            bilirubin_umol_per_l=bilirubin,
            inr=absent,
            creatinine_umol_per_l=absent,
            sodium_mmol_per_l=absent,
            dialysis=False,
        )
        third = meld_3_0(
            bilirubin_umol_per_l=bilirubin,
            inr=absent,
            creatinine_umol_per_l=absent,
            sodium_mmol_per_l=absent,
            albumin_g_per_l=albumin,
            sex=MeldSex.FEMALE if row["sex"] == "f" else MeldSex.MALE,
            age_years=float(row["age"]),
            dialysis=False,
            cap_40=True,
        )
        assert set(plain.missing) == {"inr", "creatinine"}
        assert set(with_sodium.missing) == {"inr", "creatinine", "sodium"}
        assert set(third.missing) == {"inr", "creatinine", "sodium"}
    assert len(values) == 418
    assert sum(values) / len(values) == pytest.approx(-1.995, abs=5e-4)


def test_pbc_has_no_apri_because_no_upper_limit_of_normal_is_recorded(shared_data: Path) -> None:
    rows = table(shared_data / "data/cohorts/survival_pbc/pbc.csv")
    for row in rows:
        score = apri(
            ast_u_per_l=inside(row, "ast", Analyte.AST, "U/L"),
            ast_upper_limit_u_per_l=Missing.NOT_RECORDED,
            platelets_1e9_per_l=inside(row, "platelet", Analyte.PLATELETS, "10^9/L"),
        )
        assert "upper limit of normal of ast" in score.missing


ASCITES = {"1": Ascites.NONE, "2": Ascites.MILD, "3": Ascites.MODERATE}
ENCEPHALOPATHY = {
    "1": Encephalopathy.NONE,
    "2": Encephalopathy.GRADE_1_2,
    "3": Encephalopathy.GRADE_3_4,
}


def test_uci_has_child_pugh_where_complete_and_names_what_the_others_lack(
    shared_data: Path,
) -> None:
    rows = table(shared_data / "data/cohorts/uci_hcc_survival/hcc-data_EDITED.csv")
    assert len(rows) == 165
    known, classes, lacking = 0, Counter[str](), Counter[str]()
    for row in rows:
        score = child_pugh(
            bilirubin_umol_per_l=inside(row, "Total_Bil", Analyte.BILIRUBIN, "mg/dL"),
            albumin_g_per_l=inside(row, "Albumin", Analyte.ALBUMIN, "g/dL"),
            inr=inside(row, "INR", Analyte.INR, "1"),
            ascites=ASCITES.get(row["Ascites"], Missing.NOT_RECORDED),
            encephalopathy=ENCEPHALOPATHY.get(row["Encephalopathy"], Missing.NOT_RECORDED),
        )
        wanted = {
            name
            for name, column in (
                ("bilirubin", "Total_Bil"),
                ("albumin", "Albumin"),
                ("inr", "INR"),
                ("ascites", "Ascites"),
                ("encephalopathy", "Encephalopathy"),
            )
            if row[column] == "?"
        }
        assert set(score.missing) == wanted
        assert score.known is not bool(wanted)
        known += score.known
        lacking.update(wanted)
        if isinstance(score.grade, str):
            classes[score.grade] += score.known
    assert known == 155
    assert lacking == {"bilirubin": 5, "albumin": 6, "inr": 4, "ascites": 2, "encephalopathy": 1}
    assert sum(classes.values()) == known


def test_uci_platelet_counts_in_mixed_units_are_refused_not_used(shared_data: Path) -> None:
    rows = table(shared_data / "data/cohorts/uci_hcc_survival/hcc-data_EDITED.csv")
    refused = 0
    for row in rows:
        try:
            inside(row, "Platelets", Analyte.PLATELETS, "10^9/L")
        except ConfirmationError:
            refused += 1
    in_cells_per_microlitre = sum(
        float(row["Platelets"]) > 2000 for row in rows if row["Platelets"] != "?"
    )
    assert refused == in_cells_per_microlitre > 0
