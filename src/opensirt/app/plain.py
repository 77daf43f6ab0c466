"""Values of ours as JSON knows them; see `opensirt.report.plain`."""

from opensirt.report.plain import json_text, plain

__all__ = ["json_text", "plain"]
