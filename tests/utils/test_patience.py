import errno
import threading
import time
from pathlib import Path

import pytest

from audio_vae.utils.errors import UserError
from audio_vae.utils.patience import Patience

PATH = Path("sounds", "00007.npy")


class Drive:
    """A drive that is away for some seconds of its own clock."""

    def __init__(self, away_s, number=errno.EIO):
        self.now_s, self.away_s, self.number, self.n_reads = 0.0, away_s, number, 0

    def clock(self):
        return self.now_s

    def sleep(self, pause_s):
        self.now_s += pause_s

    def read(self):
        self.n_reads += 1
        if self.now_s < self.away_s:
            raise OSError(self.number, "away")
        return "samples"


def patience(drive, said, patience_s=60):
    return Patience(patience_s, said.append, drive.clock, drive.sleep)


def test_what_can_be_read_is_read_once():
    drive, said = Drive(0), []
    assert patience(drive, said)(drive.read, PATH) == "samples"
    assert (drive.n_reads, said) == (1, [])


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOENT, errno.ESTALE, errno.ETIMEDOUT])
def test_a_drive_that_comes_back_is_waited_for(number):
    drive, said = Drive(20, number), []
    patient = patience(drive, said)
    assert patient(drive.read, PATH) == "samples"
    assert len(said) == 2
    assert said[0].startswith(f"{PATH} cannot be read (")
    assert said[0].endswith("): trying again for 60 s")
    assert said[1].startswith(f"{PATH} can be read again after 2")
    assert patient.failure is None


def test_a_drive_that_stays_away_ends_in_one_line():
    drive, said = Drive(1000), []
    patient = patience(drive, said)
    with pytest.raises(UserError, match=r"could not be read for 60 s .*goes on from its last checkpoint") as raised:
        patient(drive.read, PATH)
    assert patient.failure is raised.value
    assert 60 <= drive.now_s < 70
    # The others do not wait as long again, and a later try may succeed.
    with pytest.raises(UserError, match="could not be read"):
        patient(drive.read, PATH)
    assert drive.now_s < 70
    drive.now_s = 1000
    assert patient(drive.read, PATH) == "samples"
    assert patient.failure is None


def test_what_waiting_does_not_mend_is_raised_at_once():
    drive, said = Drive(1000, errno.EACCES), []
    with pytest.raises(PermissionError):
        patience(drive, said)(drive.read, PATH)
    assert (drive.now_s, said) == (0, [])


def test_of_several_threads_one_speaks():
    drive, said, done = Drive(5), [], []

    def sleep(pause_s):
        time.sleep(0.01)
        drive.sleep(pause_s)

    patient = Patience(60, said.append, drive.clock, sleep)
    threads = [threading.Thread(target=lambda: done.append(patient(drive.read, PATH))) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert done == ["samples"] * 4
    assert len(said) == 2
