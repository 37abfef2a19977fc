"""Docker hosts with a name that only OpenSSH's configuration knows."""

import os
from pathlib import Path
from typing import Any

import pytest

from fate_components import lines
from fate_components.outputs import party_outputs
from fate_components.settings import SettingsError, openssh
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GOOD
from tests.support.stack_files import as_engine

FILE = {
    **GOOD,
    "fate:hosts": {
        "a": {"docker": "unix:///var/run/docker.sock", "address": "10.0.0.1"},
        "b": {"docker": "ssh://root@fatehost:2222"},
        "c": {"docker": "ssh://fatehost2", "address": "c.example.org"},
    },
    "fate:parties": [{"id": 9999, "host": "a"}, {"id": 10000, "host": "b"}],
}


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """OpenSSH's configuration, read by an ssh command that is first on PATH."""
    config = tmp_path / "config"
    ssh = tmp_path / "ssh"
    ssh.write_text(
        '#!/bin/sh\n[ "$*" = "-G -l root -p 2222 -- fatehost" ] || exit 9\n'
        f'grep -q bad {config} && echo "config: line 1: Bad configuration option: bad" >&2'
        f" && echo terminating >&2 && exit 255\necho user root\ncat {config}\necho port 2222\n"
    )
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    config.write_text("hostname fate.example.org\n")
    return config


def load(file: dict[str, Any]) -> Any:
    return parse(as_engine(file), {"fate:masterSecret"}, "dev", openssh.names)


def test_others_get_the_name_that_ssh_connects_to(config: Path) -> None:
    settings, release = load(FILE)
    plan = lines.plan(settings, release, "dev")
    (reach,) = plan.parties[0].clusters["training"].others[10000].values()
    assert reach.host == "fate.example.org"
    assert party_outputs(plan, settings, release)["10000"]["proxy"] == "fate.example.org:9370"
    assert settings.hosts["b"].docker == "ssh://root@fatehost:2222"
    assert settings.hosts["c"].reachable_at == "c.example.org", "nobody asked"


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("hostname fe80::1", '"fe80::1", which is neither a host name nor an IPv4 address'),
        ("nothing", '"", which is neither'),
        ("bad", 'line 1: Bad configuration option: bad"; correct OpenSSH'),
        ("hostname 127.0.0.1", "fate:hosts.b.address: 127.0.0.1 works on that host only"),
    ],
)
def test_what_ssh_cannot_tell_is_an_error(config: Path, written: str, says: str) -> None:
    config.write_text(f"{written}\n")
    with pytest.raises(SettingsError, match="1 mistake") as error:
        load(FILE)
    assert says in str(error.value)


def test_ssh_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(SettingsError) as error:
        load(FILE)
    says = "fate:hosts.b.docker: ssh://root@fatehost:2222: the ssh command is missing"
    assert says in str(error.value)
