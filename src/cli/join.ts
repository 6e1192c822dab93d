import { existsSync } from 'node:fs'
import { join as pathOf } from 'node:path'
import { confirm, isCancel } from '@clack/prompts'
import pc from 'picocolors'
import { isShipped } from '../data/index.js'
import { identityFile, loadOrCreateIdentity, makeRunFolder, openRunFolder } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { shown, shownLines } from '../foreign.js'
import {
  askManifest,
  askView,
  checkInvited,
  createIdentity,
  foundersOf,
  type Identity,
  type Manifest,
  manifestYaml,
  parseJoinAddress,
  type RunView,
  runIdOf,
  waitForShare,
} from '../node/index.js'
import { interruptedStatus, type Run, type Terminal } from './command.js'
import { joinFederation } from './federation.js'
import { askedBy, runField } from './field.js'
import { type FieldFlags, settingsFrom } from './field-settings.js'
import { networkFrom, networkSettings } from './network-flags.js'
import { resumeRun } from './resume.js'
import { revealedTable } from './revealed.js'
import { taskText, withoutNumbers } from './task-text.js'

interface JoinFlags extends FieldFlags {
  readonly yes?: boolean
}

export const run: Run<JoinFlags> = async ([text], flags, terminal) => {
  if (flags.resume !== undefined) return resumeRun('join', flags.resume, text, flags, terminal)
  if (text === undefined) {
    throw new HearsayError('USAGE', 'an address is missing; hearsay start prints the whole line', { source: 'join' })
  }
  const isWritten = /\.ya?ml$/i.test(text)
  const isClosed = isWritten || flags.key !== undefined || flags.allow !== undefined
  const agreed = async (manifest: Manifest): Promise<boolean> =>
    flags.yes === true || agrees(manifest, flags, isClosed, terminal)
  if (isWritten) return joinFederation(text, flags, agreed, terminal)
  const { signal } = terminal
  const contact = parseJoinAddress(text)
  const settled = await networkSettings(flags)
  const network = await networkFrom(settled)
  const manifest = await askManifest(contact, await askingIdentity(flags.out), network, signal)
  const runId = runIdOf(manifest)
  mustHaveData(manifest, flags)
  if (!(await agreed(manifest))) return interruptedStatus
  const path = flags.out ?? (await makeRunFolder(Buffer.from(runId).toString('hex'), new Date()))
  const folder = await openRunFolder(path, { resume: false, manifest, signal })
  try {
    const identity = await loadOrCreateIdentity(folder.identityPath)
    await checkInvited(network, { runId, founders: foundersOf(manifest) }, identity.peerId)
    const ask = (): Promise<RunView> => askView(contact, runId, identity, network, signal)
    const needsShare = flags.data === undefined && flags.share === undefined
    const wait = (line: string): void => void terminal.stderr.write(`${line}\n`)
    const view = needsShare ? await waitForShare(ask, manifest, wait, signal) : await ask()
    const settings = settingsFrom(flags, { manifest, identity, share: view.share, network: settled })
    await folder.writeSettings(settings)
    const { address, peerId } = contact
    const met = [{ name: 'contact', peerId, addresses: [address] }]
    const contacts = [address]
    return await runField(
      {
        command: 'join',
        folder,
        manifest,
        identity,
        settings,
        contacts,
        met,
        hasBegun: view.hasBegun,
        ...askedBy(flags),
      },
      terminal,
    )
  } finally {
    await folder.abandon()
  }
}

/** The user's identity: that of `hearsay id` in the folder, which lists and invitations name, or else a new one. */
async function askingIdentity(out: string | undefined): Promise<Identity> {
  const path = out === undefined ? undefined : pathOf(out, identityFile)
  return path !== undefined && existsSync(path) ? loadOrCreateIdentity(path) : createIdentity()
}

/** Throws where the flags lack data: a file that the manifest names is on its author's machine. */
function mustHaveData({ data }: Manifest, flags: JoinFlags): void {
  if (flags.data !== undefined || flags.share !== undefined || isShipped(data.set)) return
  throw new HearsayError(
    'DATA',
    `the data of this run, ${data.set}, belong to the peer that began it; bring your own with --data, in the same columns or classes`,
  )
}

/** What the user's own data must be, and which names others see. */
function questionOf({ task }: Manifest): string[] {
  const text = task && taskText(task)
  if (text === undefined) return []
  return [
    `Data of your own need ${text}.`,
    'These names come from the peer that began the run, and every peer that joins sees them. The names in your data stay here, and so do data that do not fit.',
  ]
}

/** Shows what will be trained, shared and revealed, and asks the user to confirm. */
async function agrees(
  manifest: Manifest,
  flags: FieldFlags,
  isClosed: boolean,
  { stdout, stderr, signal }: Terminal,
): Promise<boolean> {
  stdout.write(
    [
      pc.dim(shownLines(manifestYaml(withoutNumbers(manifest)).trimEnd())),
      '',
      ...questionOf(manifest),
      shown(`You bring ${flags.data ?? `a share of ${manifest.data.set}`}, which stays on this machine.`),
      '',
      revealedTable(manifest, isClosed),
      '',
    ].join('\n'),
  )
  if (!process.stdin.isTTY || !stdout.isTTY) {
    throw new HearsayError('USAGE', 'join asks before it joins, and this is no terminal; add --yes')
  }
  const answer = await confirm({ message: 'Join this run?', output: stderr, signal })
  return !isCancel(answer) && answer
}
