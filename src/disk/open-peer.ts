import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { ownDataSchema } from '../data/index.js'
import { createDeadline } from '../deadline.js'
import { HearsayError } from '../errors.js'
import { readTopology } from '../learner/index.js'
import {
  createPeer,
  type Peer,
  type PeerEvent,
  type PeerOptions,
  type Reporter,
  reported,
  runIdOf,
  vacant,
} from '../node/index.js'
import { createErrands, type Errands } from './errands.js'
import { type FieldFolder, hasRun, openRunFolder } from './field-folder.js'
import { loadOrCreateIdentity, loadOwnIdentity } from './identity-file.js'
import { budgetIn } from './kept-budget.js'
import { knownMembers, lastingData, type MetMember, type PeerSettings } from './peer-files.js'
import { PeerKeeper } from './peer-keeper.js'
import type { LastTest } from './progress.js'

/** Options of a peer that is kept in a folder. */
export interface OpenPeerOptions extends Omit<PeerOptions, 'identity' | 'remembered' | 'budget'> {
  /**
   * The path of a run folder: created where there is none, otherwise resumed, as after a crash. Or an open folder, with
   * its settings written, which the caller closes.
   */
  readonly folder: string | FieldFolder
  /** Members to dial besides those in the folder. @default none */
  readonly met?: readonly MetMember[]
  /** Called with a line for each thing that the folder has lost. Must not throw. @default a process warning */
  readonly onLost?: (line: string) => void
}

/** A peer that can resume: what it needs for that is on the disk before its events are emitted. */
export interface DurablePeer extends Omit<Peer, 'run'> {
  readonly folder: FieldFolder
  /** Rounds that the peer has ended, in this process and before. */
  readonly rounds: number
  /** The last test of its model. */
  readonly tested: LastTest | undefined
  /** Members that the peer has met, including those that have left. */
  met(): readonly MetMember[]
  /**
   * Saves the model of a running peer as it is after its next step: after training, or at the end of the round, where it
   * is saved anyway. Resolves when it is on the disk; one that comes back from there trains the round again.
   *
   * @throws {@link HearsayError} RUN where the disk cannot be written, or the run has ended before
   */
  saveNow(): Promise<void>
  /**
   * Tests the model of a running peer after its next step, as `saveNow` saves it. No event reports the result.
   *
   * @throws {@link HearsayError} RUN where the run has ended before
   */
  evaluateNow(): Promise<LastTest>
  /**
   * Continues after the rounds that are done, and ends at once where all are. May be called once.
   *
   * @throws {@link HearsayError} RUN where the disk cannot be written, or another process has taken the folder
   */
  run(options?: DurableRunOptions): AsyncGenerator<PeerEvent, void, undefined>
}

export interface DurableRunOptions {
  /**
   * Number of peers to wait for, including this one.
   * @default the manifest's; once some peers have done all their rounds, and so do not come back, at most the number of
   * the remaining ones
   */
  readonly minPeers?: number
  /** Receive the run's events; what an event changes is on the disk before they do. @default none */
  readonly reporters?: readonly Reporter[]
  readonly signal?: AbortSignal
}

/**
 * A peer as {@link createPeer} creates it, which keeps its identity, its model and the members it meets in a folder.
 * The same call after a crash or a power cut returns the same peer, which continues after its last complete round.
 *
 * ```ts
 * const peer = await openPeer({ folder: 'runs/boston', manifest, name: 'boston', data: { own } })
 * for await (const event of peer.run()) if (event.type === 'ended') console.log(event.round)
 * await peer.stop()
 * ```
 *
 * @throws {@link HearsayError} what `createPeer` throws; RUN where the folder is of another run or another peer, or is
 * damaged or in use
 */
export async function openPeer(options: OpenPeerOptions): Promise<DurablePeer> {
  if (typeof options.folder !== 'string') return peerIn(options.folder, options)
  const folder = await openFolder(options.folder, options)
  try {
    return await peerIn(folder, options, () => folder.close())
  } catch (error) {
    await folder.abandon()
    throw error
  }
}

