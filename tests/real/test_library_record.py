"""The library record of the review that the project starts from."""

import os
from pathlib import Path

import pytest

from opensirt.files.bibliography import read_bibliography

pytestmark = pytest.mark.skipif(
    "OPENSIRT_TEST_DATA" not in os.environ, reason="needs OPENSIRT_TEST_DATA"
)


def test_the_record_of_the_review_is_read_whole() -> None:
    path = Path(os.environ["OPENSIRT_TEST_DATA"]) / "domain" / "000_b8917bbebdd8eecd.txt"
    (found,) = read_bibliography(path).records
    assert found.title == (
        "Radioembolization for neuroendocrine tumors: procedure, application and clinical outcomes"
    )
    assert found.authors == (
        "Li Shen Ho",
        "Tarik Baetens",
        "Marnix G E H Lam",
        "Arthur J A T Braat",
    )
    assert (found.doi, found.year, found.journal) == (
        "10.1530/eo-24-0053",
        2025,
        "Endocrine Oncology",
    )
    assert found.url.endswith("EO-24-0053.xml")
    assert found.abstract.startswith("Neuroendocrine liver metastases")
