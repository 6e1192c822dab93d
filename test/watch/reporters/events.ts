import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { parseManifest, type ReportedRun, type RoundFigures, type RunEvent } from '../../../src/node/index.js'

/** A run of two peers, and two that it has not, of four rounds. */
export function reportedRun(changes: Partial<ReportedRun> = {}): ReportedRun {
  return {
    id: 'ab'.repeat(32),
    manifest: parseManifest({ peers: 2, rounds: 4 }),
    rounds: 0,
    members: ['anna', 'bert', 'carl', 'dora'].map((name, at) => ({ peer: 'ABCD'[at]!, name })),
    classes: ['honest', 'fraud'],
    baselines: false,
    ...changes,
  }
}

export interface Screen {
  readonly stream: NodeJS.WriteStream
  lines(): string[]
}

export function createScreen(): Screen {
  let text = ''
  const stream = Object.assign(
    new Writable({
      write(chunk, _encoding, done) {
        text += String(chunk)
        done()
      },
    }),
    { isTTY: true, columns: 100, rows: 30 },
  ) as unknown as NodeJS.WriteStream
  return { stream, lines: () => stripVTControlCharacters(text).trimEnd().split('\n') }
}

export const trained = (peer: string, round: number): RunEvent => ({
  type: 'trained',
  atMs: 0,
  peer,
  round,
  loss: 1,
  samples: 10,
  seconds: 1,
})

export const round: RoundFigures & { readonly atMs: number } = {
  type: 'round',
  atMs: 0,
  round: 1,
  peers: 2,
  accuracy: { mean: 0.5, min: 0.25, max: 0.75, ofMean: 0.6 },
  loss: 1,
  consensusDistance: 0.125,
  absent: 0,
  samples: 40,
  sentBytes: 12_345,
  seconds: 2,
}

export const notes: readonly RunEvent[] = [
  { type: 'joined', atMs: 0, round: 0, peer: 'B', heard: 0, missing: ['A', 'D'] },
  { type: 'failed', atMs: 0, peer: 'A', round: 1 },
  {
    type: 'exchanged',
    atMs: 0,
    peer: 'B',
    round: 1,
    step: 0,
    received: [],
    absent: [
      { peer: 'A', reason: 'gone' },
      { peer: 'D', reason: 'late' },
    ],
    waitSeconds: 1,
  },
]
