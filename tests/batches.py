"""What a gateway would send, for tests of everything behind it."""

from collections.abc import Sequence

from vitals.codes import Metric
from vitals.observation import GenerationMode, Missing, Observation, Reading, observe
from vitals.series.base import Arrival
from vitals.wire import bodies, columns
from vitals.wire.bodies import Clock, ClockState, Data, Gap, Ranges, Rejected, Void
from vitals.wire.header import VERSION, Header, Kind

SENSOR = "F0:00:00:00:01:02"
BOOT = 0xF1E2D3C4B5A69788
EPOCH = 0xFEDCBA9876543210
UTC_OFFSET_MS = 1_795_000_000_000
ABSENT = Observation(Metric.SPO2, 0, missing=Missing.NAN)


def spo2(at_ms: int, value: float | None) -> columns.Row:
    """One notification of an oximeter."""
    return columns.Row(at_ms, Reading((ABSENT if value is None else observe(Metric.SPO2, value),)))


def data(
    values: Sequence[float | None] = (97.0,),
    *,
    at_ms: int = 1000,
    sensor: str = SENSOR,
    utc_offset_ms: int = UTC_OFFSET_MS,
    clock: ClockState = ClockState.SYNCHRONISED,
    rejected: Sequence[Rejected] = (),
) -> Data:
    """A batch of SpO2, one value a second from *at_ms* on."""
    rows = [spo2(at_ms + 1000 * index, value) for index, value in enumerate(values)]
    blocks = [columns.pack(sensor, "2A5F", rows)] if rows else []
    return Data(utc_offset_ms, clock, blocks, list(rejected))


def rejected(at_ms: int = 1000, payload: bytes = b"\xff") -> Rejected:
    """A notification that the gateway could not read."""
    return Rejected(SENSOR, "2A5F", at_ms, payload, "too short")


def void(ranges: Ranges) -> Void:
    """A declaration that rows were dropped."""
    return Void(ranges, "spool full", {f"{SENSOR}/spo2": 3}, 1000, 2000)


def gap(reason: str = "gateway_down") -> Gap:
    """A declaration that nothing reached the spool for a while."""
    return Gap(SENSOR, "2A5F", reason, BOOT, 1000, BOOT, 5000)


def header(
    seq: int,
    *,
    kind: int = Kind.DATA,
    epoch: int = EPOCH,
    boot: int = BOOT,
    mode: GenerationMode = GenerationMode.DEMO,
    published_ms: int = 2000,
    backlog: bool = False,
    version: int = VERSION,
) -> Header:
    """The header of row *seq*."""
    return Header(
        mode=mode,
        kind=kind,
        epoch=epoch,
        seq=seq,
        boot=boot,
        published_ms=published_ms,
        backlog=backlog,
        version=version,
    )


def arrival(
    seq: int,
    body: bodies.Body | bytes | None = None,
    *,
    gateway: str = "gw-1",
    epoch: int = EPOCH,
    boot: int = BOOT,
    kind: int | None = None,
    quarantine: str | None = None,
    version: int = VERSION,
) -> Arrival:
    """Row *seq* as a collector received it; *body* is a batch of one value unless given."""
    if body is None:
        body = data(at_ms=1000 * seq)
    if kind is None:
        kind = kind_of(body)
    return Arrival(
        gateway=gateway,
        header=header(seq, kind=kind, epoch=epoch, boot=boot, version=version),
        body=body if isinstance(body, bytes) else bodies.encode(body),
        received_ms=50_000 + seq,
        received_utc_ms=UTC_OFFSET_MS + 50_000 + seq,
        receiver_boot=2**64 - 1,
        queued_ms=7,
        quarantine=quarantine,
    )


def kind_of(body: bodies.Body | bytes) -> Kind:
    """The kind that belongs to *body*."""
    kinds = {Data: Kind.DATA, Clock: Kind.CLOCK, Void: Kind.VOID, Gap: Kind.GAP, bytes: Kind.DATA}
    return kinds[type(body)]
