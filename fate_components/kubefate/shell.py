"""Reads files of shell variables, without running them.

KubeFATE's scripts `source` parties.conf and .env. Only what such files need is understood:
NAME=VALUE and NAME=(VALUE …) with bash's quotes, comments and continued lines, and variables that
were set above. Everything else, above all what would run a command, is refused. A ~
stays as it is written.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_ENCODINGS = ("utf-8-sig", "gb18030")  # GB18030 has all of GBK and GB 2312
_ASSIGNMENT = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=")
_VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")
_BLANK = re.compile(r"(?:[ \t]|\\\n)*")
_COMMENT = re.compile(r"#[^\n]*")
# What bash would not split, expand or drop where a variable stands without quotes in a list.
_ONE_WORD = re.compile(r"[A-Za-z0-9_.:/@,+-]+")
_PATTERNS = "*?[]{}"
_REPLACED = "{[*@#?!$-0123456789"  # what bash replaces together with a "$" before it
_LITERAL = "write the value itself, in single quotes if the $ belongs to it"
_NO_COMMANDS = "commands are not run; write the value itself"


class ShellError(Exception):
    """A file that cannot be read as shell variables; the text names the line and the way out."""


@dataclass(frozen=True)
class Variable:
    """A variable that a file sets.

    Args:
        values: its value, or its values if it is a list.
        is_list: whether it is written as a list.
        where: the file and the line that set it.
    """

    values: tuple[str, ...]
    is_list: bool
    where: str


def read(path: Path, known: Mapping[str, Variable] | None = None) -> dict[str, Variable]:
    """The variables that a file sets.

    Args:
        path: the file.
        known: the variables that are set before it.

    Raises:
        ShellError: it cannot be read, or contains something other than variables.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ShellError(f"{path}: {error.strerror}") from None
    return parse(_decoded(content, path), path.name, known)


def _decoded(content: bytes, path: Path) -> str:
    """The text of a file in UTF-8, or as Chinese editors write it."""
    for encoding in _ENCODINGS:
        with suppress(UnicodeDecodeError):
            text = content.decode(encoding)
            if "\0" not in text:  # as in UTF-16, and in what is no text
                return text
    raise ShellError(
        f"{path} is not a text file in UTF-8, GBK or GB18030; convert it, for instance with "
        f"`iconv -f UTF-16 -t UTF-8 {path.name} > converted`, and name the converted file"
    )


def parse(text: str, name: str, known: Mapping[str, Variable] | None = None) -> dict[str, Variable]:
    """The variables that a text sets; if one is set twice, the last value counts, as in bash.

    Args:
        text: the text. It may have the line ends of Windows.
        name: the file's name, for errors.
        known: the variables that are set before it.

    Raises:
        ShellError: it contains something other than variables.
    """
    reader = _Reader(text.replace("\r\n", "\n").rstrip("\r"), name, dict(known or {}))
    return dict(reader.variables())


