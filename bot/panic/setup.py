"""`python -m bot otp-setup`: make a secret, and show it once, on a terminal and nowhere else."""

import sys
import time
from collections.abc import Callable

from bot.exits import Exit, ExitCode
from bot.panic.judge import SKEW, STEP


def set_up(name: str, read: Callable[[str], str] = input) -> None:
    """Show a new secret as a QR code and as text, and try a code of the app; raises `Exit` 78."""
    if not sys.stdout.isatty():
        reason = "otp-setup shows a secret, which must not end up in a file: run it in a terminal"
        raise Exit(ExitCode.CONFIG, reason)
    import pyotp
    import segno

    secret = pyotp.random_base32()
    address = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="bot panic")
    segno.make(address).terminal(compact=True)
    print("Scan this with an authenticator app, or type the secret into it (time-based, 6 digits).")
    print(f"\nThen put this line into .env, and nowhere else:\n\nPANIC_OTP_SECRET={secret}\n")
    _try_code(pyotp.TOTP(secret).generate_otp, read)


def _try_code(codes: Callable[[int], str], read: Callable[[str], str]) -> None:
    """Before it matters: does the app agree with this machine's clock?"""
    try:
        typed = read("The code that the app shows now (or just Enter): ").strip()
    except EOFError:
        return
    if typed:
        print(comment(typed, time.time(), codes))


def comment(typed: str, now: float, codes: Callable[[int], str]) -> str:
    """What to say about a code that was typed to try it."""
    step = int(now // STEP)
    for off in sorted(range(-20, 21), key=abs):
        if codes(step + off) == typed:
            if abs(off) <= SKEW:
                return "Right. The app and this machine agree."
            which = "behind" if off < 0 else "ahead"
            return f"Wrong: the app is {abs(off) * STEP} s {which} of this machine; set the clock."
    return "Wrong: it is not a code of this secret. Was it typed as the app shows it?"
