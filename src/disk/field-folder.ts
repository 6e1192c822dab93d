import { readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { NotRead, readBounded } from '../bounded-file.js'
import { HearsayError } from '../errors.js'
import { type Manifest, manifestYaml, parseManifest, readManifestFile, runIdOf } from '../node/index.js'
import type { Ledger } from '../privacy/index.js'
import { whenRefused, whyNot } from '../system-errors.js'
import { explainDisk, makeFolder, replaceFile } from './durable.js'
import { readLedger, writeLedger } from './ledger-file.js'
import { isLockFile, type Lock, lockFolder } from './lock.js'
import { type MetricsFile, openMetrics } from './metrics-file.js'
import { exists, knownMembers, type MetMember, membersIn, type PeerSettings, settingsIn } from './peer-files.js'
import { nothingYet, type Outcome, outcomeIn, type SoFar, soFarIn } from './progress.js'

/** Whether a folder is opened for a new run, or to resume one. */
export type FieldFolderInit =
  | { readonly resume: false; readonly manifest: Manifest; readonly signal: AbortSignal }
  | { readonly resume: true; readonly signal: AbortSignal }

/**
 * What one peer in the field keeps on disk, so that it can resume. One process at a time holds the folder. Files are
 * replaced atomically, so that a reader, or a peer resumed after a power cut, sees either the old state or the new one.
 *
 * ```
 * manifest.yaml    the run
 * identity.key     this peer's private key: readable by its owner alone
 * peer.json        what it was started with: its name, its data, its network; readable by its owner alone
 * peers.json       the members it has met, with their addresses
 * agreed.json      the sums that peers added up before the first round, to standardise their columns alike
 * ledger.json      with a budget of privacy: the steps charged to it
 * metrics.jsonl    every event, of all its processes; a round may be in it twice, and the later one counts
 * checkpoints/     its model between rounds
 * summary.json     the result, written at the end
 * ```
 */
export interface FieldFolder {
  readonly path: string
  readonly manifest: Manifest
  /** The folder was created by this process: it contains no earlier events. */
  readonly isNew: boolean
  /** Progress before this process, from `metrics.jsonl`; undefined where a resumed folder has lost that file. */
  readonly before: SoFar | undefined
  /** For `loadOrCreateIdentity`. */
  readonly identityPath: string
  /** For `createCheckpoints`. */
  readonly checkpointsPath: string
  /** Aborted when another process took the folder: see `Lock`. */
  readonly lost: AbortSignal
  /** Appends a line to `metrics.jsonl`. */
  readonly append: MetricsFile['append']
  /** Writes what this peer was started with. */
  writeSettings(settings: PeerSettings): Promise<void>
  /**
   * Reads what this peer was started with, as this process or an earlier one has written it.
   *
   * @throws {@link HearsayError} RUN when `peer.json` is missing, is not what was written, or is of another run than
   * `manifest.yaml`
   */
  readSettings(): Promise<PeerSettings>
  /** Writes the members to dial when the peer is resumed. Calls are serialised. */
  writeMembers(members: readonly MetMember[]): Promise<void>
  /**
   * Reads the members of `peers.json`.
   *
   * @throws {@link HearsayError} RUN when `peers.json` is missing, or not what was written
   */
  readMembers(): Promise<MetMember[]>
  /** Writes what peers agreed on before the first round, in base64. */
  writeAgreed(sum: string): Promise<void>
  /** Reads the agreement; undefined where there is none yet. */
  readAgreed(): Promise<string | undefined>
  /** Writes the steps charged to the budget of privacy; they are on the disk when this resolves. */
  writeLedger(ledger: Ledger): Promise<void>
  /** Reads them. @throws {@link HearsayError} RUN when they are missing, or not what was written */
  readLedger(): Promise<Ledger>
  writeSummary(summary: object): Promise<void>
  /** Reads the result of the last process; undefined where that was not kept. */
  readOutcome(): Promise<Outcome | undefined>
  /** Releases the folder. Idempotent. */
  close(): Promise<void>
  /**
   * Releases the folder, and removes a new one that has no events yet, as where the data do not fit: a user who
   * corrects that and tries again needs an empty folder. Has no effect after `close`.
   */
  abandon(): Promise<void>
}

const ledgerFile = 'ledger.json'

/** Unfinished files that a crash may have left here. */
const unfinished =
  /^(manifest\.yaml|agreed\.json|ledger\.json|peer\.json|peers\.json|summary\.json|report\.html|identity\.key)\.[0-9a-f]{16}\.part$/

/** The files of a folder before its first event. */
const newFiles = ['manifest.yaml', 'peer.json', 'peers.json', ledgerFile, 'metrics.jsonl']

/** A file that may exist before the run: `hearsay id` creates it where a peer is admitted by its id. */
export const identityFile = 'identity.key'

/** A claim copied with its folder names a process that holds the original folder, with the same identity. */
const copied = 'Was the folder copied? Two peers cannot share one identity: join with a new folder instead'

/**
 * Creates a new run folder (`resume: false`), or opens an existing one.
 *
 * @throws {@link HearsayError} RUN where a new one is not empty, where there is nothing to resume, or where another
 * process holds the folder
 */
export async function openRunFolder(path: string, init: FieldFolderInit): Promise<FieldFolder> {
  if (init.resume) await mustHaveManifest(path)
  else await makeEmpty(path)
  const lock = await lockFolder(path, init.signal, { advice: copied })
  try {
    // Checked again: another process may have begun here before this one got the lock.
    if (!init.resume) await makeEmpty(path)
    const hadIdentity = await exists(join(path, identityFile))
    const manifestPath = join(path, 'manifest.yaml')
    if (!init.resume) {
      // Before the manifest, with which the folder counts as that of a run: such a folder without a ledger has lost it.
      const ledgerPath = join(path, ledgerFile)
      await kept(
        path,
        init.manifest.privacy === undefined ? rm(ledgerPath, { force: true }) : writeLedger(ledgerPath, []),
      )
      await kept(path, replaceFile(manifestPath, manifestYaml(init.manifest)))
    }
    const manifest = parseManifest(await readManifestFile(manifestPath), manifestPath)
    for (const file of await readdir(path)) if (unfinished.test(file)) await rm(join(path, file), { force: true })
    const metricsPath = join(path, 'metrics.jsonl')
    const hasMetrics = await exists(metricsPath)
    const metrics = await kept(
      path,
      openMetrics(metricsPath, 'Metrics from here on were not kept; resume the run then'),
    )
    const before = hasMetrics ? await soFarIn(metricsPath) : init.resume ? undefined : nothingYet
    return folderOf({ path, manifest, isNew: !init.resume, before, metrics, lock, hadIdentity })
  } catch (error) {
    await lock.release()
    throw error
  }
}

/**
 * Reads what a folder contains about its peer, without locking it: the peer may be running.
 *
 * @throws {@link HearsayError} RUN when no run was begun there
 */
export async function readRunFolder(
  path: string,
): Promise<{ readonly manifest: Manifest; readonly identityPath: string; readonly settings: PeerSettings }> {
  await mustHaveManifest(path)
  const manifestPath = join(path, 'manifest.yaml')
  const manifest = parseManifest(await readManifestFile(manifestPath), manifestPath)
  const settings = await settingsIn(join(path, 'peer.json'))
  return { manifest, identityPath: join(path, identityFile), settings }
}

interface OpenFolder extends Pick<FieldFolder, 'path' | 'manifest' | 'isNew' | 'before'> {
  readonly metrics: MetricsFile
  readonly lock: Pick<Lock, 'lost' | 'release'>
  readonly hadIdentity: boolean
}

function folderOf({ path, manifest, isNew, before, metrics, lock, hadIdentity }: OpenFolder): FieldFolder {
  const membersPath = join(path, 'peers.json')
  let writing: Promise<unknown> = Promise.resolve()
  let closed: Promise<void> | undefined
  let isEmpty = isNew
  let known: PeerSettings | undefined
  const json = (name: string, value: unknown, mode?: number): Promise<void> => {
    const text = `${JSON.stringify(value, null, 2)}\n`
    const written = writing.then(() => kept(path, replaceFile(join(path, name), text, mode)))
    // The next write waits only until this one has settled; an error is reported to this one's caller.
    writing = written.catch(() => {})
    return written
  }
  const close = (): Promise<void> => {
    closed ??= writing.then(() => metrics.close()).finally(() => lock.release())
    return closed
  }
  return {
    path,
    manifest,
    isNew,
    before,
    identityPath: join(path, identityFile),
    checkpointsPath: join(path, 'checkpoints'),
    lost: lock.lost,
    append(event) {
      isEmpty = false
      metrics.append(event)
    },
    writeSettings(settings) {
      known = settings
      return json('peer.json', settings, 0o600)
    },
    async readSettings() {
      if (known !== undefined) return known
      const settings = await settingsIn(join(path, 'peer.json'))
      const run = Buffer.from(runIdOf(manifest)).toString('hex')
      if (settings.run === run) return settings
      throw new HearsayError(
        'RUN',
        `is that of run ${run}, and this folder's is ${settings.run}; bring back its own, which every peer of the run has, or start anew with another --out`,
        { source: join(path, 'manifest.yaml') },
      )
    },
    writeMembers: members => json('peers.json', knownMembers(members)),
    readMembers: () => membersIn(membersPath),
    writeSummary(summary) {
      isEmpty = false
      return json('summary.json', summary)
    },
    readOutcome: () => outcomeIn(join(path, 'summary.json')),
    writeAgreed: sum => json('agreed.json', { sum }),
    writeLedger: ledger => kept(path, writeLedger(join(path, ledgerFile), ledger)),
    readLedger: () => readLedger(join(path, ledgerFile)),
    readAgreed: () => agreedIn(join(path, 'agreed.json')),
    close,
    async abandon() {
      if (closed !== undefined || !isEmpty) return close()
      closed = (async () => {
        await writing
        await metrics.close()
        for (const file of [...newFiles, ...(hadIdentity ? [] : [identityFile])])
          await rm(join(path, file), { force: true })
        await lock.release()
        // The folder is not empty if another process has begun here meanwhile.
        await rmdir(path).catch(whenRefused('ENOTEMPTY', 'EEXIST', 'ENOENT'))
      })()
      await closed
    },
  }
}

/** The widest table's sums take 11 MB. */
const agreedBytes = 32 << 20

async function agreedIn(path: string): Promise<string | undefined> {
  if (!(await exists(path))) return undefined
  let what = 'is not what was written there'
  try {
    const { sum } = JSON.parse((await readBounded(path, agreedBytes)).toString('utf8')) as { sum?: unknown }
    if (typeof sum === 'string') return sum
  } catch (error) {
    if (error instanceof NotRead) what = error.message
  }
  throw new HearsayError('RUN', `${what}; remove it, and this peer requests the sums from the others`, { source: path })
}

/** Has a run been begun in this folder? */
export function hasRun(path: string): Promise<boolean> {
  return exists(join(path, 'manifest.yaml'))
}

/** Is it the folder of one peer in the field, and not of a simulation? */
export function isInField(path: string): Promise<boolean> {
  return exists(join(path, 'peer.json'))
}

async function mustHaveManifest(path: string): Promise<void> {
  if (await hasRun(path)) return
  const instead = (await isInField(path))
    ? "manifest.yaml is missing; copy it from any other peer's folder of this run"
    : 'there is no manifest.yaml in it; name the folder of a run that was started or joined here'
  throw new HearsayError('RUN', instead, { field: '--resume', value: path })
}

async function makeEmpty(path: string): Promise<void> {
  let files: string[]
  try {
    await makeFolder(path)
    files = await readdir(path)
  } catch (error) {
    throw new HearsayError('RUN', whyNot(error), { field: '--out', value: path })
  }
  const others = files.filter(file => !isLockFile(file) && file !== identityFile && !unfinished.test(file))
  // A process that was killed before the manifest has left no more than this: it has trained nothing, and told nobody.
  if (others.every(file => file === ledgerFile) && (others.length === 0 || (await isUnspent(path)))) return
  const resumable = files.includes('manifest.yaml') ? `, or go on with it: --resume ${path}` : ''
  throw new HearsayError('RUN', `is not empty; name a new folder${resumable}`, { field: '--out', value: path })
}

async function isUnspent(path: string): Promise<boolean> {
  try {
    return (await readLedger(join(path, ledgerFile))).length === 0
  } catch (error) {
    // It may be of a run whose other files are gone: nobody knows what was spent.
    if (error instanceof HearsayError) return false
    throw error
  }
}

async function kept<T>(path: string, written: Promise<T>): Promise<T> {
  try {
    return await written
  } catch (error) {
    throw explainDisk(error, path, 'The run was not kept; checkpoints saved before are whole')
  }
}
