import { cifarPart, taken as ofCifar } from './cifar-part.js'
import { mnistPart, taken as ofMnist } from './mnist-part.js'

/*
 * Accuracy against bytes: every codec, memory, method, schedule and graph that is made to send less, each beside plain gossip
 * of float32 heads of as many rounds and steps, at the same learning rates. γ of CHOCO is set by codec, as in its paper; nothing
 * else is tuned. LeNet-5's heads and steps cost five times an MLP's, so that of an hour it has what travels and the aims only.
 */

const peers = 16

/**
 * By name: the run, and what is to be known of its set. A round has few steps, so that there are many exchanges; the learning
 * rate falls, so that peers that come together slowly, as with CHOCO, have the time to.
 */
export const sets = {
  mnist: {
    title: `MNIST, the first ${ofMnist.train} and ${ofMnist.t10k} images, MLP`,
    set: mnistPart,
    rounds: 80,
    run: {
      model: { kind: 'mlp', hidden: [128] },
      merge: 'dfedavg',
      training: { batch: 32, steps: 4, learningRate: 0.2, decay: 0.955 },
    },
  },
  cifar10: {
    title: `CIFAR-10, the first ${ofCifar.train} training and ${ofCifar.test} test images, LeNet-5`,
    set: cifarPart,
    rounds: 40,
    run: {
      model: { kind: 'lenet5' },
      merge: 'dfedavg',
      training: { batch: 32, steps: 3, learningRate: 0.05, decay: 0.97 },
    },
  },
}

const both = Object.keys(sets)
const [first] = both

/** The graphs of plain gossip. What does not name its own, or brings one that changes, is run on the first two. */
export const graphs = { ring: 'ring', exponential: 'exponential', full: 'full' }
const usual = ['ring', 'exponential']

/** Of directed graphs with weights all alike a dual vector's fixed point is another. */
const undirected = ['ring']

/** Outer steps whose anchor all peers hold. */
const among = ['full']

/** Plain gossip, to which everything is compared. */
export const plain = 'f32'

/**
 * By group and name: what differs from plain gossip, and on which graphs it is run.
 *
 * @type {Record<string, Record<string, { manifest: object, graphs?: readonly string[], sets?: readonly string[] }>>}
 */
export const groups = {
  'How numbers travel': {
    [plain]: { manifest: {}, graphs: Object.keys(graphs), sets: both },
    'f32, slim': { manifest: { encoding: { codec: 'f32', slim: true } } },
    bf16: { manifest: { encoding: 'bf16' } },
    int8: { manifest: { encoding: 'int8' }, sets: both },
    'qsgd, 15 levels': { manifest: { encoding: 'qsgd' } },
    'topk 1 %, choco': {
      manifest: { encoding: { codec: 'topk', keep: 0.01, memory: 'choco', gamma: 0.05 } },
      sets: both,
    },
    'topk 1 %, feedback': { manifest: { encoding: { codec: 'topk', keep: 0.01, memory: 'feedback' } }, sets: both },
    'topk 10 %, choco': { manifest: { encoding: { codec: 'topk', keep: 0.1, memory: 'choco' } } },
    'topk2bit, feedback': { manifest: { encoding: { codec: 'topk2bit', memory: 'feedback' } } },
    'randk 1 %, choco': { manifest: { encoding: { codec: 'randk', keep: 0.01, memory: 'choco' } } },
    'sign, choco': { manifest: { encoding: { codec: 'sign', memory: 'choco', gamma: 1 } }, sets: both },
  },
  'The method': {
    'qg-dsgdm': { manifest: { merge: { method: 'qg-dsgdm' } } },
    scaffold: { manifest: { merge: { method: 'scaffold' } } },
    'gradient-tracking': { manifest: { merge: { method: 'gradient-tracking' } } },
    'scallion, topk 10 %, choco': {
      manifest: { merge: { method: 'scallion' }, encoding: { codec: 'topk', keep: 0.1, memory: 'choco' } },
    },
    'scafcom, topk 10 %, choco': {
      manifest: { merge: { method: 'scafcom' }, encoding: { codec: 'topk', keep: 0.1, memory: 'choco' } },
    },
    diloco: { manifest: { merge: { method: 'diloco' } }, graphs: among },
    'sparseloco, topk2bit 1 %': {
      manifest: { merge: { method: 'sparseloco' }, encoding: { codec: 'topk2bit', keep: 0.01 } },
      graphs: among,
      sets: both,
    },
    dfedadmm: { manifest: { merge: { method: 'dfedadmm' } }, graphs: undirected },
  },
  When: {
    'every 10th round': { manifest: { exchange: { when: 'every', rounds: 10 } } },
    'every 10th round, topk 1 %, choco': {
      manifest: {
        exchange: { when: 'every', rounds: 10 },
        encoding: { codec: 'topk', keep: 0.01, memory: 'choco', gamma: 0.05 },
      },
    },
    'single merging': { manifest: { exchange: { when: 'every', partners: 0.35, final: true } } },
    'single merging, int8': {
      manifest: { exchange: { when: 'every', partners: 0.35, final: true }, encoding: 'int8' },
      sets: both,
    },
    'single merging, int8, partners 0.5': {
      manifest: { exchange: { when: 'every', partners: 0.5, final: true }, encoding: 'int8' },
    },
    'late window': { manifest: { exchange: { when: 'window', from: 0.9, length: 0.05 } } },
    'early window': { manifest: { exchange: { when: 'window', from: 0.1, length: 0.05 } } },
    once: { manifest: { exchange: 'once' } },
  },
  'To whom': {
    'relaysum, tree': { manifest: { merge: 'relaysum', topology: { kind: 'tree' } } },
    'base-(k+1), k 1': { manifest: { topology: { kind: 'base-k', degree: 1 } } },
    'one-peer exponential': { manifest: { topology: { kind: 'one-peer-exponential' } } },
    'one-peer hypercube': { manifest: { topology: { kind: 'one-peer-hypercube' } } },
    'one-peer EquiTopo': { manifest: { topology: { kind: 'one-peer-equitopo' } } },
    'epidemic, oracle, 2': { manifest: { topology: { kind: 'epidemic', draws: 'oracle', degree: 2 } } },
    'push-sum, epidemic, local, 2': {
      manifest: { merge: { method: 'push-sum' }, topology: { kind: 'epidemic', draws: 'local', degree: 2 } },
    },
    'sampled, 4 of 16': {
      manifest: { topology: { kind: 'ring' }, exchange: { when: 'sampled', participants: 4 } },
      sets: both,
    },
    'random pairs': { manifest: { topology: { kind: 'random-pairs' } } },
    'noloco, random pairs': { manifest: { merge: { method: 'noloco' }, topology: { kind: 'random-pairs' } } },
  },
}

