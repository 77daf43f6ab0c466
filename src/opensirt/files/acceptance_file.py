"""acceptance.json: what commissioning found, with a signature over all of it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opensirt.domain.acceptance import Acceptance, Change, Check, Outcome
from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.files.signing_key import public_text
from opensirt.provenance import canonical_json, sha256_of_json
from opensirt.whole_file import whole_file

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SCHEMA = "opensirt/acceptance/1"
ACCEPTANCE_NAME = "acceptance.json"

_ALGORITHM = "Ed25519"


def _said(value: object) -> object:
    if isinstance(value, Missing):
        return value.value
    return value.isoformat() if isinstance(value, datetime) else value


def _content(made: Acceptance) -> dict[str, Any]:
    """Return what is signed, as JSON knows it."""
    return {
        "schema": SCHEMA,
        "by": made.by,
        "made_at": made.made_at.isoformat(),
        "software": dict(made.software),
        "machine": dict(made.machine),
        "summary": {one.value: made.count(one) for one in Outcome},
        "earlier": {
            "made_at": _said(made.earlier_made_at),
            "software": _said(made.earlier_software),
            "sha256": _said(made.earlier_sha256),
        },
        "changes": [
            {"name": one.name, "earlier": _said(one.earlier), "now": _said(one.now)}
            for one in made.changes
        ],
        "checks": [
            {
                **{key: _said(value) for key, value in asdict(one).items()},
                "outcome": one.outcome.value,
            }
            for one in made.checks
        ],
    }


def write_acceptance(path: Path, made: Acceptance, key: "Ed25519PrivateKey") -> Acceptance:
    """Sign a run, write it whole or not at all, and return it with its signature.

    Raises
    ------
    InputError
        When a number is not finite: JSON cannot hold it.
    """
    content = _content(made)
    try:
        text = canonical_json(content)
    except ValueError:
        bad = next(one.name for one in made.checks if not abs(one.found) < float("inf"))
        raise InputError(
            f"check {bad} gave a number that is not finite; report this with the machine's "
            "versions: nothing was written"
        ) from None
    signed = replace(
        made,
        sha256=sha256_of_json(content),
        public_key=public_text(key),
        signature=key.sign(text.encode()).hex(),
    )
    document = {
        **content,
        "signature": {
            "algorithm": _ALGORITHM,
            "of": "the canonical JSON of everything but this block",
            "sha256": signed.sha256,
            "public_key": signed.public_key,
            "value": signed.signature,
        },
    }
    with whole_file(path) as part:
        part.write_text(
            json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n",
            encoding="utf-8",
        )
    return signed


def read_acceptance(path: Path) -> Acceptance:
    """Return a run that was written, after its signature was checked.

    Raises
    ------
    InputError
        When the file cannot be read, is none of ours, or was changed after it was signed.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    wanted = f"wanted the {SCHEMA} that `opensirt commission` writes"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        signature = document.pop("signature")
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signature["public_key"]))
        value = bytes.fromhex(signature["value"])
        if document["schema"] != SCHEMA:
            raise InputError(f"{path.name} is of the schema {document['schema']!r}; {wanted}")
        public.verify(value, canonical_json(document).encode())
        return _read(document, signature)
    except InvalidSignature:
        raise InputError(
            f"{path.name} was changed after it was signed, or signed with another key; keep the "
            "file as it was written, or move it away to begin anew"
        ) from None
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path.name} cannot be read as an acceptance report ({error}); {wanted}"
        ) from None


def _read(document: Mapping[str, Any], signature: Mapping[str, Any]) -> Acceptance:
    reasons = {one.value: one for one in Missing}

    def number(value: float | str) -> float | Missing:
        return reasons[value] if isinstance(value, str) else float(value)

    earlier = document["earlier"]
    at = earlier["made_at"]
    return Acceptance(
        by=document["by"],
        made_at=datetime.fromisoformat(document["made_at"]),
        software=document["software"],
        machine=document["machine"],
        checks=tuple(
            Check(
                name=one["name"],
                group=one["group"],
                quantity=one["quantity"],
                unit=one["unit"],
                found=float(one["found"]),
                wanted=number(one["wanted"]),
                tolerance=number(one["tolerance"]),
                source=one["source"],
            )
            for one in document["checks"]
        ),
        earlier_made_at=reasons[at] if at in reasons else datetime.fromisoformat(at),
        earlier_software=reasons.get(earlier["software"], earlier["software"]),
        earlier_sha256=reasons.get(earlier["sha256"], earlier["sha256"]),
        changes=tuple(
            Change(name=one["name"], earlier=number(one["earlier"]), now=number(one["now"]))
            for one in document["changes"]
        ),
        sha256=signature["sha256"],
        public_key=signature["public_key"],
        signature=signature["value"],
    )
