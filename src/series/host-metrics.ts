import { prometheusMetrics } from '@libp2p/prometheus-metrics'
import type { Registry } from 'prom-client'
import type { PeerNetwork } from '../node/index.js'

/** libp2p's metrics of one host, and those of the process, into a registry of their own. */
export function hostMetrics(registry: Registry): NonNullable<PeerNetwork['metrics']> {
  return components => {
    const metrics = prometheusMetrics({ registry })(components)
    // What it calls used bytes of the disk are free percent: findings/libp2p-prometheus-metrics-used-bytes.sh.
    registry.removeSingleMetric('nodejs_fs_usage_bytes')
    return metrics
  }
}
