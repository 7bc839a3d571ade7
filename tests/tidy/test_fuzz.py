"""The fuzz targets: each is run and described, and all read what the engine is made of."""

import re
import tomllib

from tests.tidy.sources import ROOT

FUZZ = ROOT / "fuzz"
# What the engine does not have: libFuzzer and its one dependency.
ONLY_FOR_FUZZING = {"influxpe-fuzz", "libfuzzer-sys", "arbitrary"}


def targets() -> set[str]:
    manifest = tomllib.loads((FUZZ / "Cargo.toml").read_text())
    return {target["name"] for target in manifest["bin"]}


def packages(folder: str) -> set[tuple[str, str]]:
    lock = tomllib.loads((ROOT / folder / "Cargo.lock").read_text())
    return {(package["name"], package["version"]) for package in lock["package"]}


def test_every_target_is_run() -> None:
    listed = re.search(r"^FUZZ_TARGETS \?= (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert listed
    assert set(listed[1].split()) == targets()


def test_every_target_is_described() -> None:
    text = (FUZZ / "README.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == targets()


def test_every_file_with_a_target_is_one() -> None:
    files = (FUZZ / "targets").glob("*.rs")
    assert {path.stem for path in files if "fuzz_target!(" in path.read_text()} == targets()


def test_fuzzing_compiles_the_versions_of_the_engine() -> None:
    others = packages("fuzz") - packages(".")
    assert {name for name, _ in others} == ONLY_FOR_FUZZING


def test_fuzzing_does_not_compile_datafusion() -> None:
    assert [name for name, _ in packages("fuzz") if name.startswith("datafusion")] == []


def test_the_engine_does_not_compile_what_fuzzing_needs() -> None:
    assert {name for name, _ in packages(".")} & ONLY_FOR_FUZZING == set()


def test_a_change_is_tested_and_then_fuzzed() -> None:
    commands = re.findall(r"^make .*$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert commands == ["make test", "make fuzz"]
