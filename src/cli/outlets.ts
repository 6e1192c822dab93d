import { join } from 'node:path'
import pc from 'picocolors'
import type { DashboardInit } from '../dashboard/index.js'
import { HearsayError } from '../errors.js'
import { shown } from '../foreign.js'
import type { PeerCounters, PeerNetwork, Reporter } from '../node/index.js'
import { createMetrics, type MetricsAddress, serveMetrics, tensorboardReporter } from '../series/index.js'
import { typed } from '../shell.js'
import { isWatched, startWatching, type WatchFlags, type Watching } from './watching.js'

/** Flags for where a run is shown besides its terminal and its folder. */
export interface OutletFlags extends WatchFlags {
  readonly tensorboard?: boolean
  readonly metrics?: MetricsAddress
  readonly hostMetrics?: boolean
}

export interface OutletsInit {
  /** Of a peer in the field, once there is one. @default none: it is a simulation */
  readonly counters?: () => PeerCounters | undefined
  /** Prints a line. */
  readonly tell: (line: string) => void
}

/** What shows a run elsewhere. */
export interface Outlets {
  /** For the host of a peer in the field. */
  readonly network: Pick<PeerNetwork, 'metrics'>
  /** What follows the run for other programs; says where the files of it are. */
  reporters(runFolder: string): Reporter[]
  /** Serves the dashboard, where flags ask for it, with the metrics; says where it is. */
  watch(run: Omit<DashboardInit, 'port' | 'metrics'>): Promise<void>
  /** Tells browsers that the run is over, and closes all. Idempotent. */
  close(): Promise<void>
}

/**
 * Opens what the flags ask for: before a run folder is made, as a port may be in use. The dashboard comes later, as it
 * reads that folder.
 *
 * @throws {@link HearsayError} where a port is in use, or flags do not go together
 */
export async function openOutlets(flags: OutletFlags, { counters, tell }: OutletsInit): Promise<Outlets> {
  const { tensorboard = false, metrics: address, hostMetrics: host = false } = flags
  const isCounted = address !== undefined || isWatched(flags)
  if (host && !isCounted)
    throw new HearsayError('USAGE', '--host-metrics: go with --metrics or --watch; add one of them')
  const metrics = isCounted ? await createMetrics({ ...(counters && { counters }), host }) : undefined
  const server = metrics && address && (await serveMetrics(address, metrics.text))
  if (server) tell(`${pc.dim('metrics'.padEnd(10))}${server.url}`)
  let watching: Watching | undefined
  return {
    network: metrics?.network ?? {},
    reporters: folder => [
      ...(tensorboard ? [boardsIn(join(folder, 'tensorboard'), tell)] : []),
      ...(metrics ? [metrics.reporter] : []),
    ],
    async watch(run) {
      watching = await startWatching({ ...run, ...(metrics && { metrics: metrics.text }) }, flags, tell)
    },
    async close() {
      await watching?.stop()
      await server?.close()
    },
  }
}

function boardsIn(folder: string, tell: (line: string) => void): Reporter {
  tell(`${pc.dim('boards'.padEnd(10))}tensorboard --logdir ${typed(folder)}`)
  return tensorboardReporter(folder, error => tell(`not all is there for TensorBoard: ${lineOf(error)}`))
}

function lineOf(error: unknown): string {
  return shown(error instanceof Error ? error.message : String(error), 1000)
}
