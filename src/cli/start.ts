import {
  loadOrCreateIdentity,
  type Manifest,
  parseManifest,
  readManifestFile,
  runIdOf,
  settleTask,
} from '../node/index.js'
import { makeRunFolder, openRunFolder } from '../watch/index.js'
import type { Run } from './command.js'
import { runField } from './field.js'
import { type FieldFlags, ownDataOf, settingsFrom } from './field-settings.js'
import { networkSettings } from './network-flags.js'
import { tellReading } from './reading-line.js'
import { resumeRun } from './resume.js'

export const run: Run<FieldFlags> = async ([file], flags, terminal) => {
  if (flags.resume !== undefined) return resumeRun(flags.resume, file, flags, terminal)
  const { signal } = terminal
  const network = await networkSettings(flags)
  const asked = await manifestOf(file)
  const manifest = await tellReading(terminal.stderr, onRead => settleTask(asked, ownDataOf(flags), { signal, onRead }))
  const runId = Buffer.from(runIdOf(manifest)).toString('hex')
  const path = flags.out ?? (await makeRunFolder(runId, new Date()))
  const folder = await openRunFolder(path, { resume: false, manifest, signal })
  try {
    const identity = await loadOrCreateIdentity(folder.identityPath)
    const settings = settingsFrom(flags, { manifest, identity, share: 0, network })
    await folder.writeSettings(settings)
    const { backend, json = false, alone: isAlone = false } = flags
    return await runField(
      { folder, manifest, identity, settings, backend, met: [], hasBegun: false, json, isAlone },
      terminal,
    )
  } finally {
    await folder.abandon()
  }
}

async function manifestOf(file: string | undefined): Promise<Manifest> {
  return file === undefined ? parseManifest({}) : parseManifest(await readManifestFile(file), file)
}
