#!/usr/bin/env python3
"""Makes test/fixtures/learner/keras-layers.json.gz: what Keras itself computes with every layer that Hearsay allows.

    pip install keras==3.15.1 tensorflow-cpu==2.21.0
    python scripts/keras-fixtures.py

A case is a model around one layer with one set of arguments, as Keras writes it, with weights, inputs, and what Keras
says: outputs as predict gives them, outputs and moving statistics as fit sees them, and the gradients of
sum(cos(i) * output[i]) of the latter. test/learner/keras-layers.test.ts compares; cases that Keras can write, but the
CPU cannot run, have no numbers.
"""
import gzip
import itertools
import json
import os
import pathlib
import zlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy
import tensorflow
from keras import layers

folder = pathlib.Path(__file__).resolve().parents[1] / "test" / "fixtures" / "learner"
samples = 2
vector, rows, image = (5,), (4, 6), (4, 5, 4)
activations = "linear relu relu6 elu selu sigmoid softplus softsign tanh silu softmax".split()

cases = {}


def case(name, shape, build, sequential=False, entry=None, whole=False):
    """A model: the input, what `build` makes of it, and a dense layer, by which every output counts differently."""
    if sequential:
        model = keras.Sequential([keras.Input(shape), *build(), layers.Dense(2, name="out")])
    else:
        entry = keras.Input(shape) if entry is None else entry
        model = keras.Model(entry, layers.Dense(2, name="out")(build(entry)))
    cases[name] = (model, shape, whole)


def each(layer, shape, **choices):
    """A case for every combination of the arguments."""
    choices = {name: values if isinstance(values, list) else [values] for name, values in choices.items()}
    for values in itertools.product(*choices.values()):
        arguments = dict(zip(choices, values))
        told = ", ".join(f"{name}={value}" for name, value in arguments.items())
        case(f"{layer}({told}) on {shape}", shape, lambda x: getattr(layers, layer)(**arguments)(x))


def ties():
    """Of whole numbers many are equal, and many are 0: which of them gets the gradient?"""
    for activation in activations:
        case(f"{activation} of whole numbers", vector, lambda x: layers.Activation(activation)(x), whole=True)
    for layer, arguments in (
        ("ReLU", {"max_value": 2.0}),
        ("LeakyReLU", {}),
        ("ELU", {"alpha": 0.5}),
        ("MaxPooling2D", {"pool_size": 2, "padding": "same"}),
        ("MaxPooling2D", {"pool_size": 3, "strides": 1}),
        ("GlobalMaxPooling2D", {}),
    ):
        build = lambda x: getattr(layers, layer)(**arguments)(x)
        case(f"{layer}({arguments}) of whole numbers", image, build, whole=True)
        case(f"{layer}({arguments}) behind a ReLU", image, lambda x: build(layers.ReLU()(x)), whole=True)


def dense():
    for shape in (vector, rows, image):
        each("Dense", shape, units=3)
    each("Dense", vector, units=3, activation=activations)
    each("Dense", image, units=3, activation=["relu", "elu", "softmax"])
    each("Dense", vector, units=3, use_bias=False)
    each("Dense", vector, units=3, trainable=False)


def convolution():
    kernels, strides, padding = [1, 2, 3, 4, (2, 3)], [1, 2, (1, 2), 3], ["valid", "same"]
    each("Conv2D", image, filters=3, kernel_size=kernels, strides=strides, padding=padding)
    each("Conv2D", (7, 6, 1), filters=2, kernel_size=[2, 4, 5], strides=[2, (3, 2)], padding="same")
    each("Conv2D", image, filters=2, kernel_size=3, activation=activations)
    each("Conv2D", image, filters=2, kernel_size=3, use_bias=False)
    each("Conv2D", image, filters=2, kernel_size=2, dilation_rate=[2, (1, 2)])
    each("Conv2D", image, filters=2, kernel_size=2, groups=2)
    each("Conv2D", image, filters=2, kernel_size=2, data_format="channels_first")


def pooling():
    for layer in ("MaxPooling2D", "AveragePooling2D"):
        sizes = [2, 3, (1, 2), 4]
        each(layer, image, pool_size=sizes, strides=[None, 1, (2, 3)], padding=["valid", "same"])
        each(layer, (7, 6, 1), pool_size=2, strides=[2, 3], padding="same")
        each(layer, image, pool_size=2, data_format="channels_first")
    for layer in ("GlobalAveragePooling2D", "GlobalMaxPooling2D"):
        each(layer, image)
        each(layer, image, keepdims=True)
        each(layer, image, data_format="channels_first")


