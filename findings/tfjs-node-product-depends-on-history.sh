#!/usr/bin/env bash
# @tensorflow/tfjs-node 4.22.0 with TensorFlow 2.21.0 and oneDNN, on a processor without AVX-512: the last bits of a matrix
# product of two vectors depend on which product of the same sizes the process has computed before. oneDNN's routine for a
# row is another one than for a column that is transposed, with another order of the sum. TensorFlow keeps the routine it
# has made and takes it again for the same sizes, and a vector that is turned has the same ones: whichever came first serves
# both. Either result is right within rounding; but a program that gives the same numbers every time it is started does not
# do so any more if something else multiplies first.
#
# Seen with Node 20.20 on Linux, x64, oneDNN held to AVX2, as it is by itself on a processor that has no more; two processes:
#   row times column, first: 32.30747604370117
#   row times column, after row times transposed row: 32.30747985839844
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

const row = tf.tensor3d(Float32Array.from({ length: 64 }, (_, k) => Math.abs(Math.sin(k + 1))), [1, 1, 64])
const column = tf.reshape(row, [1, 64, 1])
if (process.argv[2] === 'after') tf.matMul(row, row, false, true).dataSync()
console.log(tf.matMul(row, column).dataSync()[0])
END
export TF_CPP_MIN_LOG_LEVEL=2 TF_ENABLE_ONEDNN_OPTS=1 ONEDNN_MAX_CPU_ISA=AVX2
first=$(node seen.cjs first 2> /dev/null)
after=$(node seen.cjs after 2> /dev/null)
echo "row times column, first: $first"
echo "row times column, after row times transposed row: $after"
if [ "$first" = "$after" ]; then
  echo 'this has changed' >&2
  exit 1
fi
