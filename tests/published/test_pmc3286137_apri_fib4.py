"""APRI and FIB-4 as in PMC3286137, Table 1."""

import pytest

from opensirt.clinical.liver_function import apri, fib_4


def test_apri() -> None:
    result = apri(ast_u_per_l=80.0, ast_upper_limit_u_per_l=40.0, platelets_1e9_per_l=100.0)
    assert result.value == pytest.approx(2.0)
    assert result.findings[0].rule == "apri_exploratory"
    assert result.grade is None


def test_fib_4() -> None:
    result = fib_4(age_years=60.0, ast_u_per_l=80.0, alt_u_per_l=50.0, platelets_1e9_per_l=100.0)
    assert result.value == pytest.approx(6.788, abs=5e-4)
    assert "not validated in neuroendocrine tumours" in result.findings[0].text
