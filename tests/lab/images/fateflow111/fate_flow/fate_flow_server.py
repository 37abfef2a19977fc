"""FATE Flow's server in the lab."""

# mypy: disable-error-code="import-not-found"

from fate_lab.fate1_11.fate_flow import main

# No handler of SIGTERM: as PID 1, it does not end by that.
main()
