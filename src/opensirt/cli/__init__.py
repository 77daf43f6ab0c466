"""The command line: parse, call the application, answer."""

from opensirt.cli.main import main

__all__ = ["main"]
