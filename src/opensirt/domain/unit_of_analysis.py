"""What was counted: one row of a table, one figure of a study."""

from enum import Enum


class UnitOfAnalysis(Enum):
    """What one row, or one count, is of; numbers of different units are never pooled."""

    PATIENT = "patient"
    LESION = "lesion"
    PROCEDURE = "procedure"
    VISIT = "visit"
    """One filled-in form or one examination of a patient."""
    STUDY = "study"
    """A figure over studies, as reviews give it; no row of a table."""
    UNSTATED = "unstated"
    """A publication does not say it; no row of a table."""


OF_ROWS = (
    UnitOfAnalysis.PATIENT,
    UnitOfAnalysis.LESION,
    UnitOfAnalysis.PROCEDURE,
    UnitOfAnalysis.VISIT,
)
"""What a row of an analysis table can be."""
