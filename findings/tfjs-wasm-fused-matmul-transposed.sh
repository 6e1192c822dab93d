#!/usr/bin/env bash
# @tensorflow/tfjs-backend-wasm 4.22.0: `tf.fused.matMul` with a bias is wrong as soon as one side is transposed: from the
# second row of the product on, every column gets the last entry of the bias instead of its own. Without a bias, and with
# nothing transposed, the numbers are right. The cpu backend is the measure; all numbers are whole, so that nothing is
# rounded.
#
# Seen with Node 20.20: of a product of 2 rows and 4 columns with the bias 100, 200, 300, 400, the wasm backend has
# 114,232,350,468 | 432,477,522,567 where 132,277,422,567 is right in the second row, with b transposed; and the like
# with a transposed.
# Ends with an error where the two backends agree, or differ without a transposition or without a bias.
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

const upTo = n => Array.from({ length: n }, (_, i) => i + 1)
async function product(backend, { transposeA, transposeB, withBias }) {
  await tf.setBackend(backend)
  await tf.ready()
  const a = tf.tensor2d(upTo(6), transposeA ? [3, 2] : [2, 3])
  const b = tf.tensor2d(upTo(12), transposeB ? [4, 3] : [3, 4])
  const bias = withBias ? tf.tensor1d([100, 200, 300, 400]) : undefined
  return [...tf.fused.matMul({ a, b, transposeA, transposeB, bias, activation: 'linear' }).dataSync()].join()
}

async function main() {
  let asSeen = true
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      for (const withBias of [false, true]) {
        const how = { transposeA, transposeB, withBias }
        const [wasm, cpu] = [await product('wasm', how), await product('cpu', how)]
        console.log(JSON.stringify(how), wasm === cpu ? 'alike' : `wasm ${wasm}, cpu ${cpu}`)
        if ((wasm !== cpu) !== (withBias && (transposeA || transposeB))) asSeen = false
      }
    }
  }
  if (!asSeen) {
    console.error('this has changed')
    process.exitCode = 1
  }
}
main()
END
node compare.cjs
