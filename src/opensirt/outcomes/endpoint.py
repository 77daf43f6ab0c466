"""What was counted, from when and by which rule: the words on every survival result."""

from dataclasses import dataclass, replace

from opensirt.errors import InputError, UnknownNameError
from opensirt.reference.table import read_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Definition of a time to an event.

    Raises
    ------
    InputError
        When one of the words is empty.
    """

    name: str
    title: str
    event: str
    """What counts as the event."""
    origin: str
    """From which day time is counted."""
    censoring: str
    """When a patient without the event is left out."""
    source: str
    """The table, cohort or publication that the times come from."""
    criterion: str = "not by imaging"
    """Response criterion that progression was judged by."""
    unit: str = "days"

    def __post_init__(self) -> None:
        for field in ("name", "title", "event", "origin", "censoring", "source", "criterion"):
            if not getattr(self, field).strip():
                raise InputError(
                    f"the endpoint {self.name or '?'} does not state its {field}; every result "
                    f"states what was counted, from when, and when patients are censored"
                )

    @property
    def sentence(self) -> str:
        """The definition in one sentence, for under figures and tables."""
        return (
            f"{self.title}: from {self.origin} to {self.event}; censoring: {self.censoring}. "
            f"Criterion: {self.criterion}. Source: {self.source}."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRule:
    """How the days of a course make an endpoint: the earliest of `parts` is the event."""

    name: str
    title: str
    event: str
    censoring: str
    parts: tuple[str, ...]
    competing: tuple[str, ...]
    last: str
    """``last_contact`` or ``last_imaging``: where a course without an event ends."""

    def endpoint(self, *, origin: str, source: str, criterion: str, unit: str = "days") -> Endpoint:
        """Return the words of this rule for one cohort."""
        return Endpoint(
            name=self.name,
            title=self.title,
            event=self.event,
            origin=origin,
            censoring=self.censoring,
            source=source,
            criterion=criterion,
            unit=unit,
        )


def endpoint_names() -> tuple[str, ...]:
    """Return the endpoints that have a rule."""
    return tuple(read_table("endpoints")["endpoint"])


def endpoint_rule(name: str) -> EndpointRule:
    """Return a rule of ``endpoints.toml``.

    Raises
    ------
    UnknownNameError
        When there is none of this name.
    """
    table = read_table("endpoints")["endpoint"]
    if name not in table:
        raise UnknownNameError("endpoint", name, table)
    entry = table[name]
    return EndpointRule(
        name=name,
        title=entry["title"],
        event=entry["event"],
        censoring=entry["censoring"],
        parts=tuple(entry["parts"]),
        competing=tuple(entry.get("competing", ())),
        last=entry["last"],
    )


def from_landmark(endpoint: Endpoint, landmark: float) -> Endpoint:
    """Return the words of an endpoint counted from a landmark instead of its origin."""
    return replace(
        endpoint,
        origin=f"the landmark {landmark:g} {endpoint.unit} after {endpoint.origin}",
        title=f"{endpoint.title} from the landmark",
    )
