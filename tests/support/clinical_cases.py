"""A small case with clinical blocks, in memory and as text of a case.toml."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from builders import site

from opensirt.app.selection import case_selection
from opensirt.domain.case import Case, Prescription
from opensirt.domain.record import Plan, Workup
from opensirt.domain.selection import Selection

MADE_AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ON = date(2026, 3, 1)

DISEASE: Mapping[str, Any] = {
    "example": True,
    "tumour_type": "neuroendocrine",
    "primary_site": "ileum",
    "grade": "G2",
    "functioning_syndrome": "none",
    "sstr_status": "positive",
    "ecog_performance_status": 1,
    "facts": {"ascites": "none", "encephalopathy": "none", "dialysis": False},
}


def lab(analyte: str, value: float, unit: str, **more: Any) -> dict[str, Any]:
    """Return one laboratory value as a case states it."""
    return {"analyte": analyte, "value": value, "unit": unit, "on": date(2026, 2, 20), **more}


LABS = (
    lab("bilirubin", 10.0, "umol/L"),
    lab("albumin", 42.0, "g/L"),
    lab("inr", 1.0, "1"),
    lab("creatinine", 71.0, "umol/L"),
)

TEXT = """
[disease]
example = true
tumour_type = "neuroendocrine"
grade = "G2"
facts = { ascites = "none", encephalopathy = "none" }

[[labs]]
analyte = "bilirubin"
value = 10.0
unit = "umol/L"
on = 2026-02-20

[[labs]]
analyte = "albumin"
value = 42.0
unit = "g/L"
on = 2026-02-20

[[prior_treatments]]
kind = "PRRT"
cycles = 4
activity_gbq = 29.6
ended_on = 2025-06-01
"""


def clinical_case(
    disease: Mapping[str, Any] | None = None,
    labs: Sequence[Mapping[str, Any]] = LABS,
    *,
    device: str = "",
    **more: Any,
) -> Case:
    """Return a case without images; `disease` changes and adds to `DISEASE`."""
    blocks = {"disease": {**DISEASE, **(disease or {})}, "labs": list(labs), **more}
    prescription = Prescription(device=device, model="partition") if device else None
    return Case(key="clinical", other_blocks=blocks, prescription=prescription)


def selection(
    case: Case,
    *,
    workup: Workup | None = None,
    plan: Plan | None = None,
    **options: Any,
) -> Selection:
    """Return the selection of a case on 1 March 2026."""
    return case_selection(
        case,
        site(),
        workup=workup,
        plan=plan,
        on=ON,
        made_at=MADE_AT,
        software={"opensirt": "test"},
        **options,
    )
