import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { RunEvent } from '../../src/node/index.js'
import { peersCsv, roundsCsv } from '../../src/series/csv.js'
import { idOf, recordOf, simulationOf } from './events.js'

const rowsOf = (lines: Iterable<string>): Record<string, string>[] => parse([...lines].join(''), { columns: true })

it('has a row a round, with the numbers over all peers', () => {
  const [first, second, ...more] = rowsOf(roundsCsv(recordOf(simulationOf(['boston', 'bern'], 2)), 'accuracy'))
  expect(more).toEqual([])
  expect(first).toEqual({
    round: '1',
    time: '2027-01-15T08:00:01.000Z',
    accuracy: '0.1',
    'accuracy/lowest': '0.1',
    'accuracy/highest': '0.1',
    'accuracy/averaged model': '0.5',
    'loss/train': '0.25',
    'loss/test': '1.5',
    'local distance': '0.5',
    'seconds/train': '0.5',
    'seconds/wait': '0.125',
    'seconds/merge': '0.1',
    'seconds/evaluate': '0.1',
    'seconds/round': '0.75',
    'consensus distance': '0.125',
    'samples/trained': '20',
    'heads/absent': '2',
    'heads/refused': '2',
    'bytes/sent': '1000',
    peers: '2',
    'figures/macroF1': '-0.5',
    'method/held': '2',
  })
  expect(second).toMatchObject({ round: '2', accuracy: '0.2', 'bytes/sent': '2000' })
})

it('has the baselines where there are some, and an empty cell where there is no number, or not of all peers', () => {
  const of = { atMs: 1, rounds: 2, accuracy: 0.75 }
  const baselines: RunEvent[] = [
    { type: 'baseline', name: 'localOnly', round: 0, peer: idOf('boston'), ...of },
    ...['boston', 'bern'].map(
      name => ({ type: 'baseline', name: 'localOnly', round: 1, peer: idOf(name), ...of }) as const,
    ),
    { type: 'baseline', name: 'centralised', round: 0, ...of },
  ]
  const rows = rowsOf(roundsCsv(recordOf([...simulationOf(['boston', 'bern'], 2), ...baselines]), 'accuracy'))
  expect(rows.map(row => [row['baseline/local only'], row['baseline/centralised']])).toEqual([
    ['', '0.75'],
    ['0.75', ''],
  ])
})

it('has a row for each peer of each round, and none for one that took no part', () => {
  const events = simulationOf(['boston', 'bern', 'basel'], 1).filter(
    event => !('peer' in event) || event.peer !== idOf('bern'),
  )
  const rows = rowsOf(peersCsv(recordOf(events), 'r2'))
  expect(rows.map(({ round, peer, id, name, r2 }) => [round, peer, id, name, r2])).toEqual([
    ['1', '0', 'id-boston', 'boston', '0.1'],
    ['1', '2', 'id-basel', 'basel', '0.1'],
  ])
})

it('no name is a formula or breaks a line, whatever it is, and numbers keep their sign', () => {
  const names = ['=1+1', '+1', '-1', '@sum', '\t=1', 'a,"b"\r\nc']
  const rows = rowsOf(peersCsv(recordOf(simulationOf(names, 1)), 'accuracy'))
  expect(rows.map(({ name }) => name)).toEqual(["'=1+1", "'+1", "'-1", "'@sum", '\\t=1', 'a,"b"\\r\\nc'])
  expect(rows.map(row => row['figures/macroF1'])).toEqual(names.map(() => '-0.5'))
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), name => {
      const [row] = rowsOf(peersCsv(recordOf(simulationOf([name], 1)), 'accuracy'))
      expect(row!.name).not.toMatch(/^[=+\-@\t\r]/)
      expect(row!['loss/train']).toBe('0.25')
    }),
    { numRuns: 30 },
  )
})

it('no heading or id turns or hides other text', () => {
  const [begin, ...events] = simulationOf(['boston'], 1)
  const nasty = events.map(event =>
    event.type === 'merged' ? { ...event, figures: { 'a\u001b[2J': 1, 'b\u202e': 2 }, peer: 'id\u202e' } : event,
  )
  const record = recordOf([begin!, ...nasty])
  const [run, peers] = [rowsOf(roundsCsv(record, 'accuracy')), rowsOf(peersCsv(record, 'accuracy'))]
  for (const row of [run[0]!, peers[0]!]) {
    expect(Object.keys(row).filter(name => name.startsWith('method/'))).toEqual(['method/a\\x1b[2J', 'method/b\\u202e'])
  }
  expect(peers.map(({ id }) => id)).toEqual(['id-boston', 'id\\u202e'])
})
