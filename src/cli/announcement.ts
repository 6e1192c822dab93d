import pc from 'picocolors'
import type { DurablePeer, PeerSettings } from '../disk/index.js'
import { shown } from '../foreign.js'
import { type Manifest, type PeerNetwork, planOf } from '../node/index.js'
import { byteCount, count, countOf, deviceText, privacyCost, privacyText } from '../watch/index.js'
import { type Joinable, joinLines, unknownReach } from './reach.js'
import { revealedTable } from './revealed.js'
import { taskText } from './task-text.js'
import { mergeText, trafficText } from './traffic.js'

/** What is known of a peer before it runs. */
export interface Announced extends Joinable {
  readonly manifest: Manifest
  readonly settings: PeerSettings
}

/** What is printed about a peer before its first round: its identity, its run, and how others join. */
export function announcement(peer: DurablePeer, run: Announced, key: PeerNetwork['key']): string {
  const { manifest, settings } = run
  const { identity, dataset, layout, head, backend, runId, rounds: round } = peer
  const { model } = manifest
  const privacy = privacyCost(manifest, peer.spent, false)
  const shared = head.layout.size === layout.size ? 'all shared' : `${count(head.layout.size)} shared`
  const data =
    settings.data === undefined
      ? `share ${settings.share} of ${manifest.peers} of ${dataset.name}`
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
    ...(privacy === undefined ? [] : [['privacy', privacyText(privacy)] as [string, string]]),
    ['sends', trafficText(manifest, planOf(manifest, head))],
    ['backend', `${backend.name} (${deviceText(backend.device)})`],
    ...networkRows(run, key),
  ]
  const lines = rows.map(([name, value]) => `${pc.dim(name.padEnd(10))}${shown(value, 400)}`)
  const { allow } = settings.network ?? {}
  const isClosed = key !== undefined || allow !== undefined || settings.members !== undefined
  return [...lines, '', revealedTable(manifest, isClosed), '', ...joinLines(peer, run), ''].join('\n')
}

/** The columns or classes that others' data must have; joining peers see these names. */
function taskRows({ task }: Manifest): [string, string][] {
  const text = task && taskText(task)
  return text === undefined ? [] : [['agreed', `${text}; every peer that joins sees these names`]]
}

/** Who may take part, and whether others can dial this peer. */
function networkRows({ manifest, settings }: Announced, key: PeerNetwork['key']): [string, string][] {
  const { allow } = settings.network ?? {}
  const who = [
    ...(key === undefined ? [] : [`peers with the key ${key.fingerprint}`]),
    ...(allow === undefined ? [] : [`peers listed in ${allow}`]),
    ...(manifest.access === undefined ? [] : ['founders, and peers that are invited: see hearsay invite']),
  ]
  return [...(who.length === 0 ? [] : [['open to', who.join('; ')] as [string, string]]), ['reach', unknownReach]]
}
