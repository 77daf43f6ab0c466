"""What a case still lacks, said by inspection."""

from pathlib import Path

import pytest
from case_folder import CASE, WITHOUT_SCOUT, restated, write_case

from opensirt.app.inspect import inspect_path
from opensirt.app.read_case import read_case
from opensirt.app.readiness import lacking


def test_a_complete_course_lacks_nothing(tmp_path: Path) -> None:
    assert lacking(read_case(write_case(tmp_path))) == {"work-up": (), "plan": (), "verify": ()}


def test_a_course_without_scout_can_be_verified(tmp_path: Path) -> None:
    found = lacking(read_case(write_case(tmp_path, WITHOUT_SCOUT)))
    assert found["verify"] == ()
    assert found["work-up"] == ("an image with role scout (counts or activity)",)
    assert "a structure of kind perfused_volume" in found["plan"]


@pytest.mark.parametrize(
    ("old", "new", "step", "said"),
    [
        ('"Liver" = "liver"', '"Liver" = "other"', "verify", "a structure of kind liver"),
        ("liver_density_g_per_ml = 1.05\n", "", "work-up", "liver_density_g_per_ml"),
        ("lung_shunt_fraction = 0.05\n", "", "plan", "lung_shunt_fraction in"),
        ("height_cm = 175\n", "", "plan", "height_cm and weight_kg"),
        ("administered_activity_mbq = 100\n", "", "verify", "to compare the image with"),
        ('role = "verification"', 'role = "follow-up"', "verify", "role verification"),
    ],
)
def test_each_lack_is_named(tmp_path: Path, old: str, new: str, step: str, said: str) -> None:
    folder = write_case(tmp_path)
    restated(old, new)(folder)
    assert any(said in one for one in lacking(read_case(folder))[step])


def test_counts_need_the_administered_activity(tmp_path: Path) -> None:
    text = CASE.replace('unit = "Bq/mL"', 'unit = "counts"').replace(
        "administered_activity_mbq = 100\n", ""
    )
    found = lacking(read_case(write_case(tmp_path, text)))
    assert found["verify"] == (
        "administered_activity_mbq in [administration]: the image is in counts",
    )


def test_inspection_of_a_case_folder_speaks_of_the_case(tmp_path: Path) -> None:
    folder = write_case(tmp_path, WITHOUT_SCOUT)
    steps = dict(inspect_path(folder).for_steps)
    assert steps["verify"] == ""
    assert "role scout" in steps["plan"]
    restated("[tissue]", "[tissues]")(folder)
    (broken,) = inspect_path(folder).for_steps
    assert broken[0] == "every step"
    assert "did you mean 'tissue'" in broken[1]
