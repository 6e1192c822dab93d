import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, Ed25519PrivateKey } from '@libp2p/interface'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseJoinAddress } from '../../src/node/index.js'
import { layoutOf } from '../../src/tensors/index.js'
import type { FieldSummary } from '../../src/watch/index.js'
import { temporaryFolder } from '../e2e/hearsay.js'
import { eventsSoFar, type FieldPeer, gather, manifestFile, only, summaryOf, until } from '../e2e/peers.js'
import { enter, flood, halfOpen, type Mallory, poison, type Run, recordOf, rpcOf, signed } from './mallory.js'

const honest = 9
const hostile = 3
const rounds = 25
const floodPerSecond = 10_000
const halfOpenStreams = 1_000
const layout = layoutOf([
  { name: 'output/kernel', shape: [64, 10] },
  { name: 'output/bias', shape: [10] },
])

/** Reasons for which nothing of an honest peer's is ever refused. */
const lies = ['NOT_FINITE', 'NORM_TOO_LARGE', 'FUTURE_ROUND', 'WRONG_RUN', 'DUPLICATE', 'FORGED', 'TOO_OFTEN'] as const

type Trio = readonly [Mallory, Mallory, Mallory]
type Rpcs = Parameters<typeof flood>[1]

/**
 * What an attack may add to a peer's resident memory at its worst moment, in MiB. In theory 32 MiB of unread streams for
 * each of three attackers, 34 MiB of messages that gossipsub takes from each before it looks at its score again, and
 * what the garbage collector has not fetched yet.
 */
const memoryBound = 256

const field = (minPeers: number): Record<string, unknown> => ({
  peers: honest + hostile,
  minPeers,
  rounds,
  topology: 'full',
  // Nearly all there is to learn: a difference that stays is not one of speed.
  training: { steps: 60 },
  // Those who send nothing good are waited for, each round.
  limits: { exchangeSeconds: 5 },
})

