"""Blocks of case.toml whose facts may be assumed."""

from collections.abc import Sequence
from typing import Self

from pydantic import Field, model_validator

from opensirt.files.toml_document import Block


class FactsBlock(Block):
    """A block whose facts may be marked as assumed."""

    assumed: list[str] = Field(
        default_factory=list,
        description="names of keys of this block that are assumed; they are printed first",
    )

    @model_validator(mode="after")
    def _assumed_are_keys(self) -> Self:
        stated = self.model_fields_set - {"assumed"}
        unknown = [name for name in self.assumed if name not in stated]
        if unknown:
            raise ValueError(
                f"assumed names {', '.join(map(repr, unknown))}, which this block does not state; "
                f"stated here: {', '.join(sorted(stated)) or 'nothing'}"
            )
        return self


def require_unique(what: str, names: Sequence[str]) -> None:
    """Raise `ValueError` when a name is given twice."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"{what}: {', '.join(map(repr, twice))} is given twice; each needs its own"
        )
