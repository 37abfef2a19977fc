"""Why a task failed, read from what FATE has logged.

FATE 1.3 and 2 log alike: a line with the time and the level, and below it Python's traceback
(formatters in arch/api/utils/log_utils.py of FATE 1.3.0, and in entity/spec/dag/_logger.py of FATE
Flow 2.2.0). An ERROR log also has what libraries like pika say while a task is stopped.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

_TIME = r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3})"
_HEADS = (
    re.compile(rf'"?{_TIME} - [^ ]*\[line:\d+\] - [A-Z]+: (?P<text>.*)'),
    re.compile(rf"\[[A-Z]+\] ?\[{_TIME} *\].*?\[line:\d+\]: (?P<text>.*)"),
)
_TRACEBACK = "Traceback (most recent call last):"
_CHAINED = ("During handling of the above exception", "The above exception was the direct cause")
_FRAME = re.compile(r'  File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<function>.+)')
# Python's packages are below a folder of one of these names.
_ROOT = re.compile(r".*/(?:python|site-packages|dist-packages)/")
_PACKAGES = {"arch", "fate", "fate_arch", "fate_flow", "federatedml", "federatedrec", "ofx"}
LATE = "The attempt resulted in a result. There is no exception"
"""What an egg of FATE 1.3 says instead of "not all processors are alive": its own report of that
fails (EggSessionManager and ResultAttemptContext of Eggroll 1.1.4)."""
LATE_MEANS = (
    "FATE's 5 s rule: an egg did not have all of its processors up within 5 s. Use fewer "
    "`processors`, or try again when the machine is less busy"
)
_LINES = 5  # of an exception: those of gRPC may hold a Java stack
_JAVA = re.compile(r"\s+at [\w.$]+\(")


@dataclass(frozen=True)
class Failure:
    """Why a task failed.

    Args:
        time: when that was logged, in a form that sorts like the time; "" if it is not known.
        lines: the exception, FATE's own frame that it came through, its cause, and what it means
            if that is hard to tell.
    """

    time: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class _Traceback:
    frames: tuple[tuple[str, ...], ...]  # each as Python prints it: where, and the code
    exception: tuple[str, ...]

    @property
    def own(self) -> tuple[str, ...]:
        """The deepest frame in FATE's code; empty if there is none."""
        return next((frame for frame in reversed(self.frames) if _is_own(frame[0])), ())


@dataclass(frozen=True)
class _Record:
    time: str
    text: tuple[str, ...]
    tracebacks: tuple[_Traceback, ...]

    @property
    def rank(self) -> int:
        """How little it tells: 0 if FATE's code failed, 2 if there is no traceback."""
        return min((0 if traceback.own else 1 for traceback in self.tracebacks), default=2)


def first(log: str) -> Failure | None:
    """The first error in an ERROR log, or in what a process printed; None if there is none.

    An error that came through FATE's own code precedes those of libraries.

    Args:
        log: the text.
    """
    telling = min(_records(log), key=lambda record: record.rank, default=None)
    return _failure(telling) if telling else None


def _failure(record: _Record) -> Failure:
    means = [LATE_MEANS] if any(LATE in line for line in record.text) else []
    if not record.tracebacks:
        return Failure(record.time, (*record.text[:_LINES], *means))
    last, origin = record.tracebacks[-1], record.tracebacks[0]
    frame = next((traceback.own for traceback in reversed(record.tracebacks) if traceback.own), ())
    cause = [] if origin.exception == last.exception else [f"caused by {origin.exception[0]}"]
    return Failure(record.time, (*last.exception, *frame, *cause, *means))


def _is_own(where: str) -> bool:
    match = _FRAME.match(where)
    path = match["file"] if match else ""
    return _ROOT.sub("", path, count=1).partition("/")[0] in _PACKAGES


def _records(log: str) -> Iterator[_Record]:
    time, lines = "", list[str]()
    for line in log.splitlines():
        head = next(filter(None, (pattern.match(line) for pattern in _HEADS)), None)
        if head is None:
            lines.append(line)
            continue
        yield from _record(time, lines)
        time, lines = head["time"], [head["text"]]
    yield from _record(time, lines)


def _record(time: str, lines: Sequence[str]) -> Iterator[_Record]:
    """The record of these lines, if they are one: what has no time must be a traceback."""
    tracebacks = tuple(_tracebacks(lines))
    if time or tracebacks:
        text = [line.rstrip('"').strip() for line in lines]
        yield _Record(time, tuple(filter(None, text)), tracebacks)


def _tracebacks(lines: Sequence[str]) -> Iterator[_Traceback]:
    starts = [number for number, line in enumerate(lines) if line.endswith(_TRACEBACK)]
    for start, end in pairwise([*starts, len(lines)]):
        frames: list[tuple[str, ...]] = []
        exception: list[str] = []
        for line in lines[start + 1 : end]:
            if line.startswith(_CHAINED) or (exception and not line.strip()):
                break
            if exception or not line.startswith("  "):
                exception.append(line.rstrip('"'))
            elif _FRAME.match(line):
                frames.append((line,))
            elif frames and line.strip(" ^~"):
                frames[-1] = (*frames[-1], line)
        message = [line for line in exception if line.strip() and not _JAVA.match(line)]
        if message:
            yield _Traceback(tuple(frames), tuple(message[:_LINES]))
