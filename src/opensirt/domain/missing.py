"""Absent values, each with a reason."""

from enum import Enum


class Missing(Enum):
    """A value that is absent, and why. Never 0, never NaN, never a default."""

    NOT_DONE = "not done"
    NOT_EVALUABLE = "done, could not be judged"
    NOT_RECORDED = "no trace in the source"
    LOST = "lost to follow-up"
    NEEDS_LUNG_SHUNT = "needs LSF"
    NEEDS_LUNG_MASS = "needs lung mass"
    NEEDS_HEIGHT_AND_WEIGHT = "needs height and weight"
    NEEDS_STRUCTURE = "needs a structure that the case does not have"
    NEEDS_TARGET = "no target given"
    NEEDS_LIMIT = "no limit given"
    LIMIT_USED_UP = "earlier sessions used up a cumulative limit"
    NOT_DEFINED_FOR_DEVICE = "not defined for this device"
    UNKNOWN_DEVICE = "unknown device"
    NO_VERIFIED_VALUE = "no verified value"
    NOT_ESTIMATED = "not estimated"
    NEEDS_BASELINE = "needs a baseline value"
    NEEDS_LIMIT_OF_NORMAL = "needs the laboratory's limit of normal"
    NOT_IN_THIS_VERSION = "not defined in this version"
    NOT_INCLUDED = "not included"
    NO_VALID_MODEL = "no model holds for this device and disease"
    NOT_REACHED = "not reached"
    WITHHELD = "withheld: too few to be told"
