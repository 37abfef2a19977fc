"""Stand-ins for services of FATE 2: those that cannot be built from packages, and FATE Flow."""
