"""make help names what there is, all of it that the documents name, on one screen."""
import functools
import re
import shlex

from commands import ROOT, done, run

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("port/*/README.md"),
                    *ROOT.glob("examples/*/README.md")])


# What a page says of somebody else's make.
ELSEWHERE = {"defconfig"}


@functools.cache
def helped():
    """The names in the first column, those of variables among them."""
    return re.findall(r"^  (\S+)", done("make", "help"), re.M)


def commands(text):
    """What stands in a document's quoted words and indented or fenced lines, and begins with make."""
    for block in re.findall(r"^```.*?^```", text, re.M | re.S):
        yield from re.findall(r"^(?:\$ )?(make .*)$", block, re.M)
    yield from re.findall(r"`(make [^`\n]*)`", text)


def targets(command):
    for word in shlex.split(command.replace(" -C ", " -C"), comments=True)[1:]:
        if word in ("&&", "||", ";", "|", "..."):
            return
        if "=" not in word and "/" not in word and not word.startswith("-"):
            yield re.sub(r"^\w+_defconfig$", "NAME_defconfig", word)


def test_it_fits_on_a_screen():
    lines = done("make", "help").splitlines()
    assert len(lines) <= 60
    assert [line for line in lines if len(line) > 100] == []


def test_each_target_can_be_made():
    """A shell that does nothing, for -n alone runs what begins another make."""
    names = [name.replace("NAME_", "tiny_") for name in helped() if "=" not in name]
    assert len(names) > 20 and "all" in names
    done("make", "-nk", "SHELL=/bin/true", *names)


def test_each_target_of_the_documents_is_there():
    named = {(document.name, target) for document in DOCUMENTS
             for command in commands(document.read_text()) for target in targets(command)}
    assert len(named) > 20
    assert sorted((d, t) for d, t in named if t not in helped() and t not in ELSEWHERE) == []


def test_none_is_there_twice():
    names = helped()
    assert sorted(names) == sorted(set(names))


def test_a_group_that_does_not_exist_is_an_error(tmp_path):
    makefile = tmp_path / "Makefile"
    makefile.write_text("sing: all ## music: a song\n")
    process = run("tools/help", makefile)
    assert process.returncode != 0
    assert process.stdout == f'{makefile}:1: sing: there is no group "music"\n'
    makefile.write_text("sing: all ## test: a song; KEY=c\n## any: TUNE=: none\nx := a ## test: not this\n")
    assert done("tools/help", makefile).splitlines()[1:] == [
        "Test it", "  sing             a song; KEY=c", "With any of them", "  TUNE=            none"]
