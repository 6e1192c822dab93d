import { resolve } from 'node:path'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { readBounded, whyNotRead } from '../bounded-file.js'
import type { NetworkSettings } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { inviteLimits, keyFileLimitBytes, parseNetworkKey } from '../gossip/index.js'
import type { PeerNetwork } from '../node/index.js'

/** Flags of start and join for who may take part, and how this peer is reached. */
export interface NetworkFlags {
  readonly key?: string
  readonly allow?: string
  readonly invite?: string
  readonly relay?: readonly string[]
  readonly relaySlots?: number
  readonly announce?: readonly string[]
  readonly lan?: boolean
  readonly upnp?: boolean
}

/** Limits of a list of peers: a topology's, with a comment for each peer. */
const listLimits = { bytes: 1024 * 1024, peers: 10_000 } as const

/** No token is shorter; a text of so many such characters without a dot is no file name. */
const tokenPattern = /^[\w-]{200,}$/

/** The flags as kept for resuming: paths are absolute, as the working directory may differ; a token is kept itself. */
export async function networkSettings(flags: NetworkFlags): Promise<NetworkSettings> {
  const { key, allow, invite, relay, relaySlots, announce, lan, upnp } = flags
  return {
    ...(key === undefined ? {} : { key: resolve(key) }),
    ...(allow === undefined ? {} : { allow: resolve(allow) }),
    ...(invite === undefined ? {} : { invite: await tokenFrom(invite) }),
    ...(relay === undefined ? {} : { relays: relay }),
    ...(relaySlots === undefined ? {} : { relaySlots }),
    ...(announce === undefined ? {} : { announce }),
    ...(lan === undefined ? {} : { lan }),
    ...(upnp === undefined ? {} : { upnp }),
  }
}

/** A peer's network, from its settings. Key and list are read again each time. */
export async function networkFrom({ key, allow, ...others }: NetworkSettings): Promise<PeerNetwork> {
  return {
    ...others,
    ...(key === undefined ? {} : { key: parseNetworkKey(await readText('--key', key, keyFileLimitBytes), key) }),
    ...(allow === undefined
      ? {}
      : { allow: parseAllowList(await readText('--allow', allow, listLimits.bytes), allow) }),
  }
}

/**
 * Reads a list of peers.
 *
 * @param source - the file's name, for the message
 * @throws {@link HearsayError} USAGE, naming the line that is not a peer id
 */
export function parseAllowList(text: string, source: string): PeerId[] {
  const peers: PeerId[] = []
  for (const [at, line] of text.split(/\r\n|\n|\r/).entries()) {
    const id = line.replace(/#.*/, '').trim()
    if (id === '') continue
    if (peers.length === listLimits.peers) {
      throw new HearsayError('USAGE', `${source}:${at + 1}: more than ${listLimits.peers} peers; divide the run`)
    }
    peers.push(peerIdIn(id, `${source}:${at + 1}`))
  }
  if (peers.length > 0) return peers
  throw new HearsayError('USAGE', 'no peer is on the list; write the ids that hearsay id prints, one a line', {
    source,
  })
}

/** @throws {@link HearsayError} USAGE */
export function peerIdIn(text: string, place: string): PeerId {
  try {
    const peer = text.length > 100 ? undefined : peerIdFromString(text)
    if (peer?.type === 'Ed25519') return peer
  } catch {
    // Reported below.
  }
  throw new HearsayError('USAGE', `${text.slice(0, 100)} is no peer id; it must be one that hearsay id prints`, {
    source: place,
  })
}

async function tokenFrom(invite: string): Promise<string> {
  if (tokenPattern.test(invite)) return invite
  const text = (await readText('--invite', invite, 2 * inviteLimits.tokenBytes)).trim()
  if (tokenPattern.test(text)) return text
  throw new HearsayError('USAGE', 'holds no invitation; it must be what hearsay invite prints', {
    field: '--invite',
    value: invite,
  })
}

async function readText(flag: string, path: string, limitBytes: number): Promise<string> {
  try {
    return (await readBounded(path, limitBytes)).toString('utf8')
  } catch (error) {
    throw new HearsayError('USAGE', whyNotRead(error), { field: flag, value: path, cause: error })
  }
}
