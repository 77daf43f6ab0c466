"""Versions of everything that a number went through."""

import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from types import MappingProxyType

from opensirt import __version__

_PACKAGES = ("numpy", "scipy", "icrp107_database", "pydicom", "nibabel", "pynrrd", "SimpleITK")


@cache
def software_versions() -> Mapping[str, str]:
    """Return the versions of OpenSIRT, Python and the libraries that touch numbers."""
    return MappingProxyType(
        {
            "opensirt": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in _PACKAGES},
        }
    )
