"""The frame of reference of the files of one command."""

from dataclasses import dataclass, field

from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing


@dataclass
class SharedFrame:
    """Files that carry no frame of reference are taken as one frame, and that is said.

    Parameters
    ----------
    given
        Name or UID from ``--frame``; None where not given.
    otherwise
        Name that the frame gets then.
    """

    given: str | None
    otherwise: str
    without: set[str] = field(default_factory=set, init=False)
    """Names of the files that carry no frame of reference."""

    def of(self, declared: str | Missing, file: str) -> str | None:
        """Return the frame to name for a file that declares this one.

        None where the file has its own and none was given: the two must agree otherwise.
        """
        if self.given is not None:
            return self.given
        if isinstance(declared, Missing):
            self.without.add(file)
            return self.otherwise
        return None

    def findings(self) -> tuple[Finding, ...]:
        """Return the assumption, where one was made between files."""
        if len(self.without) < 2:  # noqa: PLR2004 - one file alone meets nothing
            return ()
        text = (
            f"assumed, not recorded: {', '.join(sorted(self.without))} carry no frame of reference "
            "and are taken as lying in one; name it with --frame when they do"
        )
        return (Finding(Severity.WARN, "assumed", text),)
