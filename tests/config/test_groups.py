"""What changed between two configurations, by group."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from watchdog.config import Config
from watchdog.config.groups import GroupChanges, by_group, compare_groups

Read = Callable[..., Config]
A = '[programs.a]\ncommand = "a"\n'
W1 = '[programs.w1]\ncommand = "w"\ngroup_name = "team"\n'
W2 = '[programs.w2]\ncommand = "w"\ngroup_name = "team"\n'


def test_a_program_without_a_group_is_one_of_its_own(read: Read) -> None:
    """Its group has its name; those with a common group_name share one."""
    assert by_group(read(A + W1 + W2).programs) == {"a": ["a"], "team": ["w1", "w2"]}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (A, A, GroupChanges()),
        (A, A + W1, GroupChanges(added=("team",))),
        (A + W1, A, GroupChanges(removed=("team",))),
        (W1, W1 + W2, GroupChanges(changed=("team",))),
        (W1 + W2, W2, GroupChanges(changed=("team",))),
        (W1, W1 + "umask = '077'\n", GroupChanges(changed=("team",))),
        (W1, W1 + "priority = 3\n", GroupChanges(changed=("team",))),
        (W1 + W2, W2 + W1, GroupChanges()),
        (A, A + 'group_name = "b"\n', GroupChanges(added=("b",), removed=("a",))),
        (
            A + W1 + W2,
            A + 'group_name = "team"\n' + W1 + W2,
            GroupChanges(changed=("team",), removed=("a",)),
        ),
    ],
)
def test_a_group_changes_with_its_programs(
    before: str, after: str, expected: GroupChanges, read: Read
) -> None:
    """Any change of a program, or of who is in it, changes a group."""
    assert compare_groups(read(before), read(after)) == expected
