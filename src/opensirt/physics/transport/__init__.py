"""Electrons and photons followed through voxels, compiled on first use."""
