"""The ledger of the site in force: verifications are entered, planning draws from it."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from opensirt.app.evaluate import RunOptions
from opensirt.app.site import SiteInForce
from opensirt.domain.case import Case
from opensirt.domain.delivery_error import DeliveryErrors
from opensirt.domain.device import device_names
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import ActivityMap, CountsImage
from opensirt.domain.missing import Missing
from opensirt.domain.record import CaseResult
from opensirt.domain.site_ledger import SiteLedger, errors_in_force, residuals_bq


def ledger_path(site: SiteInForce) -> Path | None:
    """Return where the ledger of a site lies; None where no site.toml is in force."""
    from opensirt.files.ledger_file import LEDGER_FILE_NAME

    if site.path is None:
        return None
    return site.path.parent / (site.profile.ledger or LEDGER_FILE_NAME)


def site_ledger(site: SiteInForce) -> SiteLedger:
    """Return the ledger of the site in force; empty without a site.toml of its own.

    Raises
    ------
    InputError
        When the file is no ledger, or was changed by hand.
    """
    from opensirt.files.ledger_file import read_ledger

    path = ledger_path(site)
    return SiteLedger() if path is None else read_ledger(path)


def site_errors(site: SiteInForce, device: str, *, scout_nuclide: str = "Tc-99m") -> DeliveryErrors:
    """Return the delivery errors in force at a site: its own from twenty cases on."""
    return errors_in_force(device, site_ledger(site), scout_nuclide=scout_nuclide)


def with_site_errors(options: RunOptions, site: SiteInForce, case: Case) -> RunOptions:
    """Return options in which robust planning draws from the ledger of the site in force."""
    taken = case.scout()
    if ledger_path(site) is None or taken is None:
        return options
    assert isinstance(taken.image, ActivityMap | CountsImage)  # noqa: S101 - Case.scout() says so
    ledger = site_ledger(site)
    errors = {
        name: errors_in_force(name, ledger, scout_nuclide=taken.image.radionuclide)
        for name in device_names()
    }
    return replace(options, delivery_errors={**errors, **options.delivery_errors})


def past_residuals_bq(site: SiteInForce, device: str) -> tuple[float, ...]:
    """Return what stayed behind at a site's deliveries of a device: its history and its ledger."""
    stated = [one.residual_bq for one in site.profile.residual_history if one.device == device]
    return (*stated, *residuals_bq(site_ledger(site), device))


def entered(
    result: CaseResult, case: Case, site: SiteInForce, *, recorded_at: datetime
) -> CaseResult:
    """Enter the verification of a result in the ledger of its site; say so in its findings.

    Nothing is entered without a site.toml, a plan, or an administered activity.

    Raises
    ------
    InputError
        When the ledger cannot be read or written.
    """
    from opensirt.files.ledger_file import append_entry
    from opensirt.workflow.ledger_entry import ledger_entry

    path, measured = ledger_path(site), result.verification
    if path is None or measured is None or result.workup is None:
        return result
    entry = ledger_entry(case, result.workup, measured, recorded_at=recorded_at)
    if isinstance(entry, Missing):
        return result
    number, what = append_entry(path, entry)
    words = {
        "added": f"this verification is entry {number} of the site ledger {path.name}",
        "corrected": f"this verification is entry {number} of the site ledger {path.name}; it "
        "supersedes an earlier one of the same course",
        "known": f"this verification is entry {number} of the site ledger {path.name} already; it "
        "is not counted twice",
    }
    text = words[what]
    if entry.assumed:
        text += f". What rests on assumed facts ({', '.join(entry.assumed)}) is not counted"
    finding = Finding(Severity.NOTE, "site_ledger", text, number)
    return replace(
        result,
        findings=(*result.findings, finding),
        verification=replace(measured, findings=(*measured.findings, finding)),
    )
