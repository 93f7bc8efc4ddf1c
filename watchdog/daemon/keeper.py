"""Keeps the records true: each change of a process that the next watchdog must know is written.

The record of a restart is written after the spawn, not before it: the mark of the next incarnation
stands in the record of this one, so nothing is lost by that, and no restart waits for a file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from msgspec.structs import replace

from watchdog.core.effects import RunHook
from watchdog.core.model import Hook, Need, State
from watchdog.core.program import Program
from watchdog.daemon.records import Record, Records
from watchdog.process import Birth


class Keeper:
    """Writes a record whenever one changes."""

    def __init__(
        self,
        records: Records,
        birth: Callable[[str], Birth | None],
        draw_nonce: Callable[[], int],
        describe: Callable[[str], Record],
        say: Callable[[str], None],
    ) -> None:
        self._records = records
        self._birth = birth
        self._draw_nonce = draw_nonce
        self._describe = describe  # a record with what the configuration says, and no process
        self._say = say
        self._kept: dict[str, Record] = {}
        self._failing = False
        self._told: set[str] = set()  # of whose harmed record was spoken since it changed last

    def remember(self, record: Record) -> None:
        """What an earlier watchdog wrote, and still holds."""
        self._kept[record.program] = record

    def keep(self, record: Record) -> None:
        """The same, of what gives no birth to note: it is written anew, as ours."""
        self._write(record)

    def records(self) -> list[Record]:
        """All that is on record."""
        return list(self._kept.values())

    def rewrite(self) -> None:
        """Write all of it: what an earlier watchdog wrote may have been harmed while none ran."""
        for record in self._kept.values():
            self._write(record)

    def restore(self, names: Collection[str] = ()) -> None:
        """Write again what somebody has removed or changed; of these files, or of all."""
        programs = self._records.programs_of(names, self._kept) if names else list(self._kept)
        for name in programs:
            if self._records.is_harmed(name):
                self._tell(name)
                self._write(self._kept[name])

    def _tell(self, name: str) -> None:
        """Once, and not again before the record changes for a reason of ours."""
        if name not in self._told:
            self._say(f"{name}: the record of what runs was removed or changed; it is written anew")
        self._told.add(name)

    def pid_of(self, name: str) -> int | None:
        """The process on record, whether it lives or only its tree does."""
        kept = self._kept.get(name)
        return kept.pid if kept is not None else None

    def nonce_of_next(self, name: str) -> int:
        """The mark for the coming spawn; it is on record before there is a process."""
        kept = self._kept.get(name)
        if kept is None or not kept.next_nonce:
            kept = replace(kept or self._describe(name), next_nonce=self._draw_nonce())
            self._write(kept)
        return kept.next_nonce

    def note(self, before: Program, after: Program) -> None:
        """The fleet's observer calls this after every step."""
        if after.pid is not None and before.pid != after.pid:
            self._note_birth(before, after)
        elif after.state is State.RUNNING is not before.state:
            self._update(after, up=True)
        elif self._is_gone(before, after):
            self._update(after, pid=None)

    def note_hook(self, effect: RunHook, nonce: int) -> None:
        """A hook is about to be spawned: before pre_start, nothing of the program lives."""
        kept = self._kept.get(effect.program) or self._describe(effect.program)
        if effect.hook is Hook.PRE_START:
            kept = replace(kept, incarnation=effect.incarnation - 1, pid=None, up=False)
        self._write(
            replace(kept, hook=effect.hook, hook_incarnation=effect.incarnation, hook_nonce=nonce)
        )

    def forget_hook(self, name: str) -> None:
        """Nothing of the hook lives."""
        kept = self._kept.get(name)
        if kept is not None and kept.hook_nonce:
            self._write(replace(kept, hook="", hook_incarnation=0, hook_nonce=0))

    def forget(self, name: str) -> None:
        """The program left the configuration."""
        self._kept.pop(name, None)
        self._told.discard(name)
        self._records.forget(name)

    def _is_gone(self, before: Program, after: Program) -> bool:
        """Its tree was proved empty, and no spawn follows at once that would be noted anyway."""
        emptied = Need.TREE in after.granted and Need.TREE not in before.granted
        return emptied and after.state is not State.STARTING

    def _note_birth(self, before: Program, after: Program) -> None:
        name = after.policy.name
        birth = self._birth(name)
        if birth is not None:
            self._told.discard(name)
            record = replace(
                self._source_of(name, adopted=not before.spawning),
                incarnation=birth.incarnation,
                restarts=after.restarts,
                up=after.state is State.RUNNING,
                pid=birth.pid,
                start=birth.start,
                boot=birth.boot,
                nonce=birth.nonce,
                next_nonce=self._draw_nonce(),
                started_at=after.started_at or 0.0,
            )
            self._write(record)

    def _source_of(self, name: str, *, adopted: bool) -> Record:
        """What the process saw of the configuration: an adopted one may have seen an older one."""
        kept = self._kept.get(name)
        return kept if adopted and kept is not None else self._describe(name)

    def _update(self, after: Program, **changes: object) -> None:
        kept = self._kept.get(after.policy.name)
        if kept is not None:
            self._write(replace(kept, restarts=after.restarts, **changes))

    def _write(self, record: Record) -> None:
        self._kept[record.program] = record
        try:
            self._records.write(record)
            self._failing = False
        except OSError as error:
            if not self._failing:
                self._say(f"the next watchdog may not be able to take over: {error}")
            self._failing = True
