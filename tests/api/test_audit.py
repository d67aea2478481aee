"""The audit log: nothing changed, removed or inserted goes unseen."""

from __future__ import annotations

import resource

import pytest

from api.audit import AuditLog, inspect, verify


@pytest.fixture
def log(tmp_path):
    made = AuditLog(tmp_path / "audit.log")
    for number in range(5):
        made.append({"key_id": f"k{number}", "method": "POST"})
    return made


def rewrite(log, change):
    lines = log.path.read_bytes().splitlines(keepends=True)
    change(lines)
    log.path.write_bytes(b"".join(lines))


def test_a_whole_log_verifies(log):
    assert verify(log.path) is None
    assert verify(log.path.with_name("none")) is None
    assert log.path.stat().st_mode & 0o777 == 0o600


def test_a_later_log_goes_on_with_the_chain(log):
    AuditLog(log.path).append({"key_id": "later"})
    log.append({"key_id": "and this one, which saw the other write"})
    assert verify(log.path) is None
    assert [entry["n"] for entry in log.page(10)[0]] == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda lines: lines.__setitem__(2, lines[2].replace(b"k2", b"kx")), 3),
        (lambda lines: lines.pop(1), 2),
        (lambda lines: lines.pop(0), 1),
        (lambda lines: lines.insert(3, lines[0]), 4),
        (lambda lines: lines.reverse(), 1),
        (lambda lines: lines.__setitem__(4, lines[4][:30]), 5),
        (lambda lines: lines.append(b"[1]\n"), 6),
        (lambda lines: lines.append(b"\xff\n"), 6),
    ],
)
def test_every_tampering_is_found_at_its_line(log, change, line):
    rewrite(log, change)
    assert verify(log.path) == line


def test_a_broken_log_is_told_and_goes_on_in_a_new_segment(log):
    rewrite(log, lambda lines: lines.__setitem__(2, lines[2].replace(b"k2", b"kx")))
    told = []
    again = AuditLog(log.path, lambda text, **more: told.append((text, more["line"])))
    again.append({"key_id": "after"})
    assert told == [("audit log is broken", 3)]
    assert again.broken == verify(log.path) == 3
    newest, segment = again.page(2)[0]
    assert (segment["segment"], segment["broken_line"]) == (6, 3)
    assert newest["previous"] == segment["hash"]
    assert inspect(log.path).told


def test_a_told_break_is_not_told_twice_but_a_new_one_is(log):
    rewrite(log, lambda lines: lines.pop(1))
    AuditLog(log.path).append({"key_id": "a"})
    lines = inspect(log.path).lines
    AuditLog(log.path)
    assert inspect(log.path).lines == lines
    rewrite(log, lambda lines: lines.__setitem__(-1, lines[-1].replace(b'"a"', b'"b"')))
    AuditLog(log.path)
    assert inspect(log.path).lines == lines + 1


def test_what_lies_before_a_segment_cannot_be_changed_either(log):
    rewrite(log, lambda lines: lines.pop(1))
    AuditLog(log.path)
    assert inspect(log.path).told
    rewrite(log, lambda lines: lines.__setitem__(0, lines[0].replace(b"k0", b"kx")))
    assert not inspect(log.path).told


def test_a_line_cut_short_by_a_crash_stays_apart_from_the_next(log):
    log.path.write_bytes(log.path.read_bytes()[:-20])
    again = AuditLog(log.path)
    again.append({"key_id": "after"})
    chain = inspect(log.path)
    assert (chain.lines, chain.first_broken, chain.torn) == (7, 5, False)


@pytest.mark.parametrize("room_bytes", [0, 1, 60, 10_000])
def test_a_disk_that_is_full_in_the_middle_of_a_line_leaves_the_chain_whole(log, room_bytes):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.path.stat().st_size + room_bytes, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            log.append({"key_id": "refused", "text": "x" * 20_000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    log.append({"key_id": "after"})
    assert inspect(log.path).lines == 6
    assert verify(log.path) is None


def test_pages_go_backwards_through_the_file(log):
    for number in range(300):
        log.append({"key_id": f"k{number % 7}", "text": "x" * 900})
    found, place, pages = [], None, 0
    while place is not None or not pages:
        entries, place = log.page(9, place, lambda entry: entry["key_id"] == "k3")
        found += entries
        pages += 1
    numbers = [entry["n"] for entry in found]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == sum(number % 7 == 3 for number in range(300)) + 1
    assert len(set(numbers)) == len(numbers)


def test_a_log_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    log = AuditLog(tmp_path / "audit.log")
    log.path = tmp_path / "file" / "audit.log"
    with pytest.raises(FileExistsError):
        log.append({"key_id": "a"})
    assert log.failed
    log.path = tmp_path / "audit.log"
    log.append({"key_id": "a"})
    assert not log.failed