/** What is asked of a setting: how many times fewer bytes at least, and how many points it may cost. */
export const aims = {
  'topk 1 %, choco': { times: 30, points: 0.5 },
  'topk 1 %, feedback': { times: 30, points: 0.5 },
  'sign, choco': { times: 30, points: 0.5 },
  'sparseloco, topk2bit 1 %': { times: 30, points: 0.5 },
  'single merging': { times: 10, points: 1 },
  'single merging, int8': { times: 10, points: 1 },
  'single merging, int8, partners 0.5': { times: 10, points: 1 },
  'sampled, 4 of 16': { times: 3, points: 0 },
}

/** Everything in a row: its group, and what differs. */
export const settings = Object.fromEntries(
  Object.entries(groups).flatMap(([group, all]) =>
    Object.entries(all).map(([name, setting]) => [name, { group, ...setting }]),
  ),
)

/** Of a setting that brings its own graph. */
export const ownGraph = 'own'

/** On which graphs a setting is run. */
function graphsOf({ manifest, graphs: some = usual }) {
  return manifest.topology === undefined ? some : [ownGraph]
}

/** Every cell, a set after another, and of each those of the aims first, for a run that is interrupted. */
export function cellsOf({ quick }) {
  const names = Object.keys(settings)
  const isOfAims = name => name === plain || aims[name] !== undefined
  const inOrder = [names.filter(isOfAims), names.filter(name => !isOfAims(name))]
  const cells = []
  for (const set of quick ? ['mnist'] : Object.keys(sets)) {
    const isOnSet = name => (settings[name].sets ?? [first]).includes(set)
    for (const some of inOrder) {
      for (const seed of quick ? [1] : [1, 2, 3]) {
        for (const setting of some.filter(isOnSet)) {
          for (const graph of graphsOf(settings[setting])) {
            if (quick && graph === 'exponential') continue
            cells.push({ seed, set, graph, setting })
          }
        }
      }
    }
  }
  return cells
}

/** A cell's manifest. @param folder - where the cell's set is */
export function manifestOf({ seed, set, graph, setting }, folder, { quick }) {
  const { rounds: all, run } = sets[set]
  const rounds = quick ? 10 : all
  return {
    seed,
    peers,
    rounds,
    data: { set: folder },
    partition: { kind: 'dirichlet', alpha: 0.3 },
    evaluation: { every: rounds },
    ...run,
    ...(graph !== ownGraph && { topology: { kind: graphs[graph] } }),
    ...settings[setting].manifest,
  }
}