/** VmRSS or VmHWM (the highest so far) of a process, in MiB. */
function memoryOf({ running }: FieldPeer, what: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${running.child.pid}/status`, 'utf8')
  return Number(new RegExp(`${what}:\\s+(\\d+) kB`).exec(status)![1]) / 1024
}

async function honestPeers(minPeers: number): Promise<{ peers: FieldPeer[]; address: string }> {
  const folder = await temporaryFolder()
  const outs = Array.from({ length: honest }, (_, at) => join(folder, `${at}`))
  const peers = await gather(await manifestFile(field(minPeers)), outs, at => [
    '--as',
    `honest ${at}`,
    '--share',
    `${at}`,
  ])
  return { peers, address: await peers[0]!.address }
}

async function ended(peers: readonly FieldPeer[]): Promise<FieldSummary[]> {
  for (const { running } of peers) {
    const { status, stderr } = await running.ended
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  }
  return Promise.all(peers.map(({ out }) => summaryOf(out)))
}

const accuracyOf = (summaries: readonly FieldSummary[]): number => mean(summaries.map(({ accuracy }) => accuracy!))

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Heads of others in a merge, on average. */
const mergedBy = (peers: readonly FieldPeer[]): number =>
  mean(peers.flatMap(({ out }) => only(eventsSoFar(out), 'exchanged').map(({ received }) => received.length)))

const secondsOf = (peers: readonly FieldPeer[]): number =>
  mean(peers.flatMap(({ out }) => only(eventsSoFar(out), 'ended').map(({ seconds }) => seconds)))

/** What the flooder sends, signed before it begins: signing ten thousand takes a while. */
async function signFlood(key: Ed25519PrivateKey, run: Run): Promise<Rpcs> {
  const data = recordOf(1)
  const now = BigInt(Date.now()) * 1_000_000n
  const many = await Promise.all(
    Array.from({ length: floodPerSecond }, (_, at) => signed(key, run, now + BigInt(at), data)),
  )
  return Array.from({ length: floodPerSecond / 100 }, (_, at) => ({
    bytes: rpcOf(many.slice(100 * at, 100 * (at + 1))),
    messages: 100,
  }))
}

/** What the liar sends: an old record of its own, and others' in their names. */
async function signLies(liar: Mallory, run: Run): Promise<Rpcs> {
  const data = recordOf(1)
  const now = BigInt(Date.now()) * 1_000_000n
  const old = await signed(liar.privateKey, run, 1n, data)
  const forged = await Promise.all(
    liar.victims().map((victim, at) => signed(liar.privateKey, run, now + BigInt(at), data, victim)),
  )
  return [old, ...forged].map(message => ({ bytes: rpcOf([message]), messages: 1 }))
}

/** All that three members do to nine, until the signal ends it. Resolves with what was tried. */
async function attack(
  [poisoner, liar, flooder]: Trio,
  floods: Rpcs,
  run: Run,
  signal: AbortSignal,
): Promise<Record<string, number>> {
  const startedAt = performance.now()
  const lies = await signLies(liar, run)
  // To every victim, over and over: who was cut off calls again. Returns what was done to all of them.
  const each = async (who: Mallory, what: (connection: Connection) => Promise<number>): Promise<number> => {
    const counts = await Promise.all(
      who.victims().map(async peer => {
        let count = 0
        while (!signal.aborted) {
          const connection = who.host.getConnections(peer)[0] ?? (await who.host.dial(peer).catch(() => undefined))
          if (connection !== undefined) count += await what(connection).catch(() => 0)
          await wait(100)
        }
        return count
      }),
    )
    return counts.reduce((sum, count) => sum + count, 0)
  }

  const sockets = liar.host.getConnections().flatMap(({ remoteAddr }) => {
    const [host, port] = remoteAddr.getComponents().map(({ value }) => value!)
    const open = (): Socket => connect({ host: host!, port: Number(port) }).on('error', () => {})
    return Array.from({ length: 50 }, open)
  })
  const [heads, lied, streams, flooded] = await Promise.all([
    each(poisoner, connection => poison(connection, run, poisoner.round())),
    each(liar, connection => flood(connection, lies, 20, signal)),
    each(liar, connection => halfOpen(connection, halfOpenStreams, signal)),
    each(flooder, connection => flood(connection, floods, floodPerSecond / honest, signal)),
  ])
  for (const socket of sockets) socket.destroy()
  const perSecond = Math.round(flooded / ((performance.now() - startedAt) / 1000))
  return { heads, lied, streams, sockets: sockets.length, flooded, perSecond }
}

describe('three of twelve who mean it no good', () => {
  it('cost the nine nothing but what they would have brought', async () => {
    const quiet = await honestPeers(honest)
    const reference = await ended(quiet.peers)

    const { peers, address } = await honestPeers(honest + hostile)
    const run: Run = { runId: parseJoinAddress(address).runId!, rounds, layout }
    const contact = address.split('#')[0]!
    const keys = await Promise.all([1, 2, 3].map(() => generateKeyPair('Ed25519')))
    const floods = await signFlood(keys[2]!, run)
    // The last of the twelve: with them the first round begins.
    const members = await Promise.all(keys.map((key, at) => enter(run, key, contact, `mallory ${at + 1}`)))
    onTestFinished(() => Promise.all(members.map(({ host }) => host.stop())).then(() => {}))
    await until(() => members.every(member => member.victims().length === honest))
    const trio = members as [Mallory, Mallory, Mallory]

    const before = peers.map(peer => memoryOf(peer, 'VmRSS'))
    const over = new AbortController()
    const attacking = attack(trio, floods, run, over.signal)
    let highest = before
    const watching = (async () => {
      while (!over.signal.aborted) {
        try {
          highest = peers.map((peer, at) => Math.max(highest[at]!, memoryOf(peer, 'VmHWM')))
        } catch {
          // One has ended.
        }
        await wait(250)
      }
    })()
    const attacked = await ended(peers)
    over.abort()
    await watching
    const tried = await attacking

    const rejected: Record<string, number> = {}
    for (const summary of attacked)
      for (const [reason, count] of Object.entries(summary.rejected)) rejected[reason] = (rejected[reason] ?? 0) + count
    const growth = highest.map((most, at) => most - before[at]!)
    const figures = {
      accuracy: { without: accuracyOf(reference), with: accuracyOf(attacked) },
      merged: { without: mergedBy(quiet.peers), with: mergedBy(peers) },
      roundSeconds: { without: secondsOf(quiet.peers), with: secondsOf(peers) },
      memory: { before: Math.max(...before), highest: Math.max(...highest), growth: Math.max(...growth), memoryBound },
      tried,
      rejected,
    }
    process.stdout.write(`${JSON.stringify(figures)}\n`)

    for (const { rounds: ran } of attacked) expect(ran).toBe(rounds)
    expect(Math.abs(figures.accuracy.with - figures.accuracy.without)).toBeLessThan(0.01)
    expect(figures.memory.growth).toBeLessThan(memoryBound)
    for (const reason of lies) {
      expect([reason, rejected[reason] ?? 0]).toEqual([reason, expect.toSatisfy((count: number) => count > 0)])
      for (const summary of reference) expect(summary.rejected[reason]).toBeUndefined()
    }
    for (const reason of ['STALE_ROUND', 'STALE_RECORD', 'TOO_MANY_STREAMS'])
      expect(rejected[reason]).toBeGreaterThan(0)
  })
})
