"""Versions of everything that a number went through."""

import platform
from collections.abc import Mapping
from importlib.metadata import version

from opensirt import __version__

_PACKAGES = ("numpy", "scipy", "icrp107_database", "pydicom", "nibabel", "pynrrd", "SimpleITK")


def software_versions() -> Mapping[str, str]:
    """Return the versions of OpenSIRT, Python and the libraries that touch numbers."""
    return {
        "opensirt": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
    }
