"""Man pages and completions of bash and zsh, from what the program itself says with --help.

    tools/command_texts.py PROGRAM FOLDER     writes FOLDER/{man1/*.1,bash,zsh}
"""
import dataclasses
import pathlib
import re
import subprocess
import sys


@dataclasses.dataclass
class Item:
    """A line of --help: an option, an argument or a command."""
    names: list
    value: str  # its placeholder; empty: it takes none
    text: str


@dataclasses.dataclass
class Command:
    words: list
    text: str
    usage: str
    sections: dict
    footer: str

    def items(self, section):
        return self.sections.get(section, [])

    @property
    def name(self):
        return "-".join(["tocsin", *self.words])


def item(left, text):
    """`left` as CLI11 writes it: "-c,--config FILE REQUIRED", "--hosts N:INT in [1 - 9]=1"."""
    names, _, value = left.partition(" ")
    value = re.sub(r"(REQUIRED|(Needs|Excludes): .*)$", "", value)
    return Item(names.split(","), value.strip(), text)


def parse(words, help_text):
    head, _, rest = help_text.partition("Usage: ")
    usage, _, rest = rest.partition("\n")
    sections, footer, section = {}, [], None
    lines = rest.splitlines()
    for line, following in zip(lines, [*lines[1:], ""]):
        if re.fullmatch(r"[A-Z]\w+:", line):
            section = sections.setdefault(line[:-1], [])
        elif line.startswith(" " * 30) and section and not section[-1].text:
            section[-1].text = line.strip()
        elif line.startswith("  ") and section is not None:
            is_long = following.startswith(" " * 30)  # what it says stands in the next line
            section.append(item(line.strip(), "") if is_long else item(line[2:29].rstrip(), line[30:]))
        elif line:
            footer.append(line)
    return Command(words, " ".join(head.split()), usage, sections, "\n".join(footer))


def commands(program, words=()):
    """The program's own, then those below it."""
    text = subprocess.run([program, *words, "--help"], check=True, capture_output=True, text=True).stdout
    command = parse(list(words), text)
    yield command
    for below in command.items("Subcommands"):
        yield from commands(program, [*words, below.names[0]])


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def man_page(command, version):
    see = ["tocsin"] if command.words else [f"tocsin-{below.names[0]}" for below in command.items("Subcommands")]
    text = command.text.rstrip(".").removeprefix("tocsin ")
    lines = [f'.TH {command.name.upper()} 1 "" "tocsin {version}" "User commands"', ".SH NAME",
             f"{roff(command.name)} \\- {roff(text)}", ".SH SYNOPSIS", f".B {roff(command.usage)}"]
    for title, heading in (("Positionals", "ARGUMENTS"), ("Options", "OPTIONS"), ("Subcommands", "COMMANDS")):
        if command.items(title):
            lines.append(f".SH {heading}")
        for entry in command.items(title):
            value = f" \\fI{roff(entry.value)}\\fR" if entry.value else ""
            lines += [".TP", f"\\fB{', '.join(map(roff, entry.names))}\\fR{value}", roff(entry.text)]
    if command.footer:
        lines += [".SH NOTES", roff(command.footer)]
    if not command.words:
        lines += [".SH FILES", ".TP", ".I /etc/tocsin/tocsin.yaml", "the configuration, where none is named",
                  ".TP", ".I /var/lib/tocsin", "states, history and what is still to be delivered"]
    lines += [".SH SEE ALSO", ",\n".join(f".BR {roff(name)} (1)" for name in see).replace(",\n.", " ,\n.")]
    return "\n".join(lines) + "\n"


def takes_a_file(entry):
    return bool(re.match(r"FILE|DIR|OLD", entry.value))


def bash(all_commands):
    cases = []
    for command in all_commands:
        words = [name for entry in command.items("Options") for name in entry.names]
        words += [entry.names[0] for entry in command.items("Subcommands")]
        files = [name for entry in command.items("Options") if takes_a_file(entry) for name in entry.names]
        values = [name for entry in command.items("Options")
                  if entry.value and not takes_a_file(entry) for name in entry.names]
        rest = any(map(takes_a_file, command.items("Positionals")))
        cases.append(f"    '{' '.join(command.words)}') words='{' '.join(words)}' files='{' '.join(files)}'"
                     f" values='{' '.join(values)}' rest={int(rest)} ;;")
    commands_ = " ".join(f"'{' '.join(command.words)}'" for command in all_commands if command.words)
    return f"""# bash completion of tocsin, made from its --help
_tocsin() {{
  local command='' word words files values rest current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}
  local known=({commands_}) known_one
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    for known_one in "${{known[@]}}"; do
      if [ "${{command:+$command }}$word" = "$known_one" ]; then command=$known_one; break; fi
    done
  done
  case $command in
{chr(10).join(cases)}
  esac
  COMPREPLY=()
  case " $files " in *" $previous "*) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;; esac
  case " $values " in *" $previous "*) return ;; esac
  if [ "$rest" = 1 ] && [ "${{current#-}}" = "$current" ]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  fi
}}
complete -F _tocsin tocsin
"""


def zsh_text(text):
    for letter in "\\[]:'":
        text = text.replace(letter, "'\\''" if letter == "'" else "\\" + letter)
    return text


def zsh(all_commands):
    functions = []
    for command in all_commands:
        arguments = []
        for entry in command.items("Options"):
            value = f":{zsh_text(entry.value)}:" + ("_files" if takes_a_file(entry) else "( )") if entry.value else ""
            exclusive = f"({' '.join(entry.names)})" if len(entry.names) > 1 else ""
            arguments += [f"'{exclusive}{name}[{zsh_text(entry.text)}]{value}'" for name in entry.names]
        below = command.items("Subcommands")
        if below:
            listed = " ".join(f"'{entry.names[0]}:{zsh_text(entry.text)}'" for entry in below)
            cases = "\n".join(f"    {entry.names[0]}) _{command.name.replace('-', '_')}_{entry.names[0].replace('-', '_')} ;;"
                              for entry in below)
            arguments += ["'1:command:->command'", "'*::argument:->argument'"]
            tail = (f"  case $state in\n  command) local -a commands=({listed}); _describe command commands ;;\n"
                    f"  argument) case $words[1] in\n{cases}\n    esac ;;\n  esac\n")
        else:
            arguments += [f"':{zsh_text(entry.names[0])}:{'_files' if takes_a_file(entry) else '( )'}'"
                          for entry in command.items("Positionals")]
            tail = ""
        joined = " \\\n    ".join(arguments)
        functions.append(f"_{command.name.replace('-', '_')}() {{\n  local curcontext=$curcontext state line\n"
                         f"  typeset -A opt_args\n  _arguments -C \\\n    {joined}\n{tail}}}\n")
    return "#compdef tocsin\n# zsh completion of tocsin, made from its --help\n" + "\n".join(functions) + '\n_tocsin "$@"\n'


def main(program, folder):
    folder = pathlib.Path(folder)
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
    found = list(commands(program))
    (folder / "man1").mkdir(parents=True)
    for command in found:
        (folder / "man1" / f"{command.name}.1").write_text(man_page(command, version), encoding="utf-8")
    (folder / "bash").write_text(bash(found), encoding="utf-8")
    (folder / "zsh").write_text(zsh(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
