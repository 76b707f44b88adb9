"""Which backend Keras runs on, how it is loaded, what only one backend needs, and the name of the machine."""

from __future__ import annotations

import gc
import importlib.util
import os
import platform
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PACKAGE = "audio_vae"
"""Name of the package under which all classes are registered with Keras. It is part of saved models."""


_OPTIONAL = ("IPython", "matplotlib", "pandas", "sklearn")
"""Packages that Keras and TensorFlow import where they are installed, for parts of theirs that no command uses."""


def choose_backend() -> None:
    """Let Keras run on JAX if TensorFlow, its default, is not installed. This imports neither of them.

    If the environment variable KERAS_BACKEND is set, its value is kept.
    """
    if not importlib.util.find_spec("tensorflow") and importlib.util.find_spec("jax"):
        os.environ.setdefault("KERAS_BACKEND", "jax")


def load_keras() -> None:
    """Import Keras in half the time that it takes by itself, for the process of a command; programs import it as it is.

    Keras imports scikit-learn, pandas and pyplot for its wrappers and galleries. Here it finds none of them; they can
    be imported afterwards. The garbage collector would search the new modules many times over, and find nothing.
    """
    if "keras" in sys.modules:
        return
    hidden = [name for name in _OPTIONAL if name not in sys.modules]
    was_enabled = gc.isenabled()
    gc.disable()
    # To Python, a module that is `None` is one that cannot be found.
    sys.modules.update(dict.fromkeys(hidden))
    try:
        import keras  # noqa: F401
    finally:
        for name in hidden:
            del sys.modules[name]
        if was_enabled:
            gc.enable()
    gc.freeze()


@contextmanager
def muted_start_up() -> Iterator[None]:
    """Hide what TensorFlow's native code prints while it is loaded, among which a user would miss our own lines."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def on_tensorflow() -> bool:
    """Return whether Keras runs on TensorFlow."""
    import keras

    return keras.backend.backend() == "tensorflow"


def require_tensorflow(what: str) -> None:
    """Check that Keras runs on TensorFlow, and that it is installed.

    Args:
        what: what needs it, the beginning of the message.

    Raises:
        UserError: it runs on another backend, or there is no TensorFlow.
    """
    # Every command imports this module before it can tell that it was stopped.
    from audio_vae.utils.errors import UserError

    if not importlib.util.find_spec("tensorflow") or not on_tensorflow():
        raise UserError(f"{what} needs TensorFlow: install it, and set KERAS_BACKEND=tensorflow or leave it unset")


@contextmanager
def standard_settings() -> Iterator[None]:
    """Let Keras work with its own defaults, whatever the user's keras.json or program says; theirs come back.

    A model is the same for everybody: another image_data_format, floatx or epsilon would make other networks of the
    same config, which no stored weights fit. Also a decorator: `@standard_settings()`.
    """
    import keras

    config = keras.config
    kept = config.image_data_format(), config.floatx(), config.epsilon(), config.dtype_policy()
    config.set_image_data_format("channels_last")
    config.set_floatx("float32")
    config.set_epsilon(1e-7)
    config.set_dtype_policy("float32")
    try:
        yield
    finally:
        config.set_image_data_format(kept[0])
        config.set_floatx(kept[1])
        config.set_epsilon(kept[2])
        config.set_dtype_policy(kept[3])


def add_bias(rows, bias):
    """Add a bias `[F]` to `[N, F]`.

    On TensorFlow this uses the operation that its CPU kernels fuse with the matrix product before it and the activation
    after it.
    """
    if not on_tensorflow():
        return rows + bias
    import tensorflow as tf

    return tf.nn.bias_add(rows, bias)


def run_operations_side_by_side() -> None:
    """Let TensorFlow run each operation on one core, and as many operations at once as there are cores.

    Threads can be set only before TensorFlow computes anything in this process; later this has no effect.
    """
    if not on_tensorflow():
        return
    import tensorflow as tf

    with suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(1)


def n_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine_name() -> str:
    """Return the machine in words: processor, number of cores that this process may use, accelerators."""
    cores = n_cores()
    processor = f"{_processor_name()}, {cores} core{'s' if cores > 1 else ''}"
    return ", ".join([processor, *_accelerator_names()])


def _processor_name() -> str:
    with suppress(OSError):
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
        if found:
            return found[1].strip()
    return platform.processor() or platform.machine()


def _accelerator_names() -> list[str]:
    if not on_tensorflow():
        import jax

        return [each.device_kind for each in jax.devices() if each.platform != "cpu"]
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    return [tf.config.experimental.get_device_details(each).get("device_name", each.name) for each in gpus]
