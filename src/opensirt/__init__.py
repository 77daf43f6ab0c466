"""OpenSIRT: the open system for radioembolization (SIRT/TARE) of liver tumours."""

__version__ = "0.1.0.dev0"
