"""The digital patients that the tests of this folder share: each takes seconds to make."""

import pytest

from opensirt.phantom.patient import DigitalPatient, digital_patient


@pytest.fixture(scope="session")
def y90() -> DigitalPatient:
    return digital_patient(seed=1)


@pytest.fixture(scope="session")
def ho166() -> DigitalPatient:
    return digital_patient(seed=1, nuclide="Ho-166")


@pytest.fixture(scope="session", params=["Y-90", "Ho-166"])
def patient(request: pytest.FixtureRequest) -> DigitalPatient:
    wanted = {"Y-90": "y90", "Ho-166": "ho166"}[request.param]
    made: DigitalPatient = request.getfixturevalue(wanted)
    return made
