import { greatest } from 'd3-array'
import { codecOf } from '../codec/index.js'
import { besideIn, besideNames, measureOf, type Primary } from '../data/index.js'
import type { LearnerPool } from '../learner/index.js'
import { areShares, reportTextsOf } from '../methods/index.js'
import type { BesideSpread } from '../node/index.js'
import { classDetails, type Fairness, fairnessOf, privacyCost, type RunSummary } from '../watch/index.js'
import type { Baselines } from './baselines.js'
import type { Prepared } from './prepared.js'
import type { SimulationResult } from './result.js'

/**
 * A simulation's result in figures.
 *
 * @param faults - what was made to go wrong in it
 */
export function summaryOf(
  prepared: Prepared,
  result: SimulationResult,
  taken: LearnerPool['taken'],
  faults?: RunSummary['faults'],
): RunSummary {
  const { manifest, backend, transport, dataset, layout, head, attackers } = prepared
  const { last, lastTested, baselines, peers, samples, seconds, sentBytes, traffic } = result
  const rounds = last === undefined ? 0 : last.round + 1
  const { classes } = dataset
  const { primary = 'accuracy' } = manifest.evaluation
  const rarest = lastTested?.beside?.rarest
  // Classes untested at any peer: peers with test sets of their own may miss different ones.
  const untested = new Set(peers.flatMap(({ tested }) => tested?.untested ?? []))
  return {
    run: Buffer.from(prepared.runId).toString('hex'),
    seed: manifest.seed,
    backend: backend.name,
    device: backend.device,
    ...taken,
    transport,
    peers: manifest.peers,
    rounds,
    interrupted: result.interrupted,
    seconds: rounded(seconds, 3),
    topology: prepared.topology.name,
    merge: manifest.merge.method,
    ...(manifest.believe && { believe: manifest.believe.rule }),
    ...(manifest.reputation && { reputation: manifest.reputation }),
    measure: measureOf(manifest.data),
    accuracy: {
      mean: lastTested?.accuracy?.mean ?? Number.NaN,
      min: lastTested?.accuracy?.min ?? Number.NaN,
      max: lastTested?.accuracy?.max ?? Number.NaN,
      ofMean: lastTested?.accuracy?.ofMean ?? null,
      localOnly: baselines?.localOnly ?? null,
      centralised: baselines?.centralised ?? null,
    },
    beside: besideFigures(lastTested?.beside, baselines),
    rarest: rarest === undefined ? null : { class: classes[rarest.class]!, samples: rarest.samples },
    primary,
    fairness: fairnessOver(primary, result, attackers),
    consensusDistance: last?.consensusDistance ?? null,
    ...(last?.final && { final: last.final }),
    ...(attackers.size > 0 && { attackers: [...attackers.keys()].sort((a, b) => a - b) }),
    ...(lastTested?.backdoor && { backdoor: lastTested.backdoor }),
    ...(manifest.exchange.when === 'sampled' && { sampled: manifest.exchange.participants }),
    spectralGap: prepared.spectralGap,
    bytes: {
      sent: sentBytes,
      perPeerPerRound: rounds === 0 ? 0 : Math.round(sentBytes / manifest.peers / rounds),
    },
    samplesPerSecond: seconds === 0 ? 0 : rounded(samples / seconds, 1),
    ...(manifest.exchange.when === 'adaptive' && { spared: sparedOf(prepared, last?.spared) }),
    // Node reports KiB on every system.
    peakRssMB: Math.round((process.resourceUsage().maxRSS * 1024) / 1e6),
    isUnbalanced: lastTested?.beside?.isUnbalanced ?? false,
    untested: [...untested].sort((a, b) => a - b).map(k => classes[k]!),
    data: dataset.name,
    ...privacyOf(prepared, result),
    model: { parameters: layout.size, shared: head.layout.size },
    ...(faults && { faults }),
    traffic,
    absent: result.absent,
    rejected: result.rejected,
    ...betweenOf(prepared, result),
    perPeer: peers.map(({ name, samples: owned, tested, failed, spent }, peer) => ({
      peer,
      name,
      samples: owned,
      accuracy: tested?.accuracy ?? null,
      ...besideIn(tested ?? {}),
      localOnly: baselines?.localOnlyOf[peer] ?? null,
      ...(baselines && { localOnlyBeside: baselines.beside.localOnlyOf[peer]! }),
      failed,
      ...(attackers.has(peer) && { attack: attackers.get(peer)!.kind }),
      ...(tested?.backdoor !== undefined && { backdoor: tested.backdoor }),
      ...(spent && { epsilon: spent.epsilon }),
      ...classDetails(tested ?? {}, classes),
      ...(tested?.figures && { figures: tested.figures }),
    })),
  }
}

function sparedOf({ manifest, head }: Prepared, heads = 0): NonNullable<RunSummary['spared']> {
  return { heads, bytes: heads * codecOf(manifest.encoding).size(head.layout).most }
}

/** That of the peer that has spent most. */
function privacyOf({ manifest }: Prepared, { peers }: SimulationResult): Pick<RunSummary, 'privacy'> {
  const all = peers.flatMap(({ spent }) => spent ?? [])
  const most = greatest(all, ({ epsilon }) => epsilon)
  const privacy = privacyCost(manifest, most, true)
  return privacy === undefined ? {} : { privacy }
}

/** Over the honest peers that were not killed. */
function fairnessOver(
  primary: Primary,
  { peers }: SimulationResult,
  attackers: Prepared['attackers'],
): Fairness | null {
  const alive = peers.flatMap(({ name, tested, failed }, peer) => {
    const value = tested?.[primary]
    return failed || attackers.has(peer) || value === undefined ? [] : [{ peer, name, value }]
  })
  return fairnessOf(primary, alive)
}

function besideFigures(spreads: BesideSpread | undefined, baselines: Baselines | undefined): RunSummary['beside'] {
  const figures = besideNames.flatMap(name => {
    const spread = spreads?.[name]
    const of = (beside: BesideSpread | undefined): number | null => beside?.[name]?.mean ?? null
    const { localOnly, centralised } = baselines?.beside ?? {}
    return spread === undefined ? [] : [[name, { ...spread, localOnly: of(localOnly), centralised: of(centralised) }]]
  })
  return Object.fromEntries(figures)
}

/** What peers report of each other in their last tests; a peer that was not tested reports nothing. */
function betweenOf({ ids, manifest }: Prepared, { peers }: SimulationResult): Pick<RunSummary, 'between'> {
  const names = new Set(peers.flatMap(({ tested }) => Object.keys(tested?.perPeer ?? {})))
  if (names.size === 0) return {}
  const texts = reportTextsOf(manifest).perPeer ?? {}
  const tableOf = (name: string): (number | null)[][] => {
    const text = texts[name]
    const nothing = text === undefined || areShares(text) ? 0 : null
    return peers.map(({ tested }) => {
      const row = tested?.perPeer?.[name]
      return ids.map(id => (row?.[id] === undefined ? nothing : rounded(row[id], 4)))
    })
  }
  return { between: Object.fromEntries([...names].map(name => [name, tableOf(name)])) }
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
