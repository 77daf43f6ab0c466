"""The injection that a scanner corrected to, against the administration of the case."""

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import affine
from dicom_files import change, radiopharmaceutical, write_pet

from opensirt.app.read_case import read_case
from opensirt.domain.case import Case
from opensirt.domain.image import ActivityMap, Event
from opensirt.domain.missing import Missing
from opensirt.errors import ConfirmationError, MissingInputError
from opensirt.reference.radionuclide import radionuclide
from opensirt.workflow.delivered_activity import delivered_activity

STORED = np.full((3, 4, 5), 10, np.int16)
HEAD = 'schema = "opensirt/case/1"\nkey = "a"\n[[images]]\nid = "pet"\nrole = "verification"\n'
CONFIRMED = (
    '[[confirmations]]\nfinding = "administration_instant"\nby = "A. Physicist"\non = 2026-03-03\n'
)


def case_of(folder: Path, injected: dict[str, str], given: str, more: str = "") -> Case:
    (item,) = radiopharmaceutical("^90^Yttrium", 230760.0, 1.4e9)
    change(item, injected)
    changes: dict[str, Any] = {
        "DecayCorrection": "ADMIN",
        "RadiopharmaceuticalInformationSequence": [item],
    }
    write_pet(folder / "pet", STORED, affine(), changes)
    block = f'path = "pet"\n[administration]\nadministered_activity_mbq = 1400\n{given}\n{more}'
    (folder / "case.toml").write_text(HEAD + block)
    return read_case(folder)


def activity(case: Case) -> ActivityMap:
    (one,) = case.images
    assert isinstance(one.image, ActivityMap)
    return one.image


def rules(case: Case) -> set[str]:
    return {one.rule for one in case.findings}


def test_another_hour_is_brought_to_the_administration(tmp_path: Path) -> None:
    injected = {"RadiopharmaceuticalStartDateTime": "20260301130000"}
    case = case_of(tmp_path, injected, "administered_at = 2026-03-01T09:00:00+01:00")
    assert activity(case).reference_at == datetime.fromisoformat("2026-03-01T13:00:00+01:00")
    assert "administration_instant" in rules(case)
    nuclide = radionuclide("Y-90")
    measured = delivered_activity(case.images[0], case, nuclide)
    # Four hours earlier there was more by 2 to the power of 4 h / 64.1 h.
    wanted = activity(case).total() * 2 ** (4 * 3600 / nuclide.half_life_s.value)
    assert measured.imaged_bq == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("given", ["administered_at = 2026-03-01T13:00:30+01:00", ""])
def test_the_same_minute_or_none_stated_stays_the_event(tmp_path: Path, given: str) -> None:
    case = case_of(tmp_path, {"RadiopharmaceuticalStartDateTime": "20260301130000"}, given)
    assert activity(case).reference_at is Event.ADMINISTRATION
    assert "administration_instant" not in rules(case)


def test_another_zone_is_the_same_instant(tmp_path: Path) -> None:
    injected = {"RadiopharmaceuticalStartDateTime": "20260301130000"}
    case = case_of(tmp_path, injected, "administered_at = 2026-03-01T12:00:00Z")
    assert activity(case).reference_at is Event.ADMINISTRATION


def test_another_day_is_refused_until_confirmed(tmp_path: Path) -> None:
    injected = {"RadiopharmaceuticalStartDateTime": "20190301130000"}
    given = "administered_at = 2026-03-01T13:00:00+01:00"
    with pytest.raises(ConfirmationError, match=r"injection of its header, 2019-03-01T13:00:00"):
        case_of(tmp_path, injected, given)
    case = case_of(tmp_path, injected, given, CONFIRMED)
    assert activity(case).reference_at is Event.ADMINISTRATION
    assert any("confirmed by A. Physicist" in one.text for one in case.findings)


def test_an_injection_after_the_acquisition_is_refused_until_confirmed(tmp_path: Path) -> None:
    injected = {"RadiopharmaceuticalStartDateTime": "20260302120000"}  # acquired at 10:15
    with pytest.raises(ConfirmationError, match="2026-03-02T12:00:00"):
        case_of(tmp_path, injected, "administered_at = 2026-03-02T09:00:00+01:00")


def test_an_activity_in_another_unit_is_not_used(tmp_path: Path) -> None:
    item = radiopharmaceutical("^90^Yttrium", 230760.0, 1400.0)
    write_pet(tmp_path / "pet", STORED, affine(), {"RadiopharmaceuticalInformationSequence": item})
    (tmp_path / "case.toml").write_text(HEAD + 'path = "pet"\n')
    case = read_case(tmp_path)
    assert case.administration is None
    (found,) = [one.text for one in case.findings if one.rule == "activity_from_header"]
    assert "0.0014 MBq, outside 10 to 30000 MBq" in found


def test_the_administration_is_still_needed_for_other_instants(tmp_path: Path) -> None:
    write_pet(tmp_path / "pet", STORED, affine())
    (tmp_path / "case.toml").write_text(HEAD + 'path = "pet"\n')
    case = read_case(tmp_path)
    assert case.administration is not None
    assert case.administration.administered_at is Missing.NOT_RECORDED
    with pytest.raises(MissingInputError, match="no instant of the administration"):
        delivered_activity(case.images[0], case, radionuclide("Y-90"))
