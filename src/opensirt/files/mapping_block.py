"""What every block of a mapping file has: the rows that it reads, and the day of what they say."""

from datetime import date
from typing import Self

from pydantic import Field, model_validator

from opensirt.files.toml_document import Block
from opensirt.files.toml_values import Name


class Reading(Block):
    """What a block reads from a row, and from which rows of a REDCap export."""

    event: str | None = Field(default=None, description="only rows of this redcap_event_name")
    instrument: str | None = Field(
        default=None, description='only rows of this redcap_repeat_instrument; "" for the others'
    )


class Dated(Reading):
    """A block with a day: that of a column, or one that the mapping states and so assumes."""

    on: Name | None = Field(default=None, description="column of the date")
    on_date: date | None = Field(default=None, description="one day for all rows: an assumption")
    after_treatment: bool = Field(
        default=False, description="refuse a row whose date lies before the treatment"
    )

    @model_validator(mode="after")
    def _one_day(self) -> Self:
        if (self.on is None) is (self.on_date is None):
            raise ValueError("either on (a column) or on_date (a day) is wanted")
        return self