def shapes():
    for shape in (vector, rows, image):
        each("Flatten", shape)
    each("Flatten", image, data_format="channels_first")
    each("Reshape", image, target_shape=[(-1, 8), (8, -1), (10, 8), (2, -1, 4), (-1,), (5, 4, 4), (4, 20)])
    each("Reshape", (6,), target_shape=[(3, 2), (-1, 3), (1, 6)])
    each("Reshape", rows, target_shape=[(6, 4), (-1, 2), (2, 2, -1)])
    each("ZeroPadding2D", image, padding=[1, 0, (1, 2), ((1, 2), (0, 3)), ((0, 1), (0, 0))])
    each("ZeroPadding2D", image, padding=1, data_format="channels_first")


def nonlinear():
    for shape in (vector, image):
        each("Activation", shape, activation=activations)
        each("ReLU", shape)
        each("ReLU", shape, max_value=[0.5, 6.0])
        each("LeakyReLU", shape)
        each("LeakyReLU", shape, negative_slope=[0.01, 0.5, 0.0])
        each("ELU", shape)
        each("ELU", shape, alpha=[0.5, 2.0, 0.0])
    each("Activation", vector, activation=["gelu", "mish", "hard_sigmoid", "exponential", "log_softmax", "leaky_relu"])
    each("ReLU", vector, negative_slope=0.1)
    each("ReLU", vector, threshold=0.5)
    each("Softmax", vector, axis=[-1, 1])
    each("Softmax", rows, axis=[-1, -2, 1, 2, [1, 2]])
    each("Softmax", image, axis=[-1, -2, -3, 1, 2, 3, [1, 2], [-1, -3], [1, 2, 3]])


def dropout():
    for rate, shape in ((0.3, vector), (0.6, image), (0.0, rows)):
        each("Dropout", shape, rate=rate)
    each("Dropout", rows, rate=0.4, noise_shape=[(None, 1, 6)], seed=3)
    for said in (True, False):
        case(f"Dropout called with training={said}", vector, lambda x: layers.Dropout(0.5)(x, training=said))


def norms():
    each("BatchNormalization", vector, axis=[-1, 1])
    each("BatchNormalization", rows, axis=[-1, -2, 1, 2])
    each("BatchNormalization", image, axis=[-1, -2, -3, 1, 2, 3])
    each("BatchNormalization", image, center=[True, False], scale=[True, False])
    each("BatchNormalization", image, axis=1, center=False, scale=False)
    each("BatchNormalization", vector, momentum=[0.5, 0.0], epsilon=[0.1])
    each("BatchNormalization", image, synchronized=True)
    each("BatchNormalization", image, trainable=False, axis=[-1, 1])
    each("BatchNormalization", image, renorm=True)
    for said in (True, False):
        build = lambda x: layers.BatchNormalization()(x, training=said)
        case(f"BatchNormalization called with training={said}", image, build)
    each("LayerNormalization", vector, axis=[-1, 1])
    each("LayerNormalization", rows, axis=[-1, -2, 1, 2, [1, 2]])
    each("LayerNormalization", image, axis=[-1, -2, -3, 1, 2, 3, [1, 2], [-1, -2], [2, 1], [1, 3], [1, 2, 3]])
    each("LayerNormalization", image, center=[True, False], scale=[True, False], epsilon=0.1)
    each("LayerNormalization", image, rms_scaling=True)
    each("GroupNormalization", image, groups=[1, 2, 4, -1])
    each("GroupNormalization", image, groups=1, axis=[-1, -2, -3, 1, 2, 3])
    each("GroupNormalization", image, groups=2, axis=[1, -3])
    each("GroupNormalization", rows, groups=2, axis=[-1, -2, 1, 2])
    each("GroupNormalization", (6,), groups=3)
    each("GroupNormalization", image, groups=2, center=[True, False], scale=[True, False], epsilon=0.1)


def merging():
    def twice(x):
        return [x, layers.Dense(x.shape[-1], activation="tanh")(x)]

    for shape in (vector, rows, image):
        case(f"Add on {shape}", shape, lambda x: layers.Add()(twice(x)))
        for axis in [*range(1, len(shape) + 1), *range(-len(shape), 0)]:
            case(f"Concatenate(axis={axis}) on {shape}", shape, lambda x: layers.Concatenate(axis=axis)(twice(x)))
    case("Add of three", vector, lambda x: layers.Add()([*twice(x), layers.ReLU()(x)]))
    case("Add of one tensor to itself", vector, lambda x: layers.Add()([x, x]))
    case("Concatenate of three", image, lambda x: layers.Concatenate(axis=-2)([*twice(x), layers.ReLU()(x)]))
    case("Concatenate of one tensor with itself", image, lambda x: layers.Concatenate(axis=1)([x, x]))
    case("Concatenate of unequal lengths", image, lambda x: layers.Concatenate(axis=-3)([x, layers.ZeroPadding2D(((1, 2), (0, 0)))(x)]))
    whole = lambda x: layers.GlobalAveragePooling2D()(x)
    case("Add over places", image, lambda x: layers.Add()([x, layers.Reshape((1, 1, 4))(whole(x))]))
    case("Add over places, the first the smaller", image, lambda x: layers.Add()([layers.Reshape((1, 1, 4))(whole(x)), x]))
    case("Add of two ranks", image, lambda x: layers.Add()([x, whole(x)]))


