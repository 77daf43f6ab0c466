"""Pictures of a report, drawn without a screen."""
