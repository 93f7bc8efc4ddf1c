"""Numbers of instances beside those of the file: what they change, how long they count."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from watchdog.config import Config, ConfigError
from watchdog.config.alone import load_again
from watchdog.config.reread import Changes, compare
from watchdog.config.scaling import NAME, count_of, keep, recall, rescale

Read = Callable[..., Config]
TEXT = """[programs.worker]
command = "x"
env_file = ".env"
instances = 2
[programs.bot]
command = "x"
depends_on = ["worker"]
"""
ENV = "A=1\n"


def names(*numbers: int) -> tuple[str, ...]:
    return tuple(f"worker:worker_{number:02d}" for number in numbers)


def test_only_what_comes_and_goes_is_changed(read: Read, tmp_path: Path) -> None:
    """And who depends on all of them; also if the `.env` is not what it was."""
    config = read(TEXT, env=ENV)
    (tmp_path / ".env").write_text("A=2\n")
    more = rescale(config, {"worker": 4})
    assert compare(config, more) == Changes(added=names(2, 3), retuned=("bot",))
    assert more.program("bot").policy.depends_on == names(0, 1, 2, 3)
    fewer = rescale(more, {"worker": 1})
    assert compare(more, fewer) == Changes(removed=names(1, 2, 3), retuned=("bot",))
    none = rescale(fewer, {"worker": 0})
    assert [program.name for program in none.programs] == ["bot"]
    assert rescale(none, {}).scaled == {} and count_of(rescale(none, {}), "worker") == 2


def test_with_the_number_in_a_text_all_are_changed(read: Read) -> None:
    """They see how many there are."""
    config = read(TEXT.replace('"x"', '"x %(numprocs)d"', 1), env=ENV)
    changes = compare(config, rescale(config, {"worker": 3}))
    assert (changes.added, changes.restarted) == (names(2), names(0, 1))


def test_what_so_many_cannot_share_is_refused(read: Read) -> None:
    """One singleton for two, said as `check` says it."""
    config = read('[programs.a]\ncommand = "x"\ninstances = 1\nsingleton = "s"', env=ENV)
    with pytest.raises(ConfigError, match="would be that of a:a_00 and of a:a_01"):
        rescale(config, {"a": 2})


def test_a_number_is_kept_until_that_of_the_file_changes(read: Read, tmp_path: Path) -> None:
    """Over a new start and a reload; another number in the file is stronger."""
    config = read(f'watchdog.state = "s"\n{TEXT}', env=ENV)
    config.state.mkdir()
    assert recall(config) == (config, "")
    more = rescale(config, {"worker": 3})
    keep(more)
    again, said = recall(config)
    assert again.scaled == {"worker": 3} and said == "as scaled before: worker=3"
    assert load_again(more).scaled == {"worker": 3}
    changed = read(f'watchdog.state = "s"\n{TEXT}'.replace("= 2", "= 5"), env=ENV)
    assert recall(changed) == (changed, "") and load_again(more).scaled == {}
    keep(changed)
    assert not (tmp_path / "s" / NAME).exists()


@pytest.mark.parametrize(
    "garbage",
    [b"", b"{", b"[]", b'{"worker":{"count":-1,"file":2}}', b'{"worker":{"count":9999,"file":2}}'],
)
def test_a_harmed_file_means_nothing(read: Read, garbage: bytes) -> None:
    """The number is that of the file then."""
    config = read(f'watchdog.state = "s"\n{TEXT}', env=ENV)
    config.state.mkdir()
    (config.state / NAME).write_bytes(garbage)
    assert recall(config) == (config, "")


def test_a_number_that_is_wrong_by_now_does_not_keep_the_watchdog_down(read: Read) -> None:
    """It starts with that of the file, and says why."""
    text = 'watchdog.state = "s"\n[programs.a]\ncommand = "x"\ninstances = 1\n'
    config = read(text, env=ENV)
    config.state.mkdir()
    keep(rescale(config, {"a": 2}))
    wrong = read(f'{text}singleton = "s"', env=ENV)
    found, said = recall(wrong)
    assert found is wrong and said.startswith("not scaled to a=2 as before")
