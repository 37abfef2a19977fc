"""Secrets in texts of others."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from pulumi.runtime import rpc

from fate_components import lines
from fate_components.security.redaction import HIDDEN, Redactor, secrets_of
from fate_components.stack_file import parse
from tests.support.bad_stack_files import GOOD, GOOD_2
from tests.support.program import run
from tests.support.stack_files import as_engine

SECRET = {"fate:masterSecret", "fate:parties", "fate:registries"}


def secrets(config: dict[str, Any]) -> set[str]:
    settings, release = parse(as_engine(config), SECRET, "dev")
    plan = lines.plan(settings, release, "dev")
    return set(secrets_of(settings, plan, datetime.now(UTC)))


def test_every_secret_is_hidden_wherever_it_is() -> None:
    redact = Redactor(["swordfish", "sword", "a+b/c", ""])
    assert redact("swordfish, sword, x=a+b/c, amqp://fate:a%2Bb%2Fc@host") == (
        f"{HIDDEN}, {HIDDEN}, x={HIDDEN}, amqp://fate:{HIDDEN}@host"
    )
    assert Redactor()("anything") == "anything"


def test_a_key_is_hidden_line_by_line() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\nAB==\n-----END PRIVATE KEY-----\n"
    said = Redactor([key])("-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\nAB==")
    assert said == f"-----BEGIN PRIVATE KEY-----\n{HIDDEN}\nAB=="


@pytest.mark.parametrize("config", [GOOD, GOOD_2], ids=["FATE 1.3", "FATE 2"])
def test_every_password_that_is_derived_is_known(config: dict[str, Any]) -> None:
    serving = {"id": 9999, "host": "a", "serving": {}}
    change = {"fate:parties": [serving, *GOOD["fate:parties"][1:]]} if config is GOOD else config
    derived = r"\b[0-9a-f]{32}\b"
    used = {
        found for one in run(change).resources for found in re.findall(derived, str(one.inputs))
    }
    used -= {rpc._special_sig_key, rpc._special_secret_sig}  # what marks secrets
    assert used
    assert used <= secrets({**config, **change})


def test_what_the_stack_file_sets_is_known() -> None:
    redis = {"id": 9999, "host": "a", "training": {"redis": {"password": "a-password-of-mine"}}}
    login = {"address": "r.example.org", "user": "me", "password": "of the registry"}
    found = secrets({**GOOD, "fate:parties": [redis], "fate:registries": [login]})
    assert {"a-password-of-mine", "of the registry", GOOD["fate:masterSecret"]} <= found


def test_the_private_keys_of_a_stack_are_known() -> None:
    found = secrets({**GOOD, "fate:peers": [], "fate:tls": {"enabled": True}})
    assert sum(one.startswith("-----BEGIN PRIVATE KEY-----") for one in found) == 2
