import pc from 'picocolors'
import { watchPeer } from '../dashboard/index.js'
import { measureOf } from '../data/index.js'
import { createDeadline } from '../deadline.js'
import {
  type DurablePeer,
  type FieldFolder,
  type LastTest,
  type MetMember,
  membersFrom,
  type Outcome,
  openPeer,
  type PeerSettings,
} from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { shown } from '../foreign.js'
import { modelSchema } from '../learner/index.js'
import {
  type Identity,
  type Manifest,
  type PeerNetwork,
  type PeerOptions,
  type Reporter,
  twinWarning,
} from '../node/index.js'
import type { KeptSummary } from '../report/index.js'
import { command, typed } from '../shell.js'
import { systemCode } from '../system-errors.js'
import { validate } from '../validation.js'
import {
  fieldResult,
  measured,
  measureNames,
  peerLinesReporter,
  privacyCost,
  reputationOf,
  testedFigures,
  testedText,
} from '../watch/index.js'
import { announcement } from './announcement.js'
import { interruptedStatus, type Terminal } from './command.js'
import { createCompany } from './company.js'
import type { FieldFlags } from './field-settings.js'
import { networkFrom } from './network-flags.js'
import { gammaNotes, tellNotes } from './notes.js'
import { type OutletFlags, type Outlets, openOutlets } from './outlets.js'
import { sayReach } from './reach.js'
import { tellReading } from './reading-line.js'
import { modelOf } from './run-flags.js'
import { reportOf } from './run-report.js'

/** A peer in the field with its folder. */
export interface FieldRun {
  /** What the user has typed: the same resumes it. */
  readonly command: 'start' | 'join'
  readonly folder: FieldFolder
  readonly manifest: Manifest
  readonly identity: Identity
  readonly settings: PeerSettings
  readonly backend: FieldFlags['backend']
  readonly contacts?: NonNullable<PeerOptions['contacts']>
  /** Members that the user named, with their addresses. */
  readonly met: readonly MetMember[]
  readonly hasBegun: boolean
  /** The peer waits for no other. */
  readonly isAlone: boolean
  /** Print the summary as one JSON object at the end. */
  readonly json: boolean
  readonly outlets: OutletFlags
}

/** What a user's flags say of a run, however the peer comes to it. */
export function askedBy(flags: FieldFlags): Pick<FieldRun, 'backend' | 'isAlone' | 'json' | 'outlets'> {
  const { backend, json = false, alone = false } = flags
  return { backend, isAlone: alone, json, outlets: flags }
}

/** Runs a peer to the end of its run, or until Ctrl-C; saved after every round. */
export async function runField(run: FieldRun, terminal: Terminal): Promise<number> {
  const say = (line: string): void => void (run.json ? terminal.stderr : terminal.stdout).write(`${line}\n`)
  let peer: DurablePeer | undefined
  const outlets = await openOutlets(run.outlets, { counters: () => peer?.counters, tell: say })
  try {
    const network = { ...(await networkFrom(run.settings.network ?? {})), ...outlets.network }
    peer = await openedPeer(run, network, terminal)
    return await runOpened(run, { peer, network, outlets }, say, terminal)
  } finally {
    await outlets.close()
  }
}

interface OpenedRun {
  readonly peer: DurablePeer
  readonly network: PeerNetwork
  readonly outlets: Outlets
}

async function runOpened(
  run: FieldRun,
  { peer, network, outlets }: OpenedRun,
  say: (line: string) => void,
  terminal: Terminal,
): Promise<number> {
  const { folder, settings, manifest } = run
  // What ends the run: Ctrl-C, or a person who asks for it in a browser.
  const leaving = createDeadline(terminal.signal)
  const figures = {
    measure: measureOf(manifest.data),
    classes: peer.dataset.classes,
    primary: manifest.evaluation.primary,
  }
  try {
    const ended = await inRounds(peer, leaving.signal, async signal => {
      tellNotes(peer.dataset, terminal.stderr)
      tellNotes({ notes: gammaNotes(manifest) }, terminal.stderr)
      say(announcement(peer, run, network.key))
      const text = (tested: LastTest): string => testedText(tested, figures)
      const leave = (): void => leaving.abort(new Error('A person has asked the peer to leave'))
      const watched = watchPeer({ peer, name: settings.name, text, leave })
      await outlets.watch({ folder: folder.path, known: knownOf(peer), peer: watched })
      const reporters = outlets.reporters(folder.path)
      await playRounds(peer, run, { say, stderr: terminal.stderr, reporters, signal })
    })
    return await finish(peer, run, ended, { ...terminal, signal: leaving.signal }, say)
  } finally {
    leaving.clear()
  }
}

/** How a peer's rounds ended. */
interface EndedRounds {
  readonly interrupted: boolean
  /** The error of a disk that did not keep the run. */
  readonly lost?: unknown
}

/** Runs a peer's rounds, and stops it. @throws what is neither an interruption nor a failure of the disk */
async function inRounds(
  peer: DurablePeer,
  signal: AbortSignal,
  play: (signal: AbortSignal) => Promise<void>,
): Promise<EndedRounds> {
  try {
    await play(signal)
    return { interrupted: false }
  } catch (error) {
    if (signal.aborted) return { interrupted: true }
    if (!isOfDisk(error)) throw error
    return { interrupted: false, lost: error }
  } finally {
    await peer.stop()
  }
}

