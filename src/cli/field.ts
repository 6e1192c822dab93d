import pc from 'picocolors'
import { measureOf } from '../data/index.js'
import {
  type DurablePeer,
  type FieldFolder,
  type MetMember,
  membersFrom,
  type Outcome,
  openPeer,
  type PeerSettings,
} from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { shown } from '../foreign.js'
import { modelSchema } from '../learner/index.js'
import { type Identity, type Manifest, type PeerNetwork, type PeerOptions, twinWarning } from '../node/index.js'
import { typed } from '../shell.js'
import { systemCode } from '../system-errors.js'
import { validate } from '../validation.js'
import { fieldResult, measured, measureNames, peerLinesReporter, testedFigures } from '../watch/index.js'
import { announcement } from './announcement.js'
import { interruptedStatus, type Terminal } from './command.js'
import { createCompany } from './company.js'
import type { FieldFlags } from './field-settings.js'
import { networkFrom } from './network-flags.js'
import { tellNotes } from './notes.js'
import { sayReach } from './reach.js'
import { tellReading } from './reading-line.js'
import { modelOf } from './run-flags.js'
import { reportOf } from './run-report.js'

/** A peer in the field with its folder. */
export interface FieldRun {
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
}

/** Runs a peer to the end of its run, or until Ctrl-C; saved after every round. */
export async function runField(run: FieldRun, terminal: Terminal): Promise<number> {
  const { folder } = run
  const { stdout, stderr, signal } = terminal
  const say = (line: string): void => void (run.json ? stderr : stdout).write(`${line}\n`)
  const network = await networkFrom(run.settings.network ?? {})
  const peer = await openedPeer(run, network, terminal)
  const companyLines = createCompany({ peer, folder: folder.path, met: peer.met, hasBegun: run.hasBegun })
  let interrupted = false
  let lost: unknown
  let endReach = (): void => {}
  try {
    tellNotes(peer.dataset, stderr)
    say(announcement(peer, run, network.key))
    endReach = sayReach(peer, run, say)
    const reporters = [peerLinesReporter(say)]
    for await (const event of peer.run({ ...(run.isAlone && { minPeers: 1 }), reporters, signal })) {
      for (const line of companyLines(event)) say(shown(line, 1000))
      if (event.type === 'standardised') tellNotes(event, stderr)
    }
  } catch (error) {
    interrupted = signal.aborted
    if (!interrupted && !isOfDisk(error)) throw error
    if (!interrupted) lost = error
  } finally {
    endReach()
    await peer.stop()
  }
  const summary = summaryOf(peer, run, interrupted)
  try {
    await folder.writeSummary(summary)
    await folder.close()
  } catch (error) {
    lost ??= error
  }
  // The result is printed even where it could not be written to the disk.
  say(
    `\n${shown(fieldResult(summary, peer.tested, { classes: peer.dataset.classes, primary: run.manifest.evaluation.primary }), 1000)}`,
  )
  say(`${pc.dim('run folder')} ${shown(folder.path)}`)
  const page = lost === undefined && !interrupted ? await reportOf(folder.path, terminal) : undefined
  if (page !== undefined) say(`${pc.dim('report')} ${shown(page)}`)
  if (run.json) stdout.write(`${JSON.stringify(summary)}\n`)
  if (lost !== undefined) throw lost
  if (!interrupted) return 0
  stderr.write(`Interrupted; go on with: hearsay start --resume ${typed(folder.path)}\n`)
  return interruptedStatus
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
  const { runId, identity, backend, rounds, samples, tested, dataset, counters } = peer
  return {
    run: Buffer.from(runId).toString('hex'),
    peer: settings.name,
    id: identity.peerId.toString(),
    backend: backend.name,
    rounds,
    samples,
    measure: measureOf(manifest.data),
    ...testedFigures(tested, dataset.classes),
    ...counters,
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
    `This run is over: ${rounds === 1 ? 'its one round is' : `all ${rounds} rounds are`} done, ${measureNames[measure]} ${measured(accuracy, measure)}. Predict with its model: hearsay predict ${typed(path)}\n`,
  )
}
