"""OpenSIRT: the open system for radioembolization (SIRT/TARE) of liver tumours.

Nothing is computed, printed or downloaded on import; a name is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0.dev0"

if TYPE_CHECKING:
    from opensirt.app.administer import administer
    from opensirt.app.approve import approve
    from opensirt.app.case_record import patient_record
    from opensirt.app.cohort_run import RunRequest, run_cohort
    from opensirt.app.cohort_table import cohort_select, cohort_table
    from opensirt.app.dose import dose
    from opensirt.app.dvh import dvh
    from opensirt.app.evaluate import RunOptions, evaluate
    from opensirt.app.evidence_meta import meta_analysis
    from opensirt.app.image_file import read_image_file, read_segment_file
    from opensirt.app.order import order
    from opensirt.app.pool_shared import pool_shared_files
    from opensirt.app.read_case import read_case
    from opensirt.app.run import run_case
    from opensirt.app.share_cohort import share_cohort
    from opensirt.app.site import site_in_force
    from opensirt.app.store_case import export_case, import_case
    from opensirt.clinical.follow_up_record import FollowUp, FollowUpCourse
    from opensirt.domain.analysis_table import AnalysisTable
    from opensirt.domain.case import (
        AdministrationFacts,
        Case,
        CaseImage,
        ImageRole,
        PatientFacts,
        Prescription,
        TerritoryFacts,
        Tissue,
        WorkUpFacts,
    )
    from opensirt.domain.delivery import Delivery
    from opensirt.domain.delivery_error import DeliveryErrors, published_delivery_errors
    from opensirt.domain.device import Device, device
    from opensirt.domain.dvh import Dvh
    from opensirt.domain.evidence import EvidenceBase
    from opensirt.domain.evidence_table import published_evidence
    from opensirt.domain.finding import Confirmation, Finding, Severity
    from opensirt.domain.grid import Grid
    from opensirt.domain.image import (
        ActivityMap,
        CountsImage,
        CtImage,
        DensityMap,
        DoseMap,
        Event,
        Image3D,
        TimeIntegratedActivityMap,
    )
    from opensirt.domain.missing import Missing
    from opensirt.domain.optimised_plan import (
        ControlCurve,
        Objective,
        OptimisedPlan,
        OptimiseRequest,
        RobustRequest,
        VialRequest,
    )
    from opensirt.domain.patient_record import PatientRecord
    from opensirt.domain.record import (
        CaseResult,
        DoseResult,
        Plan,
        PlanRow,
        StructureDose,
        Verification,
        Workup,
    )
    from opensirt.domain.selection import Selection
    from opensirt.domain.session_dose import CumulativeDose
    from opensirt.domain.site import Figure, SiteProfile
    from opensirt.domain.site_defaults import default_site_profile
    from opensirt.domain.site_ledger import SiteLedger
    from opensirt.domain.structure import (
        Mask,
        Structure,
        StructureKind,
        StructureSet,
        VoxelWeights,
    )
    from opensirt.errors import (
        ConfirmationError,
        ConflictError,
        GeometryError,
        InputError,
        MissingInputError,
        OpenSirtError,
        RuleError,
        StoreError,
        UnknownNameError,
    )
    from opensirt.files.analysis_table_file import read_analysis_table, write_analysis_table
    from opensirt.files.local_dose_model_file import read_local_dose_model, write_local_dose_model
    from opensirt.imaging.voxel_weights import voxel_weights
    from opensirt.outcomes.dose_response_analysis import dose_response_analysis
    from opensirt.outcomes.evidence.question import Question
    from opensirt.outcomes.local_dose_model import local_prescription, local_target
    from opensirt.outcomes.survival_analysis import survival_analysis
    from opensirt.phantom.cohort import simulated_cohort
    from opensirt.physics.comparison import (
        GammaCriteria,
        bland_altman,
        dose_difference,
        dvh_difference_gy,
        gamma_index,
    )
    from opensirt.provenance import Provenance
    from opensirt.reference.radionuclide import Radionuclide, radionuclide
    from opensirt.report.write import write_report
    from opensirt.store.store import Store, open_store
    from opensirt.workflow.follow_up import follow_up
    from opensirt.workflow.optimise import Replanner
    from opensirt.workflow.plan import plan
    from opensirt.workflow.select import select
    from opensirt.workflow.verify import verify
    from opensirt.workflow.work_up import work_up


_FROM = {
    "app.administer": ("administer",),
    "app.approve": ("approve",),
    "app.case_record": ("patient_record",),
    "app.cohort_run": ("RunRequest", "run_cohort"),
    "app.cohort_table": ("cohort_select", "cohort_table"),
    "app.dose": ("dose",),
    "app.dvh": ("dvh",),
    "app.evaluate": ("RunOptions", "evaluate"),
    "app.evidence_meta": ("meta_analysis",),
    "app.image_file": ("read_image_file", "read_segment_file"),
    "app.order": ("order",),
    "app.pool_shared": ("pool_shared_files",),
    "app.read_case": ("read_case",),
    "app.run": ("run_case",),
    "app.share_cohort": ("share_cohort",),
    "app.site": ("site_in_force",),
    "app.store_case": ("export_case", "import_case"),
    "clinical.follow_up_record": ("FollowUp", "FollowUpCourse"),
    "domain.analysis_table": ("AnalysisTable",),
    "domain.case": (
        "AdministrationFacts",
        "Case",
        "CaseImage",
        "ImageRole",
        "PatientFacts",
        "Prescription",
        "TerritoryFacts",
        "Tissue",
        "WorkUpFacts",
    ),
    "domain.delivery": ("Delivery",),
    "domain.delivery_error": ("DeliveryErrors", "published_delivery_errors"),
    "domain.device": ("Device", "device"),
    "domain.dvh": ("Dvh",),
    "domain.evidence": ("EvidenceBase",),
    "domain.evidence_table": ("published_evidence",),
    "domain.finding": ("Confirmation", "Finding", "Severity"),
    "domain.grid": ("Grid",),
    "domain.image": (
        "ActivityMap",
        "CountsImage",
        "CtImage",
        "DensityMap",
        "DoseMap",
        "Event",
        "Image3D",
        "TimeIntegratedActivityMap",
    ),
    "domain.missing": ("Missing",),
    "domain.optimised_plan": (
        "ControlCurve",
        "Objective",
        "OptimiseRequest",
        "OptimisedPlan",
        "RobustRequest",
        "VialRequest",
    ),
    "domain.patient_record": ("PatientRecord",),
    "domain.record": (
        "CaseResult",
        "DoseResult",
        "Plan",
        "PlanRow",
        "StructureDose",
        "Verification",
        "Workup",
    ),
    "domain.selection": ("Selection",),
    "domain.session_dose": ("CumulativeDose",),
    "domain.site": ("Figure", "SiteProfile"),
    "domain.site_defaults": ("default_site_profile",),
    "domain.site_ledger": ("SiteLedger",),
    "domain.structure": ("Mask", "Structure", "StructureKind", "StructureSet", "VoxelWeights"),
    "errors": (
        "ConfirmationError",
        "ConflictError",
        "GeometryError",
        "InputError",
        "MissingInputError",
        "OpenSirtError",
        "RuleError",
        "StoreError",
        "UnknownNameError",
    ),
    "files.analysis_table_file": ("read_analysis_table", "write_analysis_table"),
    "files.local_dose_model_file": ("read_local_dose_model", "write_local_dose_model"),
    "imaging.voxel_weights": ("voxel_weights",),
    "outcomes.dose_response_analysis": ("dose_response_analysis",),
    "outcomes.evidence.question": ("Question",),
    "outcomes.local_dose_model": ("local_prescription", "local_target"),
    "outcomes.survival_analysis": ("survival_analysis",),
    "phantom.cohort": ("simulated_cohort",),
    "physics.comparison": (
        "GammaCriteria",
        "bland_altman",
        "dose_difference",
        "dvh_difference_gy",
        "gamma_index",
    ),
    "provenance": ("Provenance",),
    "reference.radionuclide": ("Radionuclide", "radionuclide"),
    "report.write": ("write_report",),
    "store.store": ("Store", "open_store"),
    "workflow.follow_up": ("follow_up",),
    "workflow.optimise": ("Replanner",),
    "workflow.plan": ("plan",),
    "workflow.select": ("select",),
    "workflow.verify": ("verify",),
    "workflow.work_up": ("work_up",),
}
_ROOM_OF = {name: room for room, names in _FROM.items() for name in names}

__all__ = [
    "ActivityMap",
    "AdministrationFacts",
    "AnalysisTable",
    "Case",
    "CaseImage",
    "CaseResult",
    "Confirmation",
    "ConfirmationError",
    "ConflictError",
    "ControlCurve",
    "CountsImage",
    "CtImage",
    "CumulativeDose",
    "Delivery",
    "DeliveryErrors",
    "DensityMap",
    "Device",
    "DoseMap",
    "DoseResult",
    "Dvh",
    "Event",
    "EvidenceBase",
    "Figure",
    "Finding",
    "FollowUp",
    "FollowUpCourse",
    "GammaCriteria",
    "GeometryError",
    "Grid",
    "Image3D",
    "ImageRole",
    "InputError",
    "Mask",
    "Missing",
    "MissingInputError",
    "Objective",
    "OpenSirtError",
    "OptimiseRequest",
    "OptimisedPlan",
    "PatientFacts",
    "PatientRecord",
    "Plan",
    "PlanRow",
    "Prescription",
    "Provenance",
    "Question",
    "Radionuclide",
    "Replanner",
    "RobustRequest",
    "RuleError",
    "RunOptions",
    "RunRequest",
    "Selection",
    "Severity",
    "SiteLedger",
    "SiteProfile",
    "Store",
    "StoreError",
    "Structure",
    "StructureDose",
    "StructureKind",
    "StructureSet",
    "TerritoryFacts",
    "TimeIntegratedActivityMap",
    "Tissue",
    "UnknownNameError",
    "Verification",
    "VialRequest",
    "VoxelWeights",
    "WorkUpFacts",
    "Workup",
    "administer",
    "approve",
    "bland_altman",
    "cohort_select",
    "cohort_table",
    "default_site_profile",
    "device",
    "dose",
    "dose_difference",
    "dose_response_analysis",
    "dvh",
    "dvh_difference_gy",
    "evaluate",
    "export_case",
    "follow_up",
    "gamma_index",
    "import_case",
    "local_prescription",
    "local_target",
    "meta_analysis",
    "open_store",
    "order",
    "patient_record",
    "plan",
    "pool_shared_files",
    "published_delivery_errors",
    "published_evidence",
    "radionuclide",
    "read_analysis_table",
    "read_case",
    "read_image_file",
    "read_local_dose_model",
    "read_segment_file",
    "run_case",
    "run_cohort",
    "select",
    "share_cohort",
    "simulated_cohort",
    "site_in_force",
    "survival_analysis",
    "verify",
    "voxel_weights",
    "work_up",
    "write_analysis_table",
    "write_local_dose_model",
    "write_report",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's attribute
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'opensirt' has no attribute {name!r}")
    return getattr(import_module(f"opensirt.{_ROOM_OF[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
