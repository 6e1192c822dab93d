import type { Primary } from '../data/index.js'
import { shown } from '../foreign.js'
import { type Manifest, runIdOf } from '../node/index.js'
import { isSimulation, type KeptSummary, readSummary } from '../report/index.js'
import { firstOf, type RunRecord, readKeptManifest, readRecord } from '../watch/index.js'
import { courseOf, type RunCourse, unitedCourse } from './course.js'
import type { ComparedRun } from './shape.js'

/** A run as its folders have it, before it is known by which figure it is compared. */
export interface KeptRun {
  readonly folders: readonly string[]
  readonly manifest: Manifest
  /** In hex. */
  readonly id: string
  readonly isSimulation: boolean
  /** What was made to go wrong in it, as its summary has it: a run that was killed has none. */
  readonly faults: KeptSummary['faults']
  readonly incomplete: ComparedRun['incomplete']
  /** Of its first folder. */
  readonly summary: Pick<KeptSummary, 'accuracy' | 'beside' | 'isUnbalanced' | 'perPeer'>
  /** Sent by a peer in a round, and seconds of the whole run, as summaries have them; null of a run that has none. */
  readonly bytes: number | null
  readonly seconds: number | null
  /** By the figure that its manifest shows first, and by its measure. */
  readonly courses: ReadonlyMap<Primary, RunCourse>
}

/** What one folder has of a run: all of a simulation, or one peer's part in the field. */
interface Part extends KeptRun {
  /** Id of the peer in the field. */
  readonly peer: string | undefined
}

/**
 * Reads run folders. A run that several folders have counts once; peers of one run in the field, each with a folder of
 * its own, are put together.
 *
 * @returns runs in the order of their first folder, and what is to be known of them
 * @throws {@link HearsayError} `RUN` or `MANIFEST` where one is no run folder; the signal's reason
 */
export async function readRuns(
  folders: readonly string[],
  signal?: AbortSignal,
): Promise<{ readonly runs: readonly KeptRun[]; readonly notes: readonly string[] }> {
  const parts = new Map<string, Part[]>()
  for (const folder of folders) {
    signal?.throwIfAborted()
    const { manifest } = await readKeptManifest(folder)
    const part = partOf({
      folder,
      manifest,
      summary: await readSummary(folder),
      record: await readRecord(folder, signal),
    })
    const key = `${withoutPrimary(part.manifest)} ${part.isSimulation} ${JSON.stringify(part.faults)}`
    parts.set(key, [...(parts.get(key) ?? []), part])
  }
  const repeated: string[] = []
  const runs = [...parts.values()].map(all => united(withoutRepeated(all, repeated)))
  const notes = repeated.length === 0 ? [] : [`counted once, being the same run: ${firstOf(repeated)}`]
  return { runs, notes }
}

/** The id of a run whatever figure it shows first, which changes none of its numbers. */
function withoutPrimary({ evaluation, ...manifest }: Manifest): string {
  const { primary: _, ...tests } = evaluation
  return idOf({ ...manifest, evaluation: tests })
}

function idOf(manifest: Manifest): string {
  return Buffer.from(runIdOf(manifest)).toString('hex')
}

/** What a run folder holds. */
interface Held {
  readonly folder: string
  readonly manifest: Manifest
  readonly summary: KeptSummary
  readonly record: RunRecord
}

function partOf({ folder, manifest, summary, record }: Held): Part {
  const { primary = 'accuracy' } = manifest.evaluation
  const isComplete = summary.interrupted === false
  const sent = summary.sentBytes === undefined || !summary.rounds ? undefined : summary.sentBytes / summary.rounds
  const courses = new Map(([primary, 'accuracy'] as const).map(name => [name, courseOf(record, name)]))
  return {
    folders: [folder],
    manifest,
    id: idOf(manifest),
    // Before a peer in the field is anything else, it is a member; a simulation may be killed before its first event.
    isSimulation: isSimulation(record) || record.members.length === 0,
    faults: summary.faults,
    incomplete: isComplete ? [] : [{ folder, rounds: courses.get('accuracy')!.size }],
    summary,
    bytes: isComplete ? (summary.bytes?.perPeerPerRound ?? sent ?? null) : null,
    seconds: isComplete ? (summary.seconds ?? null) : null,
    courses,
    peer: record.members.find((_, at) => record.rounds.some(({ columns }) => columns.roundSeconds[at] !== null))?.peer,
  }
}

/** Of folders with the same, the one with the most rounds; of equals the first. */
function withoutRepeated(parts: readonly Part[], repeated: string[]): Part[] {
  const kept = new Map<string | undefined, Part>()
  for (const part of parts) {
    const key = part.isSimulation ? undefined : part.peer
    const known = kept.get(key)
    if (known !== undefined) repeated.push(`${nameOf(known)} and ${nameOf(part)}`)
    if (known === undefined || roundsOf(part) > roundsOf(known)) kept.set(key, part)
  }
  return [...kept.values()]
}

/** One run of its peers' folders. */
function united(parts: readonly Part[]): KeptRun {
  const [first] = parts as [Part]
  const mean = (values: readonly (number | null)[]): number | null => {
    const known = values.filter(value => value !== null)
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length
  }
  return {
    ...first,
    folders: parts.flatMap(({ folders }) => folders),
    incomplete: parts.flatMap(({ incomplete }) => incomplete),
    bytes: mean(parts.map(({ bytes }) => bytes)),
    seconds: mean(parts.map(({ seconds }) => seconds)),
    courses: new Map(
      [...first.courses.keys()].map(name => [
        name,
        unitedCourse(
          parts.map(({ courses }) => courses.get(name)!),
          name,
        ),
      ]),
    ),
  }
}

function nameOf({ folders }: KeptRun): string {
  return shown(folders[0]!)
}

/** Rounds that a run has done. */
export function roundsOf({ courses }: KeptRun): number {
  return courses.get('accuracy')!.size
}
