"""The files of a report, each there whole or not at all."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from opensirt.clinical.follow_up_record import FollowUp
from opensirt.domain.case import Case
from opensirt.domain.record import CaseResult
from opensirt.provenance import sha256_of_file
from opensirt.report.pages import write_pages
from opensirt.whole_file import whole_file

NAME = "report"
"""Of HTML and PDF, without their suffixes."""

RESULTS_NAME = "results.json"


def write_report(
    folder: Path,
    case: Case,
    result: CaseResult,
    *,
    companions: Mapping[str, str] = MappingProxyType({}),
    follow_up: FollowUp | None = None,
) -> tuple[Path, ...]:
    """Write report.html, report.pdf and, last, results.json.

    Parameters
    ----------
    folder
        Where they go; made when it does not exist.
    case, result
        What was done; every date in the files is that of the result's provenance.
    companions
        Name → sha256 of files that were written beside the report, such as the dose; they are
        listed in results.json together with the report itself.
    follow_up
        What became of the patient, where the case says so.
    """
    from opensirt.report.document import report_document
    from opensirt.report.results import results_document

    document = report_document(case, result, follow_up=follow_up)
    html, pdf = write_pages(folder, NAME, document, result.provenance.made_at)
    results = folder / RESULTS_NAME
    made = {one.name: sha256_of_file(one) for one in (html, pdf)}
    data = results_document(case, result, files={**companions, **made}, follow_up=follow_up)
    text = json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    with whole_file(results) as part:
        part.write_text(text, encoding="utf-8")
    return html, pdf, results
