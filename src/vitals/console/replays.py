"""Replays asked for on the console: each in a process of its own, one at a time, bounded, and to be cancelled.

Nothing here computes: the process is niced, reads the stores for itself and answers in lines of JSON (architecture,
rule 8). The console only starts it, hears its progress, and ends it when its time is over or nobody wants it.
"""

import asyncio
import json
import logging
import secrets
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from vitals.clock import Clock
from vitals.errors import ConflictError, NotFoundError

LIMIT_S: Final = 600.0
"""How long a replay may take."""
_ANSWER_BYTES: Final = 64 * 2**20

_log = logging.getLogger(__name__)


class Job:
    """One question. *state*: ``waiting``, ``running``, ``done``, ``failed`` or ``cancelled``; *message* says why."""

    def __init__(self, question: bytes, about: str, began_ms: int) -> None:
        self.id = secrets.token_hex(8)
        self.question = question
        self.about = about
        self.began_ms = began_ms
        self.state = "waiting"
        self.progress = 0.0
        self.message = ""
        self.answer: Any = None
        self.process: Process | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state not in {"waiting", "running"}

    def end(self, state: str, message: str = "") -> None:
        """It is over, unless it was already."""
        if not self.over:
            self.state, self.message = state, message


class Replays:
    """The newest job. *command* starts the process that answers; :meth:`run` serves until it is cancelled."""

    def __init__(self, command: Sequence[str], clock: Clock, limit_s: float = LIMIT_S) -> None:
        self._command = command
        self._clock = clock
        self._limit_s = limit_s
        self._asked: asyncio.Queue[Job] = asyncio.Queue()
        self._job: Job | None = None

    def ask(self, question: bytes, about: str) -> Job:
        """Take up a question about *about*. Raises ConflictError: another one is being answered."""
        if self._job is not None and not self._job.over:
            age_s = (self._clock.monotonic_ms() - self._job.began_ms) // 1000
            raise ConflictError(
                f"another replay ({self._job.about}) has been running for {age_s} s, and one runs at a time: "
                "wait for it, or cancel it where it was begun"
            )
        self._job = Job(question, about, self._clock.monotonic_ms())
        self._asked.put_nowait(self._job)
        return self._job

    def job(self, name: str) -> Job:
        """The job of that name. Raises NotFoundError: a newer one has taken its place, or the server was restarted."""
        if self._job is None or self._job.id != name:
            raise NotFoundError("that replay is not kept any more: ask again")
        return self._job

    def cancel(self, name: str) -> Job:
        """End a job; one that is over stays as it is. Raises NotFoundError."""
        job = self.job(name)
        job.end("cancelled", "cancelled")
        _kill(job.process)
        return job

    async def run(self) -> None:
        """Answer one question after the other until cancelled."""
        while True:
            job = await self._asked.get()
            if not job.over:
                await self._answer(job)

    async def _answer(self, job: Job) -> None:
        job.state = "running"
        try:
            async with asyncio.timeout(self._limit_s):
                await self._converse(job)
        except TimeoutError:
            job.end("failed", f"it took longer than {self._limit_s:g} s and was ended: choose a shorter period")
        except (OSError, ValueError) as error:
            _log.error("a replay failed: %s", error)
            job.end("failed", "the replay could not be run; the server's log says why")
        finally:
            _kill(job.process)
            if job.process is not None:
                await job.process.wait()
        job.end("failed", "the replay ended without an answer; the server's log says why")

    async def _converse(self, job: Job) -> None:
        process = job.process = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, limit=_ANSWER_BYTES
        )
        if job.over:  # cancelled while its process was being made
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(ConnectionError):  # it ended before it had read everything: its answer says why
            process.stdin.write(job.question)
            await process.stdin.drain()
        process.stdin.close()
        while line := await process.stdout.readline():
            self._hear(job, json.loads(line))

    @staticmethod
    def _hear(job: Job, told: dict[str, Any]) -> None:
        if "progress" in told:
            job.progress = told["progress"]
        elif "refused" in told:
            job.end("failed", told["refused"])
        elif "answer" in told and not job.over:
            job.answer = told["answer"]
            job.end("done")


def _kill(process: Process | None) -> None:
    if process is not None and process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
