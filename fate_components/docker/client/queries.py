"""What the program asks the Docker daemons while it registers resources."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

from .daemon import Daemon, NoAnswerError, Question, content, written

T = TypeVar("T")
_THREADS = ThreadPoolExecutor(max_workers=32)


class Queries:
    """Questions to a Docker daemon. What is asked at the same time waits for it only once.

    Its methods raise NoAnswerError.

    Args:
        daemon: the daemon.
    """

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._asked: list[tuple[Question[Any], asyncio.Future[Any]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def modified(self, container: str, path: str) -> datetime | None:
        """When a file in a container, which need not run, was last written; None if missing."""
        return await self._ask(written(container, path))

    async def read(self, container: str, path: str) -> str | None:
        """The content of a file in a container, which need not run; None if there is none."""
        return await self._ask(content(container, path))

    async def run(self, container: str, script: str) -> str | None:
        """The output of a shell script in a running container; None if it fails."""
        # A connection of its own: it ends with the script's output.
        run = Daemon(self._daemon.docker_host).run
        return await asyncio.get_running_loop().run_in_executor(_THREADS, run, container, script)

    async def _ask(self, question: Question[T]) -> T:
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._asked.append((question, answer))
        if self._asking is None:
            self._asking = asyncio.create_task(self._answer())
        return await answer

    async def _answer(self) -> None:
        loop = asyncio.get_running_loop()
        while self._asked:
            asked, self._asked = self._asked, []
            questions = [question for question, _ in asked]
            try:
                answers = await loop.run_in_executor(_THREADS, self._daemon.answers, questions)
            except Exception as error:  # or those who wait would wait forever
                for _, waiting in asked:
                    waiting.set_exception(error)
                continue
            for (_, waiting), answer in zip(asked, answers, strict=True):
                if isinstance(answer, NoAnswerError):
                    waiting.set_exception(answer)
                else:
                    waiting.set_result(answer)
        self._asking = None
