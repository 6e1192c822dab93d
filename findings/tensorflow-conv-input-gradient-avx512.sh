#!/usr/bin/env bash
# TensorFlow 2.21.0 (tensorflow-cpu, as it comes, Linux on x64): on processors with AVX-512 the gradient of a convolution
# with respect to its input is wrong for ordinary shapes, and nothing is said. There oneDNN does the work by default; with
# TF_ENABLE_ONEDNN_OPTS=0, or where oneDNN is kept to AVX2 (ONEDNN_MAX_CPU_ISA=AVX2), the same call answers rightly.
# A layer behind such a convolution is trained by a wrong gradient. Multiples of 32 channels are right (last line), unless
# the filter has one place.
#
# Seen, as the largest difference from the definition summed in float64, of numbers with variance 1 and 2 images of 6×6
# (other shapes are wrong too):
#                                               as it comes   without oneDNN
#   33 channels, 64 filters of 1×1, step 1           > 0.1         < 1e-4
#   48 channels,  8 filters of 3×3, step 2           > 0.1         < 1e-4
#   320 channels, 32 filters of 1×1, step 1          > 0.1         < 1e-4
#   64 channels, 64 filters of 3×3, step 1           < 1e-3        < 1e-4
# Ends with an error where that has changed, and with 77 on a processor without AVX-512, where it cannot be seen.
set -euo pipefail

if ! grep -q avx512bw /proc/cpuinfo; then
  echo "this processor has no AVX-512: nothing to be seen here" >&2
  exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target packages tensorflow-cpu==2.21.0

cat > seen.py << 'EOF'
import numpy
import tensorflow

SIDE = 6

def by_definition(dy, filters, step):
    """The sum that the gradient is, in float64: each output hands its share to the places under its window."""
    size, places = filters.shape[0], dy.shape[1]
    before = max((places - 1) * step + size - SIDE, 0) // 2
    padded = numpy.zeros((dy.shape[0], SIDE + 2 * size, SIDE + 2 * size, filters.shape[2]))
    for row in range(places):
        for column in range(places):
            share = numpy.einsum('nf,abcf->nabc', dy[:, row, column].astype(float), filters.astype(float))
            padded[:, row * step:row * step + size, column * step:column * step + size] += share
    return padded[:, before:before + SIDE, before:before + SIDE]

numbers = numpy.random.default_rng(0)
for channels, filters, size, step in [(33, 64, 1, 1), (48, 8, 3, 2), (320, 32, 1, 1), (64, 64, 3, 1)]:
    places = -(-SIDE // step)
    dy = numbers.standard_normal((2, places, places, filters)).astype('float32')
    weights = numbers.standard_normal((size, size, channels, filters)).astype('float32')
    gradient = tensorflow.raw_ops.Conv2DBackpropInput(
        input_sizes=[2, SIDE, SIDE, channels], filter=weights, out_backprop=dy, strides=[1, step, step, 1], padding='SAME')
    error = numpy.abs(gradient.numpy() - by_definition(dy, weights, step)).max()
    print('wrong' if error > 0.1 else 'right' if error < 1e-3 else f'error {error}', end=' ')
print()
EOF

seen() { env "$@" TF_CPP_MIN_LOG_LEVEL=2 PYTHONPATH=packages python3 seen.py 2> errors || { cat errors >&2; exit 1; }; }
as_it_comes=$(seen -u TF_ENABLE_ONEDNN_OPTS)
without=$(seen TF_ENABLE_ONEDNN_OPTS=0)
avx2=$(seen ONEDNN_MAX_CPU_ISA=AVX2)
echo "as it comes:         $as_it_comes"
echo "without oneDNN:      $without"
echo "oneDNN kept to AVX2: $avx2"
right='right right right right '
if [ "$as_it_comes" != 'wrong wrong wrong right ' ] || [ "$without" != "$right" ] || [ "$avx2" != "$right" ]; then
  echo 'this is not what was seen' >&2
  exit 1
fi
