"""FATE 1.3 for Pulumi programs of one's own; see docs/library.md."""
