"""A shell at a terminal, with the completions of convis: a line is typed and Tab pressed.

usage: tab.py SHELL COMPLETIONS SCRATCH LINE: prints the line as it then stands, and after it each word that was offered."""
import os, pty, select, signal, sys, time

shell, completions, scratch, line = sys.argv[1:5]
stands, offered = os.path.join(scratch, "tab.line"), os.path.join(scratch, "tab.words")
folder = os.path.dirname(completions)

# Each shell: where it keeps its line is written to a file by Ctrl-O, and what is offered by whoever it is offered to.
init = {
    "bash": f"""PS1='$ '
. {completions}
offered() {{ _convis "$@"; printf '%s\\n' "${{COMPREPLY[@]}}" >{offered}; }}
complete -o filenames -F offered convis
stands() {{ printf '%s\\n' "$READLINE_LINE" >{stands}.new; mv {stands}.new {stands}; }}
bind 'set enable-bracketed-paste off'
bind -x '"\\C-o": stands'
""",
    "zsh": f"""PS1='$ '
fpath=({folder} $fpath)
autoload -Uz compinit && compinit -u -D
zstyle ':completion:*' insert-tab false
zstyle ':completion:*' menu no
unsetopt bracketedpaste 2>/dev/null
compadd() {{
    local -a hits
    if [[ ${{@[1,(i)(-|--)]}} != *-[OAD]* ]]; then
        builtin compadd -O hits "$@"
        print -rl -- $hits >>{offered}
    fi
    builtin compadd "$@"
}}
stands() {{ print -r -- $BUFFER >{stands}.new; mv {stands}.new {stands} }}
zle -N stands
bindkey '^O' stands
""",
    "fish": f"""function fish_prompt; echo '$ '; end
set -g fish_greeting
source {completions}
function stands; commandline >{stands}.new; mv {stands}.new {stands}; end
bind \\co stands
complete -C '{line}' | string replace -r '\\t.*' '' >{offered}
""",
}[shell]
start = os.path.join(scratch, "tab.init")
with open(start, "w") as f:
    f.write(init)
if shell == "zsh":
    os.makedirs(os.path.join(scratch, "zdot"), exist_ok=True)
    os.replace(start, os.path.join(scratch, "zdot", ".zshrc"))
for file in (stands, offered):
    if os.path.exists(file):
        os.remove(file)

pid, terminal = pty.fork()
if pid == 0:
    os.environ.update(HOME=scratch, TERM="dumb" if shell == "bash" else "xterm", HISTFILE="/dev/null", ZDOTDIR=os.path.join(scratch, "zdot"), SHELL=shell)
    os.execvp(shell, {"bash": ["bash", "--noprofile", "--rcfile", start, "-i"], "zsh": ["zsh", "-d", "-i"],
                      "fish": ["fish", "--no-config", "-i", "-C", "source " + start]}[shell])

deadline = time.monotonic() + 25
seen = b""


def until_it_stands():
    """Reads what the terminal shows and asks for the line, until it has been written down."""
    global seen
    asked = 0
    while time.monotonic() < deadline:
        if os.path.exists(stands):
            with open(stands) as f:
                said = f.read()
            os.remove(stands)
            return said.rstrip("\n")
        if time.monotonic() - asked > 1: # a key that comes before the shell reads keys is lost
            os.write(terminal, b"\x0f")
            asked = time.monotonic()
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                seen += os.read(terminal, 65536)
            except OSError:
                break
    sys.exit("no line from %s; it wrote:\n%s" % (shell, seen[-2000:].decode(errors="replace")))


until_it_stands()
os.write(terminal, line.encode())
while until_it_stands().rstrip() != line.rstrip():
    pass
os.write(terminal, b"\t")
# What is offered comes first; then the line. In bash and zsh asking for the line waits its turn behind the Tab.
print(until_it_stands())
if os.path.exists(offered):
    with open(offered) as f:
        print(f.read(), end="")
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
