"""Event listeners: programs that are told on their stdin what happens, in supervisor's protocol.

Pure: `dialogue` (what a listener says), `pool` (who gets which event, and what waits),
`translation` (our steps in supervisor's words), `excerpt` (messages within output). Thin: `pipes`,
`ticks`, and `listeners`, which puts pools and pipes together.
"""
