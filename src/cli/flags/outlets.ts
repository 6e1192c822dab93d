import { isIP } from 'node:net'
import { HearsayError } from '../../errors.js'
import type { MetricsAddress } from '../../series/index.js'
import { type Flag, grouped, wholeNumber } from '../command.js'

/** Which other programs get a run's numbers, of every command that runs peers. */
export const outletFlags: readonly Flag[] = grouped('Other programs', [
  { flags: '--tensorboard', description: 'write for TensorBoard, round by round, into tensorboard/ of the run folder' },
  {
    flags: '--metrics <[address:]port>',
    description: 'serve metrics for Prometheus at /metrics of this port, to this machine unless an address is given',
    parse: metricsAddress,
  },
])

/** That a host has, and a simulation of many hosts has not. */
export const hostOutletFlags: readonly Flag[] = grouped('Other programs', [
  { flags: '--host-metrics', description: "with --metrics or --watch: libp2p's own as well, and those of the process" },
])

/** Reads `9464`, `0.0.0.0:9464` or `[::]:9464`. */
export function metricsAddress(text: string): MetricsAddress {
  const [, host, port] = /^(?:(.*):)?(\d+)$/.exec(text) ?? [undefined, undefined, text]
  const address = host?.replace(/^\[(.*)\]$/, '$1')
  if (address !== undefined && isIP(address) === 0) {
    throw new HearsayError('USAGE', 'must be a port, or an IP address and a port, as 0.0.0.0:9464', {
      field: '--metrics',
      value: text,
    })
  }
  return {
    port: wholeNumber('--metrics', 0, 65_535)(port!),
    ...(address !== undefined && { host: address }),
  }
}
