"""Sphinx configuration."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

project = "OpenSIRT"
author = "The OpenSIRT founders"
copyright = "2026, The OpenSIRT founders"
release = installed_version("opensirt")
version = release

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx-mathjax-offline", "numpydoc"]
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
numpydoc_show_class_members = False
autodoc_typehints = "signature"
exclude_patterns = ["_build", "reference/generated"]
html_theme = "alabaster"
html_theme_options = {
    "description": "Radioembolization from the tumour board to the survival curve",
    "page_width": "70rem",
    "fixed_sidebar": True,
}

sys.path.insert(0, str(Path(__file__).parent))
import generate  # noqa: E402 - lies beside this file

generate.write_all()
