"""Age from the year of birth, the only date of birth that a record holds."""

from datetime import date

from opensirt.domain.missing import Missing
from opensirt.reference.table import read_table


def age_years(birth_year: int | Missing, *, on: date) -> float | Missing:
    """Return the lower of the two ages possible on a day, or why there is none.

    It is missing where the two lie on two sides of full age, and below one year.

    >>> age_years(1960, on=date(2026, 3, 2)), age_years(2008, on=date(2026, 3, 2))
    (65.0, <Missing.NOT_RECORDED: 'no trace in the source'>)
    """
    if isinstance(birth_year, Missing):
        return birth_year
    adult_years = read_table("clinical_facts")["conversions"]["adult_years"]
    oldest = on.year - birth_year
    if oldest <= 1 or oldest - 1 < adult_years <= oldest:
        return Missing.NOT_RECORDED
    return float(oldest - 1)
