#!/usr/bin/env python3
"""Makes the data sets that ship in data/ from their raw files.

    python3 scripts/build-data.py RAW

RAW holds the raw files, at the paths of `raw` below; data/README.md says where each comes from. Needs numpy.
Running it twice writes the same bytes with the same zlib.

PneumoniaMNIST: the official archive (md5 28209eda62fecd6e6a2d98b1501bb15f) was not to be had. Two derived archives
together hold its samples: one with validation and test whole and a training part that lacks 826 of the 1,214 normal
images, one with all 1,214 normal training images. So: training = the normals of the second and the pneumonia images
of the first, 4,708, the official number; validation and test = those of the first. Only the order of the training
images is not the official one.
"""

import hashlib
import io
import shutil
import sys
import zipfile
from pathlib import Path

import numpy as np

raw = {
    "pneumoniamnist/pneumoniamnist-3882.npz": "a554d2332488d3ddc075125e66a1af77ec379fd2bafc09108ab95a37e2bd9c26",
    "pneumoniamnist/pneumoniamnist-balanced-2428.npz": "f36c2b3e34de9d60c5c734118bc6daff281eaf76b67a57d26ad958da948274b0",
    "heart-disease/processed.cleveland.data": "a74b7efa387bc9d108d7d0115d831fe9b414b29ae7124f331b622b4efa0427c8",
    "heart-disease/processed.hungarian.data": "d1ad108f785768cd3d7e82dc522e6f5a61eea93cccfb3a46ee8076f73fc3d796",
    "heart-disease/processed.switzerland.data": "834a405ccf5b66ab4056bb77794adc8df0b7125186454c0a1d002d33c6c3b314",
    "heart-disease/processed.va.data": "e7c93d8d0d2acdadfa4c5e8de768e2191e7f618b952e29623f1f0d5949ff6b8f",
    "sklearn-small/digits.csv.gz": "46abec6b12486ad9e51943373abcf22bbea1b5a51a1619b361570d8893f1464a",
}

# Normal and pneumonia images of each part, as in the MedMNIST v2 paper.
pneumonia_counts = {"train": (1214, 3494), "val": (135, 389), "test": (234, 390)}


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pneumonia(folder):
    first = np.load(folder / "pneumoniamnist-3882.npz")
    second = np.load(folder / "pneumoniamnist-balanced-2428.npz")
    normals = second["train_images"][second["train_labels"][:, 0] == 0]
    ill = first["train_images"][first["train_labels"][:, 0] == 1]

    # Both archives must be cut from the same set: the first's normals are among the second's.
    known = {image.tobytes() for image in normals}
    few = first["train_images"][first["train_labels"][:, 0] == 0]
    assert all(image.tobytes() in known for image in few), "the two archives do not belong together"

    arrays = {
        "train_images": np.concatenate([normals, ill]),
        "train_labels": np.concatenate([np.zeros(len(normals)), np.ones(len(ill))])[:, None],
    }
    for part in ("val", "test"):
        for kind in ("images", "labels"):
            arrays[f"{part}_{kind}"] = first[f"{part}_{kind}"]
    arrays = {name: np.ascontiguousarray(values, dtype=np.uint8) for name, values in arrays.items()}

    for part, expected in pneumonia_counts.items():
        assert arrays[f"{part}_images"].shape == (sum(expected), 28, 28), part
        found = tuple(np.bincount(arrays[f"{part}_labels"][:, 0], minlength=2))
        assert found == expected, f"{part}: {found}, not {expected}"
    return arrays


def write_npz(path, arrays):
    """As numpy.savez_compressed, with the strongest deflate and a fixed date."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, values in arrays.items():
            npy = io.BytesIO()
            np.lib.format.write_array(npy, values, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, npy.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)


def main(source):
    for name, expected in raw.items():
        assert sha256(source / name) == expected, f"{source / name} is not the file this script was written for"

    data = Path(__file__).resolve().parent.parent / "data"
    for folder in ("pneumoniamnist", "heart-disease", "digits"):
        (data / folder).mkdir(parents=True, exist_ok=True)
    write_npz(data / "pneumoniamnist" / "pneumoniamnist.npz", pneumonia(source / "pneumoniamnist"))
    for name in raw:
        if name.startswith("heart-disease/"):
            shutil.copyfile(source / name, data / name)
    shutil.copyfile(source / "sklearn-small" / "digits.csv.gz", data / "digits" / "digits.csv.gz")

    for path in sorted(data.glob("*/*")):
        print(f"{sha256(path)}  {path.relative_to(data)}  {path.stat().st_size} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
