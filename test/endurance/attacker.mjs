// A hostile process on the wire: a member of a run that trains nothing, waits for what the honest members hand to it in a
// round, and hands over what an attack of the simulation makes of it. Run with the built package:
//
//   node test/endurance/attacker.mjs <address> <name> <attack> <number>
import { setTimeout as wait } from 'node:timers/promises'
import { createHandover, createHost, createPresence, dialAddresses, plainStanding } from '../../dist/gossip/index.js'
import { createLearnerPool } from '../../dist/learner/index.js'
import { mix } from '../../dist/merge/index.js'
import { askManifest, createIdentity, parseJoinAddress } from '../../dist/node/index.js'
import { random } from '../../dist/random.js'
import { attackKinds } from '../../dist/simulate/attacks/kinds.js'
import { createTopology } from '../../dist/topology/index.js'

const [address, name, kind, amount] = process.argv.slice(2)
/** Attackers know each other by their names. */
const isAlly = other => other.startsWith('mallory')
/** How long it waits for an honest peer, which may be gone. */
const patienceMs = 120_000

const contact = parseJoinAddress(address)
const { privateKey, peerId } = await createIdentity()
const over = new AbortController()
const manifest = await askManifest(contact, { privateKey, peerId }, {}, over.signal)
const { layout, initial } = await layoutOf(manifest)

const host = await createHost({
  privateKey,
  transport: 'tcp',
  listen: ['/ip4/127.0.0.1/tcp/0'],
  field: { autoNat: false },
})
let round = 0
const presence = createPresence({
  runId: contact.runId,
  rounds: manifest.rounds,
  name,
  beatMs: 1_000,
  standing: () => ({ ...plainStanding, addresses: dialAddresses(host) }),
  onReport(peer, { addresses }) {
    if (addresses.length > 0 && host.getPeers().every(known => known.toString() !== peer)) {
      host.dial([...addresses]).catch(() => {})
    }
  },
})({ node: host })
const handover = createHandover({
  runId: contact.runId,
  layout,
  normLimit: 1e6,
  admit: (_, theirs, step) => (step === 0 && theirs >= round ? undefined : 'FUTURE_ROUND'),
})({ node: host })

await host.start()
await handover.start()
await presence.start()
await host.dial(contact.address)
// Nobody is to take it for one that is under way: the others would not wait for all to be there.
await presence.publish({ round: 0, samples: 0 })
await until(() => presence.live().length + 1 >= manifest.peers)

const members = [peerId.toString(), ...presence.live()].sort()
const nameOf = id => (id === peerId.toString() ? name : presence.heard().get(id).name)
const numbers = members.map((_, number) => number)
const allies = new Set(numbers.filter(number => isAlly(nameOf(members[number]))))
const topology = createTopology(manifest.topology, members.length, manifest.seed)
const self = members.indexOf(peerId.toString())
let before = initial

for (; round < manifest.rounds; round++) {
  // Others do not wait for one that was slow: it goes on in the round that they are in.
  for (const { head, round: ended } of presence.heard().values())
    if (head !== undefined) round = Math.max(round, ended + 1)
  if (round >= manifest.rounds) break
  handover.advance(round, 0)
  const honest = new Map()
  for (const number of numbers.filter(number => !allies.has(number))) {
    const head = await handover.take(members[number], round, 0, AbortSignal.timeout(patienceMs)).catch(() => undefined)
    if (head !== undefined) honest.set(number, head)
  }
  if (honest.size === 0) break
  // What it would have learnt, had it trained as they have.
  const own = new Float32Array(layout.size)
  mix(
    own,
    [...honest].map(([peer, values]) => ({ peer, weight: 1 / honest.size, values })),
  )
  const known = { own, before, honest, allies, round, topology, random: random(manifest.seed, 'attacker', self, round) }
  await Promise.all(
    [...honest.keys()].map(async target => {
      const out = new Float32Array(layout.size)
      const { vector, targeted } = attackKinds[kind]
      await (targeted?.(out, known, Number(amount), target) ?? vector(out, known, Number(amount)))
      const to = host.getPeers().find(peer => peer.toString() === members[target])
      if (to !== undefined)
        await handover.send(to, round, 0, await handover.encode(out), AbortSignal.timeout(patienceMs))
    }),
  )
  before = own
  await presence.publish({ round, samples: 100 })
}
await presence.stop()
await handover.stop()
await host.stop()

async function layoutOf({ model, task, seed }) {
  const models = [{ model, inputShape: task.inputShape }]
  const pool = await createLearnerPool({ backend: 'wasm', workers: 1, models, classes: task.classes.length, seed })
  const found = { layout: pool.models[0].layout, initial: pool.models[0].initialParameters() }
  await pool.close()
  return found
}

async function until(is) {
  while (!is()) await wait(100)
}
