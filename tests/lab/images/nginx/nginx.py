#!/usr/bin/python3
"""Debian's nginx 1.22 with what nginx 1.25.1 changed: it has the directive http2, and warns of the
parameter of listen that the directive replaces.
"""

import os
import re
import sys
from pathlib import Path

REAL = "/usr/sbin/nginx"
TRANSLATED = Path("/run/nginx-1.28.conf")


def for_debian(path: str) -> str:
    """A configuration file in the words of Debian's nginx.

    Args:
        path: the file's path.
    """
    text = Path(path).read_text()
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\blisten [^;]* http2;", line):
            print(
                'nginx: [warn] the "listen ... http2" directive is deprecated, use the "http2" '
                f"directive instead in {path}:{number}",
                file=sys.stderr,
            )
    blocks = re.split(r"^(?= *server \{$)", text, flags=re.MULTILINE)
    return "".join(
        re.sub(r"\blisten ([^;]*);", r"listen \1 http2;", re.sub(r" *http2 on;\n", "", block))
        if re.search(r"^ *http2 on;$", block, re.MULTILINE)
        else block
        for block in blocks
    )


def main(arguments: list[str]) -> None:
    """Become Debian's nginx."""
    if "-c" in arguments:
        place = arguments.index("-c") + 1
        TRANSLATED.write_text(for_debian(arguments[place]))
        arguments[place] = str(TRANSLATED)
    os.execv(REAL, ["nginx", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
