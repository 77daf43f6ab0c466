"""One voice for what cannot be read: where, what was found, what was wanted, what to do."""

from pathlib import Path

from opensirt.errors import InputError

EXPORT_AGAIN = "export or copy the file again"


def refusal(path: Path, found: str, *, wanted: str, remedy: str) -> InputError:
    """Return (not raise) the error for a file that cannot be used as it is.

    Only the file's own name is said: folders are often named after patients.
    """
    return InputError(f"{path.name}: {found}; wanted {wanted}; {remedy}")


def unreadable(path: Path, format_name: str, error: Exception) -> InputError:
    """Return the error for a file that its library could not read to the end."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return refusal(
        path,
        f"the file is truncated or damaged ({reason})",
        wanted=f"a whole {format_name} file",
        remedy=EXPORT_AGAIN,
    )
