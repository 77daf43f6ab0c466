"""The commissioning suite: what this machine gives beside what it should give."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from opensirt.domain.acceptance import Check
from opensirt.phantom.commission.analytic import analytic_checks
from opensirt.phantom.commission.formulas import formula_checks
from opensirt.phantom.commission.kernels import kernel_checks
from opensirt.phantom.commission.phantom40 import phantom_checks
from opensirt.phantom.commission.slabs import slab_checks

__all__ = ["SUITE"]

SUITE: Mapping[str, Callable[[], Iterator[Check]]] = MappingProxyType(
    {
        "voxel S values": kernel_checks,
        "dose in a phantom of 40³ voxels": phantom_checks,
        "dose at the edge of lung and bone": slab_checks,
        "shapes whose answer is exact": analytic_checks,
        "planning formulas": formula_checks,
    }
)
"""Group → its checks. The digital patients are run by `opensirt.app.commission`."""
