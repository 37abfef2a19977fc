"""Stand-ins for FATE's services: small, strict, and talking only to whom their files name."""
