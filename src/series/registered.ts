import { Counter, Gauge, type Registry } from 'prom-client'
import type { PeerCounters } from '../node/index.js'
import { inTurn } from '../turns.js'
import type { MemberRecord, RoundRecord } from '../watch/index.js'
import type { Family, Sample } from './families.js'
import { seriesNames } from './names.js'

/** Shows a round that has ended. */
export type ShowRound = (round: RoundRecord, members: readonly MemberRecord[]) => Promise<void>

/** Of many peers a round has thousands of samples: so many take a fraction of a millisecond. */
const sliceSamples = 64

/** Registers families of series. */
export function familiesIn(registry: Registry, families: readonly Family[]): ShowRound {
  const registered = families.map(family => ({ family, ...registeredIn(registry, family) }))
  let gone = 0
  return async (round, members) => {
    const names = seriesNames(members)
    const now = members.filter(({ goneSince }) => goneSince !== null).length
    for (const { family, show, forget } of registered) {
      // What was said of a peer that has gone would stand there for ever.
      if (now !== gone && family.labels.includes('peer')) forget()
      const samples = family.samples(round, names)
      for (let at = 0; at < samples.length; at += sliceSamples) {
        await inTurn(() => samples.slice(at, at + sliceSamples).forEach(show))
      }
    }
    gone = now
  }
}

interface Registered {
  show(sample: Sample): void
  forget(): void
}

function registeredIn(registry: Registry, { name, help, type, labels: labelNames }: Family): Registered {
  const about = { help, labelNames, registers: [registry] }
  if (type === 'gauge') {
    const gauge = new Gauge({ name, ...about })
    // Without labels it would stand there as 0 before there is a number.
    if (labelNames.length === 0) gauge.remove()
    return { show: ({ labels, value }) => gauge.set(labels, value), forget: () => gauge.reset() }
  }
  const counter = new Counter({ name: `${name}_total`, ...about })
  return {
    show({ labels, value }) {
      if (type === 'total') counter.reset()
      counter.inc(labels, value)
    },
    // A counter never goes back.
    forget() {},
  }
}

/** Registers what a peer in the field has sent, received and rejected, read when it is scraped. */
export function countersIn(registry: Registry, counters: () => PeerCounters | undefined): void {
  const total = (name: string, help: string, labelNames: readonly string[], samples: () => readonly Sample[]): void => {
    new Counter({
      name: `hearsay_${name}_total`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset()
        for (const { labels, value } of samples()) this.inc(labels, value)
      },
    })
  }
  const one = (value: number | undefined): Sample[] => (value === undefined ? [] : [{ labels: {}, value }])
  total('sent_bytes', 'Sent by this peer.', [], () => one(counters()?.sentBytes))
  total('received_bytes', 'Received by this peer.', [], () => one(counters()?.receivedBytes))
  total('rejected', 'What came and was not taken.', ['reason'], () =>
    Object.entries(counters()?.rejected ?? {}).map(([reason, value]) => ({ labels: { reason }, value })),
  )
}
