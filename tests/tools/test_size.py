"""tools/size: what it holds, what it refuses, and how it reads a linker's map."""
import importlib.machinery
import importlib.util
import pathlib

import pytest

TOP = pathlib.Path(__file__).parents[2]
GCC = "x86_64-linux-gnu-gcc 12"
TABLE = f"""# a comment
step: found
built with: {GCC}, lwip 2.2.1
built with: musl 1.2.5

row     unit   held to  start  house  found  fast
desktop bytes    1,000    900     800   +50     .
tiny    bytes      500    500       .     .   400
"""


@pytest.fixture
def size(monkeypatch):
    monkeypatch.chdir(TOP)
    loader = importlib.machinery.SourceFileLoader("size", "tools/size")
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("size", loader))
    loader.exec_module(module)
    return module


@pytest.fixture
def written(size, monkeypatch, tmp_path):
    """A function that puts another text in place of docs/size.budgets."""
    monkeypatch.setattr(size, "BUDGETS", str(tmp_path / "size.budgets"))

    def write(text=TABLE):
        pathlib.Path(size.BUDGETS).write_text(text)

    write()
    return write


class Image:
    def __init__(self, built=1000, with_what=(GCC,)):
        self.built, self.with_what = built, with_what

    def build(self):
        if isinstance(self.built, Exception):
            raise self.built
        return self.built

    def built_with(self):
        return self.with_what


@pytest.fixture
def run(size, written, monkeypatch, capsys):
    """A function that prints the table with this image of the desktop: its status and what was printed."""
    tls_adds = size.tls_adds

    def run(image, *words, tiny=Image(500), tls=list):
        monkeypatch.setattr(size, "tls_adds", tls or tls_adds)
        monkeypatch.setattr(size, "FIGURES", {"desktop": (image, lambda figure: figure),
                                              "tiny": (tiny, lambda figure: figure)})
        status = size.table(*words)
        return status, capsys.readouterr().out

    return run


def test_what_is_committed_is_read(size):
    rows, step, built_with = size.read_budgets()
    assert [row.name for row in rows] == list(size.FIGURES)
    assert step in rows[0].steps and GCC in built_with
    assert rows[0].name == "desktop" and rows[0].budget("house") == 76800
    assert rows[0].budget("running") == 76800 + 3072 + 3072 + 10240 + 20480


def test_budgets_add_up(size, written):
    (desktop, tiny), step, built_with = size.read_budgets()
    assert (step, built_with) == ("found", {GCC, "lwip 2.2.1", "musl 1.2.5"})
    assert [desktop.budget(name) for name in desktop.steps] == [None, 800, 850, 850]
    assert [tiny.budget(name) for name in tiny.steps] == [None, None, None, 400]


@pytest.mark.parametrize("line, words", [
    ("socks bytes", "a row has 7 words, and this one has 2: a name, a unit, what it is held to, and one for each of"
                    " start, house, found, fast"),
    ("socks bytes 1 2 3 4 5 6 7", "a row has 7 words, and this one has 9"),
    ("socks grams 1 2 . . .", "invalid unit 'grams': write bytes or KiB"),
    ("socks bytes many . . . .", "invalid number 'many': write one like 1,234"),
    ("socks bytes 1 few . . .", "invalid number 'few': write one like 1,234"),
    ("socks bytes 1 2 3 +-4 .", "invalid number '-4': write one like 1,234"),
    ("socks bytes 1 2 +3 4 5", "'+3' at house has no budget before it to add to: write a number without +"),
    ("tiny bytes 400 . . . .", "there is a row 'tiny' already: write each once"),
    ("step: fast", "the step that is being worked on is named once, in one word: write 'step: NAME'"),
])
def test_a_line_that_is_no_row_is_named(size, written, line, words):
    written(TABLE + line + "\n")
    with pytest.raises(SystemExit) as end:
        size.read_budgets()
    assert str(end.value).startswith(f"size: {size.BUDGETS}:9: {words}")


@pytest.mark.parametrize("old, new, words", [
    ("step: found\n", "", ": nothing says which step is being worked on: write 'step: ' and one of start, house"),
    ("step: found", "step: sound", ":2: there is no step 'sound': write 'step: ' and one of start, house"),
    ("step: found", "step:", ":2: the step that is being worked on is named once, in one word"),
    ("row     unit", "#", ":7: this comes before the columns have names: write 'row unit held to start'"),
    ("built with", "# built with", ": nothing says what the figures were built with"),
])
def test_what_the_rows_need_is_blamed_on_its_own(size, written, old, new, words):
    written(TABLE.replace(old, new))
    with pytest.raises(SystemExit) as end:
        size.read_budgets()
    assert str(end.value).startswith(f"size: {size.BUDGETS}{words}")


