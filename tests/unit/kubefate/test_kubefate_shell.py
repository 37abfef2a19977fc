"""Files of shell variables: what is read, and what is refused without being run."""

import shutil
import subprocess
from pathlib import Path

import pytest

from fate_components.kubefate.shell import ShellError, parse, read

BASH = shutil.which("bash")

# Texts that bash reads too; the test compares.
READ = {
    "plain": ("a=1", {"a": ["1"]}),
    "empty": ("a=\nb=''\nc=()", {"a": [""], "b": [""], "c": []}),
    "list": ("a=(10000 9999)", {"a": ["10000", "9999"]}),
    "list over lines": ("a=(\n 1 # one\n# two\n 2\n)\nb=3", {"a": ["1", "2"], "b": ["3"]}),
    "empty in a list": ("a=(1 \"\" '' 2)", {"a": ["1", "", "", "2"]}),
    "quotes": ("a='$x \"y\" #'\nb=\"it's\"\nc=x'y'\"z\"", {"a": ['$x "y" #'], "b": ["it's"],
                                                          "c": ["xyz"]}),
    "escapes": ("a=x\\ y\\$\nb=\"\\$ \\x \\\\\"", {"a": ["x y$"], "b": ["$ \\x \\"]}),
    "continued": ("a=1\\\n2\nb=(1 \\\n 2)", {"a": ["12"], "b": ["1", "2"]}),
    "comments": ("#!/bin/bash\n# a=0\na=1 # one\nb=x#y\n  # end", {"a": ["1"], "b": ["x#y"]}),
    "on one line": ("a=1; b=2", {"a": ["1"], "b": ["2"]}),
    "twice": ("a=1\na=2", {"a": ["2"]}),
    "exported": ("export a=1\n\texport b=2", {"a": ["1"], "b": ["2"]}),
    "variables": ("a=1\nb=$a.${a}\nc=(\"$b\" $a x${a})", {"a": ["1"], "b": ["1.1"],
                                                          "c": ["1.1", "1", "x1"]}),
    "lone dollar": ("a=1$\nb=$.\nc=\"$\"", {"a": ["1$"], "b": ["$."], "c": ["$"]}),
    "symbols": ("a=hdfs://namenode:9000\nb=a=b*?[x]{y}", {"a": ["hdfs://namenode:9000"],
                                                           "b": ["a=b*?[x]{y}"]}),
    "other blanks": ("a=(f\u00fcr x\u00a0y)", {"a": ["f\u00fcr", "x\u00a0y"]}),
}  # fmt: skip


def values(text: str) -> dict[str, list[str]]:
    return {name: list(found.values) for name, found in parse(text, "f").items()}


@pytest.mark.parametrize("case", READ)
def test_what_is_read(case: str) -> None:
    text, expected = READ[case]
    assert values(text) == expected


@pytest.mark.skipif(not BASH, reason="needs bash")
@pytest.mark.parametrize("case", READ)
def test_bash_reads_the_same(case: str, tmp_path: Path) -> None:
    text, expected = READ[case]
    (tmp_path / "f").write_text(text)
    show = "; ".join(f'printf "%s\\0" {n} "${{#{n}[@]}}" "${{{n}[@]}}"' for n in expected)
    done = subprocess.run(
        [BASH or "", "-c", f"source ./f; {show}"], cwd=tmp_path, capture_output=True, text=True,
        check=True, env={"PATH": "", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.stdout.split("\0")[:-1] == [
        word for name, some in expected.items() for word in (name, str(len(some)), *some)
    ]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a=$(rm -rf /)", 1, "commands are not run"),
        ('a="$(rm -rf /)"', 1, "commands are not run"),
        ("a=`rm -rf /`", 1, "commands are not run"),
        ('a="`rm -rf /`"', 1, "commands are not run"),
        ("a=1\nrm -rf /", 2, "only NAME=VALUE and NAME=(VALUE …) are read"),
        ("a=1 rm -rf /", 1, "something follows the value of a"),
        ("a=1; rm -rf /", 1, "only NAME=VALUE"),
        ("a=1 && rm -rf /", 1, "something follows the value of a"),
        ("a=1&rm", 1, '"&" is not part of a value'),
        ("a=1|rm", 1, '"|" is not part of a value'),
        ("a=<(rm)", 1, '"<" is not part of a value'),
        ("a=>x", 1, '">" is not part of a value'),
        ("source other", 1, "only NAME=VALUE"),
        ("if true; then\na=1\nfi", 1, "only NAME=VALUE"),
        ("a = 1", 1, "without spaces around the ="),
        ("a= 1", 1, "something follows the value of a"),
        ("a+=(1)", 1, "only NAME=VALUE"),
        ("a[0]=1", 1, "only NAME=VALUE"),
        ("a=([0]=1)", 1, '"[" is a pattern'),
        ("a=(*)", 1, '"*" is a pattern'),
        ("a=(192.168.1.{1,2})", 1, '"{" is a pattern'),
        ("a=(1 (2))", 1, '"(" is not part of a value'),
        ("a=(1; 2)", 1, '";" is not part of a value'),
        ("a=(1)2", 1, "something follows the value of a"),
        ("\na=(1\n2\n", 2, '"(" is never closed'),
        ("a='1\n2", 1, "this ' is never closed"),
        ('b=1\na="1\n2', 2, 'this " is never closed'),
        ("a=$b", 1, "$b is not set above"),
        ("a=$HOME", 1, "$HOME is not set above"),
        ("a=x$argon2id$v=19", 1, "in single quotes if the $ belongs to it"),
        ("a=${b:-1}", 1, "${… is not replaced"),
        ("a=$1", 1, "$1… is not replaced"),
        ("a=$[1+1]", 1, "$[… is not replaced"),
        ("a=$'x'", 1, "$'… is not replaced"),
        ("a=1\nb=$a\\\nx", 2, "write it on one line"),
        ("a=(1 2)\nb=$a", 2, "$a is a list"),
        ("a='1 2'\nb=($a)", 2, "$a is not one word"),
        ("a=\nb=($a)", 2, "$a is not one word"),
        ("a\0=1", 1, "only NAME=VALUE"),
    ],
)
def test_what_is_refused(text: str, line: int, says: str) -> None:
    with pytest.raises(ShellError) as caught:
        parse(text, "parties.conf")
    assert str(caught.value).startswith(f"parties.conf:{line}: ")
    assert says in str(caught.value)


def test_no_error_repeats_a_password() -> None:
    with pytest.raises(ShellError) as caught:
        parse("mysql_password=hunter2 $x", "f")
    assert "hunter2" not in str(caught.value)


def test_files_of_windows(tmp_path: Path) -> None:
    file = tmp_path / "parties.conf"
    file.write_bytes(b"\xef\xbb\xbfa=(1\r\n2)\r\nb=x\r\n")
    assert {name: found.values for name, found in read(file).items()} == {
        "a": ("1", "2"),
        "b": ("x",),
    }


@pytest.mark.parametrize("content", [b"a=\xff", None])
def test_files_that_cannot_be_read(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "parties.conf"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ShellError, match=r"parties\.conf"):
        read(file)


def test_variables_of_another_file_are_known() -> None:
    known = parse("NET=10.0.0", ".env")
    assert parse("a=$NET.1", "parties.conf", known)["a"].values == ("10.0.0.1",)
