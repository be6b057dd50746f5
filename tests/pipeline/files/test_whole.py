"""A file is written whole or not at all: full disks, killed processes, two writers at once."""

from __future__ import annotations

import errno
import os
import pickle
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from pipeline.files.whole import NotWrittenError, remove_unfinished, write_whole


def names(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_text_bytes_and_what_writes_itself_arrive_as_they_are(tmp_path):
    write_whole(tmp_path / "new" / "a.csv", "µ\r\nb\n")
    write_whole(tmp_path / "new" / "b.bin", b"\x00\x01")
    write_whole(tmp_path / "new" / "c.txt", lambda path: path.write_text("c"), durable=False)
    assert (tmp_path / "new" / "a.csv").read_bytes() == "µ\r\nb\n".encode()
    assert (tmp_path / "new" / "b.bin").read_bytes() == b"\x00\x01"
    assert (tmp_path / "new" / "c.txt").read_text() == "c"
    assert names(tmp_path) == ["a.csv", "b.bin", "c.txt"]


def run_python(text, *arguments, **options):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(text), *map(str, arguments)],
        capture_output=True, text=True, check=False, **options,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="limits of Unix")
def test_on_a_full_disk_the_old_file_stays_and_nothing_lies_beside_it(tmp_path):
    path = tmp_path / "P1.xml"
    path.write_bytes(b"old")
    done = run_python(
        """
        import resource, signal, sys
        from pathlib import Path
        from pipeline.files.whole import write_whole
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        write_whole(Path(sys.argv[1]), b"x" * 5000)
        """,
        path,
    )
    assert f"{path}: cannot be written (File too large); make room" in done.stderr
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["P1.xml"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_a_process_that_is_killed_while_it_writes_leaves_the_old_file_and_a_leftover_that_goes(tmp_path):
    path = tmp_path / "deep" / "P1.xml"
    write_whole(path, b"old")
    done = run_python(
        """
        import os, signal, sys
        from pathlib import Path
        from pipeline.files.whole import write_whole
        def half(unfinished):
            unfinished.write_bytes(b"half")
            os.kill(os.getpid(), signal.SIGKILL)
        write_whole(Path(sys.argv[1]), half)
        """,
        path,
    )
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    assert len(names(tmp_path)) == 2
    remove_unfinished(tmp_path)
    assert names(tmp_path) == ["P1.xml"]


def test_a_writer_whose_unfinished_file_another_one_removed_writes_it_again(tmp_path, monkeypatch):
    real, removed = os.fsync, []

    def fsync(number):
        real(number)
        if not removed:
            remove_unfinished(tmp_path)
            removed.append(number)

    monkeypatch.setattr(os, "fsync", fsync)
    write_whole(tmp_path / "a.csv", "a")
    assert removed
    assert (tmp_path / "a.csv").read_text() == "a"


@pytest.mark.parametrize("where", ["a folder.csv", "a file/x.csv"])
def test_what_stands_in_the_way_is_named(tmp_path, where):
    (tmp_path / "a folder.csv").mkdir()
    (tmp_path / "a folder.csv" / "x").touch()
    (tmp_path / "a file").touch()
    with pytest.raises(NotWrittenError, match=r"cannot be written \(.+\); (make room|is it open)") as caught:
        write_whole(tmp_path / where, "a")
    assert str(tmp_path / where) in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    "number", [errno.EDQUOT, errno.ESTALE, errno.EIO, errno.ENOSPC, errno.EROFS, errno.ENODEV]
)
def test_a_quota_a_lost_drive_and_a_failing_disk_are_one_sentence_with_path_and_reason(tmp_path, number):
    path = tmp_path / "report.html"
    path.write_text("old")

    def write(unfinished):
        unfinished.write_text("half")
        raise OSError(number, os.strerror(number), str(unfinished))

    with pytest.raises(NotWrittenError) as caught:
        write_whole(path, write)
    hint = "nothing can be written to this disk" if number == errno.EROFS else "make room"
    assert str(caught.value).startswith(f"{path}: cannot be written ({os.strerror(number)}); {hint}")
    assert "\n" not in str(caught.value)
    assert (names(tmp_path), path.read_text()) == (["report.html"], "old")


def test_a_name_that_is_too_long_is_one_sentence_with_path_and_reason(tmp_path):
    path = tmp_path / f"{'a' * 300}.csv"
    with pytest.raises(NotWrittenError, match=r"cannot be written \(.+\); make room") as caught:
        write_whole(path, "a")
    assert str(path) in str(caught.value)
    assert names(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be replaced there")
def test_who_reads_the_old_file_meanwhile_reads_it_to_its_end(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("old" * 10_000)
    with path.open() as reading:
        start = reading.read(10)
        write_whole(path, "new")
        assert start + reading.read() == "old" * 10_000
    assert path.read_text() == "new"


AS_LIBRARIES_FAIL = {
    "without a reason, as libraries in C": """
        def content(unfinished):
            with unfinished.open("wb", buffering=0) as file:
                try:
                    while True:
                        file.write(b"x" * 1000)
                except OSError:
                    pass  # a library that forgets the reason
            raise RuntimeError("Unable to write data")
        """,
    "with another error while the first one is handled, as streams of pages": """
        import zlib
        def content(unfinished):
            stream = zlib.compressobj()
            with unfinished.open("wb", buffering=0) as file:
                try:
                    while True:
                        file.write(b"x" * 1000)
                finally:
                    file.seek(0)
                    file.truncate()
                    stream.flush()
                    stream.flush()
        """,
}


@pytest.mark.skipif(sys.platform == "win32", reason="limits of Unix")
@pytest.mark.parametrize("script", AS_LIBRARIES_FAIL.values(), ids=AS_LIBRARIES_FAIL)
def test_a_library_that_fails_in_its_own_way_on_a_full_disk_is_told_as_a_full_disk(tmp_path, script):
    limits = """
        import resource, signal, sys
        from pathlib import Path
        from pipeline.files.whole import write_whole
        path = Path(sys.argv[1])
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        """
    done = run_python(
        textwrap.dedent(limits) + textwrap.dedent(script) + "write_whole(path, content)\n",
        tmp_path / "a.file",
    )
    assert "NotWrittenError" in done.stderr.splitlines()[-1], done.stderr
    assert "a.file: cannot be written (File too large)" in done.stderr
    assert names(tmp_path) == []


def test_a_defect_while_a_file_is_written_is_not_told_as_a_full_disk(tmp_path):
    def broken(path):
        path.write_bytes(b"half")
        try:
            (tmp_path / "no such file").read_bytes()
        except OSError:
            raise ValueError("a defect") from None

    with pytest.raises(ValueError, match="a defect"):
        write_whole(tmp_path / "a.file", broken)
    assert names(tmp_path) == []


@pytest.mark.parametrize("lost", ["study", "study/results"])
def test_no_file_is_written_into_a_folder_of_results_that_was_lost_meanwhile(
    tmp_path: Path, lost: str
) -> None:
    results = tmp_path / "study" / "results"
    results.mkdir(parents=True)
    write_whole(results / "store" / "P01.json", "{}")
    (tmp_path / lost).rename(tmp_path / "elsewhere")
    with pytest.raises(NotWrittenError, match=r"is not there any more: its drive was lost.*bring it back"):
        write_whole(results / "store" / "P02.json", "{}")
    assert not (tmp_path / lost).exists()
