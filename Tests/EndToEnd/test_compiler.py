"""The optimizer's fault that decision 20 tells of: whether the flag mends it, and whether it is still needed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from running import ROOT

PROGRAM = Path(__file__).parent / "lost_write.swift"
RIGHT = str(list(range(8)))


def printed(folder: Path, *flags: str) -> str:
    """What the program prints, optimized with these flags; nothing where it crashes."""
    program = folder / "program"
    command = ["swiftc", "-O", "-swift-version", "6", *flags, PROGRAM, "-o", program]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return subprocess.run([program], capture_output=True, text=True, timeout=60).stdout.strip()


def test_the_flags_of_the_package_keep_what_is_written_before_an_await(tmp_path):
    flags = re.search(r"unsafeFlags\(\[(.*?)\]\)", (ROOT / "Package.swift").read_text())[1]
    assert printed(tmp_path, *re.findall(r'"([^"]+)"', flags)) == RIGHT


def test_a_compiler_that_needs_no_flag_is_noticed(tmp_path):
    assert printed(tmp_path) != RIGHT, "remove the flag of decision 20 from Package.swift and deploy/build"


def test_packages_are_compiled_for_use_with_the_flag_of_ours():
    assert "-dse-memoryssa-walklimit=0" in (ROOT / "Package.swift").read_text()
    assert "flags=(-Xswiftc -Xllvm -Xswiftc -dse-memoryssa-walklimit=0)" in (ROOT / "deploy/build").read_text()
