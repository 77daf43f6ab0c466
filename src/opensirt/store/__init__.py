"""Records in a database, images in a folder by their hash: added, never changed."""
