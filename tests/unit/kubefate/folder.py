"""A folder with KubeFATE's files, beside the project's folder that import writes to."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from typer.testing import CliRunner

from fate_components.cli.__main__ import app
from tests.support.kubefate_files import TAGS, changed


@dataclass(frozen=True)
class Folder:
    """Where KubeFATE's files and the project are.

    Args:
        files: the folder with parties.conf and .env.
        project: the folder that the stack file is written to.
    """

    files: Path
    project: Path

    def write(self, tag: str, values: Mapping[str, str]) -> None:
        """Write the files of a tag, with other values."""
        own = dict(values)
        for name, text in zip(("parties.conf", ".env"), TAGS[tag], strict=True):
            there = {one: own.pop(one) for one in list(own) if f"\n{one}=" in f"\n{text}"}
            if text:
                (self.files / name).write_text(changed(text, **there))
        parties = self.files / "parties.conf"
        parties.write_text(changed(parties.read_text(), **own))

    def fatectl(self, *options: str) -> tuple[int, str]:
        """Import the files; the exit code, and what is said."""
        arguments = ["import", str(self.files / "parties.conf"), "--stack", "dev", *options]
        done = CliRunner().invoke(app, arguments)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    def imported(self, tag: str, *options: str, **values: str) -> tuple[dict[str, Any], str]:
        """The config that the files become, and what is said."""
        self.write(tag, values)
        code, said = self.fatectl(*options)
        assert code == 0, said
        text = (self.project / "Pulumi.dev.yaml").read_text()
        return dict(yaml.safe_load(text)["config"]), said

    def refused(self, tag: str, *options: str, **values: str) -> str:
        """What is said if nothing is written."""
        self.write(tag, values)
        code, said = self.fatectl(*options)
        assert code == 1, said
        assert "nothing was written" in said
        assert not list(self.project.iterdir())
        return said
