"""The air between virtual Bluetooth controllers: what bumble's has, and what a gateway's recovery needs besides.

Differences from bumble's own (0.0.236), each of which a gateway would meet:

- ACL data carries the address that the link was made with, so that a central may use its public address (Linux does),
  and two gateways of the same address do not get each other's data;
- a link comes about only with a sensor that still advertises, so that two gateways cannot both hold it;
- a cancelled connection attempt ends, so that the next one is not refused;
- a reset controller, or one whose gateway vanished, ends its links as the supervision timeout would;
- connection handles are not used again at once, so that late data of an ended link reaches nobody;
- advertisements reach scanning controllers only, without an invented scan response;
- LL Privacy, extended and periodic advertising are not claimed: Linux would wait for events that never come.

What is not modelled: loss, signal strength, a supervision timeout of its own.
"""

import asyncio
from collections.abc import Iterator
from itertools import count
from typing import Final

from bumble import hci, ll
from bumble.controller import Connection, Controller
from bumble.core import PhysicalTransport
from bumble.link import LocalLink
from bumble.transport.common import TransportSink
from typing_extensions import override

_LAST_HANDLE: Final = 0x0EFF
_SCAN_RESPONSE: Final = hci.HCI_LE_Advertising_Report_Event.EventType.SCAN_RSP
SUPERVISION_TIMEOUT: Final = hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR


class Air(LocalLink):
    """The link layer that all controllers share. One sensor address, one sensor."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    @override
    def send_acl_data(
        self, sender_controller: Controller, destination_address: hci.Address, transport: PhysicalTransport, data: bytes
    ) -> None:
        """Deliver data to the other end of the sender's link, if there still is one."""
        link = sender_controller.le_connections.get(destination_address)
        receiver = self.other_end(link) if link else None
        if link and receiver:
            asyncio.get_running_loop().call_soon(receiver.on_link_acl_data, link.self_address, transport, data)

    @override
    def send_ll_control_pdu(
        self, sender_address: hci.Address, receiver_address: hci.Address, packet: ll.ControlPdu
    ) -> None:
        """Deliver a control packet; one for an end that is gone is lost, as it would be in the air."""
        receiver = self._linked(receiver_address, sender_address)
        if receiver:
            asyncio.get_running_loop().call_soon(receiver.on_ll_control_pdu, sender_address, packet)

    @override
    def send_advertising_pdu(self, sender_controller: Controller, packet: ll.AdvertisingPdu) -> None:
        """Deliver an advertisement to who listens; a connection indication at once, to the one it names."""
        if isinstance(packet, ll.ConnectInd):
            advertiser = self.advertiser(packet.advertiser_address)
            if advertiser:
                advertiser.on_ll_advertising_pdu(packet)
            return
        for controller in self.controllers:
            if controller.le_scan_enable or controller.pending_le_connection:
                asyncio.get_running_loop().call_soon(controller.on_ll_advertising_pdu, packet)

    def advertiser(self, address: hci.Address) -> Controller | None:
        """The controller that advertises under *address* right now."""
        for controller in self.controllers:
            if controller.le_legacy_advertiser.enabled and controller.le_legacy_advertiser.address == address:
                return controller
        return None

    def other_end(self, link: Connection) -> Controller | None:
        """The controller at the far end of *link*."""
        return self._linked(link.peer_address, link.self_address)

    def _linked(self, own: hci.Address, peer: hci.Address) -> Controller | None:
        for controller in self.controllers:
            link = controller.le_connections.get(peer)
            if link is not None and link.self_address == own:
                return controller
        return None


