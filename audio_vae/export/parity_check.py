"""Run an export on given inputs in a process of its own, with nothing but the runtime of its format.

`export.parity` runs the text of this file as a script with the arguments FORMAT FOLDER INPUTS.npz OUTPUTS.npz,
so it may import nothing beside it. Arrays are named `case/signature/tensor`. This process cannot import Keras or
this package, and for LiteRT and ONNX not TensorFlow either, which shows that the export does not need them.
The last line of stdout is a JSON object with the versions of Python and of the packages that ran the export.
"""

import json
import os
import platform
import sys
from collections import defaultdict


def main(file_format, folder, inputs_path, outputs_path):
    """Load the export, run all cases of the inputs and write the outputs."""
    # Importing a module that is None in sys.modules raises an ImportError.
    unwanted = {
        "savedmodel": ("keras", "audio_vae"),
        "litert": ("keras", "audio_vae", "tensorflow"),
        "onnx": ("keras", "audio_vae", "tensorflow"),
        "keras": (),
    }
    for name in unwanted[file_format]:
        sys.modules[name] = None

    import numpy as np

    call, versions = LOADERS[file_format](folder)
    cases = defaultdict(dict)
    with np.load(inputs_path) as stored:
        for key in stored.files:
            case, signature, tensor = key.split("/")
            cases[case, signature][tensor] = stored[key]
    outputs = {
        f"{case}/{signature}/{tensor}": np.asarray(value)
        for (case, signature), tensors in cases.items()
        for tensor, value in call(signature, tensors).items()
    }
    np.savez(outputs_path, **outputs)
    print(json.dumps({"python": platform.python_version(), "numpy": np.__version__, **versions}))


def load_savedmodel(folder):
    """Load a SavedModel with TensorFlow."""
    import tensorflow as tf

    loaded = tf.saved_model.load(folder)

    def call(signature, tensors):
        return loaded.signatures[signature](**{name: tf.constant(value) for name, value in tensors.items()})

    return call, {"tensorflow": tf.__version__}


def load_litert(folder):
    """Load encoder.tflite and decoder.tflite with LiteRT's interpreter."""
    from importlib.metadata import version

    from ai_edge_litert.interpreter import Interpreter

    runners = {
        signature: Interpreter(os.path.join(folder, file)).get_signature_runner(signature)
        for signature, file in (("encode", "encoder.tflite"), ("decode", "decoder.tflite"))
    }
    return lambda signature, tensors: runners[signature](**tensors), {"ai-edge-litert": version("ai-edge-litert")}


def load_onnx(folder):
    """Load encoder.onnx and decoder.onnx with ONNX Runtime."""
    import onnxruntime

    sessions = {
        signature: onnxruntime.InferenceSession(os.path.join(folder, file), providers=["CPUExecutionProvider"])
        for signature, file in (("encode", "encoder.onnx"), ("decode", "decoder.onnx"))
    }

    def call(signature, tensors):
        session = sessions[signature]
        names = [each.name for each in session.get_outputs()]
        return dict(zip(names, session.run(names, tensors)))  # noqa: B905

    return call, {"onnxruntime": onnxruntime.__version__}


def load_keras(folder):
    """Load model.keras with Keras and this package's classes."""
    import keras

    import audio_vae
    from audio_vae.models import vae  # noqa: F401

    model = keras.saving.load_model(os.path.join(folder, "model.keras"), safe_mode=True)
    networks = {
        "encode": lambda audio: dict(zip(("mean", "log_variance"), model.encoder(audio))),  # noqa: B905
        "decode": lambda latent: {"audio": model.decoder(latent)},
        "reconstruct": lambda audio: {"audio": model(audio)},
    }
    return (
        lambda signature, tensors: networks[signature](**tensors),
        {"keras": keras.__version__, "audio-vae": audio_vae.__version__},
    )


LOADERS = {"savedmodel": load_savedmodel, "litert": load_litert, "onnx": load_onnx, "keras": load_keras}

if __name__ == "__main__":
    main(*sys.argv[1:])
