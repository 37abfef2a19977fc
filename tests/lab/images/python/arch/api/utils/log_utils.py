import logging
import os


class LoggerFactory:
    LOG_DIR = ""

    @staticmethod
    def set_directory(directory: str) -> None:
        LoggerFactory.LOG_DIR = directory
        os.makedirs(directory, exist_ok=True)


def getLogger(name: str) -> logging.Logger:  # noqa: N802, the real function's name
    logger = logging.getLogger(name)
    if LoggerFactory.LOG_DIR and not logger.handlers:
        path = os.path.join(LoggerFactory.LOG_DIR, f"{name}.log")
        logger.addHandler(logging.FileHandler(path, delay=True))
    return logger
