"""Nothing is half-written, whatever stops a writer."""

import pytest

from rareclass.artifact.atomic import atomic_directory, atomic_file
from rareclass.errors import InputError


def test_a_folder_appears_whole(tmp_path):
    with atomic_directory(tmp_path / "run") as folder:
        (folder / "a.txt").write_text("one")
        assert not (tmp_path / "run").exists()
    assert (tmp_path / "run" / "a.txt").read_text() == "one"
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError("broken")])
def test_an_interrupted_writer_leaves_the_old_folder_as_it_was(tmp_path, error):
    with atomic_directory(tmp_path / "run") as folder:
        (folder / "a.txt").write_text("old")

    def write():
        with atomic_directory(tmp_path / "run", overwrite=True) as folder:
            (folder / "a.txt").write_text("new")
            raise error

    with pytest.raises(type(error)):
        write()
    assert (tmp_path / "run" / "a.txt").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_a_folder_that_holds_something_is_refused_and_can_be_replaced(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").write_text("keep")
    with pytest.raises(InputError, match="not empty"), atomic_directory(tmp_path / "run"):
        pass
    assert (tmp_path / "run" / "mine.txt").read_text() == "keep"
    with atomic_directory(tmp_path / "run", overwrite=True) as folder:
        (folder / "b.txt").write_text("new")
    assert [p.name for p in (tmp_path / "run").iterdir()] == ["b.txt"]


def test_an_empty_folder_may_be_used(tmp_path):
    (tmp_path / "run").mkdir()
    with atomic_directory(tmp_path / "run") as folder:
        (folder / "a.txt").write_text("x")
    assert (tmp_path / "run" / "a.txt").exists()


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(InputError, match="is a file"), atomic_directory(tmp_path / "run"):
        pass


def test_a_file_is_replaced_only_at_the_end(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("old")

    def write():
        with atomic_file(path) as work:
            work.write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write()
    assert path.read_text() == "old"
    with atomic_file(path) as work:
        work.write_text("new")
    assert path.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def test_a_folder_in_place_of_a_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="is a folder"), atomic_file(tmp_path):
        pass
