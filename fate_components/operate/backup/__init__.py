"""Backups: a party's data in one file, and back from it into a party of any stack."""
