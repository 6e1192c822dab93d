import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PeerId, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import * as lengthPrefixed from 'it-length-prefixed'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { HeadHeader } from '../../src/gossip/generated/handover.js'
import { headFormat } from '../../src/gossip/head/format.js'
import { type HearsayHost, handoverProtocol, presenceTopic } from '../../src/gossip/index.js'
import { parseManifest, runIdOf } from '../../src/node/index.js'
import { encodeSafetensors, type Layout, layoutOf } from '../../src/tensors/index.js'
import { startHost, until } from '../gossip/hosts.js'
import { differing, readJson, readRun, simulated, startHearsay, temporaryFolder, tiny } from './hearsay.js'

const layout = layoutOf([
  { name: 'output/kernel', shape: [64, 10] },
  { name: 'output/bias', shape: [10] },
])

const framed = (bytes: Uint8Array): Uint8Array => lengthPrefixed.encode.single(bytes).subarray()

function headBytes(
  runId: Uint8Array,
  changes: Partial<HeadHeader>,
  values: Float32Array,
  of: Layout = layout,
): Uint8Array {
  const { layoutDigest, payloadBytes } = headFormat(of)
  const header = HeadHeader.encode({
    runId: Uint8Array.from(runId),
    round: 0,
    step: 0,
    layoutDigest,
    payloadBytes,
    ...changes,
  })
  return Buffer.concat([framed(header), framed(encodeSafetensors({ layout: of, values }))])
}

/** Writes bytes onto a new stream; waits for the answer or the stream's end unless it is to be left open. */
async function write(host: HearsayHost, to: PeerId, bytes: Uint8Array, leaveOpen = false): Promise<Stream> {
  const stream = await host.dialProtocol(to, handoverProtocol.id)
  stream.addEventListener('message', () => {})
  stream.send(bytes)
  if (!leaveOpen) await until(() => stream.status !== 'open' || stream.readableEnded)
  return stream
}

/** Everything that somebody who found the address can try on one peer. */
async function attack(host: HearsayHost, to: PeerId, runId: Uint8Array): Promise<void> {
  const zeros = new Float32Array(layout.size)
  const other = layoutOf([{ name: 'output/kernel', shape: [10, 65] }])
  // As many at once as a connection may have would get in each other's way: one after another.
  for (const bytes of [
    framed(new Uint8Array(50).fill(0xab)),
    Uint8Array.of(0xff, 0xff, 0xff, 0x7f),
    headBytes(new Uint8Array(32).fill(9), {}, zeros),
    headBytes(runId, {}, zeros),
    headBytes(runId, {}, zeros.slice().fill(Number.NaN)),
    headBytes(runId, {}, new Float32Array(other.size), other),
    headBytes(runId, { round: 1e9 }, zeros),
  ]) {
    const stream = await write(host, to, bytes)
    stream.abort(new Error('on to the next'))
  }
  // Never finished: the half of a header, and silence.
  await write(host, to, headBytes(runId, {}, zeros).subarray(0, 20), true)
}

describe('a stranger who connects to every peer of a run', () => {
  it('changes not a bit of it, and what he tried is counted', async () => {
    const args = [...tiny, '--peers', '4', '--rounds', '24', '--epochs', '2']
    const out = join(await temporaryFolder(), 'run')
    const { ended } = startHearsay(['simulate', ...args, '--no-baselines', '--json', '--out', out])
    await until(() => existsSync(join(out, 'peers.json')))
    let peers: { addresses: string[] }[] = []
    // It may be there and not yet whole.
    while (peers.length === 0) peers = await readJson<typeof peers>(join(out, 'peers.json')).catch(() => [])
    const runId = runIdOf(parseManifest(parse(await readFile(join(out, 'manifest.yaml'), 'utf8'))))

    const stranger = await startHost('tcp')
    const pubsub = stranger.services.pubsub!
    pubsub.subscribe(presenceTopic(runId))
    await Promise.all(
      peers.map(async ({ addresses }) => {
        const { remotePeer } = await stranger.dial(addresses.map(address => multiaddr(address)))
        await attack(stranger, remotePeer, runId)
      }),
    )
    // Nobody of a simulated run of merges is on its topic: their book sees everything.
    for (let i = 0; i < 20; i++) await pubsub.publish(presenceTopic(runId), new Uint8Array(40 * i).fill(i))

    const { status, stderr } = await ended
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const disturbed = await readRun(out)
    const quiet = await simulated(args)
    expect(differing(disturbed.parameters, quiet.parameters)).toEqual([])
    expect(disturbed.summary.accuracy).toEqual(quiet.summary.accuracy)
    expect(disturbed.summary.absent).toBe(0)
    expect(quiet.summary.rejected).toEqual({})
    // Three heads at each of four peers are refused for who sent them: what is in them is not looked at.
    expect(disturbed.summary.rejected).toMatchObject({
      NOT_A_NEIGHBOUR: 12,
      FUTURE_ROUND: 4,
      WRONG_RUN: 4,
      MALFORMED: 4,
      OVERSIZE_FRAME: 4,
    })
  })
})
