import pc from 'picocolors'
import { isShipped } from '../data/index.js'
import { shown } from '../foreign.js'
import { joinAddress, type Manifest, type Peer } from '../node/index.js'

/** What others paste to join, one line for each address, best first. */
export function joinLines(peer: Peer, { data }: Pick<Manifest, 'data'>): string[] {
  const header = isShipped(data.set)
    ? 'Others join with'
    : 'Others join with, and --data for a file or folder of their own,'
  return [header, ...peer.addresses().map(address => `  hearsay join ${shown(joinAddress(address, peer.runId), 1000)}`)]
}

/** How often it is asked whether somebody has found out; the answer comes minutes after the start, or never. */
const lookMs = 2_000

/**
 * Says whether others can call this peer from outside, once that is known, and again when it changes.
 *
 * @returns what ends it
 */
export function sayReach(peer: Peer, manifest: Pick<Manifest, 'data'>, say: (line: string) => void): () => void {
  let told: string | undefined
  let known = joinLines(peer, manifest).join()
  const look = (): void => {
    const line = reachLine(peer)
    if (line === told) return
    told = line
    if (line !== undefined) say(`${pc.dim('reach'.padEnd(10))}${line}`)
    const lines = joinLines(peer, manifest)
    if (lines.join() !== known) for (const text of lines) say(text)
    known = lines.join()
  }
  look()
  const timer = setInterval(look, lookMs)
  return () => clearInterval(timer)
}

/** As far as it is known; a peer that is alone on its LAN never learns it. */
export const unknownReach = 'from outside this network: not known until somebody there has tried; it is said then'

function reachLine(peer: Peer): string | undefined {
  switch (peer.reachability()) {
    case 'unknown':
      return undefined
    case 'public':
      return 'others can call this peer from outside'
    case 'private':
      return peer.addresses().some(address => String(address).includes('/p2p-circuit'))
        ? 'no calls come in from outside, but through its relay they do'
        : "no calls come in from outside, as behind a router; pass its port on to this machine and --announce that, or try --upnp, or --relay with a member's address that can be called. Calls to others work"
  }
}
