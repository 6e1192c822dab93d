import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import pc from 'picocolors'
import { measureOf } from '../data/index.js'
import { createDeadline } from '../deadline.js'
import {
  createRoundCheckpoints,
  type DescriptionInit,
  describePeer,
  type FieldFolder,
  keepPeer,
  type MetMember,
  membersFrom,
  nothingYet,
  type Outcome,
  type PeerSettings,
  type SoFar,
} from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { shown } from '../foreign.js'
import { modelSchema, readTopology } from '../learner/index.js'
import {
  createPeer,
  type Identity,
  type Manifest,
  type Peer,
  type PeerNetwork,
  type PeerOptions,
  twinWarning,
  type Unmerged,
} from '../node/index.js'
import { systemCode } from '../system-errors.js'
import { validate } from '../validation.js'
import {
  byteCount,
  count,
  countOf,
  createFieldLines,
  deviceText,
  fieldResult,
  measured,
  measureNames,
  testedFigures,
} from '../watch/index.js'
import { interruptedStatus, type Terminal } from './command.js'
import { createCompany } from './company.js'
import type { FieldFlags } from './field-settings.js'
import { networkFrom } from './network-flags.js'
import { typed } from './next-steps.js'
import { tellNotes } from './notes.js'
import { joinLines, sayReach, unknownReach } from './reach.js'
import { tellReading } from './reading-line.js'
import { modelOf } from './run-flags.js'
import { takeUp } from './take-up.js'
import { taskText } from './task-text.js'
import { mergeText, trafficText } from './traffic.js'

/** A peer of the field with its folder. */
export interface FieldRun {
  readonly folder: FieldFolder
  readonly manifest: Manifest
  readonly identity: Identity
  readonly settings: PeerSettings
  readonly backend: FieldFlags['backend']
  readonly contacts?: NonNullable<PeerOptions['contacts']>
  /** Whom it met before, and where they were. */
  readonly met: readonly MetMember[]
  readonly hasBegun: boolean
  /** Waits for nobody. */
  readonly isAlone: boolean
  /** Ends with the summary as one JSON object. */
  readonly json: boolean
}

