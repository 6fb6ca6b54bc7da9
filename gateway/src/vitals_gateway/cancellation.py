"""Cancellation that cannot get lost on its way."""

import asyncio


def honour_cancellation() -> None:
    """Raise the cancellation that was asked of the running task, if something has swallowed it.

    ``asyncio.wait_for`` before Python 3.12 swallows one that comes together with its result, a task group before
    3.13 one that comes together with an error. Whoever runs in a loop asks here after awaiting such things.

    Raises:
        asyncio.CancelledError: the task was told to stop.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
