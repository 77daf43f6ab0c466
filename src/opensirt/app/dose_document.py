"""What the `dose` command says in JSON."""

from datetime import UTC, datetime

from opensirt.app.dose import DoseOutcome
from opensirt.app.software import software_versions


def dose_document(outcome: DoseOutcome) -> dict[str, object]:
    """Return the engine, the energy balance and the findings of a dose that was written."""
    made = outcome.result.dose
    return {
        "schema": "opensirt/dose/1",
        "out": outcome.out,
        "engine": made.engine,
        "radionuclide": made.radionuclide,
        "data_set": made.data_set,
        "density": outcome.density,
        "total_activity_bq": outcome.total_activity_bq,
        "energy": outcome.result.energy,
        "max_gy": float(made.values.max()),
        "min_gy": float(made.values.min()),
        "findings": outcome.findings,
        "provenance": {
            "inputs": outcome.inputs,
            "software": software_versions(),
            "made_at": datetime.now(UTC),
        },
    }
