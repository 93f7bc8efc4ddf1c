"""Probes: how the watchdog learns whether a program is well.

`probes.py` runs the probes that the core asks for (http, tcp, exec), each under its own deadline;
`heartbeat.py` listens to the programs that speak for themselves (sd_notify). Both only report, as
events; the verdict is the core's. Nothing here costs anything while no probe is under way.
"""
