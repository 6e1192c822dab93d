import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import * as z from 'zod'
import { NotRead, readBounded } from '../bounded-file.js'
import { isShipped, type OwnData, ownDataSchema } from '../data/index.js'
import { HearsayError } from '../errors.js'
import type { Member, PeerNetwork } from '../node/index.js'
import { whyNot } from '../system-errors.js'
import { explainDisk } from './durable.js'

/*
 * The two files from which a peer resumes: peer.json, what it was started with; and peers.json, the members it met.
 */

/** What a peer is started and resumed with. */
export interface PeerSettings {
  /** The run's id, in hex. Other files determine it and the peer's id too, but may be lost or changed. */
  readonly run: string
  readonly id: string
  readonly name: string
  /** The peer's own data: a file, a folder, or a shipped set, and how it is read. */
  readonly data?: OwnData | undefined
  /** For a peer without data of its own: its share of the manifest's data. */
  readonly share?: number | undefined
  /** In a mixture, the peer's own body, as the command line names it. */
  readonly model?: string | undefined
  readonly listen: readonly string[]
  /** `listen` with the ports that the peer last had, at which others dial it. */
  readonly listening?: readonly string[] | undefined
  readonly network?: NetworkSettings | undefined
  /** For a federation from a topology file: its members, as in that file. */
  readonly members?: readonly KnownMember[] | undefined
}

/** A member as in a file. */
export interface KnownMember {
  readonly name: string
  readonly id: string
  readonly addresses: readonly string[]
  /** The member has done all its rounds: it does not come back. */
  readonly finished?: true | undefined
}

/** A peer that takes part, or did. */
export interface MetMember extends Member {
  readonly finished?: true | undefined
}

/**
 * How the peer is reached and who may take part. Key and list are kept as paths and read again each time; a token is
 * kept itself, so only the file's owner may read it.
 */
export interface NetworkSettings extends Omit<PeerNetwork, 'key' | 'allow' | 'metrics'> {
  /** Path of the network key. */
  readonly key?: string | undefined
  /** Path of the list of peers. */
  readonly allow?: string | undefined
}

/** Peers come and go; this many, with this many addresses each, are enough to find some of them again. */
export const membersLimits = { members: 1024, addresses: 8, addressLength: 512 } as const
/** The largest size of `peers.json`, with its quotes and indentation. */
const membersBytes = membersLimits.members * (membersLimits.addresses * (membersLimits.addressLength + 32) + 512)

const text = (most: number): z.ZodString => z.string().min(1).max(most)
const membersSchema = z
  .array(
    z.strictObject({
      name: text(64),
      id: text(128),
      addresses: z.array(text(membersLimits.addressLength)).max(membersLimits.addresses),
      finished: z.literal(true).optional(),
    }),
  )
  .max(membersLimits.members)

const addressText = z.string().min(1).max(512)
const pathText = z.string().min(1).max(4096)
const settingsSchema = z.strictObject({
  run: z.string().regex(/^[0-9a-f]{64}$/),
  id: text(128),
  name: z.string().min(1).max(64),
  data: ownDataSchema.optional(),
  share: z.int().min(0).max(1_000_000).optional(),
  model: pathText.optional(),
  listen: z.array(addressText).min(1).max(16),
  listening: z.array(addressText).min(1).max(16).optional(),
  network: z
    .strictObject({
      key: pathText.optional(),
      allow: pathText.optional(),
      invite: z.string().max(4096).optional(),
      relays: z.array(addressText).max(16).optional(),
      relaySlots: z.int().min(0).max(1024).optional(),
      announce: z.array(addressText).max(16).optional(),
      lan: z.boolean().optional(),
      upnp: z.boolean().optional(),
    })
    .optional(),
  members: membersSchema.optional(),
})
const settingsBytes = 64 * 1024 + membersBytes

/** Own data with absolute paths: the peer may be resumed from another working directory. */
export function lastingData({ set, test, ...read }: OwnData): OwnData {
  return {
    ...read,
    set: isShipped(set) ? set : resolve(set),
    ...(test !== undefined && { test: resolve(test) }),
  }
}

/** Members in the form of a file, each with no more addresses than are read back. */
export function knownMembers(members: readonly MetMember[]): KnownMember[] {
  return members.slice(0, membersLimits.members).map(({ name, peerId, addresses, finished }) => ({
    name,
    id: peerId.toString(),
    addresses: addresses
      .map(String)
      .filter(address => address.length <= membersLimits.addressLength)
      .slice(0, membersLimits.addresses),
    ...(finished && { finished }),
  }))
}

/**
 * The members that a file lists.
 *
 * @param wrong - creates the error for an invalid member
 */
export function membersFrom(known: readonly KnownMember[], wrong: (what: string) => HearsayError): MetMember[] {
  return known.map(({ name, id, addresses, finished }, at) => {
    try {
      return {
        name,
        peerId: peerIdFromString(id),
        addresses: addresses.map(address => multiaddr(address)),
        ...(finished && { finished }),
      }
    } catch (error) {
      throw wrong(`${at}: has an id or an address that is none (${(error as Error).message})`)
    }
  })
}

/**
 * Reads `peer.json`.
 *
 * @throws {@link HearsayError} RUN when it is missing, or not what was written
 */
export async function settingsIn(path: string): Promise<PeerSettings> {
  const wrong = (what: string): HearsayError =>
    new HearsayError('RUN', `${what}; bring it back from a copy, or join the run anew with another --out`, {
      source: path,
    })
  if (!(await exists(path))) throw wrong('is missing, and with it what this peer was started with')
  try {
    return settingsSchema.parse(JSON.parse((await readBounded(path, settingsBytes)).toString('utf8')))
  } catch (error) {
    throw wrong(error instanceof NotRead ? error.message : 'is not as it was written')
  }
}

/**
 * Reads `peers.json`.
 *
 * @throws {@link HearsayError} RUN when it is missing, or not what was written
 */
export async function membersIn(path: string): Promise<MetMember[]> {
  const damaged = (what: string): HearsayError => new HearsayError('RUN', what, { source: path })
  if (!(await exists(path))) throw damaged('is missing')
  let value: unknown
  try {
    value = JSON.parse((await readBounded(path, membersBytes)).toString('utf8'))
  } catch (error) {
    if (error instanceof NotRead) throw damaged(error.message)
    if (error instanceof SyntaxError) throw damaged('is not JSON')
    throw explainDisk(error, path, 'It could not be read')
  }
  const result = membersSchema.safeParse(value)
  if (!result.success) throw damaged(`${result.error.issues[0]!.path.join('.')}: is not as it was written`)
  return membersFrom(result.data, damaged)
}

/** Does this path exist? */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return false
    throw new HearsayError('RUN', whyNot(error), { source: path })
  }
}
