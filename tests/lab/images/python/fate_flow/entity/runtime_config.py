"""The values that FATE Flow determines at startup, for all of its modules."""

# mypy: disable-error-code="import-not-found"

from arch.api.utils.core import get_lan_ip


class RuntimeConfig:
    WORK_MODE = None
    BACKEND = None
    JOB_QUEUE = None
    USE_LOCAL_DATABASE = False
    HTTP_PORT: int | None = None
    JOB_SERVER_HOST = ""

    @staticmethod
    def init_config(**kwargs: object) -> None:
        """Sets the known values and ignores the rest."""
        for name, value in kwargs.items():
            if hasattr(RuntimeConfig, name):
                setattr(RuntimeConfig, name, value)
        if "HTTP_PORT" in kwargs:
            RuntimeConfig.JOB_SERVER_HOST = f"{get_lan_ip()}:{RuntimeConfig.HTTP_PORT}"
