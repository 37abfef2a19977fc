"""Figures about the program's speed."""
