import { once } from 'node:events'
import { mkdtemp, rm, stat, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { raceSignal } from 'race-signal'
import { createDeadline } from '../deadline.js'
import { createHost, type HearsayHost } from '../gossip/index.js'
import { whenRefused } from '../system-errors.js'

/** What a check found; `text` is a part of a line. */
export interface Check {
  readonly ok: boolean
  readonly text: string
}

/** Opening a port takes a millisecond, and connecting two hosts 50. */
const checkMs = 10_000

/**
 * Can a TCP port be opened at this address?
 *
 * @throws the signal's reason when aborted
 */
export async function checkPort(address: string, signal: AbortSignal): Promise<Check> {
  const server = createServer()
  return check(signal, async deadline => {
    try {
      server.listen(0, address)
      await once(server, 'listening', { signal: deadline })
      return `a TCP port can be opened on ${address}`
    } finally {
      server.close()
    }
  })
}

/**
 * Can two libp2p hosts talk over a TCP port at this address?
 *
 * @throws the signal's reason when aborted
 */
export async function checkHosts(address: string, signal: AbortSignal): Promise<Check> {
  const hosts: HearsayHost[] = []
  return check(signal, async deadline => {
    try {
      for (let i = 0; i < 2; i++) {
        const privateKey = await generateKeyPair('Ed25519')
        hosts.push(await createHost({ privateKey, listen: [`/ip4/${address}/tcp/0`], transport: 'tcp' }))
      }
      await Promise.all(hosts.map(host => host.start()))
      const begun = performance.now()
      const [from, to] = hosts as [HearsayHost, HearsayHost]
      // libp2p identifies a peer that it has dialled: then handshake, multiplexing and negotiation have all worked.
      const identified = once(from, 'peer:identify', { signal: deadline })
      await Promise.all([from.dial(to.getMultiaddrs(), { signal: deadline }), identified])
      return `two peers can connect over ${address} (${Math.round(performance.now() - begun)} ms)`
    } finally {
      await Promise.all(hosts.map(host => host.stop()))
    }
  })
}

/**
 * Can a run's folder be made here, and how much is free?
 *
 * @throws the signal's reason when aborted
 */
export async function checkFolder(path: string, signal: AbortSignal): Promise<Check & { readonly freeBytes?: number }> {
  let freeBytes: number | undefined
  const found = await check(signal, async () => {
    const place = await existing(resolve(path))
    const probe = await mkdtemp(join(place, '.hearsay-doctor-'))
    await rm(probe, { recursive: true })
    const { bavail, bsize } = await statfs(place)
    freeBytes = bavail * bsize
    return `${path} can be written`
  })
  return { ...found, ...(freeBytes === undefined ? {} : { freeBytes }) }
}

/** The folder itself, or the nearest one above it that is there. */
async function existing(path: string): Promise<string> {
  const found = await stat(path).catch(whenRefused('ENOENT', 'ENOTDIR'))
  if (found !== undefined || dirname(path) === path) return path
  return existing(dirname(path))
}

/** A fault of the machine is a result; only an interruption is thrown. */
async function check(signal: AbortSignal, work: (deadline: AbortSignal) => Promise<string>): Promise<Check> {
  signal.throwIfAborted()
  const deadline = createDeadline(signal)
  deadline.within(checkMs, new Error(`no answer in ${checkMs / 1000} s`))
  try {
    return { ok: true, text: await raceSignal(work(deadline.signal), deadline.signal) }
  } catch (error) {
    signal.throwIfAborted()
    const why = deadline.signal.aborted ? deadline.signal.reason : error
    return { ok: false, text: String(why instanceof Error ? why.message : why).split('\n', 1)[0]! }
  } finally {
    deadline.clear()
  }
}
