"""A small cohort in a store: cases with what became of them, and records of steps."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opensirt.store.connect import place_of
from opensirt.store.migrate import init_store
from opensirt.store.rows import Record
from opensirt.store.store import Store

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
N_PATIENTS = 12
"""Of the batch of small phantom patients."""


def record(kind: str, key: str, document: dict[str, Any]) -> Record:
    """Return one record out of plain values."""
    return Record(
        kind=kind,
        case_key=key,
        content=json.dumps(document),
        author="A",
        made_at=AT,
        software_version="1",
    )


def case(key: str, **blocks: Any) -> dict[str, Any]:
    """Return a case with what is always stated here, and the blocks given."""
    fine = {
        "schema": "opensirt/case/1",
        "key": key,
        "disease": {"tumour_type": "neuroendocrine", "grade": "G2", "ki67_fraction": 0.06},
        "administration": {"device": "resin", "administered_activity_mbq": 1500},
        "labs": [
            {"analyte": "bilirubin", "value": 0.7, "unit": "mg/dL", "on": "2025-12-01"},
            {"analyte": "bilirubin", "value": 12, "unit": "umol/L", "on": "2026-01-01"},
            {"analyte": "bilirubin", "value": 90, "unit": "umol/L", "on": "2026-02-01"},
            {"analyte": "albumin", "value": 4.2, "unit": "g/dL", "on": "2026-01-02"},
        ],
        "follow_up": {
            "treated_on": "2026-01-10",
            "birth_year": 1960,
            "vital_status": {"state": "alive", "on": "2026-05-10"},
        },
    }
    return {**fine, **blocks}


def structure(label: str, mean_gy: float, mass_kg: float = 0.1) -> dict[str, Any]:
    """Return the figures of one tumour in a record."""
    return {
        "label": label,
        "kind": "tumour",
        "volume_ml": mass_kg * 1000 / 1.05,
        "mass_kg": mass_kg,
        "mean_gy": mean_gy,
        **{f"{name}_gy": mean_gy for name in ("d95", "d70", "d50", "min", "max")},
        "bed_gy": "not estimated",
        "radiobiology_status": "unverified",
    }


def verification(*tumours: dict[str, Any]) -> dict[str, Any]:
    """Return a verification record."""
    liver = {**structure("Liver", 40.0, 1.5), "kind": "liver"}
    return {"dose": {"engine": "kernel", "structures": [liver, *tumours]}}


def follow_up(
    *seen: tuple[str, str], best: str, progression_on: str | None = None, on: str = "2026-06-01"
) -> dict[str, Any]:
    """Return a follow-up record with assessments by RECIST 1.1: (date, overall)."""
    return {
        "on": on,
        "response": [
            {
                "criterion": "recist_1_1",
                "reason": None,
                "best": {"category": best},
                "assessments": [{"on": on, "overall": overall} for on, overall in seen],
                "by_lesion": [
                    {"lesion": "Tumour 1", "on": on, "category": overall, "change_fraction": -0.4}
                    for on, overall in seen
                ],
                "progression_on": progression_on,
            }
        ],
    }


def small_store(folder: Path) -> Store:
    """Return a new store with four patients, each of them different in what is known."""
    place = place_of(folder / "cohort.db")
    init_store(place)
    store = Store(place)
    dead = {"treated_on": "2026-01-10", "vital_status": {"state": "dead", "on": "2026-03-11"}}
    store.add(
        record("case", "P-1", case("P-1")),
        record(
            "verify", "P-1", verification(structure("Tumour 1", 200.0), structure("T2", 100.0, 0.3))
        ),
        record(
            "follow-up", "P-1", follow_up(("2026-04-10", "PR"), ("2026-05-01", "SD"), best="PR")
        ),
        record("case", "P-2", case("P-2", follow_up=dead, labs=[])),
        record(
            "follow-up",
            "P-2",
            follow_up(
                ("2026-02-01", "SD"),
                ("2026-03-01", "PD"),
                best="SD",
                progression_on="2026-03-01",
            ),
        ),
        record("case", "P-3", {"schema": "opensirt/case/1", "key": "P-3"}),
        record(
            "case",
            "P-4",
            case(
                "P-4",
                disease={"grade": "G3", "prior_treatments_complete": True},
                administration={"device": "glass"},
                adverse_events=[
                    {"term": "ascites", "grade": 3, "on": "2026-02-01", "version": "v5"},
                    {"term": "ascites", "grade": 4, "on": "2026-01-01", "version": "v5"},
                ],
            ),
        ),
        record(
            "administer",
            "P-4",
            {
                "device": "glass",
                "net_bq": 2e9,
                "net_at": "2026-01-10T12:00:00+01:00",
                "territories": [1, 2],
                "vials": [1],
            },
        ),
        record(
            "administer",
            "P-4",
            {
                "device": "glass",
                "net_bq": "no trace in the source",
                "net_at": "2026-02-09T12:00:00+01:00",
                "territories": [1],
                "vials": [1],
            },
        ),
    )
    return store
