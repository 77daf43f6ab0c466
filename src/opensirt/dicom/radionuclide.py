"""Which radionuclide a series says it shows, by name and by half-life."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset

from opensirt.dicom.getters import items, optional_float, optional_text, where
from opensirt.domain.missing import Missing
from opensirt.domain.nuclide_name import canonical_nuclide
from opensirt.errors import InputError
from opensirt.reference.icrp107 import read_icrp107

_CANDIDATES = (
    *("Y-90", "Ho-166", "Tc-99m", "Lu-177", "F-18", "Ga-68", "Zr-89", "Cu-64", "I-131"),
    *("I-124", "I-123", "In-111", "Re-186", "Re-188", "Sm-153", "Tl-201", "C-11", "Ge-68"),
)
"""What a half-life without a name may stand for."""

_SAME_HALF_LIFE = 0.03
"""Relative difference up to which two half-lives are one: scanners round, up to 1 %."""


@dataclass(frozen=True, kw_only=True)
class SeriesRadionuclide:
    """Name and half-life as the headers state them."""

    name: str | Missing
    half_life_s: float | Missing
    notes: tuple[str, ...] = ()


def series_radionuclide(headers: Sequence[Dataset]) -> SeriesRadionuclide:
    """Return the nuclide of a series: by its code, the radiopharmaceutical, or the half-life.

    Raises
    ------
    InputError
        When the name and the half-life belong to different nuclides: then the scanner's decay
        correction is probably wrong.
    """
    pharmaceuticals = [
        item
        for header in headers
        for item in items(header, "RadiopharmaceuticalInformationSequence")
    ]
    names = {name for item in pharmaceuticals if (name := _name(item)) is not None}
    half_lives = {
        half_life
        for item in pharmaceuticals
        if not isinstance(half_life := optional_float(item, "RadionuclideHalfLife"), Missing)
        and half_life > 0
    }
    half_life_s: float | Missing = Missing.NOT_RECORDED
    if len(half_lives) == 1:
        half_life_s = half_lives.pop()
    if len(names) > 1:
        listed = ", ".join(sorted(names))
        note = f"the files name several radionuclides ({listed}); the case has to name one"
        return SeriesRadionuclide(name=Missing.NOT_RECORDED, half_life_s=half_life_s, notes=(note,))
    if not names:
        return _by_half_life(half_life_s)
    name = names.pop()
    _require_agreement(headers[0], name, half_life_s)
    return SeriesRadionuclide(name=name, half_life_s=half_life_s)


def _name(pharmaceutical: Dataset) -> str | None:
    texts = [
        optional_text(code, keyword)
        for code in items(pharmaceutical, "RadionuclideCodeSequence")
        for keyword in ("CodeMeaning",)
    ]
    texts.append(optional_text(pharmaceutical, "Radiopharmaceutical"))
    texts += [
        optional_text(code, "CodeMeaning")
        for code in items(pharmaceutical, "RadiopharmaceuticalCodeSequence")
    ]
    for text in texts:
        name = None if isinstance(text, Missing) else canonical_nuclide(text)
        if name is not None:
            return name
    return None


def _by_half_life(half_life_s: float | Missing) -> SeriesRadionuclide:
    if isinstance(half_life_s, Missing):
        return SeriesRadionuclide(name=half_life_s, half_life_s=half_life_s)
    fitting = [name for name in _CANDIDATES if _agrees(name, half_life_s)]
    if len(fitting) != 1:
        note = f"a half-life of {half_life_s:g} s names no one radionuclide; the case has to"
        return SeriesRadionuclide(name=Missing.NOT_RECORDED, half_life_s=half_life_s, notes=(note,))
    note = f"the radionuclide {fitting[0]} was told by its half-life of {half_life_s:g} s alone"
    return SeriesRadionuclide(name=fitting[0], half_life_s=half_life_s, notes=(note,))


def _agrees(name: str, half_life_s: float) -> bool:
    wanted_s = read_icrp107(name).half_life_s.value
    return abs(half_life_s / wanted_s - 1) <= _SAME_HALF_LIFE


def _require_agreement(header: Dataset, name: str, half_life_s: float | Missing) -> None:
    if isinstance(half_life_s, Missing) or name not in _CANDIDATES or _agrees(name, half_life_s):
        return
    wanted_s = read_icrp107(name).half_life_s.value
    raise InputError(
        f"{where(header)}: the radionuclide is {name} but RadionuclideHalfLife is "
        f"{half_life_s:g} s; wanted {wanted_s:g} s; the scanner may have corrected decay for "
        "another nuclide: reconstruct or export the series with the right one"
    )
