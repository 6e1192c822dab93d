import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type ManifestInput, manifestYaml, parseManifest, type RunEvent } from '../../src/node/index.js'

/** A run as a test makes it up. */
export interface MadeUpRun {
  readonly manifest?: ManifestInput
  /** By round and peer. */
  readonly accuracy: readonly (readonly number[])[]
  /** A figure beside the measure, by round and peer. */
  readonly beside?: { readonly name: string; readonly values: readonly (readonly number[])[] }
  /** Left out, the run has no summary, as one that was killed. */
  readonly summary?: object
  /** In the field, what this peer is called. */
  readonly peer?: string
}

/** An empty folder, removed after the test. */
export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-compare-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

/** Writes a run folder, and returns its path. */
export async function runFolder(parent: string, name: string, run: MadeUpRun): Promise<string> {
  const folder = join(parent, name)
  await mkdir(folder)
  const rounds = run.accuracy.length
  const manifest = parseManifest({ data: 'digits', peers: 2, rounds, ...run.manifest })
  await writeFile(join(folder, 'manifest.yaml'), manifestYaml(manifest))
  await writeFile(
    join(folder, 'metrics.jsonl'),
    eventsOf(run)
      .map(event => `${JSON.stringify(event)}\n`)
      .join(''),
  )
  if (run.summary !== undefined) await writeFile(join(folder, 'summary.json'), JSON.stringify(run.summary))
  return folder
}

/** A summary of a run that was not interrupted. */
export const complete = { interrupted: false }

/** A simulation whose peers send 10 bytes each in a round of 2 s; or what one peer in the field has kept of its own. */
function eventsOf({ accuracy, beside, peer: own }: MadeUpRun): object[] {
  const members = accuracy[0]!.map((_, at) => ({ peer: own ?? `id-${at}`, name: own ?? `peer-${at}` }))
  const begin: RunEvent[] = own === undefined ? [{ type: 'begin', atMs: 0, round: 0, run: 'ab', members }] : []
  return [
    ...begin,
    ...accuracy.flatMap((values, round) => {
      const atMs = 2000 * (round + 1)
      const ofPeers = values.flatMap((value, at) => {
        const { peer } = members[at]!
        const figures = beside && { [beside.name]: beside.values[round]![at] }
        return [
          { type: 'evaluated', atMs, round, peer, accuracy: value, loss: 1, ...figures },
          { type: 'ended', atMs, round, peer, seconds: 2 },
        ]
      })
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length
      const whole = {
        type: 'round',
        atMs,
        round,
        peers: values.length,
        accuracy: { mean, min: Math.min(...values), max: Math.max(...values), ofMean: mean + 0.05 },
        loss: 1,
        consensusDistance: 1 / (round + 1),
        absent: 0,
        samples: 1,
        sentBytes: 10 * values.length * (round + 1),
        seconds: 2 * (round + 1),
      }
      return own === undefined ? [...ofPeers, whole] : ofPeers
    }),
  ]
}
