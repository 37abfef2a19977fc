"""Stand-ins for FATE's services: small, strict, calling only the hosts that their files name."""
