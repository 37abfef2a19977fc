"""Errors say what failed, where, why, and what to do about it."""

import re

import pytest

from tests.support.error_messages import Message, lacks, messages

MESSAGES = [*messages()]

# Parts of a sentence: another error says of what, and what to do.
PARTS = {
    "fate_components/operate/backup/archive.py": "the backup's file: `fatectl restore` names it",
    "fate_components/review/steps.py": "the preview: `fatectl preview-comment` names it",
    "fate_components/kubefate/shell.py": "a line of a file, which the error begins with",
    "tools/generated/reference.py": "a mistake of who changes the documentation",
}


def test_errors_are_found() -> None:
    assert len(MESSAGES) > 120
    assert {one.kind for one in MESSAGES} > {"StackError", "Mistake", "finding", "PartyError"}


def test_an_error_says_where_why_and_what_to_do() -> None:
    whole = [one for one in MESSAGES if one.place.partition(":")[0] not in PARTS]
    assert not {str(one): lacks(one) for one in whole if lacks(one)}


def test_an_error_is_plain() -> None:
    for message in MESSAGES:
        text = message.text
        said = re.sub(r"`.*?`|\{.*?\}", "", text)
        unfit = re.search(r"!|\b(please|sorry|oops|invalid|illegal)\b", said, re.I)
        assert not unfit, message
        assert text == text.strip(), message
        # A sentence begins with a capital letter.
        assert not text.endswith(".") or text[0].isupper(), message


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("it failed", "where"),
        ("party {party} failed", "why, or what to do"),
        ("party {party} failed: {error}", ""),
        ("party {party} is not there: run `pulumi up`", ""),
        ("interrupted", "what it is like now"),
    ],
)
def test_an_error_of_another_shape_is_noticed(text: str, what: str) -> None:
    assert lacks(Message("here", "AnError", text)) == what
