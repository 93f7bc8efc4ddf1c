"""The reader of `supervisord.conf`: the same file, the same meaning, as our own tables.

    document.py   the text, with its [include]s, as sections
    reading.py    one value at a time: expanded, converted, complained about
    kinds.py      the kinds of value that the dialect has
    processes.py  [program:x] to the processes that it stands for
    groups.py     which groups there are, and in which order
    translate.py  a process as one of our [programs.NAME] tables
    house.py      [supervisord] and the servers as our [watchdog] table
    own.py        our own keys, in sections that supervisord ignores
    known.py      which keys supervisord knows; the others are worth a note
    variables.py  what came from the environment is named, so that secrets stay out of what we show
    reader.py     all of it, in order

Everything but `document` (which follows includes) is a pure function of the text and its
surroundings.
"""
