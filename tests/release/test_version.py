"""The version stands in include/anklet.h. Where it has to be repeated it is the same, and it is nowhere else."""
import re

import pytest
from commands import ROOT, VERSION, git

# Who cannot read the header: each line that repeats the version, a group for each time.
PLACES = {
    "docs/running.md": [r"^anklet (.*), process \d+, up ", r"^anklet (\S+)  up "],
    "idf_component.yml": [r'^version: "(.*)"$'],
    "port/openwrt/Makefile": [r"^PKG_VERSION:=(.*)$"],
    "port/openwrt/README.md": [r"^cp .*/anklet-(.*)\.tar\.gz dl/$",
                               r"^apk add .*/anklet-(.*)-r1\.apk .*/anklet_(.*)-r1_\*\.ipk$"],
}


@pytest.mark.parametrize("name", PLACES)
def test_who_repeats_it(name):
    text = (ROOT / name).read_text()
    for line in PLACES[name]:
        found = list(re.finditer(line, text, re.M))
        assert [set(match.groups()) for match in found] == [{VERSION}], line


def test_nobody_else_does(checkout):
    """
    Addresses and other programs' versions are longer, or stand in words of their own. Figures were measured with a
    version, and pictures taken of one, which need not be today's.
    """
    pattern = r"(^|[^0-9.])" + re.escape(VERSION) + r"\.?([^0-9.]|$)"
    said = git("grep", "-IlE", pattern, cwd=checkout).split()
    assert sorted(set(said) - {"CHANGELOG.md", "docs/performance.md", "docs/img/top.svg"}) == sorted(["include/anklet.h", *PLACES])


def test_the_changelog_begins_with_it_or_with_what_is_not_released():
    first = re.search(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.M).group(1)
    assert first == "Unreleased" or re.fullmatch(re.escape(VERSION) + r" - \d{4}-\d\d-\d\d", first)
