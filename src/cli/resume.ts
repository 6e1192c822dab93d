import { HearsayError } from '../errors.js'
import { type Identity, loadIdentity, type Member } from '../node/index.js'
import { type FieldFolder, openRunFolder, type PeerSettings } from '../watch/index.js'
import type { Terminal } from './command.js'
import { runField, sayFinished } from './field.js'
import type { FieldFlags } from './field-settings.js'
import { networkSettings } from './network-flags.js'

/** Goes on with a run that was started or joined here. */
export async function resumeRun(
  path: string,
  other: string | undefined,
  flags: FieldFlags,
  terminal: Terminal,
): Promise<number> {
  const given = (['data', 'columns', 'header', 'decimal', 'model', 'share', 'as', 'out', 'listen'] as const).filter(
    name => flags[name] !== undefined,
  )
  if (other !== undefined || given.length > 0) {
    const what = other ?? given.map(name => `--${name}`).join(', ')
    throw new HearsayError('USAGE', `--resume ${path}: goes on as it was begun; leave out ${what}`)
  }
  const folder = await openRunFolder(path, { resume: true, signal: terminal.signal })
  try {
    const saved = await folder.readSettings()
    const identity = await identityOf(folder.identityPath, saved)
    const outcome = await folder.readOutcome()
    const { manifest } = folder
    if (outcome?.interrupted === false && outcome.rounds === manifest.rounds) {
      sayFinished(folder, outcome, terminal)
      return 0
    }
    const tell = (line: string): void => void terminal.stderr.write(`${line}\n`)
    if (folder.before === undefined)
      tell(`${path}/metrics.jsonl: is missing; what this peer told before is lost, and it writes on anew`)
    // A machine may be in another network now, and an invitation is over some day: what is said anew holds from now on.
    const settings = { ...saved, network: { ...saved.network, ...(await networkSettings(flags)) } }
    await folder.writeSettings(settings)
    const met = await remembered(folder, tell)
    const { backend, json = false } = flags
    return await runField({ folder, manifest, identity, settings, backend, met, hasBegun: true, json }, terminal)
  } finally {
    await folder.close()
  }
}

/**
 * The identity that a run was begun with.
 *
 * @throws {@link HearsayError} RUN where it is lost: a new one would be another peer, of which nobody knows
 */
export async function identityOf(path: string, { id }: Pick<PeerSettings, 'id'>): Promise<Identity> {
  const identity = await loadIdentity(path)
  if (identity?.peerId.toString() === id) return identity
  const what = identity === undefined ? 'is missing' : `is the key of ${identity.peerId}`
  throw new HearsayError(
    'RUN',
    `${path}: ${what}, and this run was begun as ${id}; bring back that one's from a copy, or join the run as another peer, with another --out`,
  )
}

/** Whom it met. Who is forgotten can still come by itself. */
async function remembered(folder: FieldFolder, tell: (line: string) => void): Promise<Member[]> {
  try {
    return await folder.readMembers()
  } catch (error) {
    if (!(error instanceof HearsayError)) throw error
    tell(`${error.message}; whom this peer met is forgotten: they may still find it`)
    return []
  }
}
