"""What can go wrong, each as a function that does it to a field and says what it did.

All that is left to chance is drawn from the dice that come with the fault, so a seed gives the same
faults again; their moments are those of the real processes.
"""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from tests.chaos.field import Field
from tests.chaos.judge import Life

Do = Callable[[Field, random.Random], str]

MOODS = (
    "",
    "chatty",
    "hostile",
    "hostile chatty stubborn",
    "stubborn chatty",
    "slow hostile",
    "brief",
    "brief hostile",
)


class Fault(Struct, frozen=True):
    """One kind. A harmless one must leave the program's process as it is."""

    name: str
    do: Do
    weight: int
    harmless: bool = False
    deadly: bool = False  # to the watchdog, and so to what must not outlive it

    def spares(self, death: str) -> bool:
        """Whether the program's process must stay, if that is done when its watchdog dies."""
        return self.harmless and not (self.deadly and death == "kill")


def pause(dice: random.Random, longest: float) -> float:
    """Wait for some time, mostly a short one; the seconds."""
    seconds = longest * dice.random() ** 3
    time.sleep(seconds)
    return seconds


# --- signals --------------------------------------------------------------------------------------


def kill_watchdog(field: Field, dice: random.Random) -> str:
    """SIGKILL, and another one starts."""
    pids = field.kill_mains()
    waits = dice.random() < 0.5  # else the next one meets what is just being ended
    end = field.see_it_die() if waits else ""
    seconds = pause(dice, 0.3)
    field.start()
    return f"{pids}{end}, the next after {seconds:.3f} s"


def kill_beginner(field: Field, dice: random.Random) -> str:
    """SIGKILL, and again while the next one starts or adopts."""
    first = field.kill_mains()
    field.start()
    moment = 0.05 + 0.5 * dice.random()
    time.sleep(moment)
    second = field.kill_mains()
    field.start()
    return f"{first}, and {second} after {moment:.3f} s"


def pause_watchdog(field: Field, dice: random.Random) -> str:
    """SIGSTOP, and SIGCONT now or later."""
    pids = field.signal_mains(signal.SIGSTOP)
    seconds = pause(dice, 0.3)
    if dice.random() < 0.7:
        field.signal_mains(signal.SIGCONT)
        return f"{pids} for {seconds:.3f} s"
    return f"{pids} until peace"


def leave(field: Field, dice: random.Random) -> str:
    """SIGTERM; SIGKILL if it takes too long for us; another one starts."""
    pids = field.signal_mains(signal.SIGTERM)
    end = time.monotonic() + 0.6 * dice.random()
    while time.monotonic() < end and any(w.process.poll() is None for w in field.mains):
        time.sleep(0.005)
    killed = [w.process.pid for w in field.mains if w.process.poll() is None]
    field.kill_mains()
    field.start()
    return f"{pids}, killed {killed}"


def hang_up(field: Field, _dice: random.Random) -> str:
    """SIGHUP: read the configuration again, which says the same."""
    return str(field.signal_mains(signal.SIGHUP))


def choose(field: Field, dice: random.Random, main: bool) -> Life | None:
    """One process of the program that lives."""
    found = sorted((f for f in field.lives() if f.is_main is main), key=lambda life: life.begun)
    draw = dice.random()  # in any case, so that the dice fall the same
    return found[int(draw * len(found))] if found else None


def kill_main(field: Field, dice: random.Random) -> str:
    """SIGKILL of the program's main process; the next may be of another kind."""
    field.set_mood(dice.choice(MOODS))
    life = choose(field, dice, True)
    if life is not None:
        field.strike(life, signal.SIGKILL)
    return str(life and life.pid)


def kill_helper(field: Field, dice: random.Random) -> str:
    """SIGKILL of something that it started."""
    life = choose(field, dice, False)
    if life is not None:
        field.strike(life, signal.SIGKILL)
    return str(life and life.pid)


def pause_life(field: Field, dice: random.Random) -> str:
    """SIGSTOP of any of its processes, and SIGCONT now or later."""
    life = choose(field, dice, dice.random() < 0.6)
    if life is None:
        return "nobody there"
    field.strike(life, signal.SIGSTOP)
    seconds = pause(dice, 0.2)
    if dice.random() < 0.5:
        field.strike(life, signal.SIGCONT)
        return f"{life.pid} for {seconds:.3f} s"
    return f"{life.pid} until peace"


def kill_both(field: Field, dice: random.Random) -> str:
    """Watchdog and program within microseconds, in either order."""
    life = choose(field, dice, True)
    order = dice.random() < 0.5
    if order and life is not None:
        field.strike(life, signal.SIGKILL)
    pids = field.kill_mains()
    if not order and life is not None:
        field.strike(life, signal.SIGKILL)
    seconds = pause(dice, 0.3)
    field.start()
    return f"{pids} {'after' if order else 'before'} {life and life.pid}; next in {seconds:.3f} s"


# --- files ----------------------------------------------------------------------------------------


def harm_file(path: Path, dice: random.Random) -> str:
    """Remove, move away, replace, or empty a file; what was done."""
    how = dice.choice(["removed", "moved", "replaced", "hard-linked and removed"])
    with contextlib.suppress(OSError):
        if how == "removed":
            path.unlink()
        elif how == "moved":
            path.rename(f"{path}.moved")
        elif how == "replaced":
            fresh = Path(f"{path}.fresh")
            fresh.write_bytes(b"{}\n")
            fresh.replace(path)
        else:
            Path(f"{path}.link").unlink(missing_ok=True)
            Path(f"{path}.link").hardlink_to(path)
            path.unlink()
    return f"{path.name} {how}"


def harm_lock(field: Field, dice: random.Random) -> str:
    """The singleton's lock file."""
    return harm_file(field.lock_file, dice)


