"""Morph between two classes through a running TensorFlow Serving and write the steps as WAV files.

    pip install tensorflow-serving-api soundfile
    python serving_client.py models/digits-studio/1 3 7 --steps 9 --out served

The first argument is the exported version's folder: its metadata holds the classes' centres and the
rate. TensorFlow Serving answers gRPC on port 8500; see docs/serving.md.
"""

import argparse
import json
import unicodedata
from functools import partial
from pathlib import Path

import grpc
import numpy as np
import soundfile
import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub


def predict(stub, model, signature, timeout_s=60, **tensors):
    """Call a signature of a served model: NumPy arrays in, a dict of NumPy arrays out."""
    request = PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    for name, value in tensors.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return {name: tf.make_ndarray(value) for name, value in stub.Predict(request, timeout_s).outputs.items()}


def main():
    """Parse the command line, ask the server for a morph, write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version", type=Path, help="folder of the exported version")
    # A letter and its accent may be typed as two characters.
    composed = partial(unicodedata.normalize, "NFC")
    parser.add_argument("start", type=composed, help="class to start at")
    parser.add_argument("end", type=composed, help="class to end at")
    parser.add_argument("--steps", type=int, default=9)
    parser.add_argument("--server", default="localhost:8500")
    parser.add_argument("--out", type=Path, default=Path("served"))
    options = parser.parse_args()
    metadata = json.loads((options.version / "assets.extra" / "metadata.json").read_text(encoding="utf-8"))
    start, end = (np.float32([metadata["class_centres"][name]]) for name in (options.start, options.end))
    # Without a limit of its own gRPC refuses answers above 4 MiB, which 256 digits or 16 drums exceed.
    with grpc.insecure_channel(options.server, [("grpc.max_receive_message_length", -1)]) as channel:
        stub = PredictionServiceStub(channel)
        answer = predict(stub, metadata["name"], "morph", start=start, end=end, steps=np.int32(options.steps))
    options.out.mkdir(parents=True, exist_ok=True)
    for step, sound in enumerate(answer["audio"][0]):
        # The model knows peak-normalised sounds alone, so the steps are brought to one level.
        soundfile.write(options.out / f"{step:02d}.wav", 0.9 * sound / np.abs(sound).max(), metadata["rate_hz"])
    print(f"{options.steps} steps from {options.start} to {options.end}: {options.out}")


if __name__ == "__main__":
    main()
