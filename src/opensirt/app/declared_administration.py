"""What the header of the image of a treatment says of the administration, against the case."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from opensirt.app.gathered import Gathered
from opensirt.domain.case import AdministrationFacts, CaseImage
from opensirt.domain.finding import Confirmation, Finding, Severity, refuse_unless_confirmed
from opensirt.domain.image import ActivityMap, Event
from opensirt.domain.missing import Missing
from opensirt.reference.table import read_table
from opensirt.units import BQ_PER_MBQ


@dataclass(frozen=True, kw_only=True)
class DeclaredAdministration:
    """What a header declares: the activity, and the injection that its decay is corrected to."""

    activity_bq: float | Missing
    corrected_to: datetime | Missing
    """`Missing` where the values are not corrected to the injection, or it is not known."""


def with_declared_activity(
    facts: AdministrationFacts | None,
    declared_bq: float | Missing,
    *,
    image_id: str,
    confirmations: Iterable[Confirmation],
    gathered: Gathered,
) -> AdministrationFacts | None:
    """Return the administration with the activity that the header of its image declares.

    Raises
    ------
    ConfirmationError
        When case and header state different activities.
    """
    if isinstance(declared_bq, Missing):
        return facts
    bounds = read_table("plausible_ranges")["activity"]["administered_activity_mbq"]
    if not bounds["at_least"] <= declared_bq / BQ_PER_MBQ <= bounds["at_most"]:
        gathered.note(
            "activity_from_header",
            f"the header of image {image_id!r} gives an injected activity of "
            f"{declared_bq / BQ_PER_MBQ:.4g} MBq, outside {bounds['at_least']:g} to "
            f"{bounds['at_most']:g} MBq (written in another unit?); it was not used",
        )
        return facts
    given = facts or AdministrationFacts(device="unknown")
    stated_bq = given.administered_activity_bq
    if isinstance(stated_bq, Missing):
        both = (given.dispensed_activity_bq, given.residual_activity_bq)
        if not any(isinstance(one, Missing) for one in both):
            return facts
        gathered.note(
            "activity_from_header",
            f"the administered activity, {declared_bq / BQ_PER_MBQ:.4g} MBq, is that of the header "
            f"of image {image_id!r}; the case states none",
        )
        return replace(given, administered_activity_bq=declared_bq)
    apart = read_table("plausible_ranges")["agreement"]["administered_activity_fraction"]
    if abs(declared_bq - stated_bq) > apart * stated_bq:
        gathered.findings.append(
            refuse_unless_confirmed(
                "administered_activity",
                f"the case states an administered activity of {stated_bq / BQ_PER_MBQ:.4g} MBq, "
                f"the header of image {image_id!r} {declared_bq / BQ_PER_MBQ:.4g} MBq; the case's "
                "is used",
                confirmations,
            )
        )
    return facts


def referred_to_its_injection(
    image: CaseImage,
    corrected_to: datetime | Missing,
    administered_at: datetime | Missing,
    *,
    confirmations: Iterable[Confirmation],
    gathered: Gathered,
) -> CaseImage:
    """Return an image with the instant that its scanner corrected decay to.

    A scanner corrects to the injection that was typed in at its console. Where the case states
    another instant of administration, the image refers to the scanner's, from which its activity
    is brought to the case's like that of any other instant.

    Raises
    ------
    ConfirmationError
        When the two are so far apart that one of them is probably wrong, or the injection of the
        header lies after the acquisition.
    """
    activity = image.image
    if (
        isinstance(corrected_to, Missing)
        or isinstance(administered_at, Missing)
        or not isinstance(activity, ActivityMap)
        or activity.reference_at is not Event.ADMINISTRATION
    ):
        return image
    rule = read_table("plausible_ranges")["administration_instant"]
    apart_s = abs((corrected_to.astimezone(UTC) - administered_at.astimezone(UTC)).total_seconds())
    if apart_s <= rule["same_within_s"]:
        return image
    text = (
        f"image {image.id!r} is decay-corrected to the injection of its header, "
        f"{corrected_to.isoformat()}; the case states the administration at "
        f"{administered_at.isoformat()}"
    )
    acquired_at = activity.acquired_at
    is_later = isinstance(acquired_at, datetime) and corrected_to > acquired_at
    if is_later or apart_s > rule["apart_at_most_s"]:
        gathered.findings.append(
            refuse_unless_confirmed(
                "administration_instant", f"{text}; the case's is used", confirmations
            )
        )
        return image
    gathered.findings.append(
        Finding(
            Severity.WARN,
            "administration_instant",
            f"{text}: its activity was brought from the first to the second",
        )
    )
    return replace(image, image=replace(activity, reference_at=corrected_to))