class _Reader:
    def __init__(self, text: str, name: str, known: dict[str, Variable]) -> None:
        self._text, self._name, self._known = text, name, known
        self._at = 0

    def variables(self) -> Iterator[tuple[str, Variable]]:
        while True:
            self._skip(ends="\n;", comments=True)
            if self._at == len(self._text):
                return
            start = self._at
            match = _ASSIGNMENT.match(self._text, self._at)
            if not match:
                raise self._error(
                    start,
                    "is not a variable; only NAME=VALUE and NAME=(VALUE …) are read, without "
                    "spaces around the =",
                )
            self._at = match.end()
            is_list = self._peek() == "("
            values = self._list() if is_list else (self._word(),)
            self._end(match[1])
            variable = Variable(values, is_list, self._where(start))
            self._known[match[1]] = variable
            yield match[1], variable

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, ends: str = "", comments: bool = False) -> None:
        """Skip blanks, and also what ends a line, and comments."""
        while True:
            before = self._at
            self._at = _BLANK.match(self._text, self._at).end()  # type: ignore[union-attr]
            # "#" starts a comment only where a word would start.
            if comments and (comment := _COMMENT.match(self._text, self._at)):
                self._at = comment.end()
            if self._peek() and self._peek() in ends:
                self._at += 1
            if self._at == before:
                return

    def _end(self, name: str) -> None:
        """Make sure that nothing follows a value on its line."""
        after = self._at
        self._skip()
        blank, following = self._at > after, self._peek()
        if following in ("", "\n", ";") or (blank and following == "#"):
            return
        raise self._error(
            self._at,
            f"something follows the value of {name}; put the value in quotes if it belongs to it. "
            "Commands are not run",
        )

    def _list(self) -> tuple[str, ...]:
        start = self._at
        self._at += 1
        values: list[str] = []
        while True:
            self._skip(ends="\n", comments=True)
            match self._peek():
                case "":
                    raise self._error(start, 'this "(" is never closed; add ")"')
                case ")":
                    self._at += 1
                    return tuple(values)
            values.append(self._word(in_list=True))

    def _word(self, in_list: bool = False) -> str:
        """One word, with its quotes removed and its variables replaced."""
        word = ""
        while (char := self._peek()) and char not in (" \t\n)" if in_list else " \t\n;"):
            if char in "&|<>();":
                raise self._error(self._at, f'"{char}" is not part of a value; put it in quotes')
            if in_list and char in _PATTERNS:
                raise self._error(
                    self._at, f'"{char}" is a pattern; write every value, or put it in quotes'
                )
            match char:
                case "'":
                    word += self._single_quoted()
                case '"':
                    word += self._double_quoted()
                case "\\":
                    word += self._escaped("")
                case "$":
                    word += self._dollar(in_list, quoted=False)
                case "`":
                    raise self._error(self._at, _NO_COMMANDS)
                case _:
                    word += char
                    self._at += 1
        return word

    def _single_quoted(self) -> str:
        start = self._at
        end = self._text.find("'", start + 1)
        if end < 0:
            raise self._error(start, "this ' is never closed; add '")
        self._at = end + 1
        return self._text[start + 1 : end]

    def _double_quoted(self) -> str:
        start, word = self._at, ""
        self._at += 1
        while (char := self._peek()) != '"':
            match char:
                case "":
                    raise self._error(start, 'this " is never closed; add "')
                case "\\":
                    word += self._escaped('$`"\\\n')
                case "$":
                    word += self._dollar(in_list=False, quoted=True)
                case "`":
                    raise self._error(self._at, _NO_COMMANDS)
                case _:
                    word += char
                    self._at += 1
        self._at += 1
        return word

    def _escaped(self, special: str) -> str:
        """What a backslash and the next character stand for.

        Args:
            special: the characters before which a backslash disappears; all if empty.
        """
        following = self._text[self._at + 1 : self._at + 2]
        self._at += 1 + len(following)
        if following == "\n":
            return ""
        kept = not following or (special and following not in special)
        return f"\\{following}" if kept else following

    def _dollar(self, in_list: bool, quoted: bool) -> str:
        start = self._at
        following = self._text[start + 1 : start + 2]
        if following == "(":
            raise self._error(start, _NO_COMMANDS)
        match = _VARIABLE.match(self._text, start)
        # In bash a name goes on after a line that is continued.
        continued = self._text.startswith("\\\n", match.end() if match else start + 1)
        if continued and not (match and match[2]):
            raise self._error(start, "$… is continued on the next line; write it on one line")
        if not match:
            if following and following in _REPLACED + ("" if quoted else "'\""):
                raise self._error(start, f"${following}… is not replaced; {_LITERAL}")
            # Nothing to replace can start here, so that bash keeps the "$".
            self._at += 1
            return "$"
        self._at = match.end()
        name = match[1] or match[2]
        variable = self._known.get(name)
        if variable is None:
            raise self._error(start, f"${name} is not set above; {_LITERAL}")
        if len(variable.values) != 1:
            raise self._error(start, f"${name} is a list; write its values")
        if in_list and not quoted and not _ONE_WORD.fullmatch(variable.values[0]):
            raise self._error(start, f"${name} is not one word; write its values here")
        return variable.values[0]

    def _where(self, at: int) -> str:
        return f"{self._name}:{self._text.count(chr(10), 0, at) + 1}"

    def _error(self, at: int, what: str) -> ShellError:
        return ShellError(f"{self._where(at)}: {what}")
