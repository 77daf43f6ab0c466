"""Response of tumours by named criteria, from what each visit saw of each lesion."""
