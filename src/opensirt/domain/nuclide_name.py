"""One spelling for a radionuclide, whatever a file calls it."""

import re
from collections.abc import Mapping
from types import MappingProxyType

ELEMENTS: Mapping[str, str] = MappingProxyType(
    {
        "actinium": "Ac",
        "astatine": "At",
        "bismuth": "Bi",
        "bromine": "Br",
        "carbon": "C",
        "caesium": "Cs",
        "cesium": "Cs",
        "chromium": "Cr",
        "cobalt": "Co",
        "copper": "Cu",
        "dysprosium": "Dy",
        "erbium": "Er",
        "fluorine": "F",
        "gallium": "Ga",
        "germanium": "Ge",
        "gold": "Au",
        "holmium": "Ho",
        "indium": "In",
        "iodine": "I",
        "iron": "Fe",
        "krypton": "Kr",
        "lead": "Pb",
        "lutetium": "Lu",
        "lutecium": "Lu",
        "nitrogen": "N",
        "oxygen": "O",
        "phosphorus": "P",
        "radium": "Ra",
        "rhenium": "Re",
        "rubidium": "Rb",
        "samarium": "Sm",
        "scandium": "Sc",
        "sodium": "Na",
        "strontium": "Sr",
        "technetium": "Tc",
        "terbium": "Tb",
        "thallium": "Tl",
        "thulium": "Tm",
        "titanium": "Ti",
        "xenon": "Xe",
        "ytterbium": "Yb",
        "yttrium": "Y",
        "zirconium": "Zr",
    }
)
"""English element names that nuclear medicine uses → symbol."""

_SPELT: Mapping[str, str] = MappingProxyType(
    {**ELEMENTS, **{symbol.lower(): symbol for symbol in ELEMENTS.values()}}
)
_ELEMENT = "|".join(sorted(_SPELT, key=len, reverse=True))
_BETWEEN = r"[\s^_()\[\]-]*"
_ELEMENT_FIRST = re.compile(
    rf"(?<![a-z])(?P<element>{_ELEMENT}){_BETWEEN}(?P<mass>\d{{1,3}})(?P<state>m?)(?![a-z0-9])",
    re.IGNORECASE,
)
_MASS_FIRST = re.compile(
    rf"(?<!\d)(?P<mass>\d{{1,3}})\s?(?P<state>m?){_BETWEEN}(?P<element>{_ELEMENT})(?![a-z])",
    re.IGNORECASE,
)
_ENGLISH_WORDS = frozenset({"in", "at", "i"})
"""Written small after a number, these are words and no symbols."""


def canonical_nuclide(text: str) -> str | None:
    """Return the name as in ``Tc-99m``, or None when the text names no radionuclide.

    Understands what DICOM code meanings, Interfile headers and people write: mass number before
    or after the element, symbol or English name, carets and brackets. Other words of the text
    are passed over, but two different nuclides give None.

    >>> [canonical_nuclide(one) for one in ("^99m^Technetium", "Y90", "166 Ho", "lutetium-177")]
    ['Tc-99m', 'Y-90', 'Ho-166', 'Lu-177']
    >>> canonical_nuclide("F^18^[^18^Fluorine]"), canonical_nuclide("resin microspheres")
    ('F-18', None)
    """
    found = {
        f"{_SPELT[match['element'].lower()]}-{int(match['mass'])}{match['state'].lower()}"
        for pattern in (_ELEMENT_FIRST, _MASS_FIRST)
        for match in pattern.finditer(text)
        if match["element"] not in _ENGLISH_WORDS
    }
    return found.pop() if len(found) == 1 else None
