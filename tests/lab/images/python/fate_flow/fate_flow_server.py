"""FATE Flow's server in the lab: reads settings.py like the real one, then runs the stand-in."""

# mypy: disable-error-code="import-not-found"

from fate_lab.fate_flow import main

from fate_flow import settings
from fate_flow.entity.runtime_config import RuntimeConfig

if __name__ == "__main__":
    main(settings, RuntimeConfig)
