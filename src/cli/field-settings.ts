import { isShipped, type OwnData, ownDataSchema } from '../data/index.js'
import { lastingData, type NetworkSettings, type PeerSettings } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import type { backendSchema } from '../learner/index.js'
import { type Identity, type Manifest, runIdOf } from '../node/index.js'
import { validate } from '../validation.js'
import type { NetworkFlags } from './network-flags.js'
import { type TableFlags, tableFields } from './table-flags.js'
import type { WatchFlags } from './watching.js'

/** Flags that start and join have in common. */
export interface FieldFlags extends NetworkFlags, TableFlags, WatchFlags {
  readonly data?: string
  readonly model?: string
  readonly share?: number
  readonly as?: string
  readonly backend: (typeof backendSchema.options)[number]
  readonly listen?: readonly string[]
  readonly port?: number
  readonly out?: string
  readonly resume?: string
  readonly json?: boolean
  readonly alone?: boolean
}

/** The run that a peer begins with, its identity and its network. */
export interface SettingsInit {
  readonly manifest: Manifest
  readonly identity: Identity
  /** A share that no other peer has, for a peer whose flags name neither data nor a share. */
  readonly share: number | undefined
  readonly network: NetworkSettings
}

/**
 * A peer's settings from its flags. Without a name the end of its id is used, as all ids begin alike.
 *
 * @throws {@link HearsayError} USAGE for flags that do not go together
 */
export function settingsFrom(flags: FieldFlags, { manifest, identity, share, network }: SettingsInit): PeerSettings {
  const { peerId } = identity
  return {
    run: Buffer.from(runIdOf(manifest)).toString('hex'),
    id: peerId.toString(),
    network,
    name: flags.as ?? `peer-${peerId.toString().slice(-6)}`,
    ...dataFrom(flags, manifest, share),
    ...(flags.model === undefined ? {} : { model: flags.model }),
    listen: listenFrom(flags) ?? ['/ip4/0.0.0.0/tcp/0'],
  }
}

/** Where to listen, according to the flags. */
export function listenFrom({ listen, port }: FieldFlags): readonly string[] | undefined {
  return listen ?? (port === undefined ? undefined : [`/ip4/0.0.0.0/tcp/${port}`])
}

/**
 * What a peer trains on. Shares are dealt from shipped sets, which everybody has. Any other set in a manifest is a file
 * or folder of its author. The author's peer trains on all of it, since no other peer has the rest, unless the flags
 * request a share, as where the same file is on all machines.
 */
function dataFrom(
  flags: FieldFlags,
  { data }: Manifest,
  share: number | undefined,
): Pick<PeerSettings, 'data' | 'share'> {
  const own = ownDataOf(flags)
  if (own !== undefined && flags.share !== undefined) {
    throw new HearsayError('USAGE', "--share: is of the manifest's data; leave out that or --data")
  }
  if (own !== undefined) return { data: lastingData(own) }
  const isOwn = flags.share === undefined && !isShipped(data.set)
  return isOwn
    ? { data: lastingData({ set: data.set, ...(data.test !== undefined && { test: data.test }) }) }
    : { share: flags.share ?? share }
}

/** A peer's own data, according to the flags; undefined when it has none. */
export function ownDataOf({ data: set, ...flags }: FieldFlags): OwnData | undefined {
  const fields = tableFields(flags)
  if (set !== undefined) return validate(ownDataSchema, { set, ...fields }, '--data', 'USAGE')
  const [field] = Object.keys(fields)
  if (field === undefined) return undefined
  throw new HearsayError('USAGE', `--${field}: sets how your own tables are read; name them with --data`)
}
