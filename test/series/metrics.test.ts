import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHost } from '../../src/gossip/index.js'
import { Traffic } from '../../src/gossip/traffic/traffic.js'
import { createIdentity, type PeerCounters, type RunEvent } from '../../src/node/index.js'
import { createMetrics, type Metrics } from '../../src/series/index.js'
import { seriesNames } from '../../src/series/names.js'
import { reportedRun } from '../watch/reporters/events.js'
import { begunMs, idOf, ownRound, simulationOf } from './events.js'

async function told(metrics: Metrics, events: readonly RunEvent[], rounds = 0): Promise<Map<string, number>> {
  const { reporter } = metrics
  await reporter.onBegin!(reportedRun({ rounds }))
  for (const event of events) await reporter.onEvent!(event)
  return samplesIn((await metrics.text()).text)
}

/** The samples of a text, by name and labels as they stand there: the format of version 0.0.4. */
function samplesIn(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ') || line.startsWith('# TYPE ')) continue
    const [, name, value] = /^(\w+(?:\{(?:\w+="(?:[^"\\]|\\["\\n])*",?)*\})?) (\S+)$/.exec(line)!
    expect(samples.has(name!)).toBe(false)
    samples.set(name!, Number(value))
  }
  return samples
}

describe('metrics of a simulation', () => {
  it('are the last numbers, with what has added up', async () => {
    const metrics = await createMetrics()
    const samples = await told(metrics, simulationOf(['boston', 'bern'], 3))
    expect(Object.fromEntries(samples)).toMatchObject({
      hearsay_round: 3,
      hearsay_rounds: 4,
      hearsay_peers: 2,
      hearsay_consensus_distance: 0.125,
      hearsay_mean_model_accuracy: 0.5,
      hearsay_sent_bytes_total: 3000,
      'hearsay_accuracy{peer="boston"}': expect.closeTo(0.3),
      'hearsay_figure{peer="bern",figure="macroF1"}': -0.5,
      'hearsay_method_figure{peer="bern",figure="held"}': 2,
      'hearsay_phase_seconds_total{peer="bern",phase="train"}': 1.5,
      'hearsay_absent_total{reason="late"}': 6,
      'hearsay_refused_total{reason="TOO_FAR"}': 6,
    })
    expect((await metrics.text()).type).toBe('text/plain; version=0.0.4; charset=utf-8')
  })

  it('have no number before there is one, and go on with the rounds of a run that is resumed', async () => {
    const samples = await told(await createMetrics(), [], 7)
    expect(samples.get('hearsay_round')).toBe(7)
    expect([...samples.keys()].filter(name => /distance|accuracy|peers/.test(name))).toEqual([])
  })

  it('say nothing more of a peer that has gone', async () => {
    const names = ['boston', 'bern']
    const [begin, ...rounds] = simulationOf(names, 2)
    const gone = idOf('bern')
    const left = rounds.filter(event => event.round === 0 || !('peer' in event) || event.peer !== gone)
    const failed: RunEvent = { type: 'failed', atMs: begunMs, round: 1, peer: gone }
    const last = left.findIndex(({ round }) => round === 1)
    const samples = await told(await createMetrics(), [begin!, ...left.slice(0, last), failed, ...left.slice(last)])
    expect([...samples.keys()].filter(name => name.startsWith('hearsay_accuracy'))).toEqual([
      'hearsay_accuracy{peer="boston"}',
    ])
  })

  it('a name is a label’s value, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 3 }), async names => {
        const samples = await told(await createMetrics(), simulationOf(names, 1))
        const labels = [...samples.keys()].flatMap(name => /^hearsay_train_loss\{peer="(.*)"\}$/s.exec(name)?.[1] ?? [])
        const plain = labels.map(text => text.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c)))
        expect(plain).toEqual(seriesNames(names.map(name => ({ peer: idOf(name), name }))))
      }),
      { numRuns: 10, examples: [[['a"b\\n{c="d"} 1', 'a\nb']]] },
    )
  })
})

it('those of a peer in the field have its own counters, as they are when they are asked for', async () => {
  let counters: PeerCounters | undefined
  const metrics = await createMetrics({ counters: () => counters })
  const samples = await told(metrics, ownRound(idOf('boston'), 0, begunMs, idOf('bern')))
  expect(samples.get('hearsay_sent_bytes_total')).toBe(0)
  expect(samples.get('hearsay_round')).toBe(1)
  counters = { sentBytes: 5, receivedBytes: 7, traffic: new Traffic().bytes(), rejected: { LATE: 2 } }
  await metrics.text()
  const { text } = await metrics.text()
  expect(Object.fromEntries(samplesIn(text))).toMatchObject({
    hearsay_sent_bytes_total: 5,
    hearsay_received_bytes_total: 7,
    'hearsay_rejected_total{reason="LATE"}': 2,
  })
})

it('any number of scrapers at once cost one text, and the next gets a new one', async () => {
  const metrics = await createMetrics()
  const [first, second] = [metrics.text(), metrics.text()]
  expect(second).toBe(first)
  await first
  expect(metrics.text()).not.toBe(first)
})

it('those of libp2p stand beside where they are wanted, and of nothing that is not what it is called', async () => {
  const metrics = await createMetrics({ counters: () => undefined, host: true })
  const { privateKey } = await createIdentity()
  const host = await createHost({ privateKey, transport: 'memory', listen: ['/memory/metrics'], ...metrics.network })
  await host.start()
  const { text } = await metrics.text()
  await host.stop()
  const names = [...samplesIn(text).keys()]
  expect(names).toContain('libp2p_registrar_protocol_handlers')
  expect(names.filter(name => name.startsWith('process_cpu'))).not.toEqual([])
  expect(names.filter(name => name.includes('fs_usage'))).toEqual([])
})
