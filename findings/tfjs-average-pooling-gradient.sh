#!/usr/bin/env bash
# TensorFlow.js 4.22.0 (tfjs-core with tfjs-backend-cpu and tfjs-backend-wasm): the gradient of average pooling with
# padding "same" is not the derivative of what the pooling computes. The average is over the places inside the image; the
# gradient divides by the whole window, so places at a border that a window hangs over get too little.
#
# Seen, of the sum over all outputs of a 1×3 image of ones, windows 1×2, stride 2 (the second window holds one place):
#   derivative 0.5 0.5 1, gradient 0.5 0.5 0.5 on both backends
# Ends with an error where that has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund --ignore-scripts \
  @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 \
  @tensorflow/tfjs-backend-cpu@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0

cat > seen.cjs << 'EOF'
const tf = require('@tensorflow/tfjs-core')
// With the layers come the gradients, which the core alone does not register in Node.
require('@tensorflow/tfjs-layers')
require('@tensorflow/tfjs-backend-cpu')
require('@tensorflow/tfjs-backend-wasm')

const pooled = x => tf.avgPool(x, [1, 2], [1, 2], 'same')
const sumOf = values => tf.tidy(() => tf.sum(pooled(tf.tensor4d(values, [1, 1, 3, 1]))).dataSync()[0])
// The pooling is linear: a difference of any size is the derivative.
const derivative = () => [0, 1, 2].map(i => sumOf([1, 1, 1].map((one, j) => (i === j ? 2 : one))) - sumOf([1, 1, 1]))
const gradient = () => [...tf.grad(x => tf.sum(pooled(x)))(tf.ones([1, 1, 3, 1])).dataSync()]

async function main() {
  let same = true
  for (const backend of ['cpu', 'wasm']) {
    await tf.setBackend(backend)
    const seen = `derivative ${derivative().join(' ')}, gradient ${gradient().join(' ')}`
    console.log(`${tf.version_core} ${tf.getBackend()}: ${seen}`)
    same &&= seen === 'derivative 0.5 0.5 1, gradient 0.5 0.5 0.5'
  }
  if (!same) {
    console.error('this has changed')
    process.exitCode = 1
  }
}
main()
EOF
node seen.cjs
