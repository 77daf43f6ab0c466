"""Endpoints of the table of patients: what counts from when, and who is censored."""

from opensirt.cohort.course import INDEX_SOURCES
from opensirt.domain.analysis_table import Endpoint

_INDEX = f"day of treatment ({INDEX_SOURCES})"
OVERALL_SURVIVAL = Endpoint(
    name="os",
    title="overall survival",
    time_column="os_days",
    event_column="os_event",
    index_date=_INDEX,
    event="death of any cause",
    censoring="last contact at which the patient was known to be alive",
)
PROGRESSION_FREE = Endpoint(
    name="pfs",
    title="progression-free survival",
    time_column="pfs_days",
    event_column="pfs_event",
    index_date=_INDEX,
    event="progression by RECIST 1.1 in the organs that were read (response_organs), or death",
    censoring="last assessment without progression in a patient not known to have died",
)
HEPATIC_PROGRESSION_FREE = Endpoint(
    name="hpfs",
    title="hepatic progression-free survival",
    time_column="hpfs_days",
    event_column="hpfs_event",
    index_date=_INDEX,
    event="progression in the liver by RECIST 1.1, or death; progression elsewhere does not count",
    censoring="last assessment without progression in the liver in a patient not known to have "
    "died",
)
_NO_THERAPY = "last day until which the case says that there was no new therapy"
NEXT_TREATMENT = Endpoint(
    name="ttnt",
    title="time to next treatment",
    time_column="ttnt_days",
    event_column="ttnt_event",
    index_date=_INDEX,
    event="first day of a new anticancer therapy; death without one competes",
    censoring=_NO_THERAPY,
)
UNTREATED = Endpoint(
    name="untreated",
    title="time untreated",
    time_column="ttnt_days",
    event_column="untreated_event",
    index_date=_INDEX,
    event="first day of a new anticancer therapy, or death of any cause",
    censoring=_NO_THERAPY,
)
ENDPOINTS = (
    OVERALL_SURVIVAL,
    PROGRESSION_FREE,
    HEPATIC_PROGRESSION_FREE,
    NEXT_TREATMENT,
    UNTREATED,
)
