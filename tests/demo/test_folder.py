"""The demo's data folder: kept when whole, begun anew when not, and emptied only of what is the demo's."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo import folder, reset


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder.prepare(tmp_path)
    (tmp_path / "mine.txt").write_text("not the demo's")
    return tmp_path


def fill(data: Path) -> None:
    assert folder.start_over_if_unfinished(data)
    folder.load_secrets(data)
    for name in (folder.DATABASE, folder.SANDBOX):
        (data / name).write_text("rows")


def test_a_filled_folder_is_kept(data: Path) -> None:
    fill(data)
    folder.finish_filling(data)
    keys = folder.load_secrets(data)
    assert not folder.start_over_if_unfinished(data)
    assert (data / folder.DATABASE).read_text() == "rows"
    assert folder.load_secrets(data) == keys


def test_a_filling_that_was_interrupted_starts_over(data: Path) -> None:
    fill(data)
    assert folder.start_over_if_unfinished(data)
    assert not (data / folder.DATABASE).exists()
    assert not (data / folder.SANDBOX).exists()
    assert (data / "mine.txt").exists()


def test_keys_that_are_lost_stop_the_start(data: Path) -> None:
    fill(data)
    (data / folder.SECRETS).unlink()
    with pytest.raises(folder.FolderError, match="make demo-reset"):
        folder.load_secrets(data)


def test_a_reset_forgets_what_is_the_demos(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(data)
    assert reset.main(["--data", str(data)]) == 0
    assert {path.name for path in data.iterdir()} == {"mine.txt", folder.LOCK}
    assert "Forgotten" in capsys.readouterr().out


def test_a_reset_waits_for_no_running_demo(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(data)
    with folder.locked(data):
        assert reset.main(["--data", str(data)]) == 1
    assert (data / folder.DATABASE).exists()
    assert "runs with the data folder" in capsys.readouterr().err
