"""The command line: one module for each command or small family, loaded when it is called.

It knows the daemon only through `watchdog.client`; what `run` and `demo` start is handed to `main`.
"""
