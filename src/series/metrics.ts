import { Gauge, Registry } from 'prom-client'
import { measureOf } from '../data/index.js'
import type { Exposition } from '../exposition.js'
import type { PeerCounters, PeerNetwork, Reporter } from '../node/index.js'
import { inTurn } from '../turns.js'
import { followRun } from '../watch/index.js'
import { familiesOf } from './families.js'
import { countersIn, familiesIn, type ShowRound } from './registered.js'

export interface MetricsInit {
  /**
   * Of a peer in the field: what it has sent, received and rejected so far; undefined before there is a peer.
   * @default none: it is a simulation, whose rounds have that
   */
  readonly counters?: () => PeerCounters | undefined
  /** Whether libp2p's own metrics of the peer's host, and those of the process, stand beside. @default false */
  readonly host?: boolean
}

/** A run as Prometheus scrapes it. */
export interface Metrics {
  /** Follows the run. */
  readonly reporter: Reporter
  /** How the run stands. Who asks while a text is made gets the same: any number of scrapers cost one. */
  text(): Promise<Exposition>
  /** What the peer's host is created with: nothing, unless its metrics are wanted. */
  readonly network: Pick<PeerNetwork, 'metrics'>
}

/** Creates what follows a run for Prometheus. It keeps the last numbers of each peer, and no rounds. */
export async function createMetrics({ counters, host = false }: MetricsInit = {}): Promise<Metrics> {
  const own = new Registry()
  const ofHost = host ? new Registry() : undefined
  // Loaded where it is wanted only.
  const network = ofHost && { metrics: (await import('./host-metrics.js')).hostMetrics(ofHost) }
  if (counters !== undefined) countersIn(own, counters)
  const following = followRun()
  let show: ShowRound
  let making: Promise<Exposition> | undefined
  return {
    reporter: {
      onBegin({ id, manifest, rounds }) {
        const about = { run: id, method: manifest.merge.method, data: manifest.data.set }
        const info = { name: 'hearsay_run_info', help: 'What is run.', labelNames: Object.keys(about) }
        new Gauge({ ...info, registers: [own] }).set(about, 1)
        new Gauge({ name: 'hearsay_rounds', help: 'Rounds of the whole run.', registers: [own] }).set(manifest.rounds)
        show = familiesIn(own, familiesOf(measureOf(manifest.data), counters === undefined))
        // Of a run that is resumed, before its next round has ended.
        ;(own.getSingleMetric('hearsay_round') as Gauge).set(rounds)
      },
      async onEvent(event) {
        const round = following.add(event)
        if (round !== undefined) await show(round, following.members())
      },
    },
    text() {
      making ??= expositionOf(ofHost === undefined ? [own] : [own, ofHost]).finally(() => {
        making = undefined
      })
      return making
    },
    network: network ?? {},
  }
}

async function expositionOf(registries: readonly Registry[]): Promise<Exposition> {
  const texts: string[] = []
  for (const registry of registries) {
    // One by one, as the registry would make all in one go.
    for (const { name } of registry.getMetricsAsArray()) {
      texts.push(`${await inTurn(() => registry.getSingleMetricAsString(name))}\n`)
    }
  }
  return { type: registries[0]!.contentType, text: texts.join('') }
}
