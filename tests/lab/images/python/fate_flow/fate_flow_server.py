"""FATE Flow's server in the lab: reads settings.py as the real one does, then runs the stand-in."""

from fate_flow import settings
from fate_flow.entity.runtime_config import RuntimeConfig
from fate_lab.fate_flow import main

if __name__ == "__main__":
    main(settings, RuntimeConfig)
