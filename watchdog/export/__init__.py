"""Service definitions: what starts a watchdog at boot, for each system that can.

One module per kind, all of the same form (`export.kind.Kind`): plain functions of a `Subject`, with
no I/O. `cli/service.py` finds out the subject, prints or writes the files and runs the steps.

To add a kind: write a module here and name it in `kinds.KINDS`. The module has

- `SUMMARY`: what it makes, in a few words, for the help;
- `OPTIONS`: its own flags (`export.kind.Option`); their values are in `subject.options`: a flag
  with a `value` by its text, one without by "yes"; what was not given is not there;
- `render(subject) -> list[File]`: the files, each with the absolute path that `--install` writes it
  to; the one that matters most comes first. Without `--install` they are printed;
- `install(subject) -> list[Step]`: the commands after the files were written. They must be fit to
  run twice;
- `uninstall(subject) -> list[Step]`: the commands before the files are removed; those that
  are `late` come afterwards.

With `--per-program` each of these is called once per program, with a subject that has only this one
(`subject.single` is set) and `subject.after` with the names of the instances that it comes after.
"""
