"""Drills: failures that are rehearsed on the live program, and held against what was promised.

The promise, the reasons to refuse and the judgement are pure; the rehearsal asks a running
watchdog, here or elsewhere, to break the program, and watches what becomes of it.
"""
