import { appendFile, lstat, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Measure } from '../../data/index.js'
import { appendFlags } from '../../disk/index.js'
import { HearsayError } from '../../errors.js'
import { whenRefused } from '../../system-errors.js'
import { honestOnly, honestRound, type MemberRecord, type RoundRecord, type RunRecord } from '../../watch/index.js'
import { folderOf, seriesNames } from '../names.js'
import { mean, tookPart, valuesOfPeer, valuesOfRun } from '../values.js'
import { fileVersion, goesOn, type Setting, scalars, settingsEvent } from './events.js'

export interface BoardInit {
  /** The folder that TensorBoard is given. */
  readonly folder: string
  readonly measure: Measure
  readonly settings: ReadonlyMap<string, Setting>
  /** When this part of the run began, in milliseconds since 1970. */
  readonly startedMs: number
  /** Rounds that were done before, in files that are there already. */
  readonly roundsBefore: number
}

/**
 * A run's numbers as TensorBoard reads them: those over all peers in the folder itself; beneath it a folder for each
 * peer, where there are several, and one for each baseline, so that they lie over each other in one chart.
 */
export interface Board {
  /** Adds a round that has ended. Returns before it is written. */
  add(round: RoundRecord, members: readonly MemberRecord[]): void
  addBaselines(record: Pick<RunRecord, 'baselines' | 'members' | 'untilMs'>): void
  /** Resolves when all of it is written. @throws the first error of the disk */
  written(): Promise<void>
}

/** TensorBoard knows its files by this beginning, and reads those of one folder in the order of their names. */
export function eventFile(startedMs: number): string {
  return `events.out.tfevents.${String(Math.floor(startedMs / 1000)).padStart(10, '0')}.hearsay`
}

/** Is this the name of one of our files? */
export function isEventFile(name: string): boolean {
  return /^events\.out\.tfevents\.\d+\.hearsay$/.test(name)
}

/**
 * A run folder may come from somebody else, with links in it to where nothing of ours belongs.
 *
 * @throws {@link HearsayError} `RUN`
 */
export async function mustBeNoLink(path: string): Promise<void> {
  const found = await lstat(path).catch(whenRefused('ENOENT'))
  if (found?.isSymbolicLink())
    throw new HearsayError('RUN', 'is a link, and nothing is written there', { source: path })
}

/** Makes the folder of some curves. */
async function makeOwn(folder: string, place: string): Promise<void> {
  const parts = place.split('/')
  for (let length = 0; length <= parts.length; length++) await mustBeNoLink(join(folder, ...parts.slice(0, length)))
  await mkdir(join(folder, place), { recursive: true })
}

export function createBoard({ folder, measure, settings, startedMs, roundsBefore }: BoardInit): Board {
  const file = eventFile(startedMs)
  const begun = new Set<string>()
  // One after another: what a run waits for is never this, and a slow disk has one file to write at a time.
  let writing = append('', [settingsEvent(startedMs, settings)])
  // Whoever asks for `written` learns of it.
  writing.catch(() => {})

  async function append(place: string, events: readonly Uint8Array[]): Promise<void> {
    const path = join(folder, place)
    const isNew = !begun.has(place)
    begun.add(place)
    if (isNew) await makeOwn(folder, place)
    const before = isNew
      ? [fileVersion(startedMs), ...(roundsBefore > 0 ? [goesOn(startedMs, roundsBefore + 1)] : [])]
      : []
    await appendFile(join(path, file), Buffer.concat([...before, ...events]), { flag: appendFlags })
  }

  function then(work: () => Promise<void>): void {
    writing = writing.then(work)
    writing.catch(() => {})
  }

  return {
    add(round, members) {
      const atMs = round.untilMs ?? startedMs
      const step = round.round + 1
      then(async () => {
        await append('', [scalars(atMs, step, valuesOfRun(honestRound(round, members), measure))])
        if (members.length < 2 || round.whole === null) return
        for (const [place, name] of seriesNames(members).entries()) {
          if (!tookPart(round, place)) continue
          await append(`peers/${folderOf(name)}`, [scalars(atMs, step, valuesOfPeer(round, place, measure))])
        }
      })
    },
    addBaselines({ baselines, members, untilMs }) {
      const atMs = untilMs ?? startedMs
      const all = {
        'local only': baselines.localOnly.map(
          ({ round, accuracy }) => [round, mean(honestOnly(accuracy, members))] as const,
        ),
        centralised: baselines.centralised.map(({ round, accuracy }) => [round, accuracy] as const),
      }
      for (const [name, points] of Object.entries(all)) {
        const tested = points.filter(([, value]) => value !== null)
        const events = tested.map(([round, value]) => scalars(atMs, round + 1, [{ name: measure, value }]))
        if (events.length > 0) then(() => append(`baselines/${name}`, events))
      }
    },
    written: () => writing,
  }
}
