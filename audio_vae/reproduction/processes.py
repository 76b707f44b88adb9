"""Runs commands one after the other, each in a process of its own."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence

from audio_vae.utils.errors import UserError
from audio_vae.utils.signals import Request, handling

_ENDINGS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that ask a program to end."""


def run_one_by_one(commands: Mapping[str, Sequence[str]], say: Callable[[str], None] = print) -> int:
    """Run each command in a process of its own, so that none is slowed by the memory and threads of an earlier one.

    A signal is passed on to the running process, which ends as it would on its own; after that no other is started.

    Args:
        commands: name → command line. If one fails, the others still run.
        say: receives a line before each command.

    Returns:
        0, or the exit code (above 128) of a command that a signal ended.

    Raises:
        UserError: some commands failed.
    """
    running: list[subprocess.Popen] = []
    request = Request()

    def forward(number):
        request.signal = request.signal or number
        for process in running:
            process.send_signal(number)

    failed = []
    # A signal that is ignored, as after nohup, stays ignored.
    heeded = tuple(each for each in _ENDINGS if signal.getsignal(each) != signal.SIG_IGN)
    with handling(heeded, forward):
        for number, (name, command) in enumerate(commands.items(), start=1):
            if request.signal:
                break
            say(f"[{number}/{len(commands)}] {name}")
            # In a session of its own, so that it gets Ctrl-C, which goes to all processes of a terminal, only once.
            running[:] = [subprocess.Popen(command, start_new_session=True)]
            if request.signal:
                running[0].send_signal(request.signal)
            code = running[0].wait()
            if code in (128 + signal.SIGINT, 128 + signal.SIGTERM):
                return code
            if code and not request.signal:
                failed.append(name)
    if request.signal:
        return 128 + request.signal
    if failed:
        raise UserError(
            f"{len(failed)} of {len(commands)} failed ({', '.join(failed)}) for the reasons above; what the others "
            "gave is collected: put it right and run the same command again"
        )
    return 0
