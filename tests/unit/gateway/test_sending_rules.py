"""The sender under any schedule: no bound is broken, nothing is sent too often, everything arrives in the end."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from tests.counts import count

from vitals_gateway.sending import Load, Pace, Send, Sender, Wait
from vitals_gateway.spool.rows import Entry

PACE = Pace()
LARGEST = 9000


class Conversation(RuleBasedStateMachine):
    """A spool, a sender and a collector that answers when it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.sender = Sender(PACE, lambda: 0.5)
        self.spool: dict[int, Entry] = {}
        self.sent: dict[int, tuple[float, bool]] = {}
        self.row = 0
        self.now_ms = 0.0

    @initialize()
    def connect(self) -> None:
        self.sender.connected(None, self.now_ms)

    @rule(sizes=st.lists(st.integers(50, LARGEST), min_size=1, max_size=30))
    def add(self, sizes: list[int]) -> None:
        fresh = [Entry(self.row + index, size) for index, size in enumerate(sizes, 1)]
        self.row += len(fresh)
        self.spool.update({item.row: item for item in fresh})
        self.sender.added(fresh, self.now_ms)
        self.pump()

    @precondition(lambda self: self.spool)
    @rule(number=st.integers(1, 30), newest=st.booleans())
    def acknowledge(self, number: int, newest: bool) -> None:  # noqa: FBT001 - hypothesis draws it
        rows = self.take(number, newest=newest)
        self.sender.acknowledged(rows, self.now_ms)
        self.pump()

    @precondition(lambda self: self.spool)
    @rule(number=st.integers(1, 3))
    def drop(self, number: int) -> None:
        self.sender.gone(self.take(number))
        self.pump()

    @rule(length_ms=st.sampled_from([10, 500, 2999, 3000, 20_000, 100_000]))
    def wait(self, length_ms: int) -> None:
        self.now_ms += length_ms
        self.pump()

    @rule()
    def cut(self) -> None:
        self.sender.disconnected(self.now_ms)
        self.sent.clear()
        self.sender.connected(self.spool[max(self.spool)] if self.spool else None, self.now_ms)
        self.pump()

    @rule(credit=st.sampled_from([0, 500, 65_536]))
    def grant(self, credit: int) -> None:
        self.sender.credit = credit
        self.pump()

    @rule()
    def settle(self) -> None:
        """With a collector that answers, the spool empties."""
        self.sender.credit = PACE.credit
        for _ in range(3000):
            if not self.spool:
                break
            self.now_ms += 1000
            self.pump()
            heard = [row for row in self.sent if row in self.spool]
            for row in heard:
                del self.spool[row], self.sent[row]
            self.sender.acknowledged(heard, self.now_ms)
        assert self.spool == {}

    def take(self, number: int, *, newest: bool = False) -> list[int]:
        rows = sorted(self.spool, reverse=newest)[:number]
        for row in rows:
            del self.spool[row]
            self.sent.pop(row, None)
        return rows

    def pump(self) -> None:
        while isinstance(order := self.sender.live(self.now_ms), Send):
            self.check(order)
        while not isinstance(step := self.sender.backlog(self.now_ms), Wait):
            if isinstance(step, Load):
                self.sender.loaded([self.spool[row] for row in sorted(self.spool) if row > step.after][:128])
            else:
                self.check(step)
        assert step.until_ms is None or step.until_ms > self.now_ms

    def check(self, order: Send) -> None:
        row = order.entry.row
        assert row in self.spool
        assert self.now_ms - self.sent.get(row, (-1e9, False))[0] >= PACE.timeout_ms
        self.sent[row] = (self.now_ms, order.backlog)
        recent = {row: lane for row, (at_ms, lane) in self.sent.items() if self.now_ms - at_ms < PACE.timeout_ms}
        assert sum(not lane for lane in recent.values()) <= PACE.window
        assert sum(self.spool[row].size for row, lane in recent.items() if lane) <= PACE.credit + 2 * LARGEST


Conversation.TestCase.settings = settings(
    max_examples=count(short=25, long=1000), stateful_step_count=40, deadline=None
)
TestConversation = Conversation.TestCase
