"""NIfTI, NRRD, MHA, Interfile, and the case folder."""
