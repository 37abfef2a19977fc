"""What the reference says of FATE 1.3.0, written down once for unit and integration tests."""

SERVICES = {
    "egg", "fateboard", "federation", "meta-service", "mysql", "proxy", "python", "redis", "roll",
}  # fmt: skip
"""The services of a training cluster."""
