"""A device at the end of an HCI transport that bumble opens: connecting, disconnecting, and how all of it ends.

With bumble.py, which makes a bleak backend of it, the only module that imports bumble.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final, Protocol

from bleak.exc import BleakError, BleakGATTProtocolError
from bumble import att, core
from bumble.device import Connection, Device
from bumble.hci import Address, HCI_Disconnect_Command, HCI_ErrorCode
from bumble.transport import open_transport
from bumble.transport.common import Transport, TransportSpecError

from vitals.errors import AdapterGone, ConfigurationError

CANCEL_S: Final = 2.0
"""How long a peer may take to let go of a link."""
ANSWER_S: Final = 2.0
"""How long a controller may take to answer a command, as Linux has it: it answers in microseconds, or hangs."""


class Client(Protocol):
    """Who wants to know when a link ends."""

    def ended(self, _reason: int = 0) -> None:
        """The link is down."""


class Station:
    """One device at the end of an HCI transport, and the news that the transport has ended."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.clients: set[Client] = set()
        self._ended = asyncio.Event()
        self._reason = ""
        self._asking: set[asyncio.Timeout] = set()

    @property
    def is_gone(self) -> bool:
        """Whether no command can be sent any more."""
        return self._ended.is_set()

    def end(self, reason: str) -> None:
        """All links have ended: say so to each, then to whoever waits for the end."""
        if self.is_gone:
            return
        self._reason = reason
        self._ended.set()
        for scope in self._asking:
            scope.reschedule(asyncio.get_running_loop().time())
        for client in tuple(self.clients):
            client.ended()

    async def gone(self) -> str:
        """Wait for the end and say why."""
        await self._ended.wait()
        return self._reason

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """Ask something of bumble: its errors become bleak's, and the end of the transport ends the wait.

        bumble itself would wait for ever for the answer to a command that was written to a closed socket.
        """
        if self.is_gone:
            raise BleakError(self._reason)
        scope = asyncio.timeout(None)
        try:
            async with scope:
                self._asking.add(scope)
                with _as_bleak():
                    yield
        except TimeoutError:
            raise BleakError(self._reason) if scope.expired() else TimeoutError from None
        finally:
            self._asking.discard(scope)

    @asynccontextmanager
    async def commanding(self, deed: str) -> AsyncIterator[None]:
        """Give the controller a command, which it has to answer at once.

        One that does not is stuck and has to be opened again, which ends every link that it has. So it is for one
        whose answer nobody awaited to the end: bumble would never send what still waits for its turn, and take the
        late answer for that to the next command.
        """
        answered = False
        try:
            async with self.asking(), asyncio.timeout(ANSWER_S):
                yield
            answered = True
        except BleakError:
            answered = True  # if only with a refusal
            raise
        except TimeoutError:
            raise BleakError("the controller is stuck") from None
        finally:
            if not answered:
                self.end(f"the controller is stuck: it does not {deed}")

    async def connect(self, address: Address, timeout_s: float) -> Connection:
        """Connect within *timeout_s*, else cancel the attempt.

        A controller that does not even answer the cancellation takes no further connection: it has to be opened
        again, which ends every link that it has.
        """
        try:
            async with asyncio.timeout(timeout_s + CANCEL_S):
                return await self.device.connect(address, timeout=timeout_s)
        except core.TimeoutError:
            raise TimeoutError from None
        except TimeoutError:
            self.end("the controller is stuck: it neither connects nor cancels")
            raise BleakError("the controller is stuck") from None

    async def disconnect(self, connection: Connection) -> None:
        """End a link and wait for that end: the controller answers at once, a sensor that has gone does not."""
        over = asyncio.Event()
        connection.on(Connection.EVENT_DISCONNECTION, lambda _: over.set())
        connection.on(
            Connection.EVENT_DISCONNECTION_FAILURE, lambda _: self.end("the controller is stuck: it keeps a link up")
        )
        if self.device.connections.get(connection.handle) is not connection:
            return
        async with self.commanding("disconnect"):
            await self.device.send_async_command(
                HCI_Disconnect_Command(
                    connection_handle=connection.handle,
                    reason=HCI_ErrorCode.REMOTE_USER_TERMINATED_CONNECTION_ERROR,
                )
            )
        async with self.asking():
            await over.wait()


async def opened(spec: str, within_s: float) -> Transport:
    """Open the transport that *spec* names.

    Raises:
        AdapterGone: nothing answers there within *within_s*.
        ConfigurationError: bumble does not know such a transport.
    """
    try:
        async with asyncio.timeout(within_s):
            return await open_transport(spec)
    except TransportSpecError as error:
        raise ConfigurationError(f"[radio] transport {spec!r} is none that bumble knows: {error}") from None
    except (OSError, ValueError, core.BaseBumbleError) as error:  # TimeoutError is an OSError
        cause = getattr(error, "strerror", None) or str(error) or "no answer"
        raise AdapterGone(f"no Bluetooth controller at {spec}: {cause}; {advice(spec)}") from None


async def powered_on(transport: Transport, spec: str, within_s: float) -> Station:
    """Start the controller at the end of an open transport.

    Raises:
        AdapterGone: it does not answer within *within_s*.
    """
    # A new address each time: whoever still believes in an earlier link cannot take this one for it.
    device = Device.with_hci("gateway", Address.generate_static_address(), transport.source, transport.sink)
    try:
        async with asyncio.timeout(within_s):
            with _as_bleak():
                await device.power_on()
    except (TimeoutError, BleakError) as error:
        cause = str(error) or "no answer"
        raise AdapterGone(f"the controller at {spec} does not start: {cause}; {advice(spec)}") from None
    return Station(device)


def advice(spec: str) -> str:
    """What to do where *spec* leads nowhere."""
    return f"is the simulator running, with --listen {spec.replace('-client:', '-server:')}?"


@contextmanager
def _as_bleak() -> Iterator[None]:
    """Let bumble's errors be bleak's, among them the cancellation with which bumble answers the end of a link.

    A cancellation from outside stays one, even where ``wait_for`` (which bumble uses) swallows it for a result that
    came at the same time.
    """
    task = asyncio.current_task()
    cancelled = task.cancelling() if task is not None else 0
    try:
        yield
        if task is not None and task.cancelling() > cancelled:
            raise asyncio.CancelledError  # noqa: TRY301 - told apart below like any other
    except att.ATT_Error as error:
        raise BleakGATTProtocolError(int(error.error_code or 0)) from error
    except core.BaseBumbleError as error:
        raise BleakError(str(error) or type(error).__name__) from error
    except asyncio.CancelledError:
        if task is not None and task.cancelling() > cancelled:
            raise
        raise BleakError("the link ended") from None
