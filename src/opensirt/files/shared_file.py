"""Files of aggregates that centres exchange: JSON with a signature over everything in it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from opensirt.errors import InputError
from opensirt.files.signing_key import public_text
from opensirt.outcomes.federated.disclosure import Withheld
from opensirt.outcomes.federated.interval_table import IntervalTable
from opensirt.outcomes.federated.share import CentreShare, SharedSums
from opensirt.whole_file import whole_file

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SCHEMA = "opensirt/shared-aggregates/1"


@dataclass(frozen=True, slots=True)
class SignedShare:
    """A share whose signature holds, and the key that made it."""

    share: CentreShare
    public_key: str

    @property
    def fingerprint(self) -> str:
        """Sixteen digits that people read to each other."""
        return fingerprint(self.public_key)


def fingerprint(public_key: str) -> str:
    """Return the first sixteen digits of the hash of a public key, in fours.

    >>> fingerprint("00" * 32)
    '6668 7aad f862 bd77'
    """
    digits = hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:16]
    return " ".join(digits[start : start + 4] for start in range(0, 16, 4))


def share_document(share: CentreShare) -> dict[str, Any]:
    """Return what leaves a centre, without the signature. Reasons leave, their details do not."""
    return {
        "schema": SCHEMA,
        "plan_sha256": share.plan_sha256,
        "centre": share.centre,
        "round": share.round_number,
        "models": {
            name: {
                "point": list(one.point),
                "n": one.n,
                "events": one.events,
                "clusters": one.clusters,
                "rows_left_out": one.left_out,
                "score": list(one.score),
                "information": [list(row) for row in one.information],
                "clustered": None
                if one.clustered is None
                else [list(row) for row in one.clustered],
                "log_likelihood": one.log_likelihood,
            }
            for name, one in share.models.items()
        },
        "risk_tables": {
            name: {
                "edges": list(one.edges),
                "entering": list(one.entering),
                "events": list(one.events),
                "censored": list(one.censored),
            }
            for name, one in share.risk_tables.items()
        },
        "withheld": [{"what": one.what, "reason": one.reason} for one in share.withheld],
    }


def values_that_leave(document: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return every single value of a document with its place, as an audit lists it."""
    return tuple(_flat(document, ""))


def _flat(value: object, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _flat(one, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list | tuple):
        for number, one in enumerate(value):
            yield from _flat(one, f"{place}[{number}]")
    else:
        yield place, json.dumps(value)


def write_shared_file(path: Path, share: CentreShare, key: "Ed25519PrivateKey") -> None:
    """Write a share with its signature."""
    document = share_document(share)
    document["public_key"] = public_text(key)
    document["signature"] = key.sign(_signed_bytes(document)).hex()
    with whole_file(path) as part:
        part.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _signed_bytes(document: Mapping[str, Any]) -> bytes:
    """Return what is signed: all but the signature, keys sorted, no spaces."""
    body = {key: value for key, value in document.items() if key != "signature"}
    return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def read_shared_file(path: Path) -> SignedShare:
    """Return a share whose signature holds.

    Raises
    ------
    InputError
        When the file is absent, no shared file, or anything in it was changed since it was
        signed.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    document = _read(path)
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(str(document["public_key"])))
        public.verify(bytes.fromhex(str(document["signature"])), _signed_bytes(document))
    except KeyError as error:
        raise InputError(f"{path.name} has no {error.args[0]}; ask the centre again") from None
    except ValueError:
        raise InputError(
            f"{path.name}: key or signature is not one; ask the centre again"
        ) from None
    except InvalidSignature:
        raise InputError(
            f"{path.name} was changed after it was signed, or signed with another key; refused. "
            "Ask the centre for the file again"
        ) from None
    return SignedShare(_share_of(document, path), str(document["public_key"]))


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"there is no file {path.name}; check the name")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path.name} is no JSON text: {error}; ask the centre again") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise InputError(f"{path.name} is no shared file; schema {SCHEMA} is wanted")
    return document


def _share_of(document: Mapping[str, Any], path: Path) -> CentreShare:
    """Return the share of a document; it is signed, so that only another version breaks it."""
    try:
        return CentreShare(
            plan_sha256=str(document["plan_sha256"]),
            centre=str(document["centre"]),
            round_number=int(document["round"]),
            models=MappingProxyType(
                {name: _sums_of(one) for name, one in document["models"].items()}
            ),
            risk_tables=MappingProxyType(
                {
                    name: IntervalTable(
                        edges=tuple(float(edge) for edge in one["edges"]),
                        events=tuple(int(count) for count in one["events"]),
                        censored=tuple(int(count) for count in one["censored"]),
                    )
                    for name, one in document["risk_tables"].items()
                }
            ),
            withheld=tuple(
                Withheld(str(one["what"]), str(one["reason"]), "") for one in document["withheld"]
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path.name} is signed but not as this version writes it ({error}); share it again"
        ) from None


def _sums_of(one: Mapping[str, Any]) -> SharedSums:
    def matrix(rows: list[list[float]]) -> tuple[tuple[float, ...], ...]:
        return tuple(tuple(float(value) for value in row) for row in rows)

    left_out = one["rows_left_out"]
    return SharedSums(
        point=tuple(float(value) for value in one["point"]),
        n=int(one["n"]),
        events=int(one["events"]),
        clusters=None if one["clusters"] is None else int(one["clusters"]),
        left_out=left_out if isinstance(left_out, str) else int(left_out),
        score=tuple(float(value) for value in one["score"]),
        information=matrix(one["information"]),
        clustered=None if one["clustered"] is None else matrix(one["clustered"]),
        log_likelihood=float(one["log_likelihood"]),
    )
