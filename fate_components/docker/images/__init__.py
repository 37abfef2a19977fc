"""Images: archives of them, and registries that need a login."""
