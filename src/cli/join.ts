import { confirm, isCancel } from '@clack/prompts'
import pc from 'picocolors'
import { HearsayError } from '../errors.js'
import {
  askManifest,
  askView,
  createIdentity,
  loadOrCreateIdentity,
  type Manifest,
  manifestYaml,
  parseJoinAddress,
  runIdOf,
} from '../node/index.js'
import { defaultRunFolder, openRunFolder } from '../watch/index.js'
import { type Command, interruptedStatus, type Terminal } from './command.js'
import { type FieldFlags, fieldFlags, runField, settingsFrom } from './field.js'
import { resumeRun } from './start.js'

interface JoinFlags extends FieldFlags {
  readonly yes?: boolean
}

export const join: Command<JoinFlags> = {
  usage: 'join [address]',
  summary: 'take part in a run that somebody has started',
  flags: [{ flags: '-y, --yes', description: 'do not ask before joining' }, ...fieldFlags],
  examples: [
    'hearsay join /ip4/192.0.2.1/tcp/4001/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA#2176464839d712c6f1d0d0a7a6d5f6ab2a2f0d1c3e4b5a69788796a5b4c3d2e1',
    'hearsay join --resume runs/2026-11-21T12-00-00-a1b2c3d4',
  ],

  async run([text], flags, terminal) {
    if (flags.resume !== undefined) return resumeRun(flags.resume, text, flags, terminal)
    if (text === undefined) {
      throw new HearsayError('USAGE', 'join: an address is missing; hearsay start prints the whole line')
    }
    const { signal } = terminal
    const contact = parseJoinAddress(text)
    const manifest = await askManifest(contact, await createIdentity(), {}, signal)
    const runId = runIdOf(manifest)
    if (!flags.yes && !(await agrees(manifest, flags, terminal))) return interruptedStatus
    const path = flags.out ?? defaultRunFolder(Buffer.from(runId).toString('hex'), new Date())
    const folder = await openRunFolder(path, { resume: false, manifest, signal })
    try {
      const identity = await loadOrCreateIdentity(folder.identityPath)
      const view = await askView(contact.address, runId, identity, {}, signal)
      const share = flags.share ?? view.share
      if (flags.data === undefined && share === undefined) {
        throw new HearsayError(
          'DATA',
          `all ${manifest.peers} shares of ${manifest.data.set} are taken; bring your own data with --data`,
        )
      }
      const settings = settingsFrom(flags, identity, share)
      await folder.writeSettings(settings)
      const { backend } = flags
      const contacts = [contact.address]
      return await runField(
        { folder, manifest, identity, settings, backend, contacts, hasBegun: view.hasBegun },
        terminal,
      )
    } finally {
      await folder.abandon()
    }
  },
}

/** Shows what will be trained, shared and revealed, and asks. */
async function agrees(manifest: Manifest, flags: FieldFlags, { stdout, stderr, signal }: Terminal): Promise<boolean> {
  const shared = manifest.share === 'all' ? 'your whole model' : `your model from the layer "${manifest.share}" on`
  stdout.write(
    [
      pc.dim(manifestYaml(manifest).trimEnd()),
      '',
      `Others get ${shared}, each round, and see your name, your address, how many samples you have, and your loss and accuracy.`,
      `${flags.data ?? `A share of ${manifest.data.set}`} stays on this machine.`,
      '',
    ].join('\n'),
  )
  if (!process.stdin.isTTY || !stdout.isTTY) {
    throw new HearsayError('USAGE', 'join asks before it joins, and this is no terminal; add --yes')
  }
  const answer = await confirm({ message: 'Join this run?', output: stderr, signal })
  return !isCancel(answer) && answer
}
