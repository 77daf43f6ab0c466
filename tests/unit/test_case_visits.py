"""The outlines of a case's imaging visits, read from the files that the case names."""

from pathlib import Path

import numpy as np
import pytest
from builders import ball, centred_grid

from opensirt.app.follow_up_course import follow_up_of
from opensirt.app.read_case import read_case
from opensirt.domain.structure import Mask, Structure, StructureKind, StructureSet
from opensirt.errors import InputError
from opensirt.files.write import write_label_map_seg_nrrd

GRID = centred_grid((50, 50, 50), (1.0, 1.0, 1.0))
CASE = """
schema = "opensirt/case/1"
key = "p"

[follow_up]
treated_on = 2026-01-10
lesions = [{{ id = "t", organ = "liver", role = "target" }}]

[[follow_up.visits]]
on = 2026-01-03
sights = [{{ lesion = "t", longest_diameter_mm = 30 }}]

[[follow_up.visits]]
on = 2026-04-10
new_lesions = []
segmentations = [{{ path = "april.seg.nrrd", {more} }}]
"""


def structure(label: str, mask: Mask) -> Structure:
    return Structure(label, StructureKind.OTHER, mask)


def folder(tmp_path: Path, more: str) -> Path:
    first, second = ball(GRID, (8, 0, 0), 10.0), ball(GRID, (-14, 0, 0), 6.0)
    liver = Mask(GRID, np.ones(GRID.shape, bool) & ~(first.values | second.values))
    write_label_map_seg_nrrd(
        tmp_path / "april.seg.nrrd",
        StructureSet(
            (
                structure("Tumor 1", first),
                structure("Tumor 2", second),
                structure("Liver", liver),
            )
        ),
    )
    (tmp_path / "case.toml").write_text(CASE.format(more=more))
    return tmp_path


def test_sizes_and_load_are_measured_and_the_file_is_among_the_inputs(tmp_path: Path) -> None:
    more = 'frame = "april", lesions = { "Tumor 1" = "t" }, tumours = ["Tumor *"], liver = "Liver"'
    case = read_case(folder(tmp_path, more))
    record, _, found = follow_up_of(case)
    visit = record.imaging[1]
    assert visit.sights["t"].longest_diameter_mm == pytest.approx(20.0, abs=1.0)
    expected = 4e-3 / 3 * np.pi * (10**3 + 6**3)
    assert visit.liver.tumour_volume_ml == pytest.approx(expected, rel=0.03)
    assert visit.liver.liver_volume_ml == pytest.approx(125 - expected, rel=0.03)
    assert "visits.2026-04-10.april.seg.nrrd" in case.inputs
    assert found == ()


def test_two_segments_of_one_lesion_are_its_pieces(tmp_path: Path) -> None:
    more = 'lesions = { "Tumor 1" = "t", "Tumor 2" = "t" }'
    record, _, _ = follow_up_of(read_case(folder(tmp_path, more)))
    assert [round(one) for one in record.imaging[1].sights["t"].pieces_mm] == [20, 12]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('lesions = { "Tumour 1" = "t" }', "no segment is called 'Tumour 1'; found 'Tumor 1'"),
        ('spleen = "Spleen"', "no segment is called 'Spleen'"),
        ('lesions = { "Tumor 1" = "x" }', "outlines lesion x, which the follow-up does not list"),
        ('lesion = { "Tumor 1" = "t" }', "lesion"),
    ],
)
def test_what_is_not_there_is_refused(tmp_path: Path, more: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        follow_up_of(read_case(folder(tmp_path, more)))