def models():
    case("an input with a batch of its own", vector, lambda x: layers.Dense(3)(x), entry=keras.Input(batch_shape=(samples, *vector)))
    case("an input whose places are open", image, lambda x: layers.GlobalAveragePooling2D()(x), entry=keras.Input((None, None, 4)))
    shared = layers.Dense(5, activation="tanh")
    case("a layer called twice", vector, lambda x: shared(shared(x)))
    relu, dropped = layers.ReLU(), layers.Dropout(0.0)
    case(
        "layers called on two shapes",
        image,
        lambda x: dropped(relu(layers.Flatten()(dropped(relu(layers.Conv2D(2, 3)(x)))))),
    )
    # Their weights have equal shapes, and the layers stand in another order than they were made in.
    last, first = layers.Dense(5, activation="tanh"), layers.Dense(5)
    case("equal layers out of order", vector, lambda x: layers.Add()([last(first(x)), layers.Dense(5)(x)]))
    case("a chain", (6, 6, 2), lambda: chain(), sequential=True)


def chain():
    return [
        layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False),
        layers.BatchNormalization(axis=1),
        layers.ELU(alpha=0.7),
        layers.Reshape((-1, 6)),
        layers.Softmax(axis=1),
        layers.Flatten(),
    ]


def rounded(values):
    return [float(f"{value:.6g}") for value in numpy.asarray(values, "float32").reshape(-1)]


def weigh(model, draw):
    for weight in model.weights:
        if weight.dtype != "float32":
            continue
        low, high = (0.5, 1.5) if weight.name in ("moving_variance", "gamma") else (-0.8, 0.8)
        weight.assign(numpy.round(draw.uniform(low, high, weight.shape), 3).astype("float32"))


def numbers(model, shape, whole, draw):
    # Distinct, and some far out: there activations are flat or overflow.
    inputs = numpy.round(draw.uniform(-2.4, 2.4, (samples, *shape)), 0 if whole else 4).astype("float32")
    inputs.reshape(-1)[::11] *= 8
    given = tensorflow.constant(inputs)
    outputs = model(given, training=False)
    said = {"inputs": rounded(inputs), "outputs": rounded(outputs), "outputShape": list(outputs.shape[1:])}
    before = {weight.path: rounded(weight) for weight in model.weights if weight.dtype == "float32"}
    said["weights"] = [{"name": w.path, "shape": list(w.shape), "values": before[w.path]} for w in model.weights if w.path in before]
    if any(isinstance(layer, layers.Dropout) and layer.rate > 0 for layer in model.layers):
        return said
    with tensorflow.GradientTape() as tape:
        tape.watch(given)
        outputs = model(given, training=True)
        upstream = numpy.cos(numpy.arange(tensorflow.size(outputs))).reshape(outputs.shape).astype("float32")
        loss = tensorflow.reduce_sum(outputs * upstream)
    trainable = model.trainable_weights
    gradients = tape.gradient(loss, [given, *(weight.value for weight in trainable)])
    said["training"] = {
        "outputs": rounded(outputs),
        "inputs": rounded(gradients[0]),
        "gradients": {w.path: rounded(gradient) for w, gradient in zip(trainable, gradients[1:])},
        "moved": {w.path: rounded(w) for w in model.non_trainable_weights if w.dtype == "float32"},
    }
    return said


def made(name, model, shape, whole):
    draw = numpy.random.default_rng(zlib.crc32(name.encode()))
    weigh(model, draw)
    described = {"name": name, "inputShape": list(shape), "topology": json.loads(model.to_json())}
    try:
        return described | numbers(model, shape, whole, draw)
    except (tensorflow.errors.UnimplementedError, tensorflow.errors.InvalidArgumentError, NotImplementedError) as error:
        print(f"no numbers of {name}: {str(error).splitlines()[0][:100]}")
        return described


if __name__ == "__main__":
    for part in (dense, ties, convolution, pooling, shapes, nonlinear, dropout, norms, merging, models):
        keras.utils.clear_session()
        part()
    written = [made(name, *parts) for name, parts in cases.items()]
    contents = json.dumps({"keras": keras.__version__, "cases": written}, separators=(",", ":")).encode()
    (folder / "keras-layers.json.gz").write_bytes(gzip.compress(contents, mtime=0))
    print(f"{len(written)} cases, {len(contents)} bytes")
