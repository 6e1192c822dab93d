import { createHost, createLog, createState, logTopic } from '../../dist/gossip/index.js'
import { decodePart, encodeEntry, encodeWhole } from '../../dist/gossip/log/part.js'
import { encodeRecord } from '../../dist/gossip/log/record.js'
import { signMessage } from '../../dist/gossip/pubsub/signed-message.js'
import { createIdentity } from '../../dist/index.js'
import { median, print } from './measure.js'

const runId = new Uint8Array(32).fill(7)
const bytes = 16 * 1024 * 1024
const authors = 64

/**
 * A log of 16 MiB from one peer to another, both in this process, beside what verifying its signatures alone costs: a peer
 * that comes late verifies each. The rest is what is done in one piece: a part is made, and its entries are found.
 */
export async function log({ quick }) {
  const rows = [['scalars', 'records', 's', 'of the signatures alone', 'parts', 'a part made, ms', 'found, ms']]
  for (const scalars of quick ? [4096] : [4096, 300]) rows.push(await row(scalars))
  print('log: 16 MiB of records from one peer to another', rows)
}

async function row(scalars) {
  const count = Math.floor(bytes / (scalars + 300))
  const times = { made: [], found: [] }
  const init = { runId, rounds: count, scalars, reach: count, onRecord() {} }
  const [one, two] = [await peer('one', init, times), await peer('two', init, times)]
  const kept = await logOf(count, scalars)
  one.log.recall(kept)
  await two.node.dial(one.node.getMultiaddrs())

  const startedAt = performance.now()
  await two.log.catchUp([one.node.peerId], new AbortController().signal)
  const seconds = (performance.now() - startedAt) / 1000
  if (two.log.records.all().length !== count) throw new Error('the log did not arrive whole')
  const verifying = await secondsOfVerifying(scalars)
  for (const { log: its, state, node } of [one, two]) {
    await its.stop()
    await state.stop()
    await node.stop()
  }
  const floors = (seconds / (verifying * count)).toFixed(1)
  const { made, found } = times
  return [
    ...[scalars, count, seconds.toFixed(1), floors],
    ...[made.length, median(made).toFixed(2), median(found).toFixed(2)],
  ]
}

async function peer(name, init, { made, found }) {
  const { privateKey } = await createIdentity()
  const node = await createHost({ privateKey, transport: 'memory', listen: [`/memory/log-${init.scalars}-${name}`] })
  await node.start()
  const its = createLog({ ...init, privateKey })({ node })
  const state = createState({
    ...{ runId, manifest: new Uint8Array(1), head: () => undefined, view: () => new Uint8Array(1) },
    log(behind) {
      const part = timed(made, () => its.part(behind))
      timed(found, () => decodePart(part))
      return part
    },
  })({ node })
  await its.start()
  await state.start()
  return { node, log: its, state }
}

/** What so many peers have measured, signed by each. */
async function logOf(count, scalars) {
  const topic = logTopic(runId)
  const identities = await Promise.all(Array.from({ length: authors }, createIdentity))
  const records = []
  for (let at = 0; at < count; at++) {
    const { privateKey, peerId } = identities[at % authors]
    const round = Math.floor(at / authors)
    const data = encodeRecord({ round, scalars: new Uint8Array(scalars).fill(1), model: new Uint8Array(32) })
    records.push({ entry: encodeEntry(await signMessage(privateKey, peerId, topic, BigInt(at), data), topic) })
  }
  return encodeWhole(records)
}

async function secondsOfVerifying(scalars) {
  const { privateKey } = await createIdentity()
  const message = new Uint8Array(scalars + 200)
  const signature = await privateKey.sign(message)
  const startedAt = performance.now()
  const times = 500
  for (let i = 0; i < times; i++) await privateKey.publicKey.verify(message, signature)
  return (performance.now() - startedAt) / 1000 / times
}

function timed(milliseconds, work) {
  const startedAt = performance.now()
  const result = work()
  milliseconds.push(performance.now() - startedAt)
  return result
}
