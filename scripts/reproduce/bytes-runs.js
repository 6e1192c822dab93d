import { cifarPart, taken as ofCifar } from './cifar-part.js'
import { mnistPart, taken as ofMnist } from './mnist-part.js'

/*
 * Accuracy against bytes: every codec, memory, method, schedule and graph that is made to send less, each beside plain gossip
 * of float32 heads of as many rounds and steps. Nothing is tuned for a cell.
 */

const peers = 16

/** By name: the run, and what is to be known of its set. A round has few steps, so that there are many exchanges. */
export const sets = {
  mnist: {
    title: `MNIST, the first ${ofMnist.train} and ${ofMnist.t10k} images, MLP`,
    set: mnistPart,
    rounds: 300,
    run: { model: { kind: 'mlp', hidden: [64] }, training: { batch: 32, steps: 2, learningRate: 0.05, decay: 1 } },
  },
  cifar10: {
    title: `CIFAR-10, the first ${ofCifar.train} training and ${ofCifar.test} test images, LeNet-5`,
    set: cifarPart,
    rounds: 80,
    run: { model: { kind: 'lenet5' }, training: { batch: 32, steps: 2, learningRate: 0.05, decay: 1 } },
  },
}

/** The graphs on which everything but what brings a graph of its own is run. */
export const graphs = { ring: 'ring', exponential: 'exponential' }

/** Of directed graphs with weights all alike a dual vector's fixed point is another. */
const undirected = ['ring']

/** Plain gossip, to which everything is compared. */
export const plain = 'f32'

/**
 * By group and name: what differs from plain gossip, and on which graphs it is run.
 *
 * @type {Record<string, Record<string, { manifest: object, graphs?: readonly string[], fits?: object }>>}
 */
export const groups = {
  'How numbers travel': {
    [plain]: { manifest: {} },
    bf16: { manifest: { encoding: 'bf16' } },
    int8: { manifest: { encoding: 'int8' } },
    'qsgd, 15 levels': { manifest: { encoding: 'qsgd' } },
    'topk 1 %, choco': { manifest: { encoding: { codec: 'topk', keep: 0.01, memory: 'choco', gamma: 0.05 } } },
    'topk 1 %, feedback': { manifest: { encoding: { codec: 'topk', keep: 0.01, memory: 'feedback' } } },
    'topk 10 %, choco': { manifest: { encoding: { codec: 'topk', keep: 0.1, memory: 'choco' } } },
    'topk2bit, feedback': { manifest: { encoding: { codec: 'topk2bit', memory: 'feedback' } } },
    'randk 1 %, choco': { manifest: { encoding: { codec: 'randk', keep: 0.01, memory: 'choco' } } },
    'sign, choco': { manifest: { encoding: { codec: 'sign', memory: 'choco' } } },
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
    'sparseloco, topk2bit': {
      manifest: { merge: { method: 'sparseloco' }, topology: { kind: 'full' }, encoding: { codec: 'topk2bit' } },
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
    'single merging': { manifest: { exchange: { when: 'every', partners: 0.1, final: true } } },
    'late window': { manifest: { exchange: { when: 'window', from: 0.9, length: 0.05 } } },
    'early window': { manifest: { exchange: { when: 'window', from: 0.1, length: 0.05 } } },
    once: { manifest: { exchange: 'once' } },
  },
  'To whom': {
    'base-(k+1), k 1': { manifest: { topology: { kind: 'base-k', degree: 1 } } },
    'one-peer exponential': { manifest: { topology: { kind: 'one-peer-exponential' } } },
    'one-peer hypercube': { manifest: { topology: { kind: 'one-peer-hypercube' } } },
    'one-peer EquiTopo': { manifest: { topology: { kind: 'one-peer-equitopo' } } },
    'epidemic, oracle, 2': { manifest: { topology: { kind: 'epidemic', draws: 'oracle', degree: 2 } } },
    'push-sum, epidemic, local, 2': {
      manifest: { merge: { method: 'push-sum' }, topology: { kind: 'epidemic', draws: 'local', degree: 2 } },
    },
    'random pairs': { manifest: { topology: { kind: 'random-pairs' } } },
    'noloco, random pairs': { manifest: { merge: { method: 'noloco' }, topology: { kind: 'random-pairs' } } },
  },
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
function graphsOf({ manifest, graphs: some = Object.keys(graphs) }) {
  return manifest.topology === undefined ? some : [ownGraph]
}

/** Every cell, for each seed. */
export function cellsOf({ quick }) {
  const cells = []
  for (const seed of quick ? [1] : [1, 2, 3]) {
    for (const set of quick ? ['mnist'] : Object.keys(sets)) {
      for (const [setting, what] of Object.entries(settings)) {
        for (const graph of graphsOf(what)) {
          if (quick && graph === 'exponential') continue
          cells.push({ seed, set, graph, setting })
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
