"""Who runs where, and who reaches whom, at which addresses and ports."""
