"""FATE Flow's server in the lab."""

# mypy: disable-error-code="import-not-found"

from fate_lab.fate2.fate_flow import main
from fate_lab.protocol import exit_on_sigterm

exit_on_sigterm()
main()
