"""Facts about a patient to judgements: eligibility, liver function, toxicity, response."""
