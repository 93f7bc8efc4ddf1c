"""The control socket: how `watchdog`, supervisorctl and other clients talk to the daemon.

`server` listens and keeps the sockets, `http` speaks with one client, `routes` decides who answers,
`rpc` calls the methods, which stand in `*_methods`. What they ask of the daemon is `backend`.
"""