/** @param close - called when the peer has stopped */
async function peerIn(
  folder: FieldFolder,
  options: OpenPeerOptions,
  close: () => Promise<void> = async () => {},
): Promise<DurablePeer> {
  const { name, members = [], onLost = line => process.emitWarning(line) } = options
  const settings = await folder.readSettings()
  if (folder.before === undefined)
    onLost(`${folder.path}/metrics.jsonl: is missing; the events recorded before are lost, and the file begins anew`)
  const identity = await loadOwnIdentity(folder.identityPath, settings)
  const met = once(options.met ?? [], folder.isNew ? [] : await remembered(folder, onLost))
  const listen = options.listen ?? (await vacant(settings.listening ?? settings.listen)).listen
  const either = createDeadline(options.signal, folder.lost)
  try {
    const peer = await createPeer({
      hasBegun: !folder.isNew,
      ...options,
      ...(folder.manifest.privacy && { budget: await budgetIn(folder) }),
      listen,
      identity,
      remembered: addressesOf([...met, ...members], identity.peerId),
      signal: either.signal,
    })
    try {
      await folder.writeSettings({ ...settings, listening: peer.listening() })
      const keeper = new PeerKeeper({ peer, folder, name, topology: await readTopology(peer.model), met, onLost })
      await keeper.begin(either.signal)
      return keptPeer({ peer, folder, keeper, name, errands: createErrands() }, close)
    } catch (error) {
      await peer.stop()
      throw error
    }
  } catch (error) {
    throw folder.lost.aborted ? folder.lost.reason : error
  } finally {
    either.clear()
  }
}

interface KeptPeerInit {
  readonly peer: Peer
  readonly folder: FieldFolder
  readonly keeper: PeerKeeper
  readonly name: string
  readonly errands: Errands
}

function keptPeer(init: KeptPeerInit, close: () => Promise<void>): DurablePeer {
  const { peer, folder, keeper, name, errands } = init
  const { manifest } = folder
  return {
    ...peer,
    get standardisation() {
      return peer.standardisation
    },
    get counters() {
      return peer.counters
    },
    get spent() {
      return peer.spent
    },
    get taken() {
      return peer.taken
    },
    folder,
    get rounds() {
      return keeper.rounds
    },
    get tested() {
      return keeper.tested
    },
    met: () => keeper.met,
    saveNow: () => errands.ask('save', ({ signal }) => keeper.save(signal)),
    evaluateNow: () => errands.ask('evaluate', ({ round, signal }) => peer.evaluate(round, signal)),
    async *run({ minPeers = awaited(manifest.minPeers, keeper.met), reporters = [], signal } = {}) {
      // A peer that was killed between its last round and its end has nothing left to do.
      if (keeper.rounds >= manifest.rounds) return
      const either = createDeadline(signal, folder.lost)
      const run = {
        id: Buffer.from(peer.runId).toString('hex'),
        manifest,
        rounds: keeper.rounds,
        members: [{ peer: peer.identity.peerId.toString(), name }],
        classes: peer.dataset.classes,
        baselines: false,
      }
      try {
        const events = keptEvents(init, minPeers, either.signal)
        yield* reported(events, { run, reporters, endOf: () => ({ how: 'finished' }), signal: either.signal })
      } catch (error) {
        throw folder.lost.aborted ? folder.lost.reason : error
      } finally {
        either.clear()
        errands.end(new HearsayError('RUN', 'the run has ended before', { source: folder.path }))
      }
    },
    async stop() {
      await peer.stop()
      await close()
    },
    async kill() {
      await peer.kill()
      await close()
    },
  }
}

