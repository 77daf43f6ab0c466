"""What became of the patient, in four boxes: alive, response, worst toxicity, liver disease."""

from opensirt.clinical.follow_up_record import FollowUp, ReildFollowUp
from opensirt.domain.missing import Missing
from opensirt.report.content import KeyFigure, KeyFigures, marked


def follow_up_figures(follow_up: FollowUp) -> KeyFigures:
    """Return status, best response by the first criterion, worst grade and liver disease."""
    return KeyFigures(
        f"After treatment, day {follow_up.day} ({follow_up.on.isoformat()})",
        (_status(follow_up), _response(follow_up), _worst(follow_up), _liver(follow_up.reild)),
    )


def _status(follow_up: FollowUp) -> KeyFigure:
    status = follow_up.vital_status
    if isinstance(status, Missing):
        return KeyFigure("Vital status", status.value)
    return KeyFigure("Vital status", status.state.value, f"on {status.on.isoformat()}")


def _response(follow_up: FollowUp) -> KeyFigure:
    for one in follow_up.response:
        if one.best is not None:
            confirmed = (
                "not confirmed"
                if one.best_confirmed is None
                else f"confirmed: {one.best_confirmed.category.value}"
            )
            organs = "" if one.organs is None else f", {', '.join(one.organs)} only"
            return KeyFigure(
                "Best overall response",
                one.best.category.value,
                f"{marked(one.title, verified=one.citation.verified)}{organs}; {confirmed}",
            )
    return KeyFigure("Best overall response", "not known", "no visit after treatment to judge")


def _worst(follow_up: FollowUp) -> KeyFigure:
    """Return the highest certain grade of the first CTCAE version in its windows."""
    name = "Worst grade of toxicity"
    if not follow_up.toxicity:
        return KeyFigure(name, "not known", "no window was asked for")
    version = follow_up.toxicity[0].version
    windows = [one for one in follow_up.toxicity if one.version is version]
    seen = [
        (term.at_least, term.term, isinstance(term.grade, Missing))
        for one in windows
        for term in one.laboratory
        if term.n_values
    ]
    seen += [
        (event.grade, event.term.replace("_", " "), False)
        for one in windows
        for event in one.events
    ]
    if not seen:
        return KeyFigure(name, "not known", "no laboratory value after treatment, and no event")
    worst = max(grade for grade, _, _ in seen)
    terms = dict.fromkeys(term for grade, term, _ in seen if grade == worst)
    unsure = any(open_ended for _, _, open_ended in seen)
    days = f"days {windows[0].first_day} to {windows[-1].last_day}"
    which = f"{', '.join(terms)}; " if worst else ""
    return KeyFigure(
        name,
        f"at least {worst}" if unsure else str(worst),
        f"{which}CTCAE {version.value}, {days}",
    )


def _liver(found: tuple[ReildFollowUp, ...]) -> KeyFigure:
    name = "Liver disease after treatment"
    if not found:
        return KeyFigure(name, "not known", "no definition was asked for")
    met = [one.title for one in found if one.met is True]
    unknown = sum(isinstance(one.met, Missing) for one in found)
    value = f"met by {len(met)} of {len(found)} definitions"
    detail = f"{unknown} unknown; {', '.join(met)}" if met else f"{unknown} unknown"
    return KeyFigure(name, value, detail)