class VirtualController(Controller):
    """What a sensor's and a gateway's controller have in common."""

    le_features = Controller.le_features & ~(
        hci.LeFeatureMask.LL_PRIVACY
        | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING
        | hci.LeFeatureMask.LE_PERIODIC_ADVERTISING
    )

    def __init__(
        self, name: str, air: Air, sink: TransportSink | None = None, public_address: str | None = None
    ) -> None:
        super().__init__(name, host_sink=sink, link=air, public_address=public_address)
        self.air = air
        self._handles = count(1)

    @override
    def allocate_connection_handle(self) -> int:
        """The next handle in turn."""
        used = {link.handle for link in self.le_connections.values()}
        return next(handle for handle in self._turns() if handle not in used)

    @override
    def on_link_acl_data(self, sender_address: hci.Address, transport: PhysicalTransport, data: bytes) -> None:
        """Take data, unless the link ended while it was on its way."""
        if sender_address in self.le_connections:
            super().on_link_acl_data(sender_address, transport, data)

    @override
    def on_ll_control_pdu(self, sender_address: hci.Address, packet: ll.ControlPdu) -> None:
        """Take a control packet, unless the link ended while it was on its way."""
        if sender_address in self.le_connections:
            super().on_ll_control_pdu(sender_address, packet)

    def end_link(self, peer: hci.Address, reason: int) -> None:
        """End the link to *peer* on this side, as if the radio had lost it."""
        link = self.le_connections.get(peer)
        if link:
            self.on_le_disconnected(link, reason)

    def _turns(self) -> Iterator[int]:
        for turn in self._handles:
            yield (turn - 1) % _LAST_HANDLE + 1


class SensorController(VirtualController):
    """A sensor's controller, which can fall silent: neither hearing nor saying anything, its links untouched."""

    def __init__(self, name: str, air: Air) -> None:
        super().__init__(name, air)
        self.silent = False

    @override
    def on_link_acl_data(self, sender_address: hci.Address, transport: PhysicalTransport, data: bytes) -> None:
        """Take data, unless silent."""
        if not self.silent:
            super().on_link_acl_data(sender_address, transport, data)

    @override
    def on_ll_control_pdu(self, sender_address: hci.Address, packet: ll.ControlPdu) -> None:
        """Take a control packet, unless silent."""
        if not self.silent:
            super().on_ll_control_pdu(sender_address, packet)


class GatewayController(VirtualController):
    """The adapter of one gateway connection: fresh with it, gone with it."""

    def unplug(self) -> None:
        """Leave the air: links end on the sensors' side, and nothing more is told to the gateway."""
        self.set_packet_sink(None)
        self._forget_links()
        self.air.remove_controller(self)

    @override
    def on_hci_reset_command(self, _command: hci.HCI_Reset_Command) -> hci.HCI_StatusReturnParameters:
        """Forget links, scanning and a pending connection."""
        self._forget_links()
        self.le_scan_enable = False
        self.pending_le_connection = None
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    @override
    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        """End the pending connection attempt with the event that the specification asks for (Vol 4, E 7.8.13)."""
        pending, self.pending_le_connection = self.pending_le_connection, None
        if pending is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        cancelled = hci.HCI_LE_Connection_Complete_Event(
            status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
            connection_handle=0,
            role=hci.Role.CENTRAL,
            peer_address_type=pending.peer_address.address_type,
            peer_address=pending.peer_address,
            connection_interval=0,
            peripheral_latency=0,
            supervision_timeout=0,
            central_clock_accuracy=0,
        )
        asyncio.get_running_loop().call_soon(self.send_hci_packet, cancelled)  # after the command's completion
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    @override
    def create_le_connection(self, peer_address: hci.Address) -> None:
        """Link with a sensor, if it still advertises; else go on waiting."""
        if peer_address not in self.le_connections and self.air.advertiser(peer_address):
            super().create_le_connection(peer_address)

    @override
    def send_hci_packet(self, packet: hci.HCI_Packet) -> None:
        """Tell the gateway, but for scan responses: the sensors have none."""
        if isinstance(packet, hci.HCI_LE_Advertising_Report_Event) and packet.reports[0].event_type == _SCAN_RESPONSE:
            return
        super().send_hci_packet(packet)

    def _forget_links(self) -> None:
        for link in self.le_connections.values():
            sensor = self.air.other_end(link)
            if isinstance(sensor, VirtualController):
                sensor.end_link(link.self_address, SUPERVISION_TIMEOUT)
        self.le_connections.clear()
