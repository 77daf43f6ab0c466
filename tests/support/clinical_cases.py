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


COMPLETE: dict[str, float | bool | str] = {
    "tumour_type": "neuroendocrine",
    "net_grade": "G2",
    "ki67_fraction": 0.08,
    "functioning_syndrome": True,
    "unresectable": True,
    "chemotherapy_unsuitable": True,
    "extrahepatic_disease": "limited",
    "measurable_lesion_count": 5,
    "tumour_burden_fraction": 0.3,
    "liver_volume_ml": 1900.0,
    "age_years": 61.0,
    "ecog": 1,
    "life_expectancy_months": 12.0,
    "pregnant": False,
    "breast_feeding": False,
    "contrast_allergy": False,
    "albumin_allergy": False,
    "carcinoid_heart_disease": False,
    "bilirubin": 14.0,
    "albumin": 41.0,
    "inr": 1.0,
    "creatinine": 80.0,
    "gfr": 80.0,
    "platelets": 210.0,
    "leukocytes": 6.1,
    "neutrophils": 4.0,
    "ast_times_upper_limit": 1.1,
    "alt_times_upper_limit": 0.9,
    "cirrhosis": True,
    "ascites": "none",
    "encephalopathy": "none",
    "clinical_liver_failure": False,
    "markedly_abnormal_liver_tests": False,
    "synthetic_function_preserved": True,
    "active_hepatitis": False,
    "steatosis_or_steatohepatitis": False,
    "portal_hypertension": "none",
    "portal_vein_thrombosis": "none",
    "biliary_state": "normal",
    "coeliac_and_mesenteric_artery_occluded": False,
    "intrahepatic_arteries_occluded": False,
    "systemic_therapy_ever": True,
    "days_since_systemic_therapy": 90.0,
    "several_chemotherapy_lines": False,
    "antiangiogenic_active": False,
    "capecitabine": "never",
    "liver_external_beam": False,
    "liver_directed_therapy": False,
    "radioembolization_before": False,
    "prrt_cycles": 4,
    "weeks_since_prrt": 12.0,
    "angiographic_reflux": False,
    "gastrointestinal_deposition": "none",
    "lung_shunt_fraction": 0.05,
    "lung_dose_gy": 6.0,
    "cumulative_lung_dose_gy": 6.0,
}
"""Every fact that a rule asks for, of a patient with hardly a reason against treatment."""


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
