"""The completion scripts of bash, zsh and fish, made of the shapes of all commands. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence

from watchdog.cli.completion_model import Option, Place, Shape

Script = Callable[[Sequence[Shape]], str]

_BASH = r"""# Completion of watchdog for bash. Made by `watchdog completion bash`; do not edit.
_watchdog_add() {  # kind, words...: what may stand here
    local kind=$1 name
    shift
    case $kind in
        files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        directories)
            compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
        programs | incidents)
            while IFS= read -r name; do set -- "$@" "$name"; done \
                < <("${words[0]}" completion --list "$kind" "${where[@]}" 2>/dev/null)
            ;;&
        *)
            for name in "$@"; do
                [[ -n $name && $name == "$cur"* ]] && COMPREPLY+=("$name")
            done
            ;;
    esac
}
_watchdog() {
    local cur="" prev="" command="" count=0 i word words=() where=() flags=() line
    COMPREPLY=()
    line=${COMP_LINE:0:COMP_POINT}
    read -ra words <<< "$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    cur=${words[${#words[@]}-1]}
    for ((i = 1; i < ${#words[@]} - 1; i++)); do
        word=${words[i]}
        case $word in
            -c | --config | -s | --socket | --url | --name)
                where+=("$word" "${words[i+1]}"); ((i++)) ;;
            --user | --password-file) ((i++)) ;;
            -*) _watchdog_takes_value "$command" "$word" && ((i++)) ;;
            *) if [[ -z $command ]]; then command=$word; else ((count++)); fi ;;
        esac
    done
    prev=${words[${#words[@]}-2]}
    if [[ $cur == --*=* ]]; then prev=${cur%%=*} cur=${cur#*=}; fi
    _watchdog_at "$command" "$prev" "$count"
    # bash has cut the word at each colon and completes only the rest
    if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
        for i in "${!COMPREPLY[@]}"; do COMPREPLY[i]=${COMPREPLY[i]#"${cur%:*}:"}; done
    fi
}
"""


def bash(shapes: Sequence[Shape]) -> str:
    """For bash 4 and newer; bash-completion is not needed."""
    names = " ".join(shape.name for shape in shapes)
    return "\n".join(
        [
            _BASH.rstrip(),
            "_watchdog_takes_value() {  # command, option",
            '    case "$1 $2" in',
            *(f"        {_bash_keys(shape)}) return 0 ;;" for shape in shapes if _bash_keys(shape)),
            "    esac",
            "    return 1",
            "}",
            "_watchdog_at() {  # command, word before, number of words after the command",
            '    case "$1 $2" in',
            *(line for shape in shapes for line in _bash_values(shape)),
            *(f'        " {option}") _watchdog_add files; return ;;' for option in _GLOBAL_FILES),
            "    esac",
            '    case "$1 $cur" in',
            *map(_bash_flags, shapes),
            "    esac",
            '    case "$1 $3" in',
            f"        ' '*) _watchdog_add words {names} ;;",
            *(line for shape in shapes for line in _bash_words(shape)),
            "    esac",
            "}",
            "complete -F _watchdog watchdog",
        ]
    )


_GLOBAL_FILES = ("-c", "--config")


def _bash_keys(shape: Shape) -> str:
    found = [name for option in shape.options if option.value for name in option.names]
    return "|".join(_q(f"{shape.name} {name}") for name in found)


def _bash_values(shape: Shape) -> Iterable[str]:
    for option in shape.options:
        if option.value is not None:
            keys = "|".join(_q(f"{shape.name} {name}") for name in option.names)
            yield f"        {keys}) {_bash_place(option.value)}; return ;;"


def _bash_flags(shape: Shape) -> str:
    names = [name for option in shape.options for name in option.names]
    return f"        {_q(shape.name)}' -'*) _watchdog_add words {' '.join(names)}; return ;;"


def _bash_words(shape: Shape) -> Iterable[str]:
    for number, place in enumerate(shape.words):
        pattern = "*" if place is shape.words[-1] else str(number)
        yield f"        {_q(shape.name)}' '{pattern}) {_bash_place(place)} ;;"


def _bash_place(place: Place) -> str:
    return " ".join(["_watchdog_add", place.kind or "words", *map(_q, place.words)])


_ZSH = r"""#compdef watchdog
# Completion of watchdog for zsh. Made by `watchdog completion zsh`; do not edit.
_watchdog_names() {  # kind, words...: what is known now
    local kind=$1 at
    local -a where found
    shift
    for ((at = 2; at < $#_watchdog_line; at++)); do
        case $_watchdog_line[at] in
            -c|--config|-s|--socket|--url|--name)
                where+=($_watchdog_line[at] ${(Q)_watchdog_line[at+1]}) ;;
        esac
    done
    found=("$@" ${(f)"$(watchdog completion --list $kind $where 2>/dev/null)"})
    compadd -a found
}
_watchdog() {
    local curcontext=$curcontext state line
    local -a _watchdog_line
    _watchdog_line=($words)
    _arguments -C \
        '(-c --config)'{-c,--config}'[the configuration]:FILE:_files' \
        '(-s --socket --url)'{-s,--socket,--url}'[its socket, or an address]:WHERE:' \
        '--name[the run of this name]:NAME:' \
        '1:command:->command' '*::word:->word'
    case $state in
        command) _describe command _watchdog_commands ;;
        word)
            case $words[1] in
"""

_ZSH_END = """if [[ $funcstack[1] == _watchdog ]]; then  # loaded by its name, from fpath
    _watchdog "$@"
else
    compdef _watchdog watchdog
fi"""


def zsh(shapes: Sequence[Shape]) -> str:
    """For zsh 5; as a file `_watchdog` in fpath, or sourced."""
    described = " ".join(_q(f"{shape.name}:{shape.summary}") for shape in shapes)
    cases = [line for shape in shapes for line in _zsh_case(shape)]
    return "\n".join(
        [
            _ZSH.rstrip(),
            *cases,
            "            esac ;;",
            "    esac",
            "}",
            f"_watchdog_commands=({described})",
            _ZSH_END,
        ]
    )


def _zsh_case(shape: Shape) -> Iterable[str]:
    options = [_zsh_option(option) for option in shape.options]
    words = [_zsh_word(shape, number) for number in range(len(shape.words))]
    indent = " " * 20
    yield f"                {shape.name}) _arguments -s \\"
    yield f" \\\n{indent}".join([indent + (options + words)[0], *(options + words)[1:]]) + " ;;"


def _zsh_word(shape: Shape, number: int) -> str:
    place = shape.words[number]
    where = "*" if place is shape.words[-1] else str(number + 1)
    return _q(f"{where}:{place.kind or 'word'}:{_zsh_place(place)}")


def _zsh_option(option: Option) -> str:
    told = option.help.replace("[", "(").replace("]", ")").replace(":", ";")
    value = f":value:{_zsh_place(option.value)}" if option.value is not None else ""
    if len(option.names) == 1:
        return _q(f"{option.names[0]}[{told}]{value}")
    names = ",".join(option.names)
    return f"{_q('(' + ' '.join(option.names) + ')')}{{{names}}}{_q(f'[{told}]{value}')}"


def _zsh_place(place: Place) -> str:
    if place.kind in ("programs", "incidents"):
        # the space keeps _arguments from putting words of its own in between
        return " ".join([" _watchdog_names", place.kind, *place.words])
    if place.kind == "words":
        return f"({' '.join(place.words)})"
    return {"files": "_files", "directories": "_files -/"}.get(place.kind, "")


_FISH = r"""# Completion of watchdog for fish. Made by `watchdog completion fish`; do not edit.
function __watchdog_where
    set -l words (commandline -opc)
    for at in (seq 2 (count $words))
        switch $words[$at]
            case -c --config -s --socket --url --name
                echo $words[$at]
                echo $words[(math $at + 1)]
        end
    end
end
function __watchdog_list
    watchdog completion --list $argv[1] (__watchdog_where) 2>/dev/null
end
function __watchdog_command
    # the first word that is neither an option nor the value of one
    set -l words (commandline -opc)
    set -l at 2
    while test $at -le (count $words)
        switch $words[$at]
            case -c --config -s --socket --url --name --user --password-file
                set at (math $at + 2)
            case '-*'
                set at (math $at + 1)
            case '*'
                echo $words[$at]
                return 0
        end
    end
    return 1
end
function __watchdog_is
    set -l found (__watchdog_command)
    test "$found" = "$argv[1]"
end
complete -c watchdog -f
complete -c watchdog -n 'not __watchdog_command >/dev/null' \
    -s c -l config -r -F -d 'the configuration'"""


def fish(shapes: Sequence[Shape]) -> str:
    """For fish 3."""
    return "\n".join([_FISH, *(line for shape in shapes for line in _fish_lines(shape))])


def _fish_lines(shape: Shape) -> Iterable[str]:
    free = _q("not __watchdog_command >/dev/null")
    yield f"complete -c watchdog -n {free} -a {shape.name} -d {_q(shape.summary)}"
    here = f"complete -c watchdog -n {_q(f'__watchdog_is {shape.name}')}"
    for option in shape.options:
        flags = " ".join(
            f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names
        )
        value = "" if option.value is None else f" -r {_fish_place(option.value)}".rstrip()
        yield f"{here} {flags}{value} -d {_q(option.help)}"
    for place in shape.words:
        if given := _fish_place(place):
            yield f"{here} {given}"


def _fish_place(place: Place) -> str:
    if place.kind in ("programs", "incidents"):
        return "-a " + _q(" ".join([f"(__watchdog_list {place.kind})", *place.words]))
    if place.kind == "words":
        return f"-a {_q(' '.join(place.words))}"
    return {"files": "-F", "directories": "-a '(__fish_complete_directories)'"}.get(place.kind, "")


def _q(text: str) -> str:
    return shlex.quote(text)


SCRIPTS: dict[str, Script] = {"bash": bash, "zsh": zsh, "fish": fish}
