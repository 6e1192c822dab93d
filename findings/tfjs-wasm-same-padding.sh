#!/usr/bin/env bash
# @tensorflow/tfjs-backend-wasm 4.22.0: a convolution with padding `same` is all zeros, without an error, where the filter is
# shorter than the stride along one side and the other side needs padding. The same convolution with that padding written
# as numbers is right, and so is pooling. The cpu backend is the measure: images and filters of ones, so that an output
# counts the places of the filter that lie on the image.
#
# Seen with Node 20.20, strides of 2: a filter of 1 by 3 on an image of 6 by 6 gives 0,0,0 in each row where 3,3,2 is
# right, also of each channel by itself (depthwise); 3 by 1 likewise. On 5 by 5, and with filters of 1 by 1, 2 by 2 and
# 3 by 3, the two backends agree.
# Ends with an error where that has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0 \
  @tensorflow/tfjs-backend-cpu@4.22.0

cat > compare.cjs << 'END'
const tf = require('@tensorflow/tfjs-core')
require('@tensorflow/tfjs-backend-wasm')
require('@tensorflow/tfjs-backend-cpu')

const ops = {
  conv2d: (x, w, pad) => tf.conv2d(x, w, 2, pad),
  depthwise: (x, w, pad) => tf.depthwiseConv2d(x, w, 2, pad),
  average: (x, w, pad) => tf.avgPool(x, w.shape.slice(0, 2), 2, pad),
}
async function output(backend, op, side, rows, columns, pad) {
  await tf.setBackend(backend)
  await tf.ready()
  const y = ops[op](tf.ones([1, side, side, 1]), tf.ones([rows, columns, 1, 1]), pad)
  return [...y.dataSync()].join()
}

async function main() {
  let asSeen = true
  const look = async (op, side, rows, columns, differs, pad = 'same') => {
    const [wasm, cpu] = [
      await output('wasm', op, side, rows, columns, pad),
      // What is right does not depend on how the padding is written.
      await output('cpu', op, side, rows, columns, 'same'),
    ]
    const how = `${op}, filter ${rows}x${columns}, image ${side}x${side}, padding ${JSON.stringify(pad)}:`
    console.log(how, wasm === cpu ? 'alike' : `wasm ${wasm} and cpu ${cpu}`)
    if ((wasm !== cpu) !== differs || (differs && !/^0(,0)*$/.test(wasm))) asSeen = false
  }
  for (const op of ['conv2d', 'depthwise']) {
    for (const [rows, columns] of [[1, 3], [3, 1]]) {
      await look(op, 6, rows, columns, true)
      await look(op, 5, rows, columns, false)
    }
    for (const size of [1, 2, 3]) await look(op, 6, size, size, false)
  }
  await look('conv2d', 6, 1, 3, false, [[0, 0], [0, 0], [0, 1], [0, 0]])
  await look('average', 6, 1, 3, false)
  if (!asSeen) {
    console.error('this has changed')
    process.exitCode = 1
  }
}
main()
END
node compare.cjs
