"""What belongs to one place stays there: pyo3, files, the clock; no address of any machine."""

import re

from tests.tidy.sources import named, python_files, rust_files, tracked_files

# Put together from halves, so that this file does not match itself.
INDEX_ADDRESS = re.compile(
    "|".join(
        [
            "index" + "-url",
            "find" + "-links",
            '"resolved": ' + '*"https?://',
            "registry *= " + '*"https?://',
            "replace" + "-with",
        ]
    )
)
CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"
MACHINE_PATH = re.compile(r"(^|[^A-Za-z0-9._/-])/(work|farm|root)" + "/")
WALL_CLOCK = re.compile(r"\btime\.time(_ns)?\(|\bdatetime\.(now|utcnow|today)\(|\bdate\.today\(")
FORBIDDEN_FOLDER_NAMES = {"utils", "common", "helpers", "misc"}


def code(text: str) -> str:
    """Take out comments, whose words are free."""
    return re.sub(r"//[^\n]*", "", text)


def texts() -> list[tuple[str, str]]:
    """Give name and text of each file of the project that is text."""
    found = []
    for path in tracked_files():
        try:
            found.append((named(path), path.read_text()))
        except UnicodeDecodeError:
            continue
    return found


def test_pyo3_is_used_in_one_folder() -> None:
    outside = [
        named(path)
        for path in rust_files()
        if "py" not in path.parts[-2:-1] and "pyo3" in code(path.read_text())
    ]
    assert outside == []


def test_files_are_touched_through_the_disk_trait() -> None:
    outside = [
        named(path)
        for path in rust_files()
        if named(path) != "rust/disk/local.rs" and re.search(r"\bstd::fs\b", code(path.read_text()))
    ]
    assert outside == []


def test_the_wall_clock_is_read_in_one_file() -> None:
    # The worker's process has no server code in it, so it has its own clock.
    outside = [
        named(path)
        for path in python_files()
        if named(path) != "python/influxpe/clock.py"
        and "worker" not in path.parts
        and "influxdb3" not in path.parts
        and WALL_CLOCK.search(path.read_text())
    ]
    assert outside == []


def test_no_file_has_the_address_of_a_package_index() -> None:
    found = [
        f"{name}:{number}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if INDEX_ADDRESS.search(line.replace(CRATES_IO, ""))
    ]
    assert found == []


def test_no_file_has_a_path_of_a_machine() -> None:
    found = [
        f"{name}:{number}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]
    assert found == []


def test_requirements_are_exact() -> None:
    loose = [
        f"{name}: {line}"
        for name, text in texts()
        if re.fullmatch(r"requirements.*\.txt", name)
        for line in text.splitlines()
        if not re.fullmatch(r"#.*|-r requirements\.txt|[\w.-]+==[\w.]+", line)
    ]
    assert loose == []


def test_no_module_is_named_after_nothing() -> None:
    names = {
        part.removesuffix(".py").removesuffix(".rs")
        for name, _ in texts()
        for part in name.split("/")
    }
    assert names & FORBIDDEN_FOLDER_NAMES == set()
