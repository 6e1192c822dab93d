import { equals } from 'uint8arrays/equals'
import { type FieldFolder, loadOwnIdentity, type MetMember, openRunFolder, type PeerSettings } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { parseJoinAddress, runIdOf, vacant } from '../node/index.js'
import type { Terminal } from './command.js'
import { askedBy, type FieldRun, runField, sayFinished } from './field.js'
import { type FieldFlags, listenFrom } from './field-settings.js'
import { networkSettings } from './network-flags.js'

/** Flags that are fixed once a run has begun. */
const settled = ['data', 'test', 'columns', 'groupColumn', 'header', 'decimal', 'model', 'share', 'as', 'out'] as const

/**
 * Resumes a run that was started or joined here.
 *
 * @param command - in which the user asks for it
 * @param contact - current address of another peer of the run
 */
export async function resumeRun(
  command: FieldRun['command'],
  path: string,
  contact: string | undefined,
  flags: FieldFlags,
  terminal: Terminal,
): Promise<number> {
  const given = settled.filter(name => flags[name] !== undefined).map(name => `--${name}`)
  if (contact !== undefined && !contact.startsWith('/')) given.push(contact)
  if (given.length > 0) {
    throw new HearsayError('USAGE', `goes on as it was begun; leave out ${given.join(', ')}`, {
      field: '--resume',
      value: path,
    })
  }
  const folder = await openRunFolder(path, { resume: true, signal: terminal.signal })
  try {
    const saved = await folder.readSettings()
    const identity = await loadOwnIdentity(folder.identityPath, saved)
    const { manifest } = folder
    const outcome = await folder.readOutcome()
    if (outcome?.interrupted === false && outcome.rounds === manifest.rounds) {
      sayFinished(folder, outcome, terminal)
      return 0
    }
    const tell = (line: string): void => void terminal.stderr.write(`${line}\n`)
    // The machine may be in another network by now, and an invitation may have expired: given flags replace saved ones.
    const network = { ...saved.network, ...(await networkSettings(flags)) }
    const settings = { ...saved, network, ...(await listeningAgain(saved, flags, tell)) }
    await folder.writeSettings(settings)
    const met = contact === undefined ? [] : [contactOf(contact, folder)]
    return await runField(
      { command, folder, manifest, identity, settings, met, hasBegun: true, ...askedBy(flags) },
      terminal,
    )
  } finally {
    await folder.close()
  }
}

/** The addresses at which others dial this peer, unless the flags name others, or another process has the port. */
async function listeningAgain(
  { listen, listening }: PeerSettings,
  flags: FieldFlags,
  tell: (line: string) => void,
): Promise<Pick<PeerSettings, 'listen' | 'listening'>> {
  const wanted = listenFrom(flags)
  if (wanted !== undefined) return { listen: wanted, listening: wanted }
  const again = await vacant(listening ?? listen)
  if (again.taken.length > 0) {
    tell(
      `port ${again.taken.join(', ')}: another process has it now; this peer listens on any that is free, and looks for the others by itself`,
    )
  }
  return { listen, listening: again.listen }
}

/** A contact that the user names, as a met member. */
function contactOf(text: string, { manifest, path }: FieldFolder): MetMember {
  const { address, peerId, runId } = parseJoinAddress(text)
  if (runId !== undefined && !equals(runId, runIdOf(manifest))) {
    throw new HearsayError('USAGE', `is of another run than the folder ${path}; ask for the line of this one`, {
      source: text.slice(0, 300),
    })
  }
  return { name: 'contact', peerId, addresses: [address] }
}