interface Told {
  readonly say: (line: string) => void
  readonly stderr: Terminal['stderr']
  /** Besides that of the terminal. */
  readonly reporters: readonly Reporter[]
  readonly signal: AbortSignal
}

/** Tells what happens in a peer's rounds. */
async function playRounds(peer: DurablePeer, run: FieldRun, { say, stderr, reporters, signal }: Told): Promise<void> {
  const companyLines = createCompany({
    peer,
    command: run.command,
    folder: run.folder.path,
    met: peer.met,
    hasBegun: run.hasBegun,
  })
  const endReach = sayReach(peer, run, say)
  try {
    const all = [peerLinesReporter(say), ...reporters]
    for await (const event of peer.run({ ...(run.isAlone && { minPeers: 1 }), reporters: all, signal })) {
      for (const line of companyLines(event)) say(shown(line, 1000))
      if (event.type === 'standardised') tellNotes(event, stderr)
    }
  } finally {
    endReach()
  }
}

/** Writes and prints the result. @returns the exit status */
async function finish(
  peer: DurablePeer,
  run: FieldRun,
  { interrupted, lost: lostBefore }: EndedRounds,
  terminal: Terminal,
  say: (line: string) => void,
): Promise<number> {
  const { folder, manifest } = run
  let lost = lostBefore
  const summary = summaryOf(peer, run, interrupted)
  try {
    await folder.writeSummary(summary)
    await folder.close()
  } catch (error) {
    lost ??= error
  }
  // The result is printed even where it could not be written to the disk.
  say(
    `\n${shown(fieldResult(summary, peer.tested, { classes: peer.dataset.classes, primary: manifest.evaluation.primary }), 1000)}`,
  )
  say(`${pc.dim('run folder')} ${shown(folder.path)}`)
  const page = lost === undefined ? await reportOf(folder.path, terminal) : undefined
  if (page !== undefined) say(`${pc.dim('report')} ${shown(page)}`)
  if (run.json) terminal.stdout.write(`${JSON.stringify(summary)}\n`)
  if (lost !== undefined) throw lost
  if (!interrupted) return 0
  terminal.stderr.write(`Interrupted; go on with: ${command(`${run.command} --resume ${typed(folder.path)}`)}\n`)
  return interruptedStatus
}

/** What a dashboard can show before there is a summary. */
function knownOf({ backend, samples }: DurablePeer): KeptSummary {
  return { backend: backend.name, device: backend.device, samples }
}

function openedPeer(run: FieldRun, network: PeerNetwork, { stderr, signal }: Terminal): Promise<DurablePeer> {
  const { folder, manifest, settings, backend, contacts, met, hasBegun, identity } = run
  const members =
    settings.members && membersFrom(settings.members, what => new HearsayError('RUN', what, { field: 'members' }))
  return tellReading(stderr, onRead =>
    openPeer({
      folder,
      manifest,
      name: settings.name,
      data: dataOf(run),
      listen: settings.listening ?? settings.listen,
      network,
      backend,
      met,
      hasBegun,
      ...(contacts && { contacts }),
      ...(members && { members }),
      ...(settings.model !== undefined && { model: modelFrom(settings.model) }),
      onTwin: twin => stderr.write(`${twinWarning(identity.peerId, twin)}\n`),
      onLost: line => stderr.write(`${shown(line, 1000)}\n`),
      signal,
      ...(onRead && { onRead }),
    }),
  )
}

function dataOf({ folder, settings: { data, share } }: FieldRun): PeerOptions['data'] {
  if (data !== undefined) return { own: data }
  if (share !== undefined) return { share }
  throw new HearsayError(
    'RUN',
    `${folder.path}/peer.json: this peer was begun by a program, on data of its own; that program resumes it`,
  )
}

function summaryOf(peer: DurablePeer, { manifest, settings }: FieldRun, interrupted: boolean) {
  const { runId, identity, backend, taken, rounds, samples, tested, dataset, counters, spent } = peer
  const privacy = privacyCost(manifest, spent, false)
  return {
    run: Buffer.from(runId).toString('hex'),
    peer: settings.name,
    id: identity.peerId.toString(),
    backend: backend.name,
    ...taken,
    rounds,
    samples,
    measure: measureOf(manifest.data),
    ...testedFigures(tested, dataset.classes),
    ...(privacy && { privacy }),
    ...counters,
    ...reputationOf(peer.heard()),
    interrupted,
  }
}

/** Is this an error of the disk, not of the run? */
function isOfDisk(error: unknown): boolean {
  return error instanceof HearsayError && systemCode(error.cause) !== undefined
}

/** A model as the command line names it. */
function modelFrom(text: string): NonNullable<PeerOptions['model']> {
  return validate(modelSchema, modelOf(text), `--model ${text}`, 'USAGE')
}

/** Reports that a finished run is not resumed: there is nothing left to do, and its figures stay. */
export function sayFinished({ path }: FieldFolder, outcome: Outcome, { stdout }: Terminal): void {
  const { rounds, measure, accuracy } = outcome
  stdout.write(
    `This run is over: ${rounds === 1 ? 'its one round is' : `all ${rounds} rounds are`} done, ${measureNames[measure]} ${measured(accuracy, measure)}. Predict with its model: ${command(`predict ${typed(path)}`)}\n`,
  )
}
