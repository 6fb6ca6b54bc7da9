"""The folder of a demonstration is absolute, writable, short enough for a socket, and nobody else's."""

from pathlib import Path

import pytest

from vitals.cli.demo.folder import SOCKET, SOCKET_PATH_BYTES, state_folder
from vitals.errors import ConfigurationError


def test_a_relative_folder_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with state_folder(Path("state")) as folder:
        assert folder == tmp_path / "state"
        assert folder.is_dir()


def test_a_temporary_one_is_removed() -> None:
    with state_folder(None) as folder:
        assert folder.is_dir()
    assert not folder.exists()


def test_a_given_one_stays_and_serves_again(tmp_path: Path) -> None:
    for _ in range(2):
        with state_folder(tmp_path / "s") as folder:
            (folder / "kept").touch()
    assert (tmp_path / "s" / "kept").exists()


def refusal(state: Path) -> str:
    with pytest.raises(ConfigurationError) as refused, state_folder(state):
        pass
    message = str(refused.value)
    assert "--state" in message
    assert "\n" not in message
    return message


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert "written" in refusal(file)
    assert "written" in refusal(file / "below")


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    with state_folder(tmp_path):
        assert "another demonstration" in refusal(tmp_path)


def test_the_longest_path_that_a_socket_has_room_for() -> None:
    root = Path("/")
    beyond = root / ("x" * (SOCKET_PATH_BYTES - len(f"//{SOCKET}") + 1))
    assert "1 bytes too long" in refusal(beyond)
