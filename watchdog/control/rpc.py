"""Calling a method by its name: the table, the check of the arguments, the faults.

A name is looked up in one explicit table and nowhere else. Nothing is ever reached by walking
attributes along the dots of a name that a client sent (CVE-2017-11610).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from msgspec import Struct

from watchdog.control.backend import Backend, LogReader
from watchdog.wire import faults
from watchdog.wire.faults import Fault, refuse
from watchdog.wire.xmlrpc import Call, write_fault, write_result

Handler = Callable[..., Coroutine[Any, Any, Any]]

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "int": (int,),
    "double": (float, int),
    "boolean": (bool, int),
    "array": (list,),
    "struct": (dict,),
    "signal": (str, int),
}


class Parameter(Struct, frozen=True):
    """One argument of a method."""

    type: str
    name: str
    optional: bool

    def fits(self, value: object) -> bool:
        """Whether a value may be passed for it."""
        if self.type == "int" and isinstance(value, bool):
            return False
        return isinstance(value, _TYPES[self.type])


class Method(Struct, frozen=True):
    """One method as clients see it."""

    handler: Handler
    returns: str
    parameters: tuple[Parameter, ...]

    @property
    def signature(self) -> list[str]:
        """The types: of the result, then of each argument."""
        shown = ["string" if p.type == "signal" else p.type for p in self.parameters]
        return [self.returns, *shown]

    @property
    def help(self) -> str:
        """What it does, then its arguments, a line each."""
        lines = [(self.handler.__doc__ or "").strip(), ""]
        types = self.signature[1:]
        for type_, parameter in zip(types, self.parameters, strict=True):
            optional = " (optional)" if parameter.optional else ""
            lines.append(f"@param {type_} {parameter.name}{optional}")
        return "\n".join([*lines, f"@return {self.returns} result"])

    def accepts(self, params: tuple[Any, ...]) -> bool:
        """Whether the number and types of these arguments are right."""
        required = sum(not parameter.optional for parameter in self.parameters)
        if not required <= len(params) <= len(self.parameters):
            return False
        return all(p.fits(value) for p, value in zip(self.parameters, params, strict=False))


class Table:
    """The methods of one namespace, while they are being declared."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.methods: dict[str, Method] = {}

    def method(self, names: str, returns: str, *parameters: str) -> Callable[[Handler], Handler]:
        """Declare a handler under its names; a parameter reads `type name` or `type name?`."""
        declared = tuple(map(_parameter, parameters))

        def declare(handler: Handler) -> Handler:
            for name in names.split():
                self.methods[f"{self.namespace}.{name}"] = Method(handler, returns, declared)
            return handler

        return declare


def _parameter(text: str) -> Parameter:
    type_, name = text.split()
    return Parameter(type_, name.removesuffix("?"), name.endswith("?"))


class Api:
    """What every handler gets: the daemon, the logs, and the methods themselves."""

    def __init__(self, backend: Backend, logs: LogReader, methods: Mapping[str, Method]) -> None:
        self.backend = backend
        self.logs = logs
        self.methods = methods
        self._begun: set[asyncio.Task[Any]] = set()  # a task that nobody holds may vanish

    def begin(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do something whose result nobody waits for."""
        task = asyncio.get_running_loop().create_task(work)
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)

    async def call(self, method: str, params: tuple[Any, ...]) -> Any:
        """The result of a method; every refusal is a `Fault`."""
        found = self.methods.get(method)
        if found is None:
            raise refuse(faults.UNKNOWN_METHOD)
        if not found.accepts(params):
            raise refuse(faults.INCORRECT_PARAMETERS)
        return await found.handler(self, *params)


async def answer(api: Api, call: Call, report: Callable[[str, Exception], None]) -> bytes:
    """The document that answers a call. What goes wrong inside is reported, and only hinted at."""
    try:
        return write_result(await api.call(call.method, call.params))
    except Fault as fault:
        return write_fault(fault)
    except Exception as error:
        report(call.method, error)
        return write_fault(refuse(faults.FAILED, f"internal error ({type(error).__name__})"))
