"""Wrong use is exit 2 and one clear line; help, completion and manual pages say the same."""
import re
import shutil
import subprocess

import pytest
from conftest import PYSTROBE

COMMANDS = re.findall(r"^  (\w+)  +\S", subprocess.run(
    [PYSTROBE, "--help"], stdout=subprocess.PIPE, check=True, text=True).stdout, re.M)


def options(run, command):
    return re.findall(r"^  (?:-(\w), |    )--([\w-]+)", run(command, "--help")[0], re.M)


@pytest.mark.parametrize("words, says", [
    (["dmup"], "there is no command 'dmup'; did you mean dump?"),
    (["re"], "'re' could be record or report"),
    (["-r", "100"], "a command must come first: pystrobe COMMAND -r ..."),
    (["dump"], "which process? Give its pid; pystrobe ps lists them"),
    (["dump", "x"], "'x' is not a process id; pystrobe ps lists them"),
    (["dump", "-5"], "there is no option -5"),
    (["dump", "--lcoals", "1"], "there is no option --lcoals; did you mean --locals?"),
    (["record"], "which process? Give its pid; pystrobe ps lists them"),
    (["record", "1", "--", "true"], "either processes or a command, not both"),
    (["record", "--"], "a command must follow --"),
    (["record", "1", "-r", "fast"], "--rate: 'fast' is not a rate in samples a second (like 100, 1k or max)"),
    (["record", "1", "-f", "gif"], "--format: 'gif' is not one of: store"),
    (["record", "1", "-o", "-"], "a store cannot go to standard output; name a format with -f"),
    (["report"], "which recording?"),
    (["report", "a", "b"], "one recording at a time"),
    (["export", "x"], "where to? -o PATH, or -o - -f FORMAT"),
    (["diff", "x"], "two recordings or processes, or one recording and its ranges"),
    (["diff", "1", "1"], "A and B are the same process"),
    (["store"], "what to do: info, check, compact, freeze or pack?"),
    (["store", "inof", "x"], "there is no 'store inof'; did you mean info?"),
    (["store", "freeze", "x"], "it is: pystrobe store freeze DIR TO"),
    (["serve", "--match", "("], "--match: '(': "),
    (["serve", "--max-size", "huge"], "--max-size: 'huge' is not a size"),
    (["completion", "csh"], "'csh' is none of bash, zsh, fish"),
])
def test_wrong_use_is_status_2_and_one_line(run, words, says):
    out, err = run(*words, status=2)
    assert out == ""
    assert err.startswith("pystrobe: " + says), err
    rest = err.splitlines()[1:]
    assert len(rest) <= 1 and all(r.startswith("  see pystrobe ") for r in rest), err


def test_no_words_at_all_is_wrong_use_and_shows_the_commands(run):
    out, err = run(status=2)
    assert out == "" and "Commands" in err


def test_what_attaches_takes_the_same_options(run):
    def rows(command):
        text = run(command, "--help")[0]
        return {name: " ".join(text[text.index(f"--{name} "):].split("\n  -")[0].split("\n    ")[0].split("\n\n")[0].split())
                for name in ("rate", "blocking", "native", "abi") if f"--{name} " in text}

    wanted = rows("record")
    assert set(wanted) == {"rate", "blocking", "native", "abi"}
    for command in ("serve", "top", "diff"):
        assert rows(command) == wanted
    reading = {name: wanted[name] for name in ("native", "abi")}
    assert rows("dump") == reading
    assert reading.items() <= rows("bench").items()


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_usage_and_three_examples(run, command):
    out, err = run(command, "--help")
    assert err == ""
    assert f"Usage\n  pystrobe {command} " in out
    assert len(re.findall(rf"^  .*pystrobe {command}\b", out[out.index("Examples"):], re.M)) == 3
    assert all(len(line) <= 104 for line in out.splitlines()), out
    assert out == run("help", command)[0]


def test_version_names_the_libraries_in_use(run):
    out, _ = run("--version")
    for library in ("zlib", "zstd", "rocksdb", "elfutils", "microhttpd", "ncurses", "jansson"):
        assert re.search(rf"^  \S*{library}\S* +\d+\.\d+", out, re.M | re.I), (library, out)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_every_option(run, shell):
    script = run("completion", shell)[0]
    for command in COMMANDS:
        for letter, name in options(run, command):
            mark = {"bash": f"--{name}", "zsh": f"--{name}", "fish": f"-l {name}"}[shell]
            assert mark in script, (command, name)


@pytest.mark.parametrize("line, offers", [
    ("pystrobe re", {"record", "report"}),
    ("pystrobe dump --lo", {"--locals"}),
    ("pystrobe record --blocking ", {"never", "auto", "always"}),
    ("pystrobe store ", {"info", "check", "compact", "freeze", "pack"}),
])
def test_bash_completes(run, line, offers):
    script = run("completion", "bash")[0] + f"""
COMP_WORDS=({line}{"''" if line.endswith(" ") else ""}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_pystrobe; printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    got = subprocess.run(["bash", "--norc", "-c", script], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert offers <= set(got.split()), got


@pytest.mark.parametrize("shell, words", [("zsh", ["-n"]), ("fish", ["--no-execute"])])
def test_other_shells_read_their_script(run, shell, words, tmp_path):
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here: apt-get install {shell}")
    script = tmp_path / "script"
    script.write_text(run("completion", shell)[0])
    subprocess.run([shell] + words + [str(script)], check=True)


@pytest.mark.parametrize("command", [None] + COMMANDS)
def test_manual_pages_are_clean_troff_with_every_option(run, command):
    page = run("man", *([command] if command else []))[0]
    for letter, name in options(run, command) if command else []:
        assert "\\-\\-" + name.replace("-", "\\-") in page
    if not shutil.which("groff"):
        pytest.skip("no groff here: apt-get install groff-base")
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=page, text=True,
                          stderr=subprocess.PIPE, check=True)
    assert done.stderr == ""
