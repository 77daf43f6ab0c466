"""The part of a follow-up that reads imaging beyond sums: Choi, load, dose, late liver change."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from opensirt.clinical.follow_up_record import (
    ChoiFollowUp,
    CriterionResponse,
    DatedRemnant,
    FollowUpCourse,
    LateLiver,
    LesionDoseResponse,
    Number,
)
from opensirt.clinical.liver_function.remnant import hepatobiliary_function
from opensirt.clinical.response.choi_course import DatedChoi, choi_course
from opensirt.clinical.response.tumour_load import TumourLoad, tumour_loads
from opensirt.clinical.toxicity.laboratory_series import baseline_value
from opensirt.clinical.toxicity.late_liver import LateLiverChange, newly_present, relative_change
from opensirt.domain.citation import citation_of
from opensirt.domain.finding import Finding
from opensirt.domain.laboratory import Analyte
from opensirt.domain.lesion import ImagingVisit, Lesion, SightState
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import HepatobiliaryScan, PatientRecord
from opensirt.errors import InputError
from opensirt.reference.table import read_table

Flag = bool | Missing


def with_baseline_sizes(
    lesions: Sequence[Lesion], baseline: ImagingVisit | None
) -> tuple[Lesion, ...]:
    """Return the lesions with the sizes that the baseline visit measured, where none is stated."""
    made = []
    for one in lesions:
        sight = None if baseline is None else baseline.sights.get(one.id)
        if sight is None or sight.state is not SightState.MEASURED:
            made.append(one)
            continue
        made.append(
            replace(
                one,
                longest_diameter_mm=_first(one.longest_diameter_mm, sight.longest_diameter_mm),
                short_axis_mm=_first(one.short_axis_mm, sight.short_axis_mm),
            )
        )
    return tuple(made)


def _first(stated: Number, seen: Number) -> Number:
    return seen if isinstance(stated, Missing) else stated


def choi_follow_up(
    record: PatientRecord, course: FollowUpCourse, baseline: ImagingVisit | None
) -> tuple[ChoiFollowUp, ...]:
    """Return Choi and modified Choi; empty when nobody ever recorded an attenuation."""
    seen = [sight for visit in record.imaging for sight in visit.sights.values()]
    if all(isinstance(one.attenuation_hu, Missing) for one in seen):
        return ()
    after = [one for one in record.imaging if one.on > course.treated_on]
    found = []
    for variant, entry in read_table("response_criteria")["choi"].items():
        visits: tuple[DatedChoi, ...] | Missing = Missing.NEEDS_BASELINE
        if baseline is not None:
            visits = choi_course(record.lesions, baseline, after, variant=variant)
        found.append(
            ChoiFollowUp(
                variant=variant,
                title=entry["title"],
                visits=visits,
                citation=citation_of(entry, where=f"response_criteria.toml choi.{variant}"),
            )
        )
    return tuple(found)


def loads(
    record: PatientRecord, course: FollowUpCourse, baseline: ImagingVisit | None
) -> tuple[TumourLoad, ...]:
    """Return the tumour load at baseline and after, empty without a baseline."""
    if baseline is None:
        return ()
    return tumour_loads(baseline, [one for one in record.imaging if one.on > course.treated_on])


def dose_responses(
    responses: Sequence[CriterionResponse], course: FollowUpCourse
) -> tuple[LesionDoseResponse, ...]:
    """Return each lesion's dose beside its response, criterion by criterion, visit by visit."""
    return tuple(
        LesionDoseResponse(
            lesion=lesion.lesion,
            dose=course.lesion_doses.get(lesion.lesion, Missing.NOT_RECORDED),
            criterion=one.criterion,
            on=lesion.on,
            change_fraction=lesion.change_fraction,
            category=lesion.category,
        )
        for one in responses
        if one.organs == course.organs
        for lesion in one.by_lesion
    )


