"""What the tests of file and DICOM readers share."""

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.missing import Missing
from opensirt.domain.reading import ReadVolume


def placed(read: ReadVolume) -> NDArray[np.float64]:
    """Return the affine of a volume that has one."""
    assert not isinstance(read.affine, Missing)
    return read.affine


def numbers(read: ReadVolume) -> NDArray[np.float64]:
    """Return the values as doubles."""
    return np.asarray(read.values, np.float64)


def spacing_kji_mm(read: ReadVolume) -> list[float]:
    """Return the distance between voxel centres along k, j and i."""
    return [float(one) for one in np.linalg.norm(placed(read)[:3, :3], axis=0)]
