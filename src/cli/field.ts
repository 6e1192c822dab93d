import pc from 'picocolors'
import { backendSchema } from '../learner/index.js'
import {
  createCheckpoints,
  createPeer,
  type Identity,
  joinAddress,
  type Manifest,
  type Peer,
  type PeerOptions,
} from '../node/index.js'
import {
  byteCount,
  count,
  createFieldLines,
  deviceText,
  type FieldFolder,
  fieldResult,
  type PeerSettings,
} from '../watch/index.js'
import { type Flag, interruptedStatus, type Terminal, wholeNumber } from './command.js'

/** Flags that start and join have in common. */
export interface FieldFlags {
  readonly data?: string
  readonly share?: number
  readonly as?: string
  readonly backend: (typeof backendSchema.options)[number]
  readonly listen?: readonly string[]
  readonly port: number
  readonly out?: string
  readonly resume?: string
}

export const fieldFlags: readonly Flag[] = [
  {
    flags: '--data <source>',
    description: "this peer's own data: a file, a folder, or a shipped set (default: a share of the manifest's)",
  },
  {
    flags: '--share <number>',
    description: "which share of the manifest's data, from 0 (default: one that nobody has)",
    parse: wholeNumber('--share', 0, 1_000_000),
  },
  { flags: '--as <name>', description: 'what others show for this peer (default: the end of its id)' },
  { flags: '--backend <name>', description: 'what computes', choices: backendSchema.options, default: 'auto' },
  {
    flags: '--port <number>',
    description: 'to listen on, on all networks; 0: any that is free',
    default: 0,
    parse: wholeNumber('--port', 0, 65_535),
  },
  { flags: '--listen <multiaddr>', description: 'to listen on instead, like /ip4/10.0.0.7/tcp/4001', repeatable: true },
  { flags: '--out <folder>', description: 'where the run is kept (default: runs/<time>-<run>)' },
  { flags: '--resume <folder>', description: 'go on with the run that is kept there' },
]

/** What a peer goes on with, from its flags. The beginning of a peer id is the same for all, so its end names it. */
export function settingsFrom(flags: FieldFlags, { peerId }: Identity, share: number | undefined): PeerSettings {
  return {
    name: flags.as ?? `peer-${peerId.toString().slice(-6)}`,
    ...(flags.data === undefined ? { share } : { data: flags.data }),
    listen: flags.listen ?? [`/ip4/0.0.0.0/tcp/${flags.port}`],
  }
}

/** A peer of the field with its folder. */
export interface FieldRun {
  readonly folder: FieldFolder
  readonly manifest: Manifest
  readonly identity: Identity
  readonly settings: PeerSettings
  readonly backend: FieldFlags['backend']
  readonly contacts?: NonNullable<PeerOptions['contacts']>
  readonly remembered?: NonNullable<PeerOptions['remembered']>
  readonly hasBegun: boolean
}

/** Runs a peer to the end of its run, or until Ctrl-C; saved after every round. */
export async function runField(run: FieldRun, { stdout, stderr, signal }: Terminal): Promise<number> {
  const { folder, manifest, settings } = run
  const until = AbortSignal.any([signal, folder.lost])
  const say = (line: string): void => void stdout.write(`${line}\n`)
  const peer = await createPeer({
    ...run,
    name: settings.name,
    data: settings.data === undefined ? { share: settings.share ?? 0 } : { own: { set: settings.data } },
    listen: settings.listen,
    signal: until,
  })
  const { runId, layout } = peer
  const checkpoints = createCheckpoints({
    folder: folder.checkpointsPath,
    runId,
    layout,
    onDamaged: reason => stderr.write(`${reason}\n`),
  })
  let round = 0
  let accuracy: number | null = null
  let interrupted = false
  try {
    const saved = await checkpoints.latest()
    if (saved !== undefined) peer.parameters.set(saved.parameters)
    round = saved?.round ?? 0
    say(announcement(peer, run, round))
    const lineOf = createFieldLines(manifest.rounds)
    for await (const event of peer.run({ round, signal: until })) {
      folder.append(event)
      const line = lineOf(event)
      if (line !== undefined) say(line)
      if (event.type === 'evaluated') accuracy = event.accuracy
      if (event.type !== 'ended') continue
      round = event.round + 1
      await checkpoints.save({ round, name: settings.name, parameters: peer.parameters, state: {} }, until)
      await folder.writeMembers(peer.members())
    }
  } catch (error) {
    if (folder.lost.aborted) throw folder.lost.reason
    if (!signal.aborted) throw error
    interrupted = true
  } finally {
    await peer.stop()
  }
  const summary = {
    run: Buffer.from(runId).toString('hex'),
    peer: settings.name,
    id: run.identity.peerId.toString(),
    backend: peer.backend.name,
    rounds: round,
    samples: peer.samples,
    accuracy,
    ...peer.counters,
    interrupted,
  }
  await folder.writeSummary(summary)
  await folder.close()
  say(`\n${fieldResult(summary)}`)
  say(`${pc.dim('run folder')} ${folder.path}`)
  if (!interrupted) return 0
  stderr.write(`Interrupted; go on with: hearsay start --resume ${folder.path}\n`)
  return interruptedStatus
}

function announcement(peer: Peer, { manifest, settings, identity }: FieldRun, round: number): string {
  const { dataset, layout, head, backend, runId } = peer
  const { model, merge, topology } = manifest
  const shared = head.layout.size === layout.size ? 'all shared' : `${count(head.layout.size)} shared`
  const data =
    settings.data === undefined ? `share ${settings.share ?? 0} of ${manifest.peers} of ${dataset.name}` : dataset.name
  const rows: [string, string][] = [
    ['run', Buffer.from(runId).toString('hex')],
    ['peer', `${settings.name}, ${identity.peerId}`],
    ['data', `${data}: ${count(peer.samples)} samples, which stay here; tested on ${count(dataset.test.size)}`],
    [
      'model',
      `${'path' in model ? model.path : model.kind}: ${count(layout.size)} parameters, ${shared} (${byteCount(head.layout.size * 4)})`,
    ],
    [
      'merge',
      `${merge.method} on a ${topology.kind}, ${manifest.rounds} rounds${round > 0 ? `, from round ${round + 1} on` : ''}`,
    ],
    ['backend', `${backend.name} (${deviceText(backend.device)})`],
  ]
  const lines = rows.map(([name, value]) => `${pc.dim(name.padEnd(10))}${value}`)
  const addresses = peer.addresses().map(address => `  hearsay join ${joinAddress(address, runId)}`)
  return [...lines, '', 'Others join with', ...addresses, ''].join('\n')
}
