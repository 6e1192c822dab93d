#!/usr/bin/env python3
"""Saves a Keras 3 model as model.json and weights.bin for `hearsay --model`; tensorflowjs is not needed.

    python keras-to-tfjs.py my-model.keras my-model/

From Python: import this file and call save(model, folder).
"""
import json
import pathlib
import sys


def save(model, folder):
    """Writes the layers as Keras describes them, and all weights as float32, one after another."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    weights = [(weight.path, weight.numpy().astype("<f4")) for weight in model.weights]
    (folder / "weights.bin").write_bytes(b"".join(values.tobytes() for _, values in weights))
    entries = [{"name": name, "shape": list(values.shape), "dtype": "float32"} for name, values in weights]
    described = {
        "format": "layers-model",
        "modelTopology": json.loads(model.to_json()),
        "weightsManifest": [{"paths": ["weights.bin"], "weights": entries}],
    }
    (folder / "model.json").write_text(json.dumps(described))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    import keras

    save(keras.saving.load_model(sys.argv[1], compile=False), sys.argv[2])
