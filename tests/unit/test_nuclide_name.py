"""Whatever a file calls a radionuclide, it has one name here."""

import pytest

from opensirt.domain.nuclide_name import canonical_nuclide


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("^99m^Technetium", "Tc-99m"),
        ("Tc-99m [^99m^Technetium]", "Tc-99m"),
        ("99mTc MAA", "Tc-99m"),
        ("TC99M", "Tc-99m"),
        ("^90^Yttrium", "Y-90"),
        ("SIR-Spheres Y90", "Y-90"),
        ("Y-90 in 100 mL", "Y-90"),
        ("166Ho-PLLA", "Ho-166"),
        ("lutetium-177", "Lu-177"),
        ("F^18^[^18^Fluorine]", "F-18"),
        ("18F-FDG", "F-18"),
    ],
)
def test_one_spelling_for_all(text: str, name: str) -> None:
    assert canonical_nuclide(text) == name


@pytest.mark.parametrize("text", ["", "microspheres", "resin 2026", "In-111 and Tc-99m", "5 in"])
def test_no_name_is_made_up(text: str) -> None:
    assert canonical_nuclide(text) is None
