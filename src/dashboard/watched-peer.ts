import { readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { DurablePeer, LastTest } from '../disk/index.js'
import { shown } from '../foreign.js'
import { whenRefused } from '../system-errors.js'
import type { ActionName, ActionState, PeerView, WatchedPeer } from './peer-view.js'

export interface WatchedPeerInit {
  readonly peer: Pick<
    DurablePeer,
    'identity' | 'rounds' | 'reachability' | 'addresses' | 'heard' | 'counters' | 'folder' | 'saveNow' | 'evaluateNow'
  >
  readonly name: string
  /** A test's result, as people read it. */
  readonly text: (tested: LastTest) => string
  /** Ends the run as Ctrl-C does. */
  readonly leave: () => void
  /** @default the clock */
  readonly now?: () => Date
}

/** A folder's size is read this often: it changes once a round. */
const diskMs = 5_000
/** A run folder in the field has a dozen files. */
const mostFiles = 1_000

/** A running peer as its dashboard shows it, and what a person asks it for. */
export function watchPeer({ peer, name, text, leave, now = () => new Date() }: WatchedPeerInit): WatchedPeer {
  const actions: Record<ActionName, ActionState> = { save: idle, evaluate: idle, leave: idle }
  const diskOf = createDiskMeter(peer.folder.path)

  const begin = (action: ActionName, pending: string, work: () => Promise<string>): void => {
    if (actions[action].isPending) return
    actions[action] = { isPending: true, text: pending }
    const told = (text: string): void => {
      actions[action] = { isPending: false, text: `${text}, ${now().toLocaleTimeString('en-GB')}` }
    }
    work().then(told, (error: unknown) => told(shown(error instanceof Error ? error.message : String(error), 500)))
  }

  return {
    async view(): Promise<PeerView> {
      const { sentBytes, receivedBytes, rejected } = peer.counters
      return {
        name,
        peer: peer.identity.peerId.toString(),
        rounds: peer.rounds,
        reachability: peer.reachability(),
        addresses: peer.addresses().map(String),
        members: peer
          .heard()
          .map(({ silentMs, loss = null, accuracy = null, repute, peer, name, standing, round, samples }) => ({
            ...{ peer, name, standing, round, samples, loss, accuracy },
            heardSecondsAgo: Math.round(silentMs / 1000),
            gain: repute?.gain ?? null,
            cosine: repute?.cosine ?? null,
            isMuted: (repute?.mutedUntil ?? 0) > 0,
          })),
        sentBytes,
        receivedBytes,
        rejected,
        ...(await diskOf()),
        actions: { ...actions },
      }
    },
    ask(action) {
      switch (action) {
        case 'save':
          return begin(action, 'saves after its next step', async () => {
            await peer.saveNow()
            return 'saved'
          })
        case 'evaluate':
          return begin(action, 'is tested after its next step', async () => text(await peer.evaluateNow()))
        case 'leave':
          actions.leave = { isPending: true, text: 'leaves: tells the others, and writes what there is' }
          return leave()
      }
    },
  }
}

const idle: ActionState = { isPending: false, text: '' }

type Disk = Pick<PeerView, 'usedBytes' | 'freeBytes'>

function createDiskMeter(folder: string): () => Promise<Disk> {
  let known: Disk = { usedBytes: null, freeBytes: null }
  let readAt = Number.NEGATIVE_INFINITY
  return async () => {
    if (performance.now() - readAt < diskMs) return known
    readAt = performance.now()
    const [usedBytes, disk] = await Promise.all([sizeOf(folder), statfs(folder).catch(whenRefused())])
    known = { usedBytes, freeBytes: disk === undefined ? null : disk.bavail * disk.bsize }
    return known
  }
}

/** Bytes of all files in a folder; null where it has too many, or cannot be read. */
async function sizeOf(folder: string): Promise<number | null> {
  const names = await readdir(folder, { recursive: true }).catch(whenRefused())
  if (names === undefined || names.length > mostFiles) return null
  let bytes = 0
  for (const name of names) {
    // A file may be replaced while it is looked for.
    const found = await stat(join(folder, name)).catch(whenRefused())
    if (found?.isFile()) bytes += found.size
  }
  return bytes
}
