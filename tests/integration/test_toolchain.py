"""The scripts behind make, in a clone in a folder with an unusual name."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.engine.stacks import ROOT

CLONE = 'it\'s a clone, 100% of "$HOME" #1?'
SECRET = "0123456789abcdef0123456789abcdef"


class Clone:
    """A clone of the project with a stack file.

    Args:
        folder: an empty folder for it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / CLONE
        self.folder.mkdir()
        for part in ("fate_components", "config", ".venv", "Pulumi.yaml", "__main__.py"):
            (self.folder / part).symlink_to(ROOT / part)
        shutil.copytree(ROOT / "toolchain", self.folder / "toolchain")
        given = {name: value for name, value in os.environ.items() if "PULUMI" not in name}
        self._environment = {**given, "PULUMI_CREDENTIALS_PATH": str(folder)}

    def sh(self, script: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a script in a shell in its folder, with more environment variables."""
        return subprocess.run(
            ["sh", "-ec", script],
            cwd=self.folder,
            env=self._environment | more,
            capture_output=True,
            text=True,
            check=False,
        )

    def in_env(self, script: str) -> str:
        """The output of a script in a shell that is set up as the documentation says."""
        done = self.sh(f'eval "$(sh toolchain/env.sh)"\n{script}')
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    found = Clone(tmp_path_factory.mktemp("clones"))
    done = found.sh("sh toolchain/stack.sh dev")
    assert done.returncode == 0, done.stderr
    found.in_env(f"printf {SECRET} | pulumi config set --secret fate:masterSecret --stack dev")
    return found


def test_the_environment_is_that_of_the_clone(clone: Clone) -> None:
    assert clone.in_env("command -v fatectl") == f"{clone.folder}/toolchain/bin/fatectl"
    assert clone.in_env('cat "$PULUMI_CONFIG_PASSPHRASE_FILE"') == (
        (clone.folder / ".pulumi" / "passphrase").read_text().strip()
    )
    assert (clone.folder / ".pulumi/stacks/fate/dev.json").exists()
    assert clone.in_env("pulumi config get fate:masterSecret --stack dev") == SECRET
    # It reads the state from the same folder.
    assert clone.in_env("fatectl repair --stack dev") == "nothing to repair"


def test_a_passphrase_of_another_project_is_named(clone: Clone) -> None:
    for variable, value in (
        ("PULUMI_CONFIG_PASSPHRASE", "of another project"),
        ("PULUMI_CONFIG_PASSPHRASE_FILE", f"{ROOT}/Pulumi.yaml"),
    ):
        for stack in ("dev", "new"):
            if stack == "new":  # in the stack file, but not in this backend
                shutil.copy(clone.folder / "Pulumi.dev.yaml", clone.folder / "Pulumi.new.yaml")
            done = clone.sh(f"sh toolchain/stack.sh {stack}", **{variable: value})
            assert done.returncode == 1
            assert (
                f"Stack {stack} is encrypted with another passphrase than that of {variable}, "
                in (done.stderr)
            )
            assert f"run: unset {variable}\n" in done.stderr
            assert value not in done.stderr
    assert clone.sh("sh toolchain/stack.sh dev").returncode == 0


def test_a_lost_passphrase_is_named(clone: Clone) -> None:
    file = clone.folder / ".pulumi" / "passphrase"
    kept = file.read_text()
    file.write_text("another one")
    done = clone.sh("sh toolchain/stack.sh dev")
    file.write_text(kept)
    assert done.returncode == 1
    assert "another passphrase than that in .pulumi/passphrase. Set PULUMI_CONFIG_PASSPHRASE" in (
        done.stderr
    )
