import pc from 'picocolors'
import { isShipped } from '../data/index.js'
import type { PeerSettings } from '../disk/index.js'
import { shown } from '../foreign.js'
import { joinAddress, type Manifest, type Peer } from '../node/index.js'
import { command } from '../shell.js'

/** What determines who can join, and with which command. */
export interface Joinable {
  readonly manifest: Pick<Manifest, 'data'>
  readonly settings: Pick<PeerSettings, 'members'>
}

/** What others paste to join, one line for each address, best first. Members of a topology file join with that file. */
export function joinLines(peer: Pick<Peer, 'addresses' | 'runId'>, { manifest, settings }: Joinable): string[] {
  if (settings.members !== undefined) {
    const names = settings.members.map(({ name }) => name)
    return [
      shown(`Only members that are written down take part: ${names.join(', ')}. They join with the same file.`, 400),
    ]
  }
  const header = isShipped(manifest.data.set)
    ? 'Others join with'
    : 'Others join with, and --data for a file or folder of their own,'
  return [
    header,
    ...peer.addresses().map(address => `  ${command(`join ${shown(joinAddress(address, peer.runId), 1000)}`)}`),
  ]
}

/** How often reachability is checked; the result comes minutes after the start, or never. */
const lookMs = 2_000

/**
 * Reports whether others can dial this peer from outside, once that is known, and again when it changes.
 *
 * @returns a function that ends the reports
 */
export function sayReach(peer: Peer, run: Joinable, say: (line: string) => void): () => void {
  let told: string | undefined
  let known = joinLines(peer, run).join()
  const look = (): void => {
    const line = reachLine(peer)
    if (line === told) return
    told = line
    if (line !== undefined) say(`${pc.dim('reach'.padEnd(10))}${line}`)
    const lines = joinLines(peer, run)
    if (lines.join() !== known) for (const text of lines) say(text)
    known = lines.join()
  }
  look()
  const timer = setInterval(look, lookMs)
  return () => clearInterval(timer)
}

/** Reachability at the start; a peer that is alone on its LAN never learns more. */
export const unknownReach =
  'from outside this network: not known until a peer there has dialled this one; it is reported then'

function reachLine(peer: Peer): string | undefined {
  switch (peer.reachability()) {
    case 'unknown':
      return undefined
    case 'public':
      return 'others can dial this peer from outside'
    case 'private':
      return peer.addresses().some(address => String(address).includes('/p2p-circuit'))
        ? 'connections from outside come in through its relay only'
        : 'no connections come in from outside, as behind a router; forward its port to this machine and --announce that, or try --upnp, or --relay with the address of a member that can be dialled. Connections to others work'
  }
}
