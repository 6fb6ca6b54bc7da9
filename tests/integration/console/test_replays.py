"""Replays of the console: one at a time, in a process of its own, ended when it is too slow or not wanted."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from tests.browser.consoles import serving

from vitals.clock import ManualClock, SystemClock
from vitals.console.rehearsal import RehearsalWard
from vitals.console.replays import Job, Replays
from vitals.errors import ConflictError, NotFoundError

PATIENCE_S = 20.0
ANSWERS = "import sys; print('{\"progress\": 0.5}'); print('{\"answer\": ' + sys.stdin.read() + '}')"
WAITS = "import os, sys, time; print('{\"progress\": %d}' % os.getpid(), flush=True); time.sleep(60)"


@asynccontextmanager
async def running(program: str, limit_s: float = 30.0) -> AsyncIterator[Replays]:
    replays = Replays([sys.executable, "-c", program], ManualClock(), limit_s)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(replays.run())
        try:
            yield replays
        finally:
            task.cancel()


async def until_over(job: Job) -> Job:
    async with asyncio.timeout(PATIENCE_S):
        while not job.over or (job.process is not None and job.process.returncode is None):
            await asyncio.sleep(0.02)
    return job


async def until_begun(job: Job) -> int:
    """The identifier of its process, which the test's program says."""
    async with asyncio.timeout(PATIENCE_S):
        while not job.progress:
            await asyncio.sleep(0.02)
    return round(job.progress)


async def test_a_question_is_answered() -> None:
    async with running(ANSWERS) as replays:
        job = await until_over(replays.ask(b'{"a": 1}', "p-1"))
        assert (job.state, job.answer, job.progress) == ("done", {"a": 1}, 0.5)
        again = await until_over(replays.ask(b"2", "p-1"))
        assert again.answer == 2
        with pytest.raises(NotFoundError, match="not kept any more"):
            replays.job(job.id)


async def test_a_second_one_is_refused_and_the_first_can_be_cancelled() -> None:
    async with running(WAITS) as replays:
        job = replays.ask(b"1", "p-1")
        process = await until_begun(job)
        with pytest.raises(
            ConflictError, match=r"another replay \(p-1\) has been running for 0 s, and one runs at a time"
        ):
            replays.ask(b"2", "p-2")
        assert replays.cancel(job.id).state == "cancelled"
        await until_over(job)
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
        assert replays.ask(b"3", "p-2").state == "waiting"


async def test_one_that_takes_too_long_is_ended() -> None:
    async with running(WAITS, 1.0) as replays:
        job = await until_over(replays.ask(b"1", "p-1"))
        assert job.state == "failed"
        assert "longer than 1 s" in job.message


@pytest.mark.parametrize("program", ["raise SystemExit(3)", "print('what?')", "import os; os.abort()"])
async def test_one_that_breaks_says_so_and_the_next_one_runs(program: str, capfd: pytest.CaptureFixture[str]) -> None:
    async with running(program) as replays:
        for _ in range(2):
            job = await until_over(replays.ask(b"1", "p-1"))
            assert job.state == "failed"
            assert "log says why" in job.message
    capfd.readouterr()


async def test_a_refusal_is_told_as_it_is() -> None:
    async with running('print(\'{"refused": "no such limit"}\')') as replays:
        job = await until_over(replays.ask(b"1", "p-1"))
        assert (job.state, job.message) == ("failed", "no such limit")


async def test_a_console_that_ends_leaves_no_process_behind() -> None:
    async with running(WAITS) as replays:
        process = await until_begun(replays.ask(b"1", "p-1"))
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


async def test_the_addresses() -> None:
    ward = RehearsalWard(SystemClock(), 2)
    replays = Replays([sys.executable, "-c", WAITS], SystemClock())
    async with (
        serving(ward, replays=replays) as console,
        httpx.AsyncClient(base_url=console.url, headers={"Origin": console.url}, timeout=PATIENCE_S) as client,
    ):
        page = await client.get("/replay")
        assert page.status_code == 200
        assert "born " in page.text
        assert "style=" not in page.text
        assert 'href="/replay"' in (await client.get("/")).text
        begun = await client.post("/api/v1/replays", json={"do": "replay", "patient": "p-1"})
        assert begun.status_code == 202
        refused = await client.post("/api/v1/replays", json={"do": "replay", "patient": "p-2"})
        assert (refused.status_code, refused.json()["error"]) == (409, "busy")
        job = begun.json()["id"]
        assert (await client.get(f"/api/v1/replays/{job}")).json()["state"] in {"waiting", "running"}
        assert (await client.get(f"/api/v1/replays/{job}/picture")).status_code == 404
        assert (await client.post(f"/api/v1/replays/{job}/cancel", json={})).json()["state"] == "cancelled"
        assert (await client.get("/api/v1/replays/unknown")).status_code == 404
        assert (await client.post("/api/v1/replays", content=b"no")).status_code == 400
        assert (await client.post("/api/v1/replays", content=b"x" * 200_000)).status_code == 413
        forged = await client.post("/api/v1/replays", json={"patient": "p"}, headers={"Origin": "http://elsewhere"})
        assert forged.status_code == 403


async def test_a_console_without_stores_has_no_such_page() -> None:
    async with (
        serving(RehearsalWard(SystemClock(), 1)) as console,
        httpx.AsyncClient(base_url=console.url) as client,
    ):
        assert (await client.get("/replay")).status_code == 404
        assert "/replay" not in (await client.get("/")).text
