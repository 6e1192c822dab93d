import { join } from 'node:path'
import pc from 'picocolors'
import { HearsayError } from '../errors.js'
import { shown } from '../foreign.js'
import type { PeerCounters, PeerNetwork, Reporter } from '../node/index.js'
import { createMetrics, type MetricsAddress, serveMetrics, tensorboardReporter } from '../series/index.js'
import { typed } from '../shell.js'

/** Flags for where a run's numbers go besides its folder. */
export interface OutletFlags {
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

/** What follows a run for other programs. */
export interface Outlets {
  /** Names where things are, once the run folder is known. */
  reporters(runFolder: string): Reporter[]
  /** For the host of a peer in the field. */
  readonly network: Pick<PeerNetwork, 'metrics'>
  /** Idempotent. */
  close(): Promise<void>
}

/**
 * Opens what the flags ask for: before a run folder is made, as a port may be in use.
 *
 * @throws {@link HearsayError} where a port is in use, or flags do not go together
 */
export async function openOutlets(
  { tensorboard = false, metrics, hostMetrics = false }: OutletFlags,
  { counters, tell }: OutletsInit,
): Promise<Outlets> {
  if (hostMetrics && metrics === undefined)
    throw new HearsayError('USAGE', '--host-metrics: go with --metrics; name its port')
  const boards = (runFolder: string): Reporter[] => {
    if (!tensorboard) return []
    const folder = join(runFolder, 'tensorboard')
    tell(`${pc.dim('boards'.padEnd(10))}tensorboard --logdir ${typed(folder)}`)
    return [tensorboardReporter(folder, error => tell(`not all is there for TensorBoard: ${lineOf(error)}`))]
  }
  if (metrics === undefined) return { reporters: boards, network: {}, close: async () => {} }
  const { reporter, text, network } = await createMetrics({ ...(counters && { counters }), host: hostMetrics })
  const server = await serveMetrics(metrics, text)
  tell(`${pc.dim('metrics'.padEnd(10))}${server.url}`)
  return { reporters: folder => [...boards(folder), reporter], network, close: server.close }
}

function lineOf(error: unknown): string {
  return shown(error instanceof Error ? error.message : String(error), 1000)
}
