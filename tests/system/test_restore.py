"""A store that is set back to an older copy gets back what its gateways still keep."""

import asyncio
import shutil
from pathlib import Path

from tests.brokers import KINDS, Broker
from tests.system import chains

from vitals.cli.demo.chain import Chain
from vitals.cli.remote import get


async def test_an_older_copy_of_the_series_gets_its_rows_back(tmp_path: Path) -> None:
    with Broker(KINDS[0], tmp_path) as broker:
        chain = Chain(chains.plan_for(tmp_path / "s", broker.url))
        async with chain.running():
            await chains.until(lambda: _recorded(chain) > 100, within_s=60, what="something recorded")
            await chain.server.stop()
            shutil.copy(chain.plan.series, tmp_path / "copy.db")
            await chain.server.start()
            held = await chains.until(lambda: _recorded(chain), within_s=60, what="the server again")
            await chains.until(lambda: _recorded(chain) > held + 200, within_s=60, what="more recorded")
            await asyncio.sleep(2)  # acknowledged too, and the alarms' cursor is beyond the copy
            await chain.server.stop()
            chain.plan.series.unlink()
            shutil.copy(tmp_path / "copy.db", chain.plan.series)
            await chain.server.start()
            await chains.until(lambda: _recorded(chain) > held + 200, within_s=60, what="the rows again")
            account = await chains.drained_account(chain)
    assert "older copy" in chain.server.log.read_text()
    assert account.unexplained_sent == []
    assert account.doubled_stored == []


def _recorded(chain: Chain) -> int:
    counted: int = get(chain.plan.console_url, "/api/v1/status")["series"]["observations"]
    return counted
