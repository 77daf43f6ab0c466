"""Which CUDA graphics processor is here, and what its kernels take.

Run as ``python bench/device.py``; the exit status is 1, with the reason, where there is none.
"""

import sys

import numba
from numba import cuda

from opensirt.errors import InputError
from opensirt.physics.graphics_processor import require_device


def main() -> int:
    """Print what is here."""
    try:
        require_device()
    except InputError as error:
        print(error)
        return 1
    device = cuda.get_current_device()
    name = device.name.decode() if isinstance(device.name, bytes) else device.name
    major, minor = device.compute_capability
    free, total = cuda.current_context().get_memory_info()
    print(f"{name}, compute capability {major}.{minor}, {device.MULTIPROCESSOR_COUNT} processors")
    print(f"memory {total / 2**30:.0f} GiB, {free / 2**30:.0f} GiB of it free")
    print(f"numba {numba.__version__}, its CUDA part from {cuda.__file__}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
