import { resolve } from 'node:path'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { readBounded, whyNotRead } from '../bounded-file.js'
import type { NetworkSettings } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { inviteLimits, keyFileLimitBytes, parseNetworkKey } from '../gossip/index.js'
import type { PeerNetwork } from '../node/index.js'

/** Flags of start and join that say who may take part, and how this peer is reached. */
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

/** Most that a list of peers may have: a topology's most, with a comment each. */
const listLimits = { bytes: 1024 * 1024, peers: 10_000 } as const

/** No token is shorter; a name of so many such characters and no dot is no file's. */
const tokenPattern = /^[\w-]{200,}$/

/** What is remembered of the flags: paths do not depend on where the peer is resumed from, and a token is kept itself. */
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

/** What a peer's network is made of. Key and list are read anew each time. */
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
 * @throws {@link HearsayError} USAGE with the line that is none
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
    // Said below.
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
