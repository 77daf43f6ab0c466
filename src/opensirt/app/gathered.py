"""What reading the files of one case brings together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from opensirt.app.image_file import sha256_of_path
from opensirt.domain.finding import Confirmation, Finding, Severity, refuse_unless_confirmed

_FIELDS = {"id": "patient ID", "birth_date": "birth date", "sex": "sex"}


@dataclass
class Gathered:
    """Findings, digests of files, and whose they are, in the order of reading."""

    findings: list[Finding] = field(default_factory=list)
    inputs: dict[str, str] = field(default_factory=dict)
    patients: dict[str, dict[str, str]] = field(default_factory=dict)
    """Field of the patient's identity → digest of it → first file that had it."""

    def add_input(self, part: str, path: Path) -> None:
        """Take up the digest of a file, under its own name: folders are named after patients."""
        name, number = f"{part}.{path.name}", 1
        while name in self.inputs:
            number += 1
            name = f"{part}.{path.name} ({number})"
        self.inputs[name] = sha256_of_path(path)

    def note(self, rule: str, text: str) -> None:
        """Add a finding that is worth a word and no more."""
        self.findings.append(Finding(Severity.NOTE, rule, text))

    def add_file(self, source: str, notes: Iterable[str], patient: Mapping[str, str]) -> None:
        """Take up what a reader noticed, and whose file it is (digests only)."""
        for text in notes:
            self.note("file", f"{source}: {text}")
        for name, digest in patient.items():
            self.patients.setdefault(name, {}).setdefault(digest, source)

    def require_one_patient(self, confirmations: Iterable[Confirmation]) -> None:
        """Refuse files of different patients, unless a person has confirmed it.

        Raises
        ------
        ConfirmationError
            When patient ID, birth date or sex differ between two files.
        """
        differing = [
            f"{_FIELDS.get(name, name)} differs between {' and '.join(found.values())}"
            for name, found in self.patients.items()
            if len(found) > 1
        ]
        if differing:
            text = f"the files seem to be of different patients: {'; '.join(differing)}"
            self.findings.append(refuse_unless_confirmed("different_patients", text, confirmations))
