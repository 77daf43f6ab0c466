"""A case folder read whole: its facts, images and structures as frozen values."""

from datetime import tzinfo
from pathlib import Path

from opensirt.app.case_facts import (
    administration_facts,
    assumptions,
    earlier_doses,
    order_facts,
    patient_facts,
    prescription,
    territory_facts,
    tissue_facts,
    work_up_facts,
)
from opensirt.app.case_image import read_case_image, require_after_administration
from opensirt.app.case_planar import read_case_planar
from opensirt.app.case_structures import read_case_structures, require_shared_frame
from opensirt.app.case_visits import read_visit_segments
from opensirt.app.declared_administration import (
    DeclaredAdministration,
    referred_to_its_injection,
    with_declared_activity,
)
from opensirt.app.gathered import Gathered
from opensirt.domain.case import Case, CaseImage, ImageRole
from opensirt.domain.finding import Confirmation
from opensirt.domain.missing import Missing
from opensirt.domain.structure import StructureSet
from opensirt.files.case_file import case_file_path, read_case_file
from opensirt.provenance import sha256_of_file


def read_case(path: Path, *, zone: tzinfo | None = None) -> Case:
    """Return the case of a folder with a case.toml, or of the case.toml itself.

    Facts that the image files declare and facts that the case states are brought together;
    what is assumed stands first in the findings. `zone` is that of the site, for DICOM files
    that state no time zone; without it their times stay unknown.

    Raises
    ------
    InputError
        When case.toml, or a file that it names, cannot be used, or the two contradict each
        other; the message says which and why.
    MissingInputError
        When neither states a fact that is needed.
    GeometryError
        When structures share a frame of reference with no image.
    ConfirmationError
        When the files seem to be of different patients or treatments, or a header and the case
        give administrations of different days.
    """
    path = case_file_path(Path(path))
    stated = read_case_file(path)
    folder = path.parent
    gathered = Gathered()
    gathered.inputs[path.name] = sha256_of_file(path)
    confirmations = tuple(Confirmation(one.finding, one.by, one.on) for one in stated.confirmations)
    administration = administration_facts(stated.administration)
    images: list[CaseImage] = []
    declared: dict[str, DeclaredAdministration] = {}
    planar = tuple(
        read_case_planar(block, stated.planar_regions, folder, gathered, zone=zone)
        for block in stated.images
        if block.role is ImageRole.PLANAR
    )
    for image_block in stated.images:
        if image_block.role is ImageRole.PLANAR:
            continue
        image, said = read_case_image(image_block, folder, gathered, zone=zone)
        images.append(image)
        if image.role is ImageRole.VERIFICATION:
            declared[image.id] = said
    structures = StructureSet(
        tuple(
            structure
            for block in stated.structures
            for structure in read_case_structures(block, folder, images, gathered)
        )
    )
    visit_segments = read_visit_segments(stated.follow_up, folder, images, gathered)
    gathered.require_one_patient(confirmations)
    require_shared_frame(images, structures)
    given_at = administration.administered_at if administration else Missing.NOT_RECORDED
    require_after_administration(images, given_at)
    for number, one in enumerate(images):
        if one.id not in declared:
            continue
        said = declared[one.id]
        administration = with_declared_activity(
            administration,
            said.activity_bq,
            image_id=one.id,
            confirmations=confirmations,
            gathered=gathered,
        )
        images[number] = referred_to_its_injection(
            one, said.corrected_to, given_at, confirmations=confirmations, gathered=gathered
        )
    return Case(
        key=stated.key,
        images=tuple(images),
        structures=structures,
        patient=patient_facts(stated.patient),
        tissue=tissue_facts(stated.tissue),
        work_up=work_up_facts(stated.work_up),
        territories=tuple(territory_facts(one) for one in stated.territories),
        prescription=prescription(stated.prescription),
        order=order_facts(stated.order),
        administration=administration,
        confirmations=confirmations,
        findings=(*assumptions(stated), *gathered.findings),
        inputs=gathered.inputs,
        other_blocks=stated.other_blocks,
        planar=planar,
        earlier=earlier_doses(stated.prior_treatments),
        visit_segments=visit_segments,
    )
