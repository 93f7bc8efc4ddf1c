"""Alerts: who is told when something happens.

`desk` decides what is news, `plan` when a message goes out and what is in it, `words` how it reads:
all three are pure. The daemon only writes alerts into an outbox (`outbox`) and keeps a sender
running while there are any (`courier`); the sender (`sender`, a process of its own) alone loads
apprise, and survives the watchdog.
"""
