"""Errors of the machine, of the installation and of files, and what a user is told about them."""

import errno
import os

import pytest

from audio_vae.utils.errors import UserError, explain, raise_system_problem, shortage


class ResourceExhaustedError(Exception):
    """Called like TensorFlow's own."""


def wrapped(cause, message="System error."):
    """Return an exception of a library that was raised from another, as libraries hide causes."""
    error = RuntimeError(message)
    error.__context__ = cause
    return error


def of_system(number, name=None):
    return OSError(number, os.strerror(number), name)


MEMORY = "there is not enough memory .*: close other programs, or take fewer or shorter sounds"
KINDS = {
    "memory": (MemoryError(), MEMORY),
    "memory of the system": (of_system(errno.ENOMEM), MEMORY),
    "memory of NumPy": (wrapped(MemoryError("Unable to allocate 9 GiB for an array")), MEMORY),
    "memory of TensorFlow": (ResourceExhaustedError("OOM when allocating tensor"), MEMORY),
    "memory of JAX": (RuntimeError("RESOURCE_EXHAUSTED: Out of memory"), MEMORY),
    "memory of a GPU": (RuntimeError("Dst tensor is not initialized."), MEMORY),
    "full disk": (wrapped(of_system(errno.ENOSPC, "/d/a.wav")), "no room on the disk for /d/a.wav .*: make room"),
    "full disk as text": (RuntimeError("f.index; No space left on device"), "no room on the disk .*: make room"),
    "quota": (of_system(errno.EDQUOT, "a.wav"), "no room on the disk for a.wav .*: make room"),
    "open files": (wrapped(of_system(errno.EMFILE)), "too many files are open .*ulimit -n"),
    "threads": (RuntimeError("can't start new thread"), "no more threads can be started .*ulimit -u"),
    "failing disk": (
        of_system(errno.EIO, "/d/a"),
        "disk or network drive for /d/a does not answer .*: check that it is",
    ),
    "import": (
        ModuleNotFoundError("No module named 'h5py'"),
        "package cannot be used .*h5py.*: install audio-vae again",
    ),
    "misfit": (ValueError("numpy.dtype size changed, may indicate binary incompatibility"), "install audio-vae again"),
    "library": (OSError("cannot load library 'libsndfile.so'"), "install audio-vae again"),
    "permission": (of_system(errno.EACCES, "/d/a"), r"Permission denied \(/d/a\): check its permissions"),
    "gone": (of_system(errno.ENOENT, "/d/a"), r"No such file or directory \(/d/a\): check that it exists"),
    "in the way": (of_system(errno.EISDIR, "/d/a"), r"Is a directory \(/d/a\): move it away"),
    "target": (
        OSError(errno.EISDIR, "Is a directory", "/d/.part-1", None, "/d/model.keras"),
        r"^Is a directory \(/d/model.keras\): move it away",
    ),
    "name": (of_system(errno.ENAMETOOLONG, "/d/a"), r"File name too long \(/d/a\): choose a shorter name"),
    "any other": (of_system(errno.EXDEV, "/d/a"), r"\(/d/a\): check that the place exists"),
    "of a user": (UserError("one\nline"), "^one line$"),
}


@pytest.mark.parametrize(("error", "words"), KINDS.values(), ids=KINDS)
def test_each_kind_says_in_one_line_what_to_do(error, words):
    said = explain(error)
    assert "\n" not in said
    assert "unexpected" not in said
    assert "a fault of audio-vae" not in said
    with pytest.raises(UserError, match=words):
        raise UserError(said)


def test_a_fault_of_the_program_is_called_that():
    assert explain(KeyError("x")) == (
        "a fault of audio-vae itself, not of what was given (KeyError: 'x'): run again with --debug to see where, "
        "and report it"
    )


def test_an_import_that_was_only_tried_is_not_blamed():
    assert "a fault of audio-vae itself" in explain(wrapped(ImportError("No module named 'jax'"), "another fault"))


def test_the_machine_is_blamed_before_a_file_is():
    raise_system_problem(ValueError("bad magic number"))
    raise_system_problem(of_system(errno.EIO), shortage)
    with pytest.raises(UserError, match="does not answer") as caught:
        raise_system_problem(of_system(errno.EIO))
    assert caught.value.__cause__.errno == errno.EIO
