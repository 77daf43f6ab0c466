"""A patient's SPECT and CT out of the shared files, as decays and densities on one grid."""

import tarfile
import tempfile
from pathlib import Path

from opensirt.domain.image import CtImage, DensityMap, TimeIntegratedActivityMap
from opensirt.files.volume import read_volume
from opensirt.imaging.density import density_from_ct
from opensirt.imaging.quantify import typed_image
from opensirt.imaging.resample import averaged_on
from opensirt.units import ImageUnit


def penred_case(shared_data: Path) -> tuple[TimeIntegratedActivityMap, DensityMap]:
    """Return the SPECT as decays of Y-90 and the CT's densities, on the grid of the SPECT."""
    archive = shared_data / "data" / "ct_spect_penred" / "Mhd.tar.xz"
    with tempfile.TemporaryDirectory() as folder, tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
        spect, ct = (read_volume(Path(folder) / name) for name in ("spect-jm.mhd", "ct1-4mm.mhd"))
    decays = typed_image(spect, unit=ImageUnit.MBQ_H_PER_VOXEL, frame="2.25.8", radionuclide="Y-90")
    numbers = typed_image(ct, unit=ImageUnit.HU, frame="2.25.8")
    assert isinstance(decays, TimeIntegratedActivityMap)
    assert isinstance(numbers, CtImage)
    return decays, averaged_on(density_from_ct(numbers), decays.grid)
