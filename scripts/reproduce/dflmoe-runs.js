/*
 * The setting and its runs: "dFLMoE: Decentralized Federated Learning via Mixture of Experts for Medical Data Analysis",
 * arXiv 2503.10412, ALGORITHMS.md 4.2. Its data are not to be had freely; these are chest X-rays.
 */

/** Numbers of the features in front of the output, the same of all bodies, so that heads fit everybody. */
const hidden = 32

/** Of the 8 heterogeneous peers: eight bodies of five families. */
const bodies = [
  { kind: 'cnn', hidden },
  { kind: 'mlp', hidden: [200, hidden] },
  { kind: 'lenet5', features: hidden },
  { kind: 'resnet18', width: 8, features: hidden },
  { kind: 'vgg11', width: 8, features: hidden },
  { kind: 'cnn', channels: [8, 16, 32], hidden },
  { kind: 'mlp', hidden: [100, 100, hidden] },
  { kind: 'cnn', channels: [16, 32], hidden },
]

/** Every run has these: equal rounds, local epochs, momentum. */
const momentum = 0.9
const merged = { method: 'dfedavgm', momentum }
/** Shifts while transforms and gate are trained: what src/mixture/spec.ts says of `augment` was measured here. */
const shifts = { crop: 2 }
const mixture = { method: 'mixture', augment: shifts }

/** The runs of a seed, by name; `faults` and `disconnect` are the simulation's. */
export const runs = {
  // Were the shifts all, who is alone would gain by them too.
  varied: { peers: 4, merge: { method: 'none', momentum }, training: { augment: shifts } },
  average: { peers: 4, merge: merged, share: 'all' },
  body: { peers: 4, merge: merged, share: 'body' },
  head: { peers: 4, merge: merged, share: 'head' },
  mixture: { peers: 4, merge: mixture },
  noGate: { peers: 4, merge: { ...mixture, gate: 'mean' } },
  noTransform: { peers: 4, merge: { ...mixture, transform: false } },
  plain: { peers: 4, merge: { method: 'mixture' } },
  whole: { peers: 4, merge: mixture, model: { kind: 'cnn', hidden, head: 'conv1' } },
  different: { peers: 8, merge: mixture, models: bodies },
  differentNoGate: { peers: 8, merge: { ...mixture, gate: 'mean' }, models: bodies },
  differentNoTransform: { peers: 8, merge: { ...mixture, transform: false }, models: bodies },
  cut25: { peers: 8, merge: mixture, models: bodies, disconnect: 0.25 },
  cut50: { peers: 8, merge: mixture, models: bodies, disconnect: 0.5 },
  cut75: { peers: 8, merge: mixture, models: bodies, disconnect: 0.75 },
  removed25: { peers: 8, merge: mixture, models: bodies, removed: 2 },
  removed50: { peers: 8, merge: mixture, models: bodies, removed: 4 },
}

/**
 * A run's manifest and what the simulation does to it. Peers that are removed are the last ones: they train once and
 * die before anybody hears of them.
 */
export function settingOf(name, seed, { quick }) {
  const { peers, removed = 0, disconnect, training, ...differing } = runs[name]
  const rounds = quick ? 1 : 10
  const manifest = {
    seed,
    peers,
    rounds,
    data: { set: 'pneumoniamnist' },
    partition: { kind: 'resolution', factors: [1, 2, 4, 8] },
    model: { kind: 'cnn', hidden },
    // A tenth of the usual rate for a momentum of 0.9, whose steps are ten times as long: at 0.05 heads went astray.
    training: { batch: 32, learningRate: 0.01, decay: 1, ...(quick ? { steps: 2 } : { epochs: 1 }), ...training },
    topology: { kind: 'full' },
    evaluation: { every: rounds, on: 'own' },
    ...differing,
  }
  const faults = Array.from({ length: removed }, (_, i) => ({ peer: peers - 1 - i, round: 0 }))
  return { manifest, faults, ...(disconnect === undefined ? {} : { disconnect }) }
}