def late_liver(
    record: PatientRecord, course: FollowUpCourse, baseline: ImagingVisit | None
) -> LateLiver | Missing:
    """Return spleen, platelets, varices, ascites and morphology since baseline.

    Spleen and platelets are the latest ones. What any visit after treatment saw counts as
    present, what every visit that looked did not see as absent.
    """
    after = sorted(
        (one for one in record.imaging if one.on > course.treated_on), key=lambda one: one.on
    )
    later = max(
        (
            one
            for one in record.laboratory
            if one.analyte is Analyte.PLATELETS and one.on > course.treated_on
        ),
        key=lambda one: one.on,
        default=None,
    )
    if not after and later is None:
        return Missing.NOT_DONE
    first = baseline_value(
        record.laboratory,
        Analyte.PLATELETS,
        treated_on=course.treated_on,
        treatment_day_counts=course.treatment_day_counts,
    )
    spleens = [one for one in after if not isinstance(one.liver.spleen_volume_ml, Missing)]
    spleen = spleens[-1] if spleens else None
    return LateLiver(
        spleen_on=None if spleen is None else spleen.on,
        platelets_on=None if later is None else later.on,
        change=LateLiverChange(
            spleen_volume_change_fraction=relative_change(
                baseline=Missing.NEEDS_BASELINE
                if baseline is None
                else baseline.liver.spleen_volume_ml,
                now=Missing.NOT_DONE if spleen is None else spleen.liver.spleen_volume_ml,
            ),
            platelet_change_fraction=relative_change(
                baseline=first if isinstance(first, Missing) else first.inside,
                now=Missing.NOT_DONE if later is None else later.inside,
            ),
            new_varices=_new("varices", baseline, after),
            new_ascites=_new("ascites", baseline, after),
            cirrhosis_like_morphology=_seen("cirrhosis_like_morphology", after),
        ),
    )


def _new(name: str, baseline: ImagingVisit | None, after: Sequence[ImagingVisit]) -> Flag:
    at_baseline: Flag = Missing.NEEDS_BASELINE
    if baseline is not None:
        at_baseline = getattr(baseline.liver, name)
    return newly_present(at_baseline=at_baseline, now=_seen(name, after))


def _seen(name: str, visits: Sequence[ImagingVisit]) -> Flag:
    states = [getattr(one.liver, name) for one in visits]
    looked = [bool(one) for one in states if not isinstance(one, Missing)]
    return any(looked) if looked else Missing.NOT_DONE


def hepatobiliary_scores(
    scans: Sequence[HepatobiliaryScan], *, until: date
) -> tuple[tuple[DatedRemnant, ...], tuple[Finding, ...]]:
    """Return function per body surface of every scan up to a day, and what it has to say.

    Raises
    ------
    InputError
        When the remnant takes up more than the whole liver.
    """
    found = []
    said: list[Finding] = []
    for scan in sorted(scans, key=lambda one: one.on):
        if scan.on > until:
            continue
        whole, remnant = scan.function_percent_per_min, scan.remnant_function_percent_per_min
        part: Number = whole if isinstance(whole, Missing) else Missing.NOT_DONE
        if not isinstance(whole, Missing) and not isinstance(remnant, Missing):
            if remnant > whole:
                raise InputError(
                    f"hepatobiliary scan of {scan.on}: the remnant takes up {remnant:g} %/min of "
                    f"{whole:g} %/min; it must be a part of the whole"
                )
            part = remnant / whole
        made = DatedRemnant(
            on=scan.on,
            whole=hepatobiliary_function(
                function_percent_per_min=whole,
                body_surface_area_m2=scan.body_surface_area_m2,
                remnant=False,
            ),
            remnant=hepatobiliary_function(
                function_percent_per_min=remnant,
                body_surface_area_m2=scan.body_surface_area_m2,
                remnant=True,
            ),
            remnant_fraction=part,
        )
        found.append(made)
        said += [*made.whole.findings, *made.remnant.findings]
    return tuple(found), tuple(dict.fromkeys(said))
