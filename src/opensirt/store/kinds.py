"""The kinds of records that a store keeps."""

STEPS = (
    "select",
    "work-up",
    "plan",
    "approve",
    "order",
    "administer",
    "verify",
    "follow-up",
)
"""Steps of a course by their verb, as their records in a case folder are called."""

RECORD_KINDS = ("case", *STEPS, "dosimetry")
"""`case` is what a person wrote down (case.toml) with the list of its files; `dosimetry` is one row
of a batch over a cohort."""
