"""Cancellation that cannot get lost on its way."""

import asyncio


def honour_cancellation() -> None:
    """Raise the cancellation that was asked of the running task, if something has swallowed it.

    ``asyncio.wait_for`` before Python 3.12, and with it every call of aiomqtt, swallows one that comes together with
    its result. Whoever runs in a loop asks here after awaiting such things.

    Raises:
        asyncio.CancelledError: the task was told to stop.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
