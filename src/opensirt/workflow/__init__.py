"""The verbs: each calls the rooms below and makes one record."""
