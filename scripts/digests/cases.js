import { fileURLToPath } from 'node:url'

/*
 * Small runs that between them have every method, topology and option that decides numbers: each a name, a manifest and
 * options of a simulation. Starting takes each a second, whatever it computes, so that one run has several options.
 *
 * `mode: async` is not here: no two of its runs have the same numbers. Neither is training in stacks by itself: GPUs and
 * native TensorFlow stack the dense models of four peers or more, WebAssembly trains all one by one.
 */

const small = {
  peers: 4,
  rounds: 2,
  data: { set: 'digits' },
  model: { kind: 'mlp', hidden: [8] },
  training: { steps: 2, batch: 16 },
  evaluation: { every: 2 },
}

/** The options of a method, and of local training, each on another graph. */
const merges = {
  none: { merge: { method: 'none', rho: 0.1, momentum: 0.5 } },
  'none with one peer': { peers: 1, merge: 'none', partition: 'iid' },
  'dpsgd on a ring, uniform': {
    merge: 'dpsgd',
    // One step a round is its own: other lengths are refused.
    training: { batch: 16 },
    topology: { kind: 'ring', weights: 'uniform' },
    rounds: 3,
  },
  'dfedavg on a line, the body shared': {
    merge: 'dfedavg',
    topology: 'line',
    share: 'body',
    partition: { kind: 'dirichlet', alpha: 0.5, mode: 'class' },
  },
  'dfedavg on a star, epochs, weight decay, falling rate': {
    merge: 'dfedavg',
    topology: 'star',
    partition: { kind: 'pathological', classes: 2 },
    training: { epochs: 2, batch: 128, weightDecay: 0.01, decay: 0.5, learningRate: 0.1 },
  },
  'dfedavgm on a grid, augmented images': {
    merge: 'dfedavgm',
    topology: { kind: 'grid', rows: 2 },
    peers: 6,
    model: { kind: 'cnn', channels: [2], hidden: 8 },
    training: { steps: 2, batch: 16, augment: { crop: 1, flip: true } },
  },
  'dfedavg, masked, on a random-regular graph, with a death': [
    { merge: 'dfedavg', masks: true, topology: { kind: 'random-regular', degree: 4 }, peers: 6, rounds: 3 },
    { faults: [{ peer: 1, round: 1 }] },
  ],
  'dfedavg, masked with shares, with a death': [
    { merge: 'dfedavg', masks: { dropout: 'shares' }, topology: 'full', peers: 6, rounds: 3 },
    { faults: [{ peer: 1, round: 1 }] },
  ],
  'dfedsam, sampled participants, with a death': [
    { merge: 'dfedsam', exchange: { when: 'sampled', participants: 2, aggregators: 2 }, rounds: 4 },
    { faults: [{ peer: 1, round: 1 }] },
  ],
  'dfedsam on a torus': { merge: 'dfedsam', topology: 'torus', peers: 6, rounds: 3 },
  'dfedsam on a full graph, adaptive, clipped, with a liar': [
    {
      merge: { method: 'dfedsam', rho: 0.5, momentum: 0.9 },
      topology: 'full',
      rounds: 3,
      training: { steps: 3, batch: 16, adaptive: true, clip: 0.5 },
    },
    { attacks: ['bit-flip=10:2@1'] },
  ],
  'dfedsam on a one-peer-exponential graph, over TCP, two workers': [
    { merge: 'dfedsam', topology: 'one-peer-exponential', rounds: 3 },
    { transport: 'tcp', workers: 2 },
  ],
  'dfedsam-mgs on a random-regular graph': {
    merge: 'dfedsam-mgs',
    topology: { kind: 'random-regular', degree: 3 },
    peers: 6,
  },
  'dfedsam-mgs on an Erdős–Rényi graph, Chebyshev': {
    merge: { method: 'dfedsam-mgs', gossipSteps: 3, acceleration: 'chebyshev', momentum: 0.9 },
    topology: { kind: 'erdos-renyi', probability: 0.6 },
    peers: 6,
  },
  'dfedavgm on an exponential graph, bf16': {
    merge: { method: 'dfedavgm', momentum: 0.5 },
    topology: 'exponential',
    encoding: 'bf16',
    model: 'logistic',
  },
  'dfedsam-mgs on listed edges, f16': {
    merge: { method: 'dfedsam-mgs', rho: 0.01 },
    topology: { kind: 'edges', edges: [[0, 1], [1, 2], [2, 3], [0, 2]] }, // biome-ignore format: pairs
    encoding: 'f16',
  },
  'dfedavg of heads, int8': { merge: 'dfedavg', share: 'head', encoding: 'int8' },
  'dfedsam-mgs, interrupted, with a peer that fails': [
    { merge: { method: 'dfedsam-mgs', gossipSteps: 2 }, peers: 5, rounds: 4 },
    { faults: [{ peer: 1, round: 1 }], interruptIn: 2 },
  ],
}