def test_a_row_without_a_figure_ends_it(run, written):
    written(TABLE + "socks bytes 1 . . . .\n")
    with pytest.raises(SystemExit, match="nothing measures socks: a row is one of desktop, tiny$"):
        run(Image())


def test_a_figure_without_a_row_ends_it(run, written):
    written(TABLE.replace("tiny", "# tiny"))
    with pytest.raises(SystemExit, match="there is no row for tiny: write down what each is held to"):
        run(Image())


def test_held(run):
    status, text = run(Image(1000))
    assert status == 0 and text.endswith("2 passed, 0 failed, 0 skipped\n")
    assert "well below" not in text
    desktop = next(line for line in text.splitlines() if line.startswith("desktop"))
    assert desktop.split() == ["desktop", "bytes", "1,000", "1,000", "900", "800", "+50", "150"]


def test_a_byte_more_fails(run):
    status, text = run(Image(1001))
    assert status == 1 and text.endswith("1 passed, 1 failed, 0 skipped\n")
    assert "FAILED: 1 more than it is held to" in text
    assert "\nfailed: size of desktop: 1,001 bytes is more than 1,000" in text


def test_what_has_shrunk_is_said(run):
    assert "well below" not in run(Image(744))[1]
    status, text = run(Image(743))
    assert status == 0 and "size: desktop: 743 bytes is well below 1,000" in text


def test_another_compiler_is_not_held(run):
    status, text = run(Image(2000, ["x86_64-linux-gnu-gcc 14"]))
    assert status == 0 and text.endswith("1 passed, 0 failed, 1 skipped\n")
    assert "\nskipped: size of desktop: not held: built with x86_64-linux-gnu-gcc 14" in text


def test_nothing_held_is_a_failure(run):
    other = ["x86_64-linux-gnu-gcc 14"]
    status, text = run(Image(1000, other), tiny=Image(500, other))
    assert status == 1 and text.endswith("size: nothing was held\n0 passed, 0 failed, 2 skipped\n")


@pytest.mark.parametrize("more, remark", [({"with_what": ["gcc 14"]}, "not held: built with gcc 14"),
                                          ({"built": None}, "not measured: needs a compiler")])
def test_all_of_them_are_to_be_held(run, size, more, remark):
    image = Image(**{"built": 1000, **more})
    image.built = image.built or size.Missing("needs a compiler")
    assert run(image)[0] == 0
    status, text = run(image, "--all")
    assert status == 1 and text.endswith("1 passed, 1 failed, 0 skipped\n")
    assert f"\nfailed: size of desktop: {remark}\n    again: make size HELD=all\n" in text
    assert run(Image(), "--all")[0] == 0


def test_what_cannot_be_built_is_skipped_by_name(run, size):
    status, text = run(Image(size.Missing("needs gcc-mipsel-linux-gnu")))
    assert status == 0 and text.endswith("1 passed, 0 failed, 1 skipped\n")
    assert "\nskipped: size of desktop: not measured: needs gcc-mipsel-linux-gnu\n    again: make size\n" in text


def test_a_build_that_fails_is_a_failure(run):
    status, text = run(Image(RuntimeError("FAILED: make BUILD=size/desktop all")))
    assert status == 1 and text.endswith("1 passed, 1 failed, 0 skipped\n")
    assert "\nfailed: size of desktop: FAILED: make BUILD=size/desktop all\n" in text


def test_a_failed_image_with_tls_is_a_failure(size, run, monkeypatch):
    images = {"desktop": (100, 10), "tls": (300, 20)}
    monkeypatch.setattr(size, "berkeley", images.get)
    monkeypatch.setattr(size, "DESKTOP", Image("desktop"))
    monkeypatch.setattr(size, "TLS", Image("tls"))
    monkeypatch.setattr(size, "SMALL", Image(RuntimeError("FAILED: make TLS_CONFIG=small")))
    monkeypatch.setenv("TLS_LIBRARY", "desktop")
    status, text = run(Image(), tls=None)
    assert status == 1 and text.endswith("2 passed, 1 failed, 0 skipped\n")
    assert "\ndesktop                            200          10\n" in text
    assert "\nfailed: size of what TLS adds, configured as small: FAILED: make TLS_CONFIG=small\n" in text
    monkeypatch.setattr(size, "SMALL", Image(size.Missing("needs the source of mbedtls")))
    status, text = run(Image(), tls=None)
    assert status == 0 and "\nskipped: size of what TLS adds, configured as small: not measured: needs the" in text


