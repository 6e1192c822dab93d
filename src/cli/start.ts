import { HearsayError } from '../errors.js'
import {
  loadOrCreateIdentity,
  type Manifest,
  parseManifest,
  readManifestFile,
  runIdOf,
  settleTask,
} from '../node/index.js'
import { defaultRunFolder, openRunFolder } from '../watch/index.js'
import type { Run, Terminal } from './command.js'
import { type FieldFlags, ownDataOf, runField, settingsFrom, withPeer } from './field.js'
import { networkSettings } from './network-flags.js'

export const run: Run<FieldFlags> = async ([file], flags, terminal) => {
  if (flags.resume !== undefined) return resumeRun(flags.resume, file, flags, terminal)
  const { signal } = terminal
  const network = await networkSettings(flags)
  const manifest = await settleTask(await manifestOf(file), ownDataOf(flags))
  const runId = Buffer.from(runIdOf(manifest)).toString('hex')
  const path = flags.out ?? defaultRunFolder(runId, new Date())
  const folder = await openRunFolder(path, { resume: false, manifest, signal })
  try {
    const identity = await loadOrCreateIdentity(folder.identityPath)
    const settings = settingsFrom(flags, identity, flags.share ?? 0, network)
    await folder.writeSettings(settings)
    const { backend } = flags
    return await runField({ folder, manifest, identity, settings, backend, hasBegun: false }, terminal)
  } finally {
    await folder.abandon()
  }
}

/** Goes on with a run that was started or joined here. */
export async function resumeRun(
  path: string,
  other: string | undefined,
  flags: FieldFlags,
  terminal: Terminal,
): Promise<number> {
  const given = (['data', 'columns', 'model', 'share', 'as', 'out', 'listen'] as const).filter(
    name => flags[name] !== undefined,
  )
  if (other !== undefined || given.length > 0) {
    const what = other ?? given.map(name => `--${name}`).join(', ')
    throw new HearsayError('USAGE', `--resume ${path}: goes on as it was begun; leave out ${what}`)
  }
  const folder = await openRunFolder(path, { resume: true, signal: terminal.signal })
  try {
    const identity = await loadOrCreateIdentity(folder.identityPath)
    const saved = await folder.readSettings()
    // A machine may be in another network now, and an invitation is over some day: what is said anew holds from now on.
    const settings = { ...saved, network: { ...saved.network, ...(await networkSettings(flags)) } }
    await folder.writeSettings(settings)
    const met = await folder.readMembers()
    const remembered = met.flatMap(({ peerId, addresses }) => addresses.map(address => withPeer(address, peerId)))
    const { manifest } = folder
    const { backend } = flags
    return await runField({ folder, manifest, identity, settings, backend, remembered, hasBegun: true }, terminal)
  } finally {
    await folder.close()
  }
}

async function manifestOf(file: string | undefined): Promise<Manifest> {
  return file === undefined ? parseManifest({}) : parseManifest(await readManifestFile(file), file)
}
