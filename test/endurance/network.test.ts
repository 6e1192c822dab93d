import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { decodeSafetensors } from '../../src/tensors/index.js'
import { temporaryFolder } from '../e2e/hearsay.js'
import {
  eventsSoFar,
  type FieldPeer,
  gather,
  interrupt,
  manifestFile,
  only,
  roundsOf,
  summaryOf,
  until,
} from '../e2e/peers.js'
import { createNetwork, type Impairment, type Network, whyNoNetworks } from './namespaces.js'

const obstacle = whyNoNetworks()
if (obstacle !== undefined) process.stdout.write(`skipped, bad networks: ${obstacle}\n`)

const good: Impairment = { delayMs: 0, jitterMs: 0, loss: 0 }
const bad: Impairment = { delayMs: 100, jitterMs: 30, loss: 0.02 }

/** One peer on each machine of a network. */
async function peersOn(network: Network, machines: number, manifest: string): Promise<FieldPeer[]> {
  onTestFinished(() => network.close())
  const folder = await temporaryFolder()
  const where = (machine: number) => ({
    listen: `/ip4/${network.address(machine)}/tcp/0`,
    before: network.on(machine),
  })
  const outs = Array.from({ length: machines }, (_, machine) => join(folder, `${machine}`))
  return gather(manifest, outs, machine => ['--share', `${machine}`, '--as', `peer-${machine}`], where)
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

async function accuracyOf(peers: readonly FieldPeer[]): Promise<number> {
  for (const { running } of peers) expect(await running.ended).toMatchObject({ status: 0, stderr: '' })
  return mean((await Promise.all(peers.map(({ out }) => summaryOf(out)))).map(({ accuracy }) => accuracy!))
}

/** The model that a peer has saved last; what is replaced while we look is looked for again. */
async function savedBy({ out }: FieldPeer): Promise<Float32Array> {
  const folder = join(out, 'checkpoints')
  for (;;) {
    const last = (await readdir(folder))
      .filter(file => file.endsWith('.safetensors'))
      .sort()
      .at(-1)
    try {
      const { layout, values } = decodeSafetensors(await readFile(join(folder, last!)), last!)
      // Behind the model stands what is kept beside it.
      return values.subarray(0, layout.tensors.find(({ name }) => name.startsWith('before:'))?.offset)
    } catch {
      await wait(10)
    }
  }
}

/** (1/m) Σ ‖x_i − x̄‖² over what the peers have saved. */
async function consensusDistance(peers: readonly FieldPeer[]): Promise<number> {
  const models = await Promise.all(peers.map(savedBy))
  let sum = 0
  for (let i = 0; i < models[0]!.length; i++) {
    const middle = mean(models.map(model => model[i]!))
    for (const model of models) sum += (model[i]! - middle) ** 2
  }
  return sum / models.length
}

describe.skipIf(obstacle !== undefined)('a network', () => {
  it('with delay, jitter and loss costs time and nothing else', async () => {
    const machines = 4
    // 240 KB a head: some 170 packets, of which three are lost.
    const manifest = await manifestFile({
      model: 'mlp',
      peers: machines,
      minPeers: machines,
      rounds: 20,
      evaluation: { every: 20 },
    })
    const figures = []
    for (const impairment of [good, bad]) {
      const peers = await peersOn(await createNetwork(machines, impairment), machines, manifest)
      const accuracy = await accuracyOf(peers)
      const rounds = peers.flatMap(({ out }) => only(eventsSoFar(out), 'ended'))
      const absent = peers.flatMap(({ out }) => only(eventsSoFar(out), 'exchanged').flatMap(event => event.absent))
      figures.push({ accuracy, roundSeconds: mean(rounds.map(({ seconds }) => seconds)), absent: absent.length })
    }
    const [quick, slow] = figures as [(typeof figures)[0], (typeof figures)[0]]
    process.stdout.write(`${JSON.stringify({ quick, slow })}\n`)
    expect(Math.abs(quick.accuracy - slow.accuracy)).toBeLessThan(0.01)
    expect(slow.roundSeconds).toBeGreaterThan(quick.roundSeconds)
  })

  it('that is cut in two for a minute goes on as two, and is one again', async () => {
    const machines = 6
    const [left, right] = [
      [0, 1, 2],
      [3, 4, 5],
    ] as const
    const manifest = await manifestFile({
      peers: machines,
      minPeers: machines,
      // Ended from outside.
      rounds: 100_000,
      // Halves that learn of different classes go apart.
      partition: { kind: 'dirichlet', alpha: 0.3 },
      topology: 'full',
      training: { epochs: 60 },
      evaluation: { every: 1000 },
      limits: { exchangeSeconds: 10 },
    })
    const network = await createNetwork(machines, good)
    const peers = await peersOn(network, machines, manifest)
    await until(() => peers.every(({ out }) => roundsOf(out) >= 5), peers)
    const together = await consensusDistance(peers)

    const before = peers.map(({ out }) => roundsOf(out))
    network.part(left)
    await wait(60_000)
    const during = peers.map(({ out }) => roundsOf(out))
    const apart = await consensusDistance(peers)
    const seen = peers.map(({ out }) => only(eventsSoFar(out), 'members').at(-1)!.members.length)
    network.heal()
    const healed = performance.now()
    const isWhole = ({ out }: FieldPeer): boolean =>
      only(eventsSoFar(out), 'members').at(-1)!.members.length === machines
    await until(() => peers.every(isWhole), peers)
    const seconds = (performance.now() - healed) / 1000
    const mergedAt = Math.max(...peers.map(({ out }) => roundsOf(out)))
    await until(() => peers.every(({ out }) => roundsOf(out) >= mergedAt + 3), peers)
    const again = await consensusDistance(peers)
    await interrupt(peers)

    const waits = peers.flatMap(({ out }) => only(eventsSoFar(out), 'exchanged').map(({ waitSeconds }) => waitSeconds))
    const figures = { together, apart, again, before, during, seen, seconds, longestWait: Math.max(...waits) }
    process.stdout.write(`${JSON.stringify(figures)}\n`)
    // Both halves went on, each by itself.
    for (const [peer, round] of during.entries()) expect(round).toBeGreaterThan(before[peer]! + 3)
    expect(seen).toEqual([...left, ...right].map(() => 3))
    expect(figures.longestWait).toBeLessThan(15)
    expect(apart).toBeGreaterThan(5 * together)
    expect(again).toBeLessThan(apart / 5)
  })
})
