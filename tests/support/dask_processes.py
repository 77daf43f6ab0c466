"""A Dask scheduler and workers in processes of their own, for tests that kill them."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import opensirt


class Cluster:
    """A scheduler and workers in processes of their own, to be killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        sources = str(Path(opensirt.__file__).parents[1])
        self._environment = {**os.environ, "PYTHONPATH": sources}
        self.processes: list[subprocess.Popen[str]] = []
        self.scheduler = self._start(
            "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"
        )
        self.address = self._address()

    def _start(self, module: str, *options: str) -> subprocess.Popen[str]:
        made = subprocess.Popen(  # noqa: S603 - Dask's own programs
            [sys.executable, "-m", module, *options],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            env=self._environment,
            cwd=self._folder,
        )
        self.processes.append(made)
        return made

    def _address(self) -> str:
        assert self.scheduler.stderr is not None
        for line in self.scheduler.stderr:
            if found := re.search(r"tcp://[0-9.]+:[0-9]+", line):
                return found[0]
        raise AssertionError("the scheduler said no address")

    def worker(self) -> subprocess.Popen[str]:
        """Start one worker."""
        return self._start(
            "distributed.cli.dask_worker",
            self.address,
            "--nthreads",
            "1",
            "--no-nanny",
            "--no-dashboard",
            "--local-directory",
            str(self._folder),
        )

    def stop(self) -> None:
        """Kill what is still there."""
        for one in self.processes:
            if one.poll() is None:
                one.send_signal(signal.SIGKILL)
            one.wait()
            if one.stderr is not None:
                one.stderr.close()


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Give a scheduler without workers."""
    made = Cluster(folder)
    try:
        yield made
    finally:
        made.stop()
