"""What the doses of a plan or a verification would do, by models that hold for the patient."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from opensirt.domain.missing import Missing
from opensirt.domain.record import DoseResult, StructureDose
from opensirt.domain.structure import StructureKind
from opensirt.domain.structure_effect import StructureEffect
from opensirt.domain.uncertainty import DoseUncertainty
from opensirt.physics.radiobiology import biologically_effective_dose_gy, tissue_parameters
from opensirt.physics.tissue_effect import (
    BED_OF_MEAN,
    EffectModel,
    effect_models,
    known_for,
    lyman_probability,
)
from opensirt.reference.radionuclide import radionuclide

TOXICITY, CONTROL = "toxicity", "control"
_EFFECT_ON: Mapping[StructureKind, str] = {
    StructureKind.NORMAL_LIVER: TOXICITY,
    StructureKind.TUMOUR: CONTROL,
}
_NAMES = {TOXICITY: "NTCP", CONTROL: "TCP"}


def structure_effects(
    result: DoseResult,
    uncertainties: Sequence[DoseUncertainty],
    *,
    device: str | Missing,
    tumour_type: str | Missing,
) -> tuple[StructureEffect, ...]:
    """Return NTCP of the normal liver and TCP of each tumour, or why there is none.

    Parameters
    ----------
    uncertainties
        Of the result; the estimate and the interval of a mean dose come from them where they are.
    device, tumour_type
        As in the case file; a model holds for some of both only.
    """
    sampled = {one.label: one.sampled for one in uncertainties}
    made: list[StructureEffect] = []
    for row in result.structures:
        if row.kind not in _EFFECT_ON:
            continue
        doses: tuple[float, float, float] | float = row.mean_gy
        drawn = sampled.get(row.label, Missing.NOT_ESTIMATED)
        if not isinstance(drawn, Missing):
            doses = (drawn.mean.estimate_gy, drawn.mean.low_gy, drawn.mean.high_gy)
        made += _of_structure(row, doses, result.radionuclide, device, tumour_type)
    return tuple(made)


def _of_structure(
    row: StructureDose,
    doses_gy: tuple[float, float, float] | float,
    nuclide: str,
    device: str | Missing,
    tumour_type: str | Missing,
) -> Iterator[StructureEffect]:
    effect = _EFFECT_ON[row.kind]
    models = [one for one in effect_models() if one.effect == effect]
    if isinstance(device, Missing) or isinstance(tumour_type, Missing) or device == "unknown":
        lacking = "device" if isinstance(device, Missing) or device == "unknown" else "tumour type"
        yield StructureEffect(
            label=row.label,
            effect=effect,
            probability=Missing.NOT_RECORDED,
            reason=f"the case states no {lacking}, so that no {_NAMES[effect]} model can be chosen",
        )
        return
    valid = [
        one
        for one in models
        if one.holds(device=device, tumour_type=tumour_type, structure=row.kind.value)
    ]
    if not valid:
        yield StructureEffect(
            label=row.label,
            effect=effect,
            probability=Missing.NO_VALID_MODEL,
            reason=(
                f"no {_NAMES[effect]} model for {device} in {tumour_type} disease; there are some "
                f"for {known_for(models)}"
            ),
        )
    for model in valid:
        yield _by_model(model, row, doses_gy, nuclide)


def _by_model(
    model: EffectModel,
    row: StructureDose,
    doses_gy: tuple[float, float, float] | float,
    nuclide: str,
) -> StructureEffect:
    meant = _quantity(model, row.kind, nuclide)
    bed = model.quantity == BED_OF_MEAN
    tissue = tissue_parameters("tumour" if row.kind is StructureKind.TUMOUR else "liver")
    ends = doses_gy if isinstance(doses_gy, tuple) else (doses_gy,)
    quantities = [meant(max(dose, 0.0)) for dose in ends]
    probabilities: list[float | Missing] = [Missing.NO_VERIFIED_VALUE] * len(quantities)
    reason = ""
    if model.slope is None:
        reason = (
            "only the dose of 50 % is known, not how the probability rises: the dose is "
            f"{quantities[0] / model.half_effect_gy.value:.2f} times that"
        )
    else:
        slope = model.slope.value
        probabilities = [
            lyman_probability(one, half_effect_gy=model.half_effect_gy.value, slope=slope)
            for one in quantities
        ]
    low, high = (
        probabilities[1:] if len(ends) > 1 else (Missing.NOT_ESTIMATED, Missing.NOT_ESTIMATED)
    )
    return StructureEffect(
        label=row.label,
        effect=model.effect,
        probability=probabilities[0],
        low=low,
        high=high,
        dose_gy=quantities[0],
        over_half_effect=quantities[0] / model.half_effect_gy.value,
        reason=reason,
        model=model.name,
        quantity=model.quantity,
        endpoint=model.endpoint,
        conditions=model.conditions,
        source=model.source,
        verified=model.verified and (not bed or tissue.verified),
    )


def _quantity(model: EffectModel, kind: StructureKind, nuclide: str) -> Callable[[float], float]:
    if model.quantity != BED_OF_MEAN:
        return lambda dose: dose
    biology = tissue_parameters("tumour" if kind is StructureKind.TUMOUR else "liver")
    half_life_s = radionuclide(nuclide).half_life_s.value
    return lambda dose: float(
        biologically_effective_dose_gy(
            dose,
            alpha_beta_ratio_gy=biology.alpha_beta_ratio_gy.value,
            repair_half_life_s=biology.repair_half_life_s,
            physical_half_life_s=half_life_s,
        )
    )
