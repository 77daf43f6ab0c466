"""What the tests of the command line share."""

from pathlib import Path

import pytest
from case_folder import write_case
from click.testing import CliRunner

from opensirt.cli import main


@pytest.fixture(scope="session")
def done_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a case folder on which `run` was done once, with all plans."""
    folder = write_case(tmp_path_factory.mktemp("done") / "case")
    result = CliRunner().invoke(main, ["run", str(folder), "--all-plans"])
    assert result.exit_code in (0, 1), result.output
    return folder
