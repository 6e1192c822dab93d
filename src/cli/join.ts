import { existsSync } from 'node:fs'
import { join as pathOf } from 'node:path'
import { confirm, isCancel } from '@clack/prompts'
import pc from 'picocolors'
import { HearsayError } from '../errors.js'
import {
  askManifest,
  askView,
  checkInvited,
  createIdentity,
  foundersOf,
  type Identity,
  loadOrCreateIdentity,
  type Manifest,
  manifestYaml,
  parseJoinAddress,
  runIdOf,
} from '../node/index.js'
import { defaultRunFolder, identityFile, openRunFolder } from '../watch/index.js'
import { type Command, interruptedStatus, type Terminal } from './command.js'
import { joinFederation } from './federation.js'
import { type FieldFlags, fieldFlags, runField, settingsFrom } from './field.js'
import { networkFrom, networkSettings } from './network-flags.js'
import { resumeRun } from './start.js'

interface JoinFlags extends FieldFlags {
  readonly yes?: boolean
}

export const join: Command<JoinFlags> = {
  usage: 'join [address]',
  summary: 'take part in a run: at the address that start prints, or as a member of a topology file',
  flags: [{ flags: '-y, --yes', description: 'do not ask before joining' }, ...fieldFlags],
  examples: [
    'hearsay join /ip4/192.0.2.1/tcp/4001/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA#2176464839d712c6f1d0d0a7a6d5f6ab2a2f0d1c3e4b5a69788796a5b4c3d2e1',
    'hearsay join topologies/hospitals.yaml --as boston --out runs/boston --data scans/',
    'hearsay join --resume runs/2026-11-21T12-00-00-a1b2c3d4',
  ],

  async run([text], flags, terminal) {
    if (flags.resume !== undefined) return resumeRun(flags.resume, text, flags, terminal)
    if (text === undefined) {
      throw new HearsayError('USAGE', 'join: an address is missing; hearsay start prints the whole line')
    }
    const agreed = async (manifest: Manifest): Promise<boolean> =>
      flags.yes === true || agrees(manifest, flags, terminal)
    if (/\.ya?ml$/i.test(text)) return joinFederation(text, flags, agreed, terminal)
    const { signal } = terminal
    const contact = parseJoinAddress(text)
    const settled = await networkSettings(flags)
    const network = await networkFrom(settled)
    const manifest = await askManifest(contact, await askingIdentity(flags.out), network, signal)
    const runId = runIdOf(manifest)
    if (!(await agreed(manifest))) return interruptedStatus
    const path = flags.out ?? defaultRunFolder(Buffer.from(runId).toString('hex'), new Date())
    const folder = await openRunFolder(path, { resume: false, manifest, signal })
    try {
      const identity = await loadOrCreateIdentity(folder.identityPath)
      await checkInvited(network, { runId, founders: foundersOf(manifest) }, identity.peerId)
      const view = await askView(contact, runId, identity, network, signal)
      const share = flags.share ?? view.share
      if (flags.data === undefined && share === undefined) {
        throw new HearsayError(
          'DATA',
          `all ${manifest.peers} shares of ${manifest.data.set} are taken; bring your own data with --data`,
        )
      }
      const settings = settingsFrom(flags, identity, share, settled)
      await folder.writeSettings(settings)
      // Before anybody was heard: who is killed in its first round comes back too.
      const { address, peerId } = contact
      await folder.writeMembers([{ name: 'contact', peerId, addresses: [address] }])
      const { backend } = flags
      const contacts = [address]
      return await runField(
        { folder, manifest, identity, settings, backend, contacts, hasBegun: view.hasBegun },
        terminal,
      )
    } finally {
      await folder.abandon()
    }
  },
}

/** Who asks: the identity that `hearsay id` has put into the folder, as lists and invitations know it; else anybody. */
async function askingIdentity(out: string | undefined): Promise<Identity> {
  const path = out === undefined ? undefined : pathOf(out, identityFile)
  return path !== undefined && existsSync(path) ? loadOrCreateIdentity(path) : createIdentity()
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
