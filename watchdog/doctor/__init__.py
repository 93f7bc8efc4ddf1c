"""What this machine offers to a watchdog, and what is wrong: each thing tried, not guessed.

Nothing is changed by it; what has to be made for a trial is removed again. The command line is
handed `examine` by the entry point.
"""

from watchdog.doctor.examine import examine

__all__ = ["examine"]
