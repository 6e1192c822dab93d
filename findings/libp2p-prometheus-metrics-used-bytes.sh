#!/usr/bin/env bash
# @libp2p/prometheus-metrics 5.0.24: nodejs_fs_usage_bytes{filesystem="used"} is neither bytes nor what is used. It is
# available / total * 100: the share of the disk that is free for the user, in percent, among siblings that are bytes. An
# alert on "used" of a disk that fills up falls silent as it does.
#
# Seen on a disk of 270,553,174,016 bytes, of which 68,431,945,728 were available:
#   used 25.293344266570333
# Ends with an error where that has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund @libp2p/prometheus-metrics@5.0.24 @libp2p/logger@6 prom-client@15.1.3

cat > seen.mjs << 'END'
import { defaultLogger } from '@libp2p/logger'
import { prometheusMetrics } from '@libp2p/prometheus-metrics'
import { Registry } from 'prom-client'

const registry = new Registry()
prometheusMetrics({ registry, collectDefaultMetrics: false })({ logger: defaultLogger() })
const { values } = await registry.getSingleMetric('nodejs_fs_usage_bytes').get()
const of = Object.fromEntries(values.map(({ labels, value }) => [labels.filesystem, value]))
console.log(of)
console.log(`used, as bytes of the disk: ${of.total - of.free}`)
if (of.used !== (of.available / of.total) * 100) {
  console.error('this has changed')
  process.exitCode = 1
}
END
node seen.mjs
