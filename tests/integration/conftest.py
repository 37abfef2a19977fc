"""What every test on the real engine needs."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def engine_env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of the installed engine, with a backend of the test session's own."""
    command = [sys.executable, str(ROOT / "toolchain" / "install.py"), "env", "--json"]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    env = {
        **os.environ,
        **json.loads(printed),
        "PULUMI_BACKEND_URL": f"file://{tmp_path_factory.mktemp('backend')}",
        "PULUMI_CONFIG_PASSPHRASE": "of the tests",
    }
    with pytest.MonkeyPatch.context() as patch:
        # The automation API asks the CLI for its version in the environment of this process.
        patch.setenv("PATH", env["PATH"])
        yield env