/** Superresolution has values, not classes, in maps, not vectors. */
const restored = {
  data: { set: 'pneumoniamnist', superResolution: 2 },
  partition: { kind: 'resolution', factors: [2, 4] },
  model: { kind: 'sr', channels: [2] },
  peers: 2,
  share: 'head',
  evaluation: { every: 3, on: 'own' },
}

/** LeNet-5 and VGG-11 want larger images than digits. */
const convolutions = model => ({
  model,
  data: { set: 'pneumoniamnist' },
  peers: 2,
  rounds: 1,
  share: 'head',
  training: { steps: 1, batch: 4 },
})

/** Models and data, by the method that is the default. */
const tasks = {
  'a model of one’s own': {
    model: { path: fileURLToPath(new URL('own-model.json', import.meta.url)), head: 'hidden' },
    share: 'head',
  },
  'LeNet-5': convolutions({ kind: 'lenet5', features: 8 }),
  'ResNet-18': { ...convolutions({ kind: 'resnet18', width: 4 }), data: { set: 'digits' } },
  'VGG-11': convolutions({ kind: 'vgg11', width: 4 }),
  'a table by an agreed standardisation': { data: { set: 'heart-disease' }, rounds: 3 },
  'numbers on a small-world graph': {
    data: { set: 'digits', target: 65 },
    partition: { kind: 'quantity' },
    topology: { kind: 'watts-strogatz', neighbours: 2, rewire: 0.5 },
  },
  'images restored': restored,
}

const mixture = (merge, more) => ({
  merge: { method: 'mixture', ...merge },
  training: { steps: 2, batch: 64, learningRate: 0.01 },
  rounds: 3,
  ...more,
})

const mixtures = {
  mixture: mixture({}),
  'mixture, joint, after a warm-up': mixture({ schedule: 'joint', warmUp: 1 }),
  'mixture by its mean, of unlike bodies': mixture(
    { gate: 'mean' },
    {
      models: [
        { kind: 'cnn', channels: [2], hidden: 8 },
        { kind: 'mlp', hidden: [12, 8] },
      ],
    },
  ),
  'mixture, joint, of images restored': mixture({ schedule: 'joint' }, { ...restored, rounds: 2 }),
  'mixture of features as they are': mixture({ transform: false, normalise: false }),
  'mixture of two-layer heads, every number set': mixture(
    {
      attention: 4,
      projection: 4,
      epochs: 2,
      learningRate: 0.02,
      momentum: 0.5,
      clip: 0.5,
      augment: { crop: 1, flip: true },
      tokens: 'logits',
      trainHead: true,
      topExperts: 2,
    },
    { model: { kind: 'mlp', hidden: [8, 8], head: 'dense2' }, encoding: 'bf16' },
  ),
  'mixture, interrupted, with a liar, cut ways and a peer that fails': [
    mixture({}, { rounds: 4 }),
    { disconnect: 0.3, faults: [{ peer: 0, round: 1 }], attacks: ['bit-flip=10:2@1'], interruptIn: 2 },
  ],
}

/** Every run. */
export const cases = Object.entries({ ...merges, ...tasks, ...mixtures }).map(([name, run]) => {
  const [manifest, options] = Array.isArray(run) ? run : [run, {}]
  return { name, manifest: { ...small, ...manifest }, options }
})