/** The peer's events, each emitted once it is kept. */
async function* keptEvents(
  { peer, folder, keeper, errands }: KeptPeerInit,
  minPeers: number,
  signal: AbortSignal,
): AsyncGenerator<PeerEvent, void, undefined> {
  const { rounds: round, reached } = keeper
  const agreed = await folder.readAgreed()
  for await (const event of peer.run({ round, reached, minPeers, agreed, signal })) {
    await keeper.keep(event, signal)
    yield event
    // Between these the model is being merged.
    if (event.type === 'trained' || event.type === 'ended') await errands.run({ round: event.round, signal })
  }
}

/** Peers that have done all their rounds do not come back: the remaining ones end the run without them. */
function awaited(minPeers: number, met: readonly MetMember[]): number {
  const finished = met.filter(member => member.finished).length
  return finished === 0 ? minPeers : Math.min(minPeers, 1 + met.length - finished)
}

/** Opens the folder at a path. A resumed one must be of the same run and the same peer name. */
async function openFolder(path: string, options: OpenPeerOptions): Promise<FieldFolder> {
  const { manifest, name, signal = new AbortController().signal } = options
  const resume = await hasRun(path)
  const folder = await openRunFolder(path, resume ? { resume, signal } : { resume, manifest, signal })
  try {
    if (folder.isNew) await folder.writeSettings(await settingsOf(folder, options))
    const { run, name: before } = await folder.readSettings()
    const wanted = Buffer.from(runIdOf(manifest)).toString('hex')
    if (run !== wanted)
      throw new HearsayError('RUN', `is of run ${run}, not of ${wanted}; name another folder`, { source: path })
    if (name !== before)
      throw new HearsayError('RUN', `is of the peer ${before}; name another folder for ${name}`, { source: path })
    return folder
  } catch (error) {
    await folder.abandon()
    throw error
  }
}

/** The settings in `peer.json` of a peer that was created through the library. */
async function settingsOf({ identityPath }: FieldFolder, options: OpenPeerOptions): Promise<PeerSettings> {
  const { manifest, name, data, members, listen = ['/ip4/0.0.0.0/tcp/0'] } = options
  const { peerId } = await loadOrCreateIdentity(identityPath)
  const own = 'own' in data ? ownDataSchema.safeParse(data.own).data : undefined
  return {
    run: Buffer.from(runIdOf(manifest)).toString('hex'),
    id: peerId.toString(),
    name,
    listen,
    ...(own && { data: lastingData(own) }),
    ...('share' in data && { share: data.share }),
    ...(members && { members: knownMembers(members) }),
  }
}

/** The members that the peer has met. A member that is missing here can still connect by itself. */
async function remembered(folder: FieldFolder, onLost: (line: string) => void): Promise<MetMember[]> {
  try {
    return await folder.readMembers()
  } catch (error) {
    if (!(error instanceof HearsayError)) throw error
    onLost(
      `${error.message}; the addresses of other peers are lost: they may still dial this one, or add the address of one: --resume ${folder.path} <address>`,
    )
    return []
  }
}

/** Each member once: as the peer remembers it, with the addresses that its user has named in front. */
function once(named: readonly MetMember[], remembered: readonly MetMember[]): MetMember[] {
  const byId = new Map(named.map(member => [member.peerId.toString(), member]))
  for (const member of remembered) {
    const id = member.peerId.toString()
    byId.set(id, { ...member, addresses: [...(byId.get(id)?.addresses ?? []), ...member.addresses] })
  }
  return [...byId.values()]
}

/** The addresses of members that may still take part. */
function addressesOf(members: readonly MetMember[], self: PeerId): Multiaddr[] {
  return members
    .filter(member => member.finished !== true && !member.peerId.equals(self))
    .flatMap(member => member.addresses.map(address => withPeer(address, member.peerId)))
}

/** An address with the peer that is expected there. */
function withPeer(address: Multiaddr, peerId: PeerId): Multiaddr {
  return address.getComponents().at(-1)?.name === 'p2p' ? address : address.encapsulate(`/p2p/${peerId}`)
}