def test_images_say_what_they_need(size, monkeypatch):
    with pytest.raises(size.Missing, match="needs a-package"):
        size.Image("none", compiler="no-such-compiler", packages="a-package").build()
    with pytest.raises(size.Missing, match="needs a-library"):
        size.Image("nothing", packages="a-library", library="libnosuch.a").build()
    monkeypatch.setenv("MAKE", "false")
    with pytest.raises(RuntimeError, match="FAILED: make BUILD=some all"):
        size.Image("something", "BUILD=some", "all").build()


def test_a_page_gets_the_table_between_its_comments(run, size, tmp_path):
    page = tmp_path / "page.md"
    begin = size.BEGIN.format(page)
    page.write_text(f"before\n{begin}\nold\n{size.END}\nafter\n")
    run(Image(), str(page))
    first = page.read_text()
    assert first.startswith(f"before\n{begin}\n\n|") and first.endswith(f"\n{size.END}\nafter\n") and "old" not in first
    assert "| desktop | bytes | 1,000 | 1,000 | 900 | 800 | +50 | | 150 | |" in first
    run(Image(), str(page))
    assert page.read_text() == first
    page.write_text("before\nafter\n")
    with pytest.raises(SystemExit, match="has no line"):
        run(Image(), str(page))


MAP = """Discarded input sections

 .text          0x00000000       0x99 b/board/src/session/relay.o

Linker script and memory map

LOAD b/board/src/session/relay.o

.text           0x00000000       0x6a
 *(.text .text.*)
 .text.relay    0x00000000       0x10 b/board/src/session/relay.o
                0x00000000                relay
 .text.names_known_b
                0x00000010       0x11 b/board/port/names_known.o
 *fill*         0x00000021        0x3 
 .text.accept   0x00000024        0x4 b/board/port/lwip/accept.o
 .rodata.merged.str1.1
                0x00000028       0x30 b/board/src/config/endpoint.o
                                  0x4 (size before relaxing)
 .rodata.kept.str1.1
                0x00000028       0x20 b/board/src/config/endpoint.o
 .text.memcpy   0x00000048       0x20 /usr/lib/thumb/nofp/libc_nano.a(lib_a-memcpy.o)
 .text.strange  0x00000068        0x2 linker stubs

.glue_7         0x0000006a        0x0
 .glue_7        0x0000006a        0x0 linker stubs

.stack          0x20000000      0xb00
 *fill*         0x20000000      0xb00 

.data           0x20000b00        0x8 load address 0x0000006a
 .data.table    0x20000b00        0x8 b/board/stack/core/tcp.o

.bss            0x20000b08       0x20 load address 0x00000072
 *(.bss .bss.* COMMON)
 COMMON         0x20000b08       0x20 b/board/port/lwip/firmware/main.o

/DISCARD/
 *(.ARM.exidx* .ARM.extab*)
OUTPUT(b/board/anklet.elf elf32-littlearm)

.debug_info     0x00000000    0x54b8a
 .debug_info    0x00000000      0x545 b/board/src/session/relay.o
"""


@pytest.fixture
def image(size, monkeypatch, tmp_path):
    (tmp_path / "anklet.map").write_text(MAP.replace("b/board", str(tmp_path)))
    found = {".text": (0x6a, 0), ".stack": (0xb00, 0x20000000), ".data": (8, 0x20000b00),
             ".bss": (0x20, 0x20000b08), ".debug_info": (0x54b8a, 0), ".comment": (38, 0)}
    monkeypatch.setattr(size, "sections", lambda elf: found)
    return str(tmp_path / "anklet.elf"), found


def test_every_byte_of_an_image_has_a_part(size, image):
    sums = size.read_parts(image[0])
    assert {name: both for name, both in sums.items() if any(both)} == {
        "anklet": [0x10, 0], "port/lwip": [0x15, 0], "configuration": [0x20, 0], "libc": [0x20, 0],
        "alignment": [3, 0], "other": [2, 0], "lwIP TCP": [8, 8], "firmware": [0, 0x20]}
    assert [sum(column) for column in zip(*sums.values())] == [0x6a + 8, 8 + 0x20]


