"""What a case still lacks for each step, said without doing it."""

from opensirt.domain.case import Case
from opensirt.domain.image import CountsImage
from opensirt.domain.missing import Missing
from opensirt.domain.structure import StructureKind


def lacking(case: Case) -> dict[str, tuple[str, ...]]:
    """Return for each step what it still needs, in words; nothing where it can be done.

    What a step can do without, and says so in its findings, is marked "for …".
    """
    anatomy = []
    if not case.structures.of_kind(StructureKind.LIVER):
        anatomy.append("a structure of kind liver")
    if isinstance(case.tissue.liver_density_kg_per_ml, Missing):
        anatomy.append("liver_density_g_per_ml in [tissue], or in the site profile")
    return {
        "work-up": (*_scout(case), *anatomy),
        "plan": (*_scout(case), *anatomy, *_plan(case)),
        "verify": (*_verification(case), *anatomy),
    }


def _scout(case: Case) -> list[str]:
    return [] if case.scout() else ["an image with role scout (counts or activity)"]


def _plan(case: Case) -> list[str]:
    found = []
    if not case.structures.of_kind(StructureKind.PERFUSED_VOLUME):
        found.append("a structure of kind perfused_volume")
    if case.prescription is None:
        found.append("[prescription] for the dose map of one device and model")
    if isinstance(case.work_up.lung_shunt_fraction, Missing) and not case.structures.of_kind(
        StructureKind.LUNG
    ):
        found.append(
            "lung_shunt_fraction in [work_up], or a lung on the scout, for administered activities"
        )
    if isinstance(case.patient.height_cm, Missing) or isinstance(case.patient.weight_kg, Missing):
        found.append("height_cm and weight_kg in [patient] for body surface area")
    return found


def _verification(case: Case) -> list[str]:
    taken = case.verification()
    if taken is None:
        return ["an image with role verification (activity or counts after treatment)"]
    given = case.administration
    known = given is not None and (
        not isinstance(given.administered_activity_bq, Missing)
        or not isinstance(given.dispensed_activity_bq, Missing)
    )
    if known:
        return []
    if isinstance(taken.image, CountsImage):
        return ["administered_activity_mbq in [administration]: the image is in counts"]
    return ["administered_activity_mbq in [administration] to compare the image with"]
