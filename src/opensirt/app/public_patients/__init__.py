"""The two public patients of the Taranis project: how to get their images, and their cases.

The images belong to their authors (MIT licence) and are not part of OpenSIRT: they are downloaded
from the commit named here and checked by hash, or taken from a folder of the user's.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from opensirt.errors import InputError
from opensirt.provenance import sha256_of_file

FOLDER_VARIABLE = "OPENSIRT_DATA"
"""Environment variable that names a folder with the images."""

KEYS = ("patient-1", "patient-2")

_COMMIT = "778cb39e09cac0c4f4803e3240bf01054bd629b9"
_REPOSITORY = "4burakfe/SlicerRadioembolizationDosimetry_SampleImages"
_ADDRESS = f"https://raw.githubusercontent.com/{_REPOSITORY}/{_COMMIT}/"

SHA256: Mapping[str, str] = MappingProxyType(
    {
        "patient_1_Y90_PET.nrrd": (
            "4f1f195ccb0dcd3c4c9fc967ed0c2e4bf9ac5985db02d951d64772d69979e55b"
        ),
        "patient_1_Segmentation.seg.nrrd": (
            "550ceea296c7eab81f1dc7fb4ccf2f647fe223ba310eb2bd2dd0d0050aca739b"
        ),
        "patient_2_SPECT.nrrd": (
            "5647f8109babdc8655b217da6952cd5aafde3df2598a0dab52b2ad60208dc86b"
        ),
        "patient_2_Segmentation.seg.nrrd": (
            "49e0eae32ad99464a66ae1fab48a9343d9068b5633e5a6f260640bc9b5666abe"
        ),
    }
)


def write_cases(out: Path, progress: Callable[[str], None]) -> tuple[Path, ...]:
    """Write a case folder with its images for each patient and return the folders.

    Raises
    ------
    InputError
        When a file is not in the folder that the user names, cannot be downloaded, or is not the
        one that is meant.
    """
    found = {name: _image(name, progress) for name in SHA256}
    folders = []
    for key in KEYS:
        folder = out / key
        folder.mkdir(parents=True, exist_ok=True)
        text = files(__name__).joinpath(f"{key}.toml").read_text(encoding="utf-8")
        (folder / "case.toml").write_text(text, encoding="utf-8")
        for name, path in found.items():
            if name in text:
                shutil.copyfile(path, folder / name)
        folders.append(folder)
    return tuple(folders)


def _image(name: str, progress: Callable[[str], None]) -> Path:
    folder = os.environ.get(FOLDER_VARIABLE, "")
    if not folder:
        return _downloaded(name, progress)
    path = Path(folder) / name
    if not path.is_file():
        raise InputError(
            f"{FOLDER_VARIABLE} names a folder without {name}; put it there, or unset the variable "
            "to download it"
        )
    if sha256_of_file(path) != SHA256[name]:
        raise InputError(
            f"{name} in the folder of {FOLDER_VARIABLE} is not the published file (its sha256 "
            "differs); replace it"
        )
    return path


def _downloaded(name: str, progress: Callable[[str], None]) -> Path:
    import pooch
    import requests

    progress(f"fetching {name}")
    try:
        path = pooch.retrieve(
            url=_ADDRESS + name,
            known_hash=f"sha256:{SHA256[name]}",
            fname=name,
            path=pooch.os_cache("opensirt"),
        )
    except (OSError, ValueError, requests.RequestException) as error:
        raise InputError(
            f"{name} could not be downloaded ({type(error).__name__}); get it from the repository "
            f"{_REPOSITORY} at commit {_COMMIT[:10]} and name its folder in {FOLDER_VARIABLE}"
        ) from error
    return Path(path)
