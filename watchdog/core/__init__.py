"""The pure core: every decision the watchdog takes, and nothing else.

Nothing in this package reads a clock, draws a random number, opens a file or logs. Time and chance
come in with each event (`Moment`); what should happen in the world goes out as effects. The same
code runs in the daemon and in the simulation.

Start reading at `machine.py`: it holds the table of states and events.
"""
