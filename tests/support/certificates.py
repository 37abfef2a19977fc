"""The certificates of a deployment with fate:tls."""

from datetime import UTC, datetime

from fate_components import lines
from fate_components.security import certificates
from fate_components.stack_file import parse
from tests.support.bad_stack_files import CA, GOOD
from tests.support.stack_files import as_engine

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def encrypted(**change: object) -> certificates.Certificates:
    peers = [{"id": 10001, "address": "fate.example.org", "tls": {"authority": CA}}]
    config = {**GOOD, "fate:tls": {"enabled": True}, "fate:peers": peers, **change}
    settings, release = parse(as_engine(config), {"fate:masterSecret", "fate:parties"}, "dev")
    found = certificates.of(settings, lines.plan(settings, release, "dev"), NOW)
    assert found
    return found