WHOLE = """Linker script and memory map

.text           0x00000000       0x70
 .text.relay    0x00000000       0x10 /tmp/ccAbCdEf.lto.o
 .text.inlined  0x00000010       0x10 /tmp/ccAbCdEf.lto.o
 .rodata.read_address.isra.0.str1.1
                0x00000020       0x10 /tmp/ccAbCdEf.lto.o
 .rodata.table.3
                0x00000030       0x10 /tmp/ccAbCdEf.lto.o
 .text.tcp_output
                0x00000040       0x10 /tmp/ccAbCdEf.ltrans0.ltrans.o
 .text.settings.lto_priv.0
                0x00000050       0x10 /tmp/ccAbCdEf.lto.o
 .rodata.CSWTCH.7
                0x00000060       0x10 /tmp/ccAbCdEf.lto.o
"""
DEBUGGING = """
 <0><c>: Abbrev Number: 51 (DW_TAG_compile_unit)
    <15>   DW_AT_name        : (indirect string, offset: 0x21): <artificial>
    <17>   DW_AT_low_pc      : 0x0
 <1><26>: Abbrev Number: 45 (DW_TAG_subprogram)
    <27>   DW_AT_abstract_origin: <0x110>
    <2a>   DW_AT_low_pc      : 0x0
 <2><30>: Abbrev Number: 46 (DW_TAG_variable)
    <31>   DW_AT_abstract_origin: <0x220>
    <35>   DW_AT_location    : 5 byte block: 3 30 0 0 0 \t(DW_OP_addr: 30)
 <1><40>: Abbrev Number: 45 (DW_TAG_subprogram)
    <41>   DW_AT_abstract_origin: <0x210>
    <45>   DW_AT_low_pc      : 0x100
 <1><50>: Abbrev Number: 45 (DW_TAG_subprogram)
    <51>   DW_AT_abstract_origin: <0x310>
    <55>   DW_AT_low_pc      : 0x40
 <1><60>: Abbrev Number: 46 (DW_TAG_variable)
    <61>   DW_AT_abstract_origin: <0x410>
    <65>   DW_AT_location    : 5 byte block: 3 50 0 0 0 \t(DW_OP_addr: 50)
 <1><70>: Abbrev Number: 46 (DW_TAG_variable)
    <71>   DW_AT_location    : 2 byte block: 91 54 \t(DW_OP_fbreg: -44)
 <0><100>: Abbrev Number: 1 (DW_TAG_compile_unit)
    <101>   DW_AT_name        : (indirect string, offset: 0x1): src/session/relay.c
 <1><110>: Abbrev Number: 2 (DW_TAG_subprogram)
    <111>   DW_AT_name        : relay
 <0><200>: Abbrev Number: 1 (DW_TAG_compile_unit)
    <201>   DW_AT_name        : (indirect string, offset: 0x2): src/config/endpoint.c
 <1><210>: Abbrev Number: 2 (DW_TAG_subprogram)
    <211>   DW_AT_name        : (indirect string, offset: 0x3): read_address
 <1><220>: Abbrev Number: 2 (DW_TAG_variable)
    <221>   DW_AT_specification: <0x230>
 <1><230>: Abbrev Number: 2 (DW_TAG_variable)
    <231>   DW_AT_name        : table
 <0><300>: Abbrev Number: 1 (DW_TAG_compile_unit)
    <301>   DW_AT_name        : (indirect string, offset: 0x4): build/deps/lwip/src/core/tcp_out.c
 <1><310>: Abbrev Number: 2 (DW_TAG_subprogram)
    <311>   DW_AT_name        : tcp_output
 <0><400>: Abbrev Number: 1 (DW_TAG_compile_unit)
    <401>   DW_AT_name        : (indirect string, offset: 0x5): build/board-compiled/settings.c
 <1><410>: Abbrev Number: 2 (DW_TAG_variable)
    <411>   DW_AT_name        : settings
"""


def test_what_was_optimized_as_a_whole_has_the_parts_of_its_sources(size, monkeypatch, tmp_path):
    (tmp_path / "anklet.map").write_text(WHOLE)
    monkeypatch.setattr(size, "sections", lambda elf: {".text": (0x70, 0)})
    monkeypatch.setattr(size, "output", lambda *command: DEBUGGING)
    sums = size.read_parts(str(tmp_path / "anklet.elf"))
    assert {name: flash for name, (flash, _) in sums.items() if flash} == {
        "anklet": 0x10, "configuration": 0x30, "lwIP TCP": 0x10, "other": 0x20}


@pytest.mark.parametrize("section", [".text", ".bss", ".ramfunc"])
def test_a_byte_without_a_part_ends_it(size, image, section):
    elf, found = image
    bytes_in_it, address = found.get(section, (0, 0x20001000))
    found[section] = (bytes_in_it + 1, address)
    with pytest.raises(SystemExit, match=f"accounts for {bytes_in_it} bytes of {section}, which has {bytes_in_it + 1}"):
        size.read_parts(elf)
