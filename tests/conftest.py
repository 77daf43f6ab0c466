"""What all tests share: hypothesis profiles and the door to the shared real files."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "dev", max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "ci",
    max_examples=25,
    deadline=None,
    derandomize=True,  # a change is judged by itself, not by the luck of the draw
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "nightly", max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real files, or skip with the reason."""
    folder = os.environ.get("OPENSIRT_TEST_DATA", "")
    if not folder:
        pytest.skip("OPENSIRT_TEST_DATA is not set: no real files to test on")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"OPENSIRT_TEST_DATA names {path}, which is not a folder")
    return path
