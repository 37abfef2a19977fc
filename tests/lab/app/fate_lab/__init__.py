"""Stand-ins for FATE's services, for tests: small, strict, and talking only to whom their files name."""