/** Runs a peer to the end of its run, or until Ctrl-C; saved after every round. */
export async function runField(run: FieldRun, { stdout, stderr, signal }: Terminal): Promise<number> {
  const { folder, manifest, settings } = run
  const either = createDeadline(signal, folder.lost)
  const until = either.signal
  const say = (line: string): void => void (run.json ? stderr : stdout).write(`${line}\n`)
  const tell = (line: string): void => void stderr.write(`${shown(line, 1000)}\n`)
  const network = await networkFrom(settings.network ?? {})
  const members = settings.members && membersFrom(settings.members, what => new HearsayError('RUN', `members: ${what}`))
  const peer = await tellReading(stderr, onRead =>
    createPeer({
      ...run,
      ...(members && { members }),
      remembered: addressesOf([...run.met, ...(members ?? [])], run),
      name: settings.name,
      data: settings.data === undefined ? { share: settings.share ?? 0 } : { own: settings.data },
      listen: settings.listening ?? settings.listen,
      ...(settings.model === undefined ? {} : { model: modelFrom(settings.model) }),
      network,
      onTwin: twin => stderr.write(`${twinWarning(run.identity.peerId, twin)}\n`),
      signal: until,
      ...(onRead && { onRead }),
    }),
  )
  const { runId, layout } = peer
  const { name } = settings
  const checkpoints = createRoundCheckpoints({ folder: folder.checkpointsPath, runId, layout, name, tell })
  const merges = peer.mixture === undefined && manifest.merge.method !== 'none'
  let { rounds: round, tested }: SoFar = nothingYet
  let unmerged: Unmerged | undefined
  let { met } = run
  const measure = measureOf(manifest.data)
  const { classes } = peer.dataset
  let interrupted = false
  let lost: unknown
  let endReach = (): void => {}
  try {
    // Before anybody was heard: who is killed in its first round comes back too.
    await folder.writeMembers(met)
    await folder.writeSettings({ ...settings, listening: peer.listening() })
    const topology = await readTopology(peer.model)
    // Where peers agree on their standardisation there is nothing to be kept before they have.
    const keep = async (kept?: Parameters<typeof keepPeer>[2]): Promise<void> => {
      const { standardisation } = peer
      if (standardisation === undefined) return
      await keepPeer(folder.path, describePeer({ ...described(peer, run), standardisation, topology }), kept)
    }
    await keep()
    if (run.hasBegun) {
      const progress = await takeUp(peer, { name, manifest, folder, checkpoints }, tell, until)
      ;({ rounds: round, tested, unmerged } = progress)
    }
    await keep(peer.mixture?.kept())
    tellNotes(peer.dataset, stderr)
    say(announcement(peer, run, network.key, round))
    endReach = sayReach(peer, run, say)
    const lineOf = createFieldLines(manifest.rounds, measure, classes)
    const companyLines = createCompany({ peer, folder: folder.path, met: () => met, hasBegun: run.hasBegun })
    const minPeers = minPeersOf(run)
    // Killed between its last round and its end, it has nothing left to do.
    const agreed = await folder.readAgreed()
    for await (const event of round < manifest.rounds
      ? peer.run({ round, minPeers, agreed, unmerged, signal: until })
      : []) {
      // Before it is told: who is killed from then on comes back to the same numbers.
      if (event.type === 'standardised') await folder.writeAgreed(event.sum)
      folder.append(event)
      for (const line of [lineOf(event), ...companyLines(event)]) if (line !== undefined) say(shown(line, 1000))
      if (event.type === 'evaluated') tested = event
      if (event.type === 'standardised') {
        tellNotes(event, stderr)
        await keep(peer.mixture?.kept())
      }
      if (event.type === 'trained' && merges) await checkpoints.trained(event.round, peer.parameters, event.loss, until)
      if (event.type === 'ended') {
        round = event.round + 1
        await checkpoints.ended(event.round, peer.parameters, until)
        if (peer.mixture !== undefined) await keep(peer.mixture.kept())
      }
      if (event.type !== 'ended' && event.type !== 'joined') continue
      met = withMet(peer, met)
      await folder.writeMembers(met)
    }
  } catch (error) {
    if (folder.lost.aborted) throw folder.lost.reason
    interrupted = signal.aborted
    if (!interrupted && !isOfDisk(error)) throw error
    if (!interrupted) lost = error
  } finally {
    endReach()
    either.clear()
    await peer.stop()
  }
  const summary = {
    run: Buffer.from(runId).toString('hex'),
    peer: settings.name,
    id: run.identity.peerId.toString(),
    backend: peer.backend.name,
    rounds: round,
    samples: peer.samples,
    measure,
    ...testedFigures(tested, classes),
    ...peer.counters,
    interrupted,
  }
  try {
    await folder.writeSummary(summary)
    await folder.close()
  } catch (error) {
    lost ??= error
  }
  // Whatever the disk says, whoever waited for it sees what was reached.
  say(`\n${shown(fieldResult(summary, tested, classes), 1000)}`)
  say(`${pc.dim('run folder')} ${shown(folder.path)}`)
  if (run.json) stdout.write(`${JSON.stringify(summary)}\n`)
  if (lost !== undefined) throw lost
  if (!interrupted) return 0
  stderr.write(`Interrupted; go on with: hearsay start --resume ${typed(folder.path)}\n`)
  return interruptedStatus
}

/** Is it that the disk refused something, and no fault of the run's? */
function isOfDisk(error: unknown): boolean {
  return error instanceof HearsayError && systemCode(error.cause) !== undefined
}

/** A model as the command line names it. */
function modelFrom(text: string): NonNullable<PeerOptions['model']> {
  return validate(modelSchema, modelOf(text), `--model ${text}`, 'USAGE')
}

/** What its folder says of its model: the numbers are in the checkpoints. */
function described(peer: Peer, { manifest, settings }: FieldRun): Omit<DescriptionInit, 'standardisation'> {
  const { runId, model, layout, dataset, identity } = peer
  const { task, merge } = manifest
  const about = { runId, name: settings.name, id: identity.peerId.toString(), model, layout, dataset }
  const mixture = merge.method === 'mixture' ? { mixture: merge } : {}
  return { ...about, ...mixture, ...(task?.objective && { objective: task.objective }) }
}

/** Of those whom it met, who have done all their rounds do not come back: the last ones end the run by themselves. */
function minPeersOf({ isAlone, manifest, met }: FieldRun): number {
  if (isAlone) return 1
  const finished = met.filter(member => member.finished).length
  return finished === 0 ? manifest.minPeers : Math.min(manifest.minPeers, 1 + met.length - finished)
}

