"""FATE 2 for Pulumi programs of one's own; see docs/library.md."""
