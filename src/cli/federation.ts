import { dirname, resolve } from 'node:path'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { knownMembers, loadOrCreateIdentity, openRunFolder } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { type Manifest, type Member, parseManifest, readManifestFile } from '../node/index.js'
import { readTopologyFile } from '../topology/file.js'
import { interruptedStatus, type Terminal } from './command.js'
import { askedBy, runField } from './field.js'
import { type FieldFlags, settingsFrom } from './field-settings.js'
import { networkSettings } from './network-flags.js'

/** The members that a topology file lists, and their run. */
interface WrittenFederation {
  readonly manifest: Manifest
  readonly members: readonly Member[]
}

/**
 * Joins as one of the members that a topology file names. No member must start first: each waits for the others.
 *
 * @param agrees - shows the manifest and asks the user
 */
export async function joinFederation(
  file: string,
  flags: FieldFlags,
  agrees: (manifest: Manifest) => Promise<boolean>,
  terminal: Terminal,
): Promise<number> {
  const { signal } = terminal
  const { manifest, members } = await readFederation(file)
  const place = placeOf(flags.as, members, file)
  const own = members[place]!
  if (flags.allow !== undefined) {
    throw new HearsayError('USAGE', `--allow does not go with ${file}: its members are the list`)
  }
  if (flags.out === undefined) {
    const folder = `runs/${own.name}`
    throw new HearsayError(
      'USAGE',
      `name the folder with ${own.name}'s identity, whose id is in ${file}; hearsay id ${folder} makes one and prints its id`,
      { field: '--out' },
    )
  }
  const network = await networkSettings(flags)
  if (!(await agrees(manifest))) return interruptedStatus
  const folder = await openRunFolder(flags.out, { resume: false, manifest, signal })
  try {
    const identity = await loadOrCreateIdentity(folder.identityPath)
    if (!identity.peerId.equals(own.peerId)) {
      throw new HearsayError(
        'USAGE',
        `its identity is ${identity.peerId}, and ${file} has ${own.peerId} for ${own.name}; name ${own.name}'s folder, or put this id into the file`,
        { field: '--out', value: flags.out },
      )
    }
    const port = flags.port ?? portOf(own)
    const settings = {
      ...settingsFrom({ ...flags, port }, { manifest, identity, share: place, network }),
      members: knownMembers(members),
    }
    await folder.writeSettings(settings)
    return await runField(
      {
        command: 'join',
        folder,
        manifest,
        identity,
        settings,
        met: [],
        hasBegun: false,
        ...askedBy(flags),
      },
      terminal,
    )
  } finally {
    await folder.abandon()
  }
}

async function readFederation(file: string): Promise<WrittenFederation> {
  const { spec, members, run } = await readTopologyFile(file)
  if (members === undefined) {
    const about = { source: file, field: 'members' }
    throw new HearsayError('TOPOLOGY', 'is missing; list who takes part, each with name, id and addresses', about)
  }
  const path = run === undefined ? undefined : resolve(dirname(file), run)
  const written = path === undefined ? {} : ((await readManifestFile(path)) as Record<string, unknown>)
  const peers = members.length
  // Listed members wait for each other, unless the manifest sets `minPeers`.
  const manifest = parseManifest({ minPeers: peers, ...written, peers, topology: spec }, path ?? file)
  return {
    manifest,
    members: members.map(({ name, id, addresses }, at) => {
      const wrong = (field: string, what: string): HearsayError =>
        new HearsayError('TOPOLOGY', what, { source: file, field: `members.${at}.${field}` })
      if (id === undefined) throw wrong('id', `is missing; it is what hearsay id prints at ${name}`)
      if (addresses === undefined)
        throw wrong('addresses', `is missing; write where ${name} listens, like /dns4/${name}.example/tcp/4001`)
      return {
        name,
        peerId: read(id, peerIdFromString, wrong('id', 'is no peer id; it must be what hearsay id prints')),
        addresses: addresses.map((address, i) =>
          read(
            address,
            text => multiaddr(text),
            wrong(`addresses.${i}`, 'is no address; write it like /ip4/192.0.2.1/tcp/4001'),
          ),
        ),
      }
    }),
  }
}

function read<T>(text: string, parse: (text: string) => T, otherwise: HearsayError): T {
  try {
    return parse(text)
  } catch {
    throw otherwise
  }
}

function placeOf(name: string | undefined, members: readonly Member[], file: string): number {
  const place = members.findIndex(member => member.name === name)
  if (place >= 0) return place
  const what = name === undefined ? '--as: name the member that this is' : `--as ${name}: is no member of ${file}`
  throw new HearsayError(
    'USAGE',
    `${what}: ${members
      .map(member => member.name)
      .slice(0, 16)
      .join(', ')}`,
  )
}

/** The port that others will dial: the TCP port of the member's first address with one; any free one behind a relay. */
function portOf({ addresses }: Member): number {
  for (const address of addresses) {
    const parts = address.getComponents()
    if (parts.some(({ name }) => name === 'p2p-circuit')) continue
    const port = parts.find(({ name }) => name === 'tcp')?.value
    if (port !== undefined) return Number(port)
  }
  return 0
}
