"""The two public patients: their cases, and where their images come from."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pooch
import pytest

from opensirt.app import public_patients
from opensirt.app.public_patients import FOLDER_VARIABLE, KEYS, SHA256, write_cases
from opensirt.errors import InputError
from opensirt.files.case_file import read_case_file
from opensirt.provenance import sha256_of_file


def quiet(_: str) -> None:
    """Take progress and say nothing."""


@pytest.fixture
def small_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with stand-ins, whose hashes are taken as the published ones."""
    folder = tmp_path / "images"
    folder.mkdir()
    for name in SHA256:
        (folder / name).write_text(name)
    hashes = {name: sha256_of_file(folder / name) for name in SHA256}
    monkeypatch.setattr(public_patients, "SHA256", hashes)
    return folder


@pytest.mark.parametrize("key", KEYS)
def test_the_cases_that_ship_are_valid(tmp_path: Path, key: str) -> None:
    text = files("opensirt.app.public_patients").joinpath(f"{key}.toml").read_text("utf-8")
    (tmp_path / "case.toml").write_text(text, encoding="utf-8")
    case = read_case_file(tmp_path / "case.toml")
    assert case.key == key
    named = {one.path for one in case.images} | {one.path for one in case.structures}
    assert named <= set(SHA256)


def test_images_are_taken_from_the_folder_that_the_user_names(
    small_images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(small_images))
    folders = write_cases(tmp_path / "out", quiet)
    assert [one.name for one in folders] == list(KEYS)
    assert sorted(one.name for one in folders[0].iterdir()) == [
        "case.toml",
        "patient_1_Segmentation.seg.nrrd",
        "patient_1_Y90_PET.nrrd",
    ]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.unlink(), "names a folder without patient_2_SPECT.nrrd"),
        (lambda path: path.write_text("another"), "is not the published file"),
    ],
)
def test_a_missing_or_another_file_is_refused(
    small_images: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[Path], object],
    said: str,
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(small_images))
    spoil(small_images / "patient_2_SPECT.nrrd")
    with pytest.raises(InputError, match=said):
        write_cases(tmp_path / "out", quiet)
    assert not (tmp_path / "out").exists()


def test_images_are_fetched_from_the_pinned_commit_and_checked(
    small_images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    asked = {}

    def retrieve(*, url: str, known_hash: str, fname: str, path: Path) -> str:
        assert path.name == "opensirt"
        asked[fname] = (url, known_hash)
        return str(small_images / fname)

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    write_cases(tmp_path / "out", quiet)
    assert set(asked) == set(SHA256)
    for name, (url, known_hash) in asked.items():
        assert url.endswith(f"/778cb39e09cac0c4f4803e3240bf01054bd629b9/{name}")
        assert known_hash == f"sha256:{public_patients.SHA256[name]}"


def test_without_network_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)

    def retrieve(**_: object) -> str:
        raise OSError

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    with pytest.raises(InputError, match=f"name its folder in {FOLDER_VARIABLE}"):
        write_cases(tmp_path / "out", quiet)
