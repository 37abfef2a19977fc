"""What the reference says about FATE 1.3.0, shared by unit and integration tests."""

SERVICES = {
    "egg", "fateboard", "federation", "meta-service", "mysql", "proxy", "python", "redis", "roll",
}  # fmt: skip
"""The services of a training cluster."""
