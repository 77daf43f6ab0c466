"""A PostgreSQL of the tests' own: made in a temporary folder, reached by a socket, gone after."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FOLDERS = ("/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt")


class NoPostgresError(Exception):
    """Why there is no PostgreSQL here."""


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        places = [one for root in _FOLDERS for one in Path(root).glob(f"*/bin/{name}")]
        if not places:
            raise NoPostgresError(f"PostgreSQL is not installed: there is no {name}")
        found = str(max(places))
    return str(Path(found).resolve())


def _server_user() -> str | None:
    """Return whom the server runs as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise NoPostgresError("PostgreSQL refuses to run as root, and there is no other user")


@contextmanager
def postgres(*, fsync: str = "off", within: Path | None = None) -> Iterator[str]:
    """Give the URL of a server that is started now and stopped after; `%s` is the database.

    Without fsync a crash of the machine may lose data, a crash of any process does not.
    """
    initdb, control = _program("initdb"), _program("pg_ctl")
    user = _server_user()
    room = Path(tempfile.mkdtemp(prefix="opensirt-pg-", dir=within))
    data, socket = room / "data", room / "socket"
    socket.mkdir()
    if user is not None:
        account = pwd.getpwnam(user)
        for one in (room, socket):
            os.chown(one, account.pw_uid, account.pw_gid)
    room.chmod(0o755)

    def run(*command: str) -> None:
        done = subprocess.run(  # noqa: S603 - programs of the server
            command,
            capture_output=True,
            text=True,
            check=False,
            user=user,
            cwd=room,
        )
        if done.returncode:
            raise NoPostgresError(f"{Path(command[0]).name} failed: {done.stderr[-500:]}")

    try:
        run(initdb, "-D", str(data), "-U", "sirt", "-A", "trust", "-E", "UTF8", "--no-locale")
        options = f"-c listen_addresses='' -c unix_socket_directories='{socket}' -c fsync={fsync}"
        run(
            control,
            "-D",
            str(data),
            "-w",
            "-t",
            "60",
            "-l",
            str(room / "log"),
            "-o",
            options,
            "start",
        )
        try:
            yield f"postgresql://sirt@/%s?host={socket}"
        finally:
            run(control, "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(room, ignore_errors=True)
