"""The only place that joins the core and the adapters."""
