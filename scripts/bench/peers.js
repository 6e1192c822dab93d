import { createSimulation, parseManifest } from '../../dist/index.js'
import { aimed } from './aims.js'
import { median, print } from './measure.js'

const rounds = 5

/**
 * What a simulated peer costs before its first round is over, beside a round of it: a tiny model, no sockets.
 *
 * @param {{ quick: boolean }} options
 */
export async function peers({ quick }) {
  const [count, turns] = quick ? [200, 1] : [1000, 5]
  const taken = []
  for (let turn = 0; turn < turns; turn++) taken.push(await run(count))
  const spread = of => {
    const values = taken.map(of)
    return [Math.min(...values), median(values), Math.max(...values)].map(value => value.toFixed(2)).join(' / ')
  }
  print(`peers: ${count} on a ring over memory, 650 parameters, ${turns} turns, min / median / max`, [
    ['', 'seconds', 'CPU seconds'],
    ['until all have met', spread(({ setUp }) => setUp.seconds), spread(({ setUp }) => setUp.cpuSeconds)],
    ['the first round', spread(({ first }) => first.seconds), spread(({ first }) => first.cpuSeconds)],
    ['each further round', spread(({ further }) => further.seconds), spread(({ further }) => further.cpuSeconds)],
    ['peak MB', ((process.resourceUsage().maxRSS * 1024) / 1e6).toFixed(0), ''],
  ])
  const ratios = taken.map(({ setUp, further }) => setUp.cpuSeconds / further.cpuSeconds)
  const begins = taken.map(({ setUp, first }) => (1000 * (setUp.seconds + first.seconds)) / count)
  return [
    aimed(`set-up of ${count} simulated peers ÷ a round of theirs, CPU`, ratios, { most: 1.5 }),
    aimed(`ms a peer until ${count} have ended their first round`, begins, { most: 20 }),
  ]
}

async function run(count) {
  const manifest = parseManifest({
    seed: 1,
    peers: count,
    rounds,
    data: 'digits',
    partition: 'iid',
    model: 'logistic',
    merge: 'dfedavg',
    topology: 'ring',
    evaluation: { every: rounds },
  })
  const begun = now()
  const simulation = await createSimulation(manifest, { baselines: false, transport: 'memory' })
  const ends = []
  let met = begun
  let joined = 0
  let ended = 0
  for await (const { type } of simulation.run()) {
    if (type === 'joined' && ++joined === count) met = now()
    // As many as there are peers make a round's work. When the slowest has ended a round, others are rounds ahead.
    if (type === 'ended' && ++ended % count === 0) ends.push(now())
  }
  await simulation.close()
  // The last round is no round like others: its models are tested.
  return {
    setUp: between(begun, met),
    first: between(met, ends[0]),
    further: between(ends[0], ends.at(-2), rounds - 2),
  }
}

function now() {
  const { user, system } = process.cpuUsage()
  return { seconds: performance.now() / 1000, cpuSeconds: (user + system) / 1e6 }
}

function between(from, to, parts = 1) {
  return {
    seconds: (to.seconds - from.seconds) / parts,
    cpuSeconds: (to.cpuSeconds - from.cpuSeconds) / parts,
  }
}
