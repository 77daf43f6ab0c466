"""An activity reckoned a second time, by a path of its own."""

from dataclasses import dataclass

from opensirt.domain.missing import Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondCheck:
    """One activity of a plan beside its recomputation."""

    device: str
    model: str
    territory: str
    quantity: str
    """``administered activity`` or ``activity reaching the liver``."""
    stated_bq: float
    recomputed_bq: float | Missing
    how: str
    """From what it was recomputed."""

    @property
    def difference_fraction(self) -> float | Missing:
        """Recomputed minus stated, over stated."""
        if isinstance(self.recomputed_bq, Missing) or self.stated_bq == 0:
            return Missing.NOT_EVALUABLE
        return self.recomputed_bq / self.stated_bq - 1.0
