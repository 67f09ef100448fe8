"""A board whose folder lies outside this tree: what somebody has who builds a board of their own."""
import shutil
import subprocess

import pytest

from board import BUILD, ROOT, make

BOARD = "lm3s6965evb"


@pytest.fixture
def folder(tmp_path):
    """The board of this tree, copied to a place of its own under a name of its own."""
    if not shutil.which("arm-none-eabi-gcc"):
        pytest.skip("'arm-none-eabi-gcc' is not installed")
    copy = tmp_path / "my-board"
    shutil.copytree(ROOT / "port" / "lwip" / "boards" / BOARD, copy)
    shutil.copy(ROOT / "configs" / f"{BOARD}.h", copy / "configuration.h")
    return copy


def parts(image):
    """What it takes, part by part: a folder's own files are the board's, wherever it stands."""
    done = subprocess.run(["tools/size", "parts", image], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
                          timeout=60)
    return done.stdout.splitlines()[1:]


def test_its_image_is_the_same(folder, tmp_path):
    done = make("-j2", f"BOARD_DIR={folder}", f"BUILD={tmp_path / 'build'}", "images")
    assert done.returncode == 0, done.stdout
    assert parts(tmp_path / "build" / "my-board" / "anklet.elf") == parts(f"{BUILD}/{BOARD}/anklet.elf")


def test_a_file_of_its_own_stands_in_for_the_common_one(folder, tmp_path):
    """And what that needs besides is a further file: a source of random numbers, say."""
    (folder / "seed.c").write_text('#include "board.h"\nvoid source_read(uint8_t seed[BOARD_SEED]);\n'
                                   'bool board_seed(uint8_t seed[BOARD_SEED])\n{ source_read(seed); return true; }\n')
    (folder / "source.c").write_text('#include "board.h"\nvoid source_read(uint8_t seed[BOARD_SEED]);\n'
                                     'void source_read(uint8_t seed[BOARD_SEED])\n{ seed[0] = 1; }\n')
    done = make("-j2", f"BOARD_DIR={folder}", f"BUILD={tmp_path / 'build'}", "images")
    assert done.returncode == 0, done.stdout
    assert list((tmp_path / "build").rglob("my-board/source.o"))
    assert not list((tmp_path / "build").rglob("boards/common/seed.o"))


def test_a_name_that_qemu_does_not_know(tmp_path):
    done = subprocess.run(["tools/run_firmware", "my-board", tmp_path], cwd=ROOT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30)
    assert done.returncode == 1 and "'QEMU_MACHINE = NAME'" in done.stdout, done.stdout


@pytest.mark.parametrize("name, complaint", [("configuration.h", "configuration.h"), ("memory.ld", "memory.ld")])
def test_what_it_lacks_is_named(folder, tmp_path, name, complaint):
    (folder / name).unlink()
    done = make(f"BOARD_DIR={folder}", f"BUILD={tmp_path / 'build'}", "images")
    assert done.returncode != 0 and complaint in done.stdout.splitlines()[-1]
