"""The radiation-safety sheet: values for the activity given, what is left later, what to do."""

from opensirt.domain.administration import (
    TOPICS,
    SafetyGuidance,
    SafetyInstant,
    SafetyValue,
)
from opensirt.domain.missing import Missing
from opensirt.domain.record import Number
from opensirt.reference.constant import STATUSES, constant_of
from opensirt.reference.radionuclide import Radionuclide
from opensirt.reference.table import read_table
from opensirt.units import BQ_PER_GBQ, HOURS_PER_DAY, SECONDS_PER_HOUR

TABLE = "radiation_safety"
_RATES = {
    "dose_rate_at_contact": "at contact",
    "dose_rate_at_30_cm": "at 0.3 m",
    "dose_rate_at_1_m": "at 1 m",
}
_SURE = STATUSES[:2]


def safety_values(device_name: str, net_bq: Number) -> tuple[SafetyValue, ...]:
    """Return the radiation-safety values of a device; those per GBq for the net activity.

    Those per GBq stay per GBq where the net activity is not known.
    """
    table = read_table(TABLE)
    made = []
    for key, stated in table[device_name].items():
        entry = table[stated["same_as"]][key] if "same_as" in stated else stated
        figure = constant_of(entry, where=f"{TABLE}.{device_name}.{key}")
        value, unit = figure.value, figure.unit
        if entry["per_gbq"] and not isinstance(net_bq, Missing):
            value, unit = value * net_bq / BQ_PER_GBQ, unit.removesuffix(" per GBq")
        made.append(
            SafetyValue(
                words=entry["words"],
                value=value,
                unit=unit,
                source=figure.source,
                verified=figure.verified,
            )
        )
    return tuple(made)


def safety_instants(
    device_name: str, net_bq: Number, nuclide: Radionuclide
) -> tuple[SafetyInstant, ...]:
    """Return activity and dose rates at the times of the sheet, by physical decay alone."""
    table = read_table(TABLE)
    rates = {}
    for key, words in _RATES.items():
        stated = table[device_name].get(key)
        if stated is None:
            continue
        entry = table[stated["same_as"]][key] if "same_as" in stated else stated
        rates[words] = constant_of(entry, where=f"{TABLE}.{device_name}.{key}").value
    half_life_d = nuclide.half_life_s.value / SECONDS_PER_HOUR / HOURS_PER_DAY
    made = []
    for days in table["times"]["after_treatment_d"]:
        left: Number = net_bq
        if not isinstance(left, Missing):
            left *= 0.5 ** (days / half_life_d)
        made.append(
            SafetyInstant(
                days=float(days),
                activity_bq=left,
                dose_rates={
                    words: left if isinstance(left, Missing) else rate * left / BQ_PER_GBQ
                    for words, rate in rates.items()
                },
            )
        )
    return tuple(made)


def safety_guidance(device_name: str) -> tuple[SafetyGuidance, ...]:
    """Return the sentences of the sheet for a device, topic by topic.

    A topic of which no source says anything is answered by that.
    """
    entries = [one for one in read_table(TABLE)["guidance"] if device_name in one["devices"]]
    made = []
    for topic in TOPICS:
        said = [one for one in entries if one["topic"] == topic]
        made += [
            SafetyGuidance(
                topic=topic,
                text=one["text"],
                source=one["source"],
                verified=one["status"] in _SURE,
            )
            for one in said
        ]
        if not said:
            text = "no verified value: no source that could be read says anything"
            made.append(SafetyGuidance(topic=topic, text=text, source="", verified=False))
    return tuple(made)
