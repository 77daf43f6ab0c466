"""One voice for what cannot be read: where, what was found, what was wanted, what to do."""

import re
from pathlib import Path

from opensirt.errors import InputError

_PLACE_IN_ITK = re.compile(r"^.*\.[ch]xx:\d+:\s*|^.*ERROR:\s*|\b\w+\(0x[0-9a-f]+\):\s*")
"""What SimpleITK puts before its words: where in its own source they come from."""

EXPORT_AGAIN = "export or copy the file again"


def refusal(path: Path, found: str, *, wanted: str, remedy: str) -> InputError:
    """Return (not raise) the error for a file that cannot be used as it is.

    Only the file's own name is said: folders are often named after patients.
    """
    return InputError(f"{path.name}: {found}; wanted {wanted}; {remedy}")


def unreadable(path: Path, format_name: str, error: Exception) -> InputError:
    """Return the error for a file that its library could not read to the end."""
    return refusal(
        path,
        f"the file is truncated or damaged ({_reason(path, error)})",
        wanted=f"a whole {format_name} file",
        remedy=EXPORT_AGAIN,
    )


def _reason(path: Path, error: Exception) -> str:
    """Return the words of a library without folders and without places in its own source."""
    if isinstance(error, MemoryError):
        return "its header asks for more memory than there is"
    if isinstance(error, OSError) and error.strerror:
        named = f": {Path(str(error.filename)).name}" if error.filename else ""
        return f"{error.strerror}{named}"
    text = " ".join(str(error).split())
    while match := _PLACE_IN_ITK.search(text):
        text = text[: match.start()] + text[match.end() :]
    for folder in (path.parent, path.parent.resolve()):
        text = text.replace(f"{folder}/", "").replace(f"{folder}\\", "")
    return text.strip().rstrip(".") or type(error).__name__
