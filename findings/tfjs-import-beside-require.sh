#!/usr/bin/env bash
# @tensorflow/tfjs-core, tfjs-layers and tfjs-backend-wasm 4.22.0: `import` of the three takes some five times the CPU
# time of `require`. Their main files, more than 1 MB each of CommonJS, stand in packages without a "type": Node compiles
# each to find out that it is no ES module, and searches its text for the names of exports. Every worker thread that
# imports them pays for it again.
#
# Seen with Node 20.20 on one core: import 569 ms, require 123 ms (the least of five runs each).
# Ends with an error where import costs less than twice as much.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 \
  @tensorflow/tfjs-backend-wasm@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0

cat > imported.mjs << 'END'
const before = process.cpuUsage()
await import('@tensorflow/tfjs-core')
await import('@tensorflow/tfjs-layers')
await import('@tensorflow/tfjs-backend-wasm')
const { user, system } = process.cpuUsage(before)
console.log(Math.round((user + system) / 1000))
END
cat > required.cjs << 'END'
const before = process.cpuUsage()
require('@tensorflow/tfjs-core')
require('@tensorflow/tfjs-layers')
require('@tensorflow/tfjs-backend-wasm')
const { user, system } = process.cpuUsage(before)
console.log(Math.round((user + system) / 1000))
END
least() { for _ in 1 2 3 4 5; do node "$1"; done | sort -n | head -1; }
imported=$(least imported.mjs)
required=$(least required.cjs)
echo "Node $(node --version): import $imported ms of CPU, require $required ms"
if [ "$imported" -lt $((2 * required)) ]; then echo "this has changed" >&2; exit 1; fi