def harm_socket(field: Field, dice: random.Random) -> str:
    """The control socket. What replaces it is respected, so no start succeeds meanwhile."""
    field.state_harmed = True
    return harm_file(field.state / "control.sock", dice)


def harm_output(field: Field, dice: random.Random) -> str:
    """The FIFO, a log, or the journal."""
    found = [field.state / "journal.jsonl", *sorted((field.state / "logs").glob("*.log"))]
    found += sorted((field.state / "fifo").glob("*"))
    # A journal that was replaced must be valid, too: so is what we put there.
    return harm_file(dice.choice(found), dice)


def harm_record(field: Field, dice: random.Random) -> str:
    """What the next watchdog would adopt from: gone, garbage, or naming somebody else."""
    field.records_harmed = True
    how = dice.choice(["removed", "cut", "garbage", "names a bystander"])
    with contextlib.suppress(OSError, ValueError):
        text = field.record.read_text()
        if how == "removed":
            field.record.unlink()
        elif how == "cut":
            field.record.write_text(text[: len(text) // 2])
        elif how == "garbage":
            field.record.write_bytes(dice.randbytes(100))
        elif field.bystander is not None:
            told = json.loads(text)
            told["pid"] = field.bystander.pid
            field.record.write_text(json.dumps(told))
    return f"the record {how}"


def harm_state(field: Field, _dice: random.Random) -> str:
    """The whole state directory is removed."""
    field.records_harmed = field.state_harmed = True
    shutil.rmtree(field.state, ignore_errors=True)
    return "removed"


# --- resources ------------------------------------------------------------------------------------


def fill_disk(field: Field, dice: random.Random) -> str:
    """The disk is full, for a while or until peace."""
    if not field.limited:
        return "there is no small disk"
    total = field.fill_disk()
    if dice.random() < 0.5:
        seconds = pause(dice, 0.3)
        field.empty_disk()
        return f"{total} bytes for {seconds:.3f} s"
    return f"{total} bytes until peace"


def starve(field: Field, dice: random.Random) -> str:
    """No descriptors are left, for a while or until peace."""
    spare = dice.choice([0, 0, 1, 2, 3, 5, 8])
    counts = field.starve(spare)
    if dice.random() < 0.5:
        seconds = pause(dice, 0.3)
        field.feed()
        return f"{counts} open, {spare} to spare, for {seconds:.3f} s"
    return f"{counts} open, {spare} to spare, until peace"


# --- people ---------------------------------------------------------------------------------------


def operate(field: Field, dice: random.Random) -> str:
    """Two clients at once, each with one or two wishes."""
    told = []
    for _ in range(2):
        actions = dice.choices(["start", "stop", "restart"], k=dice.randint(1, 2))
        field.operate(actions)
        told.append("+".join(actions))
    return " | ".join(told)


def contend(field: Field, dice: random.Random) -> str:
    """A second `watchdog run` from another directory."""
    if field.contenders:
        how = dice.choice([signal.SIGTERM, signal.SIGKILL])
        if how == signal.SIGKILL:
            return f"killed {field.kill_contenders()}"
        field.contenders[0].process.send_signal(how)
        return f"SIGTERM to {field.contenders[0].process.pid}"
    return str(field.contend().process.pid)


def double(field: Field, _dice: random.Random) -> str:
    """A second `watchdog run` of the very same configuration."""
    return str(field.start().process.pid) if len(field.mains) < 3 else "enough of them"


def change(field: Field, dice: random.Random) -> str:
    """The configuration changes; it is reloaded, or the watchdog is killed and started."""
    field.revision += 1
    field.configure()
    if dice.random() < 0.5:
        return f"revision {field.revision}, SIGHUP to {field.signal_mains(signal.SIGHUP)}"
    pids = field.kill_mains()
    field.start()
    return f"revision {field.revision}, {pids} killed"


def upgrade(field: Field, _dice: random.Random) -> str:
    """`watchdog upgrade`."""
    field.command("upgrade", "-s", str(field.state / "control.sock"))
    return "asked for"


def can_upgrade() -> bool:
    """Whether this version has the command."""
    from importlib.util import find_spec

    return find_spec("watchdog.cli.upgrade") is not None


ALL = (
    Fault("kill watchdog", kill_watchdog, 10, harmless=True, deadly=True),
    Fault("kill beginner", kill_beginner, 4, harmless=True, deadly=True),
    Fault("pause watchdog", pause_watchdog, 5, harmless=True),
    Fault("leave", leave, 3),
    Fault("hang up", hang_up, 1, harmless=True),
    Fault("kill main", kill_main, 10),
    Fault("kill helper", kill_helper, 6, harmless=True),
    Fault("pause life", pause_life, 5, harmless=True),
    Fault("kill both", kill_both, 6),
    Fault("harm lock", harm_lock, 4, harmless=True),
    Fault("harm socket", harm_socket, 2, harmless=True),
    Fault("harm output", harm_output, 2, harmless=True),
    Fault("harm record", harm_record, 2),
    Fault("harm state", harm_state, 1),
    Fault("fill disk", fill_disk, 2),
    Fault("starve", starve, 2),
    Fault("operate", operate, 7),
    Fault("contend", contend, 6, harmless=True),
    Fault("double", double, 3, harmless=True),
    Fault("change", change, 2),
    *([Fault("upgrade", upgrade, 6, harmless=True)] if can_upgrade() else []),
)


def plan(dice: random.Random, count: int) -> list[tuple[Fault, int]]:
    """So many faults, each with a seed of its own dice."""
    chosen = dice.choices(ALL, [fault.weight for fault in ALL], k=count)
    return [(fault, dice.getrandbits(32)) for fault in chosen]
