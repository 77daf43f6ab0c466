"""NTCP and TCP of a result: only where a model holds, else with the reason."""

from dataclasses import replace

import jsonschema
import numpy as np
import pytest
import report_results as made
from builders import structure

from opensirt.domain.image import EffectiveDoseMap
from opensirt.domain.missing import Missing
from opensirt.domain.record import DoseResult
from opensirt.domain.structure import StructureKind
from opensirt.domain.structure_effect import StructureEffect
from opensirt.errors import InputError
from opensirt.physics.tissue_effect import lyman_probability
from opensirt.report.results import results_document, results_schema
from opensirt.report.sections.effects import effects_table
from opensirt.workflow.effective_dose import effective_dose_maps
from opensirt.workflow.effects import structure_effects

VERIFICATION = made.verification()
RESULT: DoseResult = VERIFICATION.primary_result
HCC, NET = "hepatocellular", "neuroendocrine"


def effects(device: str | Missing, tumour_type: str | Missing) -> list[StructureEffect]:
    return list(
        structure_effects(
            RESULT, VERIFICATION.uncertainties, device=device, tumour_type=tumour_type
        )
    )


def test_holmium_in_neuroendocrine_disease_has_no_model_and_says_so() -> None:
    found = effects("holmium", NET)
    assert {one.effect for one in found} == {"toxicity", "control"}
    for one in found:
        assert one.probability is Missing.NO_VALID_MODEL
        assert "for holmium in neuroendocrine disease" in one.reason


def test_resin_in_hepatocellular_disease_has_a_probability_with_an_interval() -> None:
    found = [one for one in effects("resin", HCC) if one.model == "strigari_resin"]
    (normal,) = found
    mean_gy = RESULT.structure(normal.label).mean_gy
    assert normal.probability == pytest.approx(
        lyman_probability(mean_gy, half_effect_gy=52.0, slope=0.28)
    )
    assert isinstance(normal.low, float)
    assert isinstance(normal.high, float)
    assert isinstance(normal.probability, float)
    assert normal.low < normal.probability < normal.high
    assert not normal.verified


def test_a_model_without_a_slope_gives_no_probability_but_the_dose_over_its_half() -> None:
    tumours = [one for one in effects("glass", HCC) if one.effect == "control"]
    assert {one.model for one in tumours} == {"dewaraja_glass"}
    for one in tumours:
        assert one.probability is Missing.NO_VERIFIED_VALUE
        mean_gy = RESULT.structure(one.label).mean_gy
        assert one.over_half_effect == pytest.approx(mean_gy / 292.0)
        assert "only the dose of 50 %" in one.reason


def test_bed_models_take_the_bed_of_the_mean() -> None:
    (one,) = (one for one in effects("glass", HCC) if one.model == "walrand_glass")
    mean_gy = RESULT.structure(one.label).mean_gy
    assert isinstance(one.dose_gy, float)
    assert one.dose_gy > mean_gy
    assert not one.verified


@pytest.mark.parametrize(
    ("device", "tumour_type", "lacking"),
    [
        ("unknown", HCC, "device"),
        (Missing.NOT_RECORDED, HCC, "device"),
        ("resin", Missing.NOT_RECORDED, "tumour type"),
    ],
)
def test_what_is_not_stated_has_no_answer(
    device: str | Missing, tumour_type: str | Missing, lacking: str
) -> None:
    for one in effects(device, tumour_type):
        assert one.probability is Missing.NOT_RECORDED
        assert f"states no {lacking}" in one.reason


def test_a_probability_outside_its_range_or_absent_without_a_reason_is_refused() -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        StructureEffect(label="Liver", effect="toxicity", probability=1.2)
    with pytest.raises(InputError, match="and no reason"):
        StructureEffect(label="Liver", effect="toxicity", probability=Missing.NO_VALID_MODEL)


def test_the_table_says_once_what_holds_for_all() -> None:
    rows = effects_table(effects("holmium", NET), "Effects").rows
    assert len(rows) == 2
    assert "Tumour 1, Tumour 2" in [one[0].text for one in rows]
    table = effects_table(effects("resin", HCC), "Effects")
    assert any("⚠" in column.header for column in table.columns)
    assert any("strigari_resin" in note for note in table.notes)


def test_results_hold_the_effects_or_their_reason() -> None:
    verification = replace(VERIFICATION, effects=tuple(effects("holmium", NET)))
    result = replace(made.result(), verification=verification)
    document = results_document(made.case(), result)
    jsonschema.validate(document, results_schema())
    found = document["verification"]["effects"]
    assert {one["probability"] for one in found} == {"no model holds for this device and disease"}
    assert {one["reason"][:6] for one in found} == {"no NTC", "no TCP"}


def test_maps_have_the_tumours_parameters_in_tumours_and_the_livers_elsewhere() -> None:
    dose = RESULT.dose
    tumour = structure("Tumour", StructureKind.TUMOUR, made.TUMOUR_1.mask)
    maps = effective_dose_maps(dose, (tumour,), half_life_s=64.1 * 3600)
    assert [one.quantity for one in maps] == ["BED", "EQD2"]
    assert all(isinstance(one, EffectiveDoseMap) for one in maps)
    inside = tumour.mask.values
    d = dose.values.astype(np.float64)
    g_tumour, g_liver = 1.5 / 65.6, 2.5 / 66.6
    bed = np.where(inside, d * (1 + g_tumour * d / 10), d * (1 + g_liver * d / 2.5))
    np.testing.assert_allclose(maps[0].values, bed, rtol=1e-5)
    np.testing.assert_allclose(maps[1].values, bed / np.where(inside, 1.2, 1.8), rtol=1e-5)
