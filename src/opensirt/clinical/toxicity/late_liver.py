"""Late change of the liver: spleen, platelets and varices since baseline."""

from dataclasses import dataclass

from opensirt.domain.missing import Missing
from opensirt.errors import InputError

Number = float | Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class LateLiverChange:
    """Relative changes since baseline, and what was seen; no threshold turns them into a verdict.

    A cohort with glass microspheres saw the spleen grow by 21.9 % after unilobar and by 64.7 %
    after whole-liver treatment at two years or more (Su et al., JVIR 2017, abstract); no limit
    was published.
    """

    spleen_volume_change_fraction: Number
    platelet_change_fraction: Number
    new_varices: bool | Missing
    new_ascites: bool | Missing
    cirrhosis_like_morphology: bool | Missing

    @property
    def signs(self) -> tuple[str, ...]:
        """What is known to be present, in words."""
        found = [
            name
            for name, value in (
                ("new varices", self.new_varices),
                ("new ascites", self.new_ascites),
                ("cirrhosis-like morphology", self.cirrhosis_like_morphology),
            )
            if value is True
        ]
        spleen, platelets = self.spleen_volume_change_fraction, self.platelet_change_fraction
        if not isinstance(spleen, Missing) and spleen > 0:
            found.append(f"spleen {spleen:+.0%}")
        if not isinstance(platelets, Missing) and platelets < 0:
            found.append(f"platelets {platelets:+.0%}")
        return tuple(found)

    @property
    def not_assessed(self) -> tuple[str, ...]:
        """What nobody looked at, by field."""
        return tuple(
            name
            for name in (
                "spleen_volume_change_fraction",
                "platelet_change_fraction",
                "new_varices",
                "new_ascites",
                "cirrhosis_like_morphology",
            )
            if isinstance(getattr(self, name), Missing)
        )


def relative_change(*, baseline: Number, now: Number) -> Number:
    """Return (now − baseline) / baseline, or why there is none.

    Raises
    ------
    InputError
        When the baseline is not positive.
    """
    if isinstance(baseline, Missing):
        return Missing.NEEDS_BASELINE
    if isinstance(now, Missing):
        return now
    if baseline <= 0:
        raise InputError(f"baseline is {baseline:g}; a relative change needs a positive one")
    return (now - baseline) / baseline


def newly_present(*, at_baseline: bool | Missing, now: bool | Missing) -> bool | Missing:
    """Return whether something absent at baseline is present now.

    Absent now, or present before, it is not new whatever the other one was.
    """
    if now is False or at_baseline is True:
        return False
    if isinstance(now, Missing):
        return now
    if isinstance(at_baseline, Missing):
        return Missing.NEEDS_BASELINE
    return True
