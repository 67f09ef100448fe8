"""What documents say of the code is held against the code."""
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]


def test_the_picture_of_the_states_has_each_of_them_and_no_other():
    states = re.findall(r"X\(SESSION_(\w+),", (ROOT / "src/session/state.h").read_text())
    page = (ROOT / "docs/architecture.md").read_text()
    picture = next(block for block in page.split("```")[1::2] if "TLS_ACCEPT" in block)
    assert set(re.findall(r"[A-Z][A-Z_]+[A-Z]", picture)) - {"TLS", "FIN"} == {"FREE", *states}


def test_names_are_looked_up_by_the_resolver_alone():
    """docs/porting.md. What a system is asked is which servers it has learned, and nothing about a name."""
    others = re.compile(r"\b(\w*getaddrinfo|gethostbyname\w*|getnameinfo|n?res_\w*(init|query|search|send)|"
                        r"dns_gethostbyname\w*|dns_get_addr_info|dns_resolve_name|getdns_\w+)\s*\(")
    files = [path for name in ("src", "port", "app", "examples", "include") for path in (ROOT / name).rglob("*.[ch]")]
    found = [f"{path.relative_to(ROOT)}:{number}" for path in sorted(files)
             for number, line in enumerate(path.read_text().splitlines(), 1) if others.search(line)]
    assert files
    assert not found
