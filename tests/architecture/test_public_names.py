"""What `import opensirt` promises, and what it costs."""

import subprocess
import sys

import pytest

import opensirt

HEAVY = (
    "SimpleITK",
    "alembic",
    "distributed",
    "highdicom",
    "jinja2",
    "matplotlib",
    "nibabel",
    "nrrd",
    "numpy",
    "pooch",
    "pyarrow",
    "pydantic",
    "pydicom",
    "rich",
    "scipy",
    "skimage",
    "sqlalchemy",
    "typst",
)


def in_fresh_python(code: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def loaded_after(code: str) -> set[str]:
    said = in_fresh_python(f"{code}\nimport sys\nprint(*sys.modules)")
    return set(said.split())


def test_all_names_are_sorted_and_each_can_be_had() -> None:
    names = opensirt.__all__
    assert names == sorted(names)
    assert len(set(names)) == len(names)
    for name in names:
        assert getattr(opensirt, name) is not None


def test_nothing_else_is_public() -> None:
    assert [name for name in dir(opensirt) if not name.startswith("_")] == opensirt.__all__


def test_the_verbs_are_there() -> None:
    verbs = {
        "read_case",
        "select",
        "work_up",
        "plan",
        "verify",
        "dvh",
        "dose",
        "run_case",
        "write_report",
    }
    assert verbs <= set(opensirt.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'aproove'"):
        _ = opensirt.aproove


def test_import_loads_and_prints_nothing() -> None:
    assert in_fresh_python("import opensirt") == ""
    assert not loaded_after("import opensirt") & set(HEAVY)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "from click.testing import CliRunner\nfrom opensirt.cli import main\n"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0"
    )
    assert not loaded_after(code) & set(HEAVY)


def test_a_name_loads_its_room_only() -> None:
    assert not loaded_after("import opensirt; opensirt.Grid") & (set(HEAVY) - {"numpy"})