/** Where those are reached who may be there. */
function addressesOf(members: readonly MetMember[], { identity }: FieldRun): Multiaddr[] {
  return members
    .filter(member => member.finished !== true && !member.peerId.equals(identity.peerId))
    .flatMap(member => member.addresses.map(address => withPeer(address, member.peerId)))
}

/** An address with the peer that is expected there. */
function withPeer(address: Multiaddr, peerId: PeerId): Multiaddr {
  return address.getComponents().at(-1)?.name === 'p2p' ? address : address.encapsulate(`/p2p/${peerId}`)
}

/** Those who are there, and behind them those who were: after an hour without a network everybody is still known. */
function withMet(peer: Pick<Peer, 'members' | 'finished'>, before: readonly MetMember[]): MetMember[] {
  const live = peer.members()
  const here = new Set(live.map(({ peerId }) => peerId.toString()))
  const finished = new Set(peer.finished().map(String))
  const gone = before.filter(({ peerId }) => !here.has(peerId.toString()))
  return [
    ...live,
    ...gone.map(member => (finished.has(member.peerId.toString()) ? { ...member, finished: true as const } : member)),
  ]
}

/** A run that was brought to its end is not begun again: there is nothing left to do, and its figures stay. */
export function sayFinished({ path }: FieldFolder, outcome: Outcome, { stdout }: Terminal): void {
  const { rounds, measure, accuracy } = outcome
  stdout.write(
    `This run is over: ${rounds === 1 ? 'its one round is' : `all ${rounds} rounds are`} done, ${measureNames[measure]} ${measured(accuracy, measure)}. Ask its model with: hearsay predict ${typed(path)}\n`,
  )
}

function announcement(peer: Peer, run: FieldRun, key: PeerNetwork['key'], round: number): string {
  const { manifest, settings, identity } = run
  const { dataset, layout, head, backend, runId } = peer
  const { model } = manifest
  const shared = head.layout.size === layout.size ? 'all shared' : `${count(head.layout.size)} shared`
  const data =
    settings.data === undefined
      ? `share ${settings.share ?? 0} of ${manifest.peers} of ${dataset.name}`
      : `${dataset.name}, whole`
  const rows: [string, string][] = [
    ['run', Buffer.from(runId).toString('hex')],
    ['peer', `${settings.name}, ${identity.peerId}`],
    [
      'data',
      `${data}: ${countOf(peer.samples, 'sample')}, which ${peer.samples === 1 ? 'stays' : 'stay'} here; tested on ${count(dataset.test.size)}`,
    ],
    ...taskRows(manifest),
    [
      'model',
      `${'path' in model ? model.path : model.kind}: ${countOf(layout.size, 'parameter')}, ${shared} (${byteCount(head.layout.size * 4)})`,
    ],
    [
      'merge',
      `${mergeText(manifest)}, ${countOf(manifest.rounds, 'round')}${round > 0 ? `, from round ${round + 1} on` : ''}`,
    ],
    ['sends', trafficText(manifest, head.layout.size)],
    ['backend', `${backend.name} (${deviceText(backend.device)})`],
    ...networkRows(run, key),
  ]
  const lines = rows.map(([name, value]) => `${pc.dim(name.padEnd(10))}${shown(value, 400)}`)
  return [...lines, '', ...joinLines(peer, run), ''].join('\n')
}

/** What others must have, and learn of whoever began the run. */
function taskRows({ task }: Manifest): [string, string][] {
  const text = task && taskText(task)
  return text === undefined ? [] : [['agreed', `${text}; whoever joins sees these names`]]
}

/** Who may take part, and whether others can call. */
function networkRows({ manifest, settings }: FieldRun, key: PeerNetwork['key']): [string, string][] {
  const { allow } = settings.network ?? {}
  const who = [
    ...(key === undefined ? [] : [`who has the key ${key.fingerprint}`]),
    ...(allow === undefined ? [] : [`who is listed in ${allow}`]),
    ...(manifest.access === undefined ? [] : ['founders, and who is invited: see hearsay invite']),
  ]
  return [...(who.length === 0 ? [] : [['open to', who.join('; ')] as [string, string]]), ['reach', unknownReach]]
}
