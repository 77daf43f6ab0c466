"""Radionuclides come from the data set that was named, or not at all."""

import re

import numpy as np
import pytest

from opensirt.errors import InputError, MissingInputError, UnknownNameError
from opensirt.reference import radionuclide as module
from opensirt.reference.electron_spectrum import electron_spectrum
from opensirt.reference.icrp107 import read_icrp107
from opensirt.reference.kernel_file import read_kernel_file
from opensirt.reference.point_kernel import WATERS, point_kernel
from opensirt.reference.radionuclide import (
    known_data_sets,
    known_radionuclides,
    radionuclide,
)
from opensirt.reference.table import read_table

EVERY = [(name, data) for data in known_data_sets() for name in known_radionuclides(data)]
WITH_KERNEL = [(name, data) for name, data in EVERY if not radionuclide(name, data).refused]


@pytest.mark.parametrize(("name", "data_set"), EVERY)
def test_every_figure_has_a_source_and_the_result_names_its_data_set(
    name: str, data_set: str
) -> None:
    made = radionuclide(name, data_set)
    assert (made.name, made.data_set) == (name, data_set)
    assert made.data_set_version
    assert made.half_life_s.unit == "s"
    assert made.half_life_s.value > 0
    assert made.electron_energy_mev_per_decay.unit == "MeV"
    assert made.dose_constant_gy_kg_per_gbq.source.startswith("electron energy × mean life")
    assert made.dose_constant_gy_kg_per_gbq.verified


@pytest.mark.parametrize("name", ["Y90", "y-90", "Sr-90", "Y-90m", ""])
def test_an_unknown_nuclide_is_refused_and_never_replaced(name: str) -> None:
    with pytest.raises(UnknownNameError, match="unknown radionuclide of data set icrp107") as told:
        radionuclide(name)
    assert "Y-90, Ho-166, Lu-177, Re-188, Tc-99m" in str(told.value)


def test_a_nuclide_that_the_data_set_lacks_is_not_taken_from_another() -> None:
    with pytest.raises(UnknownNameError, match=r"data set lnhb2015 'Ho-166'; known: Y-90$"):
        radionuclide("Ho-166", "lnhb2015")


def test_an_unknown_data_set_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="known: icrp107, lnhb2015, egsnrc"):
        radionuclide("Y-90", "endf")
    with pytest.raises(UnknownNameError, match="unknown nuclear data set 'ICRP107'"):
        known_radionuclides("ICRP107")


def test_technetium_gives_no_dose() -> None:
    tc99m = radionuclide("Tc-99m")
    with pytest.raises(MissingInputError, match="name the nuclide that is or will be"):
        tc99m.require_dosimetry()
    with pytest.raises(MissingInputError, match="data for an absorbed dose from Tc-99m"):
        point_kernel("Tc-99m")


@pytest.mark.parametrize(("name", "data_set"), WITH_KERNEL)
def test_the_mean_of_every_spectrum_is_that_of_its_data_set(name: str, data_set: str) -> None:
    spectrum = electron_spectrum(name, data_set)
    wanted = radionuclide(name, data_set).electron_energy_mev_per_decay.value
    assert spectrum.mean_energy_mev_per_decay == pytest.approx(wanted, rel=1e-9)
    edges = np.arange(0.0, 2.33, 0.02)
    assert float(spectrum.energy_between(edges).sum()) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("water", WATERS)
@pytest.mark.parametrize(("name", "data_set"), WITH_KERNEL)
def test_point_kernels_hold_what_was_emitted_but_for_what_leaves_30_cm_of_water(
    name: str, data_set: str, water: str
) -> None:
    kernel, nuclide = point_kernel(name, data_set, water), radionuclide(name, data_set)
    electrons = float(kernel.electron_mev.sum() + kernel.bremsstrahlung_mev.sum())
    emitted = nuclide.electron_energy_mev_per_decay.value
    # 0.35 % of the electrons' energy becomes bremsstrahlung, a fifth of that leaves the sphere.
    assert 0.999 * emitted < electrons < 1.00001 * emitted
    assert float(kernel.photon_mev.sum()) <= nuclide.photon_energy_mev_per_decay.value
    assert (kernel.photon_mev.sum() > 0) is np.bool_(nuclide.photons == "kernel")
    assert kernel.emitted_mev.value == pytest.approx(
        emitted + nuclide.photon_energy_mev_per_decay.value
    )


def test_electrons_reach_as_far_as_their_energy_allows() -> None:
    reach = [point_kernel(name).reach_mm(1e-6) for name in ("Lu-177", "Ho-166", "Re-188", "Y-90")]
    assert reach == pytest.approx([1.7, 8.85, 10.3, 11.4])


def test_radii_that_hold_half_and_most_of_the_energy() -> None:
    # physics notes, 1.5: X50, X90, X95, X99 with the spectra of EGSnrc
    wanted = {"Y-90": (2.334, 5.379, 6.241, 7.727), "Ho-166": (1.530, 3.854, 4.538, 5.735)}
    for name, radii_mm in wanted.items():
        kernel = point_kernel(name, "egsnrc" if name == "Y-90" else "icrp107")
        inside = np.append(0.0, np.cumsum(kernel.electron_mev)) / kernel.electron_mev.sum()
        for fraction, radius_mm in zip((0.5, 0.9, 0.95, 0.99), radii_mm, strict=True):
            found = np.interp(fraction, inside, kernel.radius_edges_mm)
            assert found == pytest.approx(radius_mm, rel=3e-3)


def test_an_unknown_water_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown water 'I80'; known: I75, I78"):
        point_kernel("Y-90", water="I80")


def test_an_unknown_nuclide_of_icrp_107_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=re.escape("radionuclide of ICRP-107 'Xx-1'")):
        read_icrp107("Xx-1")


def test_an_unknown_kernel_table_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="kernel table 'nothing'; known: electron"):
        read_kernel_file("nothing")


def test_kernel_tables_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        read_kernel_file("spectra")["egsnrc_Y-90"][0] = 1


def test_a_half_life_in_a_unit_that_is_not_known_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("opensirt.reference.icrp107._SECONDS", {"s": 1.0})
    read_icrp107.cache_clear()
    with pytest.raises(InputError, match="half-life of Y-90 has the unit 'h'"):
        read_icrp107("Y-90")
    monkeypatch.undo()
    read_icrp107.cache_clear()


def test_a_photon_kernel_that_is_missing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {**read_table("radionuclides")}
    table["nuclides"] = {**table["nuclides"], "Ho-166": {"photons": "missing"}}
    monkeypatch.setattr(module, "read_table", lambda _: table)
    radionuclide.cache_clear()
    point_kernel.cache_clear()
    with pytest.raises(MissingInputError, match="photon kernel of Ho-166"):
        point_kernel("Ho-166")
    monkeypatch.undo()
    radionuclide.cache_clear()
    point_kernel.cache_clear()
