"""The HTTP interface, without a socket."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from vitals.clock import ManualClock
from vitals.console.app import build_app
from vitals.console.guard import HEADERS
from vitals.console.rehearsal import RehearsalWard
from vitals.errors import StoreError
from vitals.life.legs import Report
from vitals.observation import GenerationMode
from vitals.ward import MOST_SUSPENDED_MINUTES, OUTCOMES, REASONS


class KeepingPath:
    """Implements ``life.path.Path`` and keeps what it is told."""

    def __init__(self, *, whole: bool = True) -> None:
        self.told: list[str | None] = []
        self.drew: list[int] = []
        self.whole = whole

    def fed(self, *, needed: bool) -> int | None:
        assert needed
        return 7

    def drawn(self, lap: int) -> None:
        self.drew.append(lap)

    def silent(self, why: str | None) -> None:
        self.told.append(why)

    def report(self) -> Report:
        if self.whole:
            return Report("ok", whole=True, checked_s=4.0, broken_s=0.0, heard_s=None, legs=())
        return Report("broker: no connection", whole=False, checked_s=4.0, broken_s=31.0, heard_s=None, legs=())


HOST = "http://localhost:8470"
ORIGIN = {"Origin": HOST}


@pytest.fixture
def ward() -> RehearsalWard:
    return RehearsalWard(ManualClock(utc_ms=1_790_000_000_000), 3)


@pytest.fixture
async def client(ward: RehearsalWard) -> AsyncIterator[httpx.AsyncClient]:
    app = build_app(ward, clock=ManualClock(), actor="nurse-1", status=lambda: {"mode": "demo"})
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        yield client


async def acknowledge(client: httpx.AsyncClient, episode: str, version: int, key: str = "k-1") -> httpx.Response:
    path = f"/api/v1/alarms/{episode}/acknowledge"
    return await client.post(path, json={"version": version, "key": key}, headers=ORIGIN)


async def test_the_page_holds_nothing_inline(client: httpx.AsyncClient) -> None:
    page = (await client.get("/")).text
    assert '<script type="module" src="/static/wall.js"></script>' in page
    assert page.count("<script") == 1
    assert "style=" not in page
    assert "<style" not in page
    assert "//" not in page.replace("<!doctype", "")


@pytest.mark.parametrize(
    ("mode", "scale", "hidden"),
    [("demo", 1.0, {"scale"}), ("test", 0.1, set()), ("real", 1.0, {"mode", "scale"})],
)
async def test_a_mode_other_than_real_is_on_the_page_before_any_script_runs(
    mode: str, scale: float, hidden: set[str]
) -> None:
    ward = RehearsalWard(ManualClock(), 1, mode=GenerationMode[mode.upper()], time_scale=scale)
    transport = httpx.ASGITransport(build_app(ward, clock=ManualClock()))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        page = (await client.get("/")).text
    assert (f"[{mode.upper()}]" in page) is ("mode" not in hidden)
    assert (f'<p id="mode" data-mode="{mode}" hidden>' in page) is ("mode" in hidden)
    assert ('<p id="scale" hidden>' in page) is ("scale" in hidden)


@pytest.mark.parametrize("path", ["/", "/static/wall.js", "/api/v1/snapshot", "/healthz", "/nothing"])
async def test_every_answer_carries_the_headers(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert "require-trusted-types-for 'script'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == ("no-cache" if "static" in path else "no-store")


async def test_a_failure_carries_them_too(client: httpx.AsyncClient, ward: RehearsalWard) -> None:
    ward.failing = RuntimeError("secret")
    response = await client.get("/api/v1/snapshot")
    assert response.status_code == 500
    assert response.json()["error"] == "failed"
    assert "secret" not in response.text
    assert {name: response.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "192.168.1.4:8470", "", "[::1"])
async def test_another_name_for_this_machine_is_refused(client: httpx.AsyncClient, host: str) -> None:
    response = await client.get("/api/v1/snapshot", headers={"Host": host})
    assert response.status_code == 421


@pytest.mark.parametrize("host", ["localhost", "localhost:9000", "127.0.0.1:8470", "[::1]:8470"])
async def test_its_own_names_are_accepted(client: httpx.AsyncClient, host: str) -> None:
    assert (await client.get("/api/v1/snapshot", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:8471"},
        {"Origin": "https://localhost:8470"},
        {"Origin": HOST, "Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_an_action_from_another_page_is_refused(
    client: httpx.AsyncClient, ward: RehearsalWard, headers: dict[str, str]
) -> None:
    alarm = ward.raise_alarm(ward.patients[0], "high", metric="spo2", value=84, limit=85)
    path = f"/api/v1/alarms/{alarm.episode}/acknowledge"
    response = await client.post(path, json={"version": 1, "key": "k"}, headers=headers)
    assert response.status_code == 403
    assert ward.snapshot().alarms[0].phase == "active"


async def test_an_acknowledgement_names_who_did_it(client: httpx.AsyncClient, ward: RehearsalWard) -> None:
    alarm = ward.raise_alarm(ward.patients[0], "high", metric="spo2", value=84, limit=85)
    response = await acknowledge(client, alarm.episode, alarm.version)
    assert response.status_code == 200
    said = response.json()
    assert (said["phase"], said["acknowledged_by"], said["sounding"]) == ("acknowledged", "nurse-1", False)
    assert (await acknowledge(client, alarm.episode, alarm.version)).json() == said  # the same key, the same answer


async def test_a_changed_alarm_is_refused_with_what_it_is_now(client: httpx.AsyncClient, ward: RehearsalWard) -> None:
    alarm = ward.raise_alarm(ward.patients[0], "high", metric="spo2", value=84, limit=85)
    ward.worsen(alarm.episode, 79, 80)
    response = await acknowledge(client, alarm.episode, alarm.version)
    assert response.status_code == 409
    said = response.json()
    assert said["error"] == "conflict"
    assert (said["alarm"]["version"], said["alarm"]["value"]) == (2, 79)
    assert ward.snapshot().alarms[0].phase == "active"


async def test_an_alarm_that_is_over_is_not_found(client: httpx.AsyncClient, ward: RehearsalWard) -> None:
    alarm = ward.raise_alarm(ward.patients[0], "medium", metric="spo2", value=89, limit=90)
    ward.end(alarm.episode)
    assert (await acknowledge(client, alarm.episode, alarm.version)).status_code == 404


async def test_a_store_that_fails_is_no_confirmation(client: httpx.AsyncClient, ward: RehearsalWard) -> None:
    alarm = ward.raise_alarm(ward.patients[0], "high", metric="spo2", value=84, limit=85)
    ward.failing = StoreError("the registry is locked")
    response = await acknowledge(client, alarm.episode, alarm.version)
    assert (response.status_code, response.json()["message"]) == (503, "the registry is locked")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"version": 1}', 400),
        (b'{"version": "1", "key": "k"}', 400),
        (b'{"version": 1, "key": ""}', 400),
        (b'{"version": 1, "key": "k", "more": 1}', 400),
        (b'{"version": 1, "key": "' + b"k" * 5000 + b'"}', 413),
    ],
)
async def test_a_body_that_says_something_else_is_refused(
    client: httpx.AsyncClient, ward: RehearsalWard, body: bytes, status: int
) -> None:
    alarm = ward.raise_alarm(ward.patients[0], "high", metric="spo2", value=84, limit=85)
    response = await client.post(f"/api/v1/alarms/{alarm.episode}/acknowledge", content=body, headers=ORIGIN)
    assert response.status_code == status
    assert response.json()["message"]


BODIES: dict[str, dict[str, Any]] = {
    "acknowledge": {"version": 1},
    "pause": {"version": 1},
    "resume": {"version": 1},
    "resolve": {"version": 1, "outcome": "spoke", "note": "well"},
    "suspend": {"reason": "shower", "minutes": 20},
    "review": {"version": 1},
    "inactivate": {"version": 1, "reason": "known", "minutes": 60},
    "request": {"reason": "shower", "minutes": 20},
}


def paths(ward: RehearsalWard) -> list[tuple[str, str, dict[str, Any]]]:
    """Address, kind of the subject and body of every action, on subjects for which it makes sense."""
    found = []
    for place, verb in enumerate(("acknowledge", "pause", "resolve", "inactivate")):
        alarm = ward.raise_alarm(ward.patients[place % 3], "high", metric="spo2", value=84, limit=85)
        found.append((f"/api/v1/alarms/{alarm.episode}/{verb}", "alarm", BODIES[verb]))
    missed = ward.miss(ward.patients[0], "spo2", worst=78, limit=85)
    return [
        *found,
        (f"/api/v1/patients/{ward.patients[0]}/suspend", "tile", BODIES["suspend"]),
        (f"/api/v1/patients/{ward.patients[1]}/request", "tile", BODIES["request"]),
        (f"/api/v1/missed/{missed.id}/review", "missed", BODIES["review"]),
    ]


async def test_every_action_is_done_once_under_one_key(client: httpx.AsyncClient, ward: RehearsalWard) -> None:
    for number, (path, _, body) in enumerate(paths(ward)):
        said = [await client.post(path, json=body | {"key": str(number)}, headers=ORIGIN) for _ in range(2)]
        assert [each.status_code for each in said] == [200, 200], path
        assert said[0].json() == said[1].json()
    assert ward.resolved
    path = f"/api/v1/patients/{ward.patients[0]}/resume"
    assert (await client.post(path, json={"key": "r"}, headers=ORIGIN)).json() is None
    assert ward.snapshot().tiles[0].suspended is None


async def test_every_action_is_refused_alike(client: httpx.AsyncClient, ward: RehearsalWard) -> None:
    wrong = {"version": 9, "minutes": 721}
    for path, kind, body in paths(ward):
        bad = {name: wrong.get(name, value) for name, value in body.items()} | {"key": "k"}
        response = await client.post(path, json=bad, headers=ORIGIN)
        assert (response.status_code, response.json()["error"]) == (409, "conflict"), path
        assert response.json()[kind]  # how the matter stands
        assert (await client.post(path, json=body | {"key": "k"})).status_code == 403
        assert (await client.post(path, json=body, headers=ORIGIN)).status_code == 400
        nobody = path.replace(path.split("/")[4], "none")
        assert (await client.post(nobody, json=body | {"key": "k"}, headers=ORIGIN)).status_code == 404
        ward.failing = StoreError("the registry is locked")
        assert (await client.post(path, json=body | {"key": "k"}, headers=ORIGIN)).status_code == 503
        ward.failing = None
    assert ward.resolved == {}
    assert [alarm.version for alarm in ward.snapshot().alarms] == [1, 1, 1, 1]


async def test_an_alarm_is_offered_and_accepted_and_a_request_answered(
    client: httpx.AsyncClient, ward: RehearsalWard
) -> None:
    alarm, place = ward.raise_alarm(ward.patients[0], "high", metric="spo2", value=84, limit=85), 0

    async def post(path: str, **body: Any) -> httpx.Response:
        nonlocal place
        place += 1
        return await client.post(f"/api/v1/{path}", json=body | {"key": f"k{place}"}, headers=ORIGIN)

    about = f"alarms/{alarm.episode}"
    assert (await post(f"{about}/offer", version=1)).status_code == 409  # nobody has it
    assert (await post(f"{about}/acknowledge", version=1)).json()["version"] == 2
    assert (await post(f"{about}/offer", version=2, to="nurse-2")).json()["offered_to"] == "nurse-2"
    assert (await post(f"{about}/accept", version=3)).json()["offered_to"] is None
    patient = ward.patients[1]
    for answer in ("refuse", "accept"):
        asked = (await post(f"patients/{patient}/request", reason="shower", minutes=20)).json()
        assert (await post(f"requests/{patient}/{answer}", version=9)).json()["request"] == asked
        assert (await post(f"requests/{patient}/{answer}", version=1)).status_code == 200
        assert (await post(f"requests/{patient}/{answer}", version=1)).status_code == 404
    assert ward.snapshot().tiles[1].suspended
    made = (await post(f"{about}/inactivate", version=4, reason="known", minutes=60)).json()
    assert ward.snapshot().tiles[0].inactivated[0].until == made["until"]
    assert (await post(f"patients/{ward.patients[0]}/reactivate", condition=made["condition"])).status_code == 200
    assert ward.snapshot().tiles[0].inactivated == ()


async def test_a_paused_alarm_is_resumed(client: httpx.AsyncClient, ward: RehearsalWard) -> None:
    alarm = ward.raise_alarm(ward.patients[0], "high", metric="spo2", value=84, limit=85)
    path = f"/api/v1/alarms/{alarm.episode}"
    paused = (await client.post(f"{path}/pause", json={"version": 1, "key": "a"}, headers=ORIGIN)).json()
    assert (paused["sounding"], paused["version"]) == (False, 2)
    resumed = (await client.post(f"{path}/resume", json={"version": 2, "key": "b"}, headers=ORIGIN)).json()
    assert (resumed["sounding"], resumed["paused_until"]) == (True, None)


async def test_the_page_offers_what_the_ward_takes(client: httpx.AsyncClient) -> None:
    page = (await client.get("/")).text
    for value in (*OUTCOMES, *REASONS, MOST_SUSPENDED_MINUTES):
        assert f'value="{value}"' in page


async def test_silence_is_told_once_and_its_end_too() -> None:
    clock = ManualClock()
    path = KeepingPath()
    told = path.told
    app = build_app(RehearsalWard(clock, 1), clock=clock, path=path)
    feed = app.state.feed
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:

        async def report(station: str, **body: object) -> httpx.Response:
            return await client.post(f"/api/v1/stations/{station}", json=body, headers=ORIGIN)

        def second() -> None:
            clock.advance(1000)
            feed.tick()

        assert (await report("wall-1", audible=False)).json() == {"silent": None}
        for _ in range(17):
            second()
        assert told == ["Nobody would hear an alarm: no console is open"]
        assert (await report("wall-1", audible=True)).json() == {"silent": told[0]}
        second()
        assert told[1:] == [None]
        assert (await report("wall 1", audible=True)).status_code == 400
        assert (await report("wall-1")).status_code == 400


async def test_an_audible_page_says_which_lap_it_has_drawn() -> None:
    path = KeepingPath()
    transport = httpx.ASGITransport(build_app(RehearsalWard(ManualClock(), 1), clock=ManualClock(), path=path))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        for audible, drawn in ((True, 7), (False, 8), (True, None)):
            said = {"audible": audible, "drawn": drawn}
            await client.post("/api/v1/stations/wall-1", json=said, headers=ORIGIN)
    assert path.drew == [7]


@pytest.mark.parametrize("whole", [True, False])
async def test_health_is_that_of_the_whole_path_and_names_nobody(*, whole: bool) -> None:
    ward = RehearsalWard(ManualClock(), 3)
    path = KeepingPath(whole=whole)
    transport = httpx.ASGITransport(build_app(ward, clock=ManualClock(), path=path))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        response = await client.get("/healthz")
    assert response.status_code == (200 if whole else 503)
    assert response.json() == {
        "status": "ok" if whole else "broker: no connection",
        "whole": whole,
        "checked_s": 4.0,
        "broken_s": 0.0 if whole else 31.0,
        "heard_s": None,
        "legs": [],
    }


async def test_health_says_whether_screens_are_fed(client: httpx.AsyncClient) -> None:
    response = await client.get("/healthz")
    assert (response.status_code, response.json()["status"]) == (503, "no snapshot")


async def test_the_status_is_what_the_server_gives(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/status")).json() == {"mode": "demo"}


async def test_without_a_status_there_is_no_such_address(ward: RehearsalWard) -> None:
    transport = httpx.ASGITransport(build_app(ward, clock=ManualClock()))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        response = await client.get("/api/v1/status")
    assert (response.status_code, response.json()["error"]) == (404, "http")


async def test_files_are_served_and_nothing_beside_them(client: httpx.AsyncClient) -> None:
    font = await client.get("/static/fonts/inter-latin.woff2")
    assert font.content[:4] == b"wOF2"
    assert (await client.get("/static/..%2Fapp.py")).status_code == 404
