"""What `watchdog convert` reads, and the TOML that it writes.

`supervisord`, `procfile`, `systemd` and `pm2` each turn one kind of file into tables and remarks:
sentences about what could not be carried over. `toml_text` writes both. `forms` picks the reader.
"""
