import { loadOrCreateIdentity, makeRunFolder, openRunFolder } from '../disk/index.js'
import { type Manifest, parseManifest, readManifestFile, runIdOf, settleTask, withUsualModel } from '../node/index.js'
import type { Run } from './command.js'
import { askedBy, runField } from './field.js'
import { type FieldFlags, ownDataOf, settingsFrom } from './field-settings.js'
import { networkSettings } from './network-flags.js'
import { tellReading } from './reading-line.js'
import { resumeRun } from './resume.js'
import { manifestFrom } from './run-flags.js'

export const run: Run<FieldFlags> = async ([file], flags, terminal) => {
  if (flags.resume !== undefined) return resumeRun('start', flags.resume, file, flags, terminal)
  const { signal } = terminal
  const network = await networkSettings(flags)
  // Where no file describes the run, `--model` is in the manifest, the same for all peers.
  const { model: _, ...others } = flags
  const asked = file === undefined ? await broughtRun(flags) : await writtenRun(file)
  const manifest = await tellReading(terminal.stderr, onRead => settleTask(asked, ownDataOf(flags), { signal, onRead }))
  const runId = Buffer.from(runIdOf(manifest)).toString('hex')
  const path = flags.out ?? (await makeRunFolder(runId, new Date()))
  const folder = await openRunFolder(path, { resume: false, manifest, signal })
  try {
    const identity = await loadOrCreateIdentity(folder.identityPath)
    const settings = settingsFrom(file === undefined ? others : flags, { manifest, identity, share: 0, network })
    await folder.writeSettings(settings)
    return await runField(
      {
        command: 'start',
        folder,
        manifest,
        identity,
        settings,
        met: [],
        hasBegun: false,
        ...askedBy(flags),
      },
      terminal,
    )
  } finally {
    await folder.abandon()
  }
}

/** A run that no file describes is made from this peer's flags: its data, and a model for them. */
function broughtRun({ share: _, ...brought }: FieldFlags): Promise<Manifest> {
  return manifestFrom(undefined, brought)
}

async function writtenRun(file: string): Promise<Manifest> {
  return parseManifest(await withUsualModel((await readManifestFile(file)) as object, file), file)
}
