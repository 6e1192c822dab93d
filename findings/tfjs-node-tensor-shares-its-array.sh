#!/usr/bin/env bash
# @tensorflow/tfjs-node 4.22.0 with TensorFlow 2.21.0: a tensor that is made of a typed array shares its memory with the
# array or not, by where the array happens to lie. Where it begins at a multiple of 64 bytes, writing to the array later
# changes the tensor; anywhere else the tensor keeps its numbers. Memory for an ArrayBuffer is aligned to 16 bytes, so that
# one array in four is shared: a program that fills one array again and again for its batches is right most of the time.
# The binding hands the array's address to TF_NewTensor, which takes it as it is where it is aligned and copies otherwise.
#
# Seen with Node 20.20 on Linux, x64. A WebAssembly memory, which begins at a page, makes the place certain:
#   array at byte 0: its tensor of 1,1,1,1 is 2,2,2,2 after the array was filled with 2
#   array at byte 4: 1,1,1,1
#   array at byte 64: 2,2,2,2
# Ends with an error where that has changed. The package's own installation downloads an older TensorFlow; here its
# binding is compiled against the one from the wheel, with c++.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs-node@4.22.0 node-api-headers@1.5.0
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: tensorflow-cpu==2.21.0
unzip -q tensorflow_cpu-2.21.0-*.whl 'tensorflow/include/*' 'tensorflow/libtensorflow*'

binding="$folder/node_modules/@tensorflow/tfjs-node"
mkdir -p "$binding/lib/napi-v8"
c++ -std=c++17 -O1 -fPIC -w -shared -DNAPI_VERSION=8 -Itensorflow/include -Inode_modules/node-api-headers/include \
  "$binding"/binding/tfjs_backend.cc "$binding"/binding/tfjs_binding.cc -o "$binding/lib/napi-v8/tfjs_binding.node" \
  tensorflow/libtensorflow_cc.so.2 tensorflow/libtensorflow_framework.so.2 "-Wl,-rpath,$folder/tensorflow"

cat > seen.cjs << 'END'
// Functions that the package calls and that Node 23 took away.
const util = require('node:util')
util.isNullOrUndefined ??= value => value === null || value === undefined
util.isArray ??= Array.isArray
const tf = require('@tensorflow/tfjs-node')

const { buffer } = new WebAssembly.Memory({ initial: 1 })
let asSeen = tf.getBackend() === 'tensorflow'
for (const [at, expected] of [[0, '2,2,2,2'], [4, '1,1,1,1'], [64, '2,2,2,2']]) {
  const values = new Float32Array(buffer, at, 4).fill(1)
  const tensor = tf.tensor1d(values)
  // An operation on it: from here on the library has it.
  tf.square(tensor).dataSync()
  values.fill(2)
  const numbers = [...tensor.dataSync()].join()
  console.log(`array at byte ${at}: its tensor of 1,1,1,1 is ${numbers} after the array was filled with 2`)
  if (numbers !== expected) asSeen = false
}
if (!asSeen) {
  console.error('this has changed')
  process.exitCode = 1
}
END
TF_CPP_MIN_LOG_LEVEL=2 node seen.cjs
