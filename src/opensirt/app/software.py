"""Versions of everything that a number went through."""

import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType

from opensirt import __version__

_PACKAGES = (
    "numpy",
    "scipy",
    "numba",
    "pandas",
    "lifelines",
    "statsmodels",
    "scikit-image",
    "SimpleITK",
    "icrp107_database",
    "pydicom",
    "python-gdcm",
    "nibabel",
    "pynrrd",
    "pyarrow",
    "openpyxl",
)
_WHERE_INSTALLED = ("highdicom", "pymedphys", "numba-cuda")
"""Not there for every version of Python, or extras."""


@cache
def software_versions() -> Mapping[str, str]:
    """Return the versions of OpenSIRT, Python and the libraries that touch numbers."""
    return MappingProxyType(
        {
            "opensirt": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in _PACKAGES},
            **{name: found for name in _WHERE_INSTALLED if (found := _installed(name))},
        }
    )


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
