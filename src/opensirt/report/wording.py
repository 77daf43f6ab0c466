"""Fixed sentences and the words that people read instead of identifiers."""

from opensirt.domain.optimised_plan import Objective
from opensirt.domain.structure import StructureKind

RESEARCH_USE = (
    "OpenSIRT is research software, not a certified medical device; its results must not be "
    "the only basis of a clinical decision, and a qualified person has to check every one of them."
)
"""The one sentence about use that every report shows."""

UNVERIFIED_MARK = "⚠"
"""Stands beside everything that rests on a figure known only from memory or second hand."""

UNVERIFIED_LEGEND = (
    "⚠ rests on a figure that nobody has read in its source: it is known second hand or from "
    "memory. Check it before use."
)

_MODELS = {
    "body_surface_area": "Body surface area",
    "body_surface_area_by_share": "Body surface area, by share",
    "empiric": "Empiric",
    "mono_compartment": "Mono-compartment",
    "partition": "Partition, two compartments",
    "multi_tumour_partition": "Partition, each tumour",
    "tumour_shunt": "Partition, lungs fed by tumours",
    "voxel": "Voxel dose",
    "stated": "Stated activities",
}
_DEVICES = {"resin": "Resin", "glass": "Glass", "holmium": "Holmium", "unknown": "Unknown device"}
_ENGINES = {
    "local": "local deposition",
    "kernel": "kernel convolution",
    "superposition": "density-scaled superposition",
    "monte-carlo": "Monte Carlo",
}
_OBJECTIVES = {
    Objective.MEAN: "mean dose over all tumours",
    Objective.MINIMUM: "mean dose of the least-dosed tumour",
    Objective.D70: "D70 of the tumour where it is least",
    Objective.CONTROL: "chance that every tumour is controlled",
}
_KINDS = {
    StructureKind.LIVER: "liver",
    StructureKind.NORMAL_LIVER: "normal liver",
    StructureKind.PERFUSED_VOLUME: "perfused volume",
    StructureKind.PERFUSED_NORMAL_LIVER: "perfused normal liver",
}


def model_words(model: str) -> str:
    """Return the name of a planning model for people; an unknown one as it is."""
    return _MODELS.get(model, model.replace("_", " "))


def device_words(device: str) -> str:
    """Return the name of a device for people; an unknown one as it is."""
    return _DEVICES.get(device, device)


def engine_words(engine: str) -> str:
    """Return the name of a dose engine for people; an unknown one as it is."""
    return _ENGINES.get(engine, engine)


def kind_words(kind: StructureKind) -> str:
    """Return the kind of a structure for people.

    >>> kind_words(StructureKind.NORMAL_LIVER)
    'normal liver'
    """
    return _KINDS.get(kind, kind.value.replace("_", " "))


def objective_words(objective: Objective) -> str:
    """Return what an optimisation makes large, for people."""
    return _OBJECTIVES[objective]
