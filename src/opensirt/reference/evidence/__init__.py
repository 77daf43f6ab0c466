"""Published outcomes of radioembolization of neuroendocrine liver metastases, as data."""
