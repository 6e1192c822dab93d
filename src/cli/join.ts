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
import { interruptedStatus, type Run, type Terminal } from './command.js'
import { joinFederation } from './federation.js'
import { type FieldFlags, runField, settingsFrom } from './field.js'
import { networkFrom, networkSettings } from './network-flags.js'
import { resumeRun } from './start.js'

interface JoinFlags extends FieldFlags {
  readonly yes?: boolean
}

export const run: Run<JoinFlags> = async ([text], flags, terminal) => {
  if (flags.resume !== undefined) return resumeRun(flags.resume, text, flags, terminal)
  if (text === undefined) {
    throw new HearsayError('USAGE', 'join: an address is missing; hearsay start prints the whole line')
  }
  const agreed = async (manifest: Manifest): Promise<boolean> => flags.yes === true || agrees(manifest, flags, terminal)
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
