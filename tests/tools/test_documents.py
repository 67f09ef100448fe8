"""What documents say of the code is held against the code."""
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]


def test_the_picture_of_the_states_has_each_of_them_and_no_other():
    states = re.findall(r"X\(SESSION_(\w+),", (ROOT / "src/session/state.h").read_text())
    page = (ROOT / "docs/architecture.md").read_text()
    picture = next(block for block in page.split("```")[1::2] if "TLS_ACCEPT" in block)
    assert set(re.findall(r"[A-Z][A-Z_]+[A-Z]", picture)) - {"TLS", "FIN"} == {"FREE", *states}
