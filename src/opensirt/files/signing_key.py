"""A centre's key: made by the centre, kept by it, and never written anywhere else."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from opensirt.errors import InputError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_OWNER_ONLY = 0o600


def new_signing_key(path: Path) -> None:
    """Write a new Ed25519 key that only its owner may read.

    Raises
    ------
    InputError
        When there is a file already; a key is never overwritten.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    text = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except FileExistsError:
        raise InputError(f"{path.name} is there already; a key is never overwritten") from None
    with os.fdopen(handle, "wb") as stream:
        stream.write(text)


def read_signing_key(path: Path) -> "Ed25519PrivateKey":
    """Return the key of a file.

    Raises
    ------
    InputError
        When the file is absent, others may read it, or it holds no Ed25519 key.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if not path.is_file():
        raise InputError(f"there is no key {path.name}; make one with --new-key")
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise InputError(f"others may read the key {path.name}; run chmod 600 on it")
    try:
        found = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError):
        raise InputError(f"{path.name} holds no key in PEM; make one with --new-key") from None
    if not isinstance(found, Ed25519PrivateKey):
        raise InputError(f"{path.name} holds another kind of key; an Ed25519 key is wanted")
    return found


def public_text(key: "Ed25519PrivateKey") -> str:
    """Return the public half of a key as hexadecimal digits."""
    from cryptography.hazmat.primitives import serialization

    return (
        key.public_key()
        .public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        .hex()
    )
