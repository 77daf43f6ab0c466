"""The TOML that the documentation shows is taken by the program as it stands."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from doc_pages import Block, blocks_in

from opensirt.cli import main
from opensirt.files.case_file import read_case_file
from opensirt.files.clinical_mapping import read_clinical_mapping
from opensirt.files.phantom_file import read_phantom_file
from opensirt.files.shared_plan import read_shared_plan
from opensirt.files.site_file import read_site_file

BY_SCHEMA: dict[str, Callable[[Path], object]] = {
    "opensirt/import/1": read_clinical_mapping,
    "opensirt/phantom/1": read_phantom_file,
    "opensirt/shared-plan/1": read_shared_plan,
    "opensirt/site/1": read_site_file,
}
CASE = 'schema = "opensirt/case/1"\nkey = "shown"\n\n'
SITE = 'schema = "opensirt/site/1"\nname = "shown"\ntime_zone = "Europe/Amsterdam"\n\n'
FAILS_E14 = '[disease]\nfacts = { portal_hypertension = "extensive_untreated" }\n\n'
SITE_PAGES = ("docs/how-to/set-up-a-site.md",)
STUDY_PAGES = ("docs/how-to/living-evidence.md",)  # read by tests/files/test_evidence_file.py
TOML = blocks_in("toml")


@pytest.mark.parametrize("block", TOML, ids=lambda one: one.name)
def test_each_file_is_taken(block: Block, tmp_path: Path) -> None:
    tables = tomllib.loads(block.text)
    path = tmp_path / "file.toml"
    path.write_text(block.text, encoding="utf-8")
    if "schema" in tables:
        BY_SCHEMA[tables["schema"]](path)
    elif block.page in SITE_PAGES:
        path.write_text(SITE + block.text, encoding="utf-8")
        read_site_file(path)
    elif block.page in STUDY_PAGES:
        assert set(tables) == {"study"}
    else:
        path = tmp_path / "case.toml"
        failing = FAILS_E14 if "overrides" in tables else ""
        path.write_text(CASE + failing + block.text, encoding="utf-8")
        read_case_file(path)
        if {"disease", "overrides"} & set(tables):  # read by `select` alone
            made = CliRunner().invoke(main, ["select", str(tmp_path), "--on", "2026-03-15"])
            assert made.exit_code == 0, made.output


def test_every_kind_of_file_is_shown() -> None:
    schemas = {tomllib.loads(one.text).get("schema") for one in TOML}
    assert set(BY_SCHEMA) <= schemas
