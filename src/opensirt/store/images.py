"""Files under their hash: whole or absent, the same bytes only once."""

import hashlib
import os
import tempfile
from pathlib import Path

from opensirt.errors import StoreError
from opensirt.provenance import sha256_of_file
from opensirt.store.failures import told

_CHUNK_BYTES = 1 << 20


def image_path(room: Path, sha256: str) -> Path:
    """Return where the file of a hash lies.

    >>> image_path(Path("images"), "ab12").as_posix()
    'images/ab/ab12'
    """
    return room / sha256[:2] / sha256


def keep_image(room: Path, source: Path) -> tuple[str, int]:
    """Copy a file under its hash and return hash and size; what is there already stays.

    The copy is on the disk, with its name, when this returns.

    Raises
    ------
    StoreError
        When the disk is full or cannot be written.
    """
    with told():
        room.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".partial-", dir=room)
        part = Path(name)
        digest, size = hashlib.sha256(), 0
        try:
            with os.fdopen(handle, "wb") as out, source.open("rb") as stream:
                while chunk := stream.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    size += len(chunk)
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            sha256 = digest.hexdigest()
            target = image_path(room, sha256)
            if not target.exists():
                part.chmod(0o444)
                target.parent.mkdir(exist_ok=True)
                part.replace(target)
                _sync_folder(target.parent)
        finally:
            part.unlink(missing_ok=True)
    return sha256, size


def image_file(room: Path, sha256: str) -> Path:
    """Return the file of a hash.

    Raises
    ------
    StoreError
        When it is not there.
    """
    found = image_path(room, sha256)
    if not found.is_file():
        raise StoreError(
            f"image {sha256[:12]}… is not in the folder of images; restore it from a backup"
        )
    return found


def take_image(room: Path, sha256: str, target: Path) -> None:
    """Write the file of a hash to a place, and prove that it is that file.

    Raises
    ------
    StoreError
        When it is not there, or its bytes have changed.
    """
    source = image_file(room, sha256)
    target.parent.mkdir(parents=True, exist_ok=True)
    with told(), source.open("rb") as stream, target.open("xb") as out:
        while chunk := stream.read(_CHUNK_BYTES):
            out.write(chunk)
    if sha256_of_file(target) != sha256:
        target.unlink()
        raise StoreError(
            f"image {sha256[:12]}… has other bytes than when it was stored; restore it from a "
            "backup"
        )


def _sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
