import { codecNames } from '../codec/index.js'
import { shippedSets } from '../data/index.js'
import { methodNamed, methodNames } from '../methods/index.js'
import { topologyKinds } from '../topology/index.js'

/** A field of the manifest as `hearsay init` explains it. */
export interface Field {
  readonly key: string
  /** What it does and what else is possible, in one line. */
  readonly says: string
  /**
   * What stands behind the comment sign where the field is not set: its default, or an example. Left out, a field that
   * is not set is not shown.
   */
  readonly unset?: (section: Section) => unknown
}

/** A part of the file: one field at the top, or a section with fields of its own. */
export interface Part extends Omit<Field, 'unset'> {
  readonly fields?: readonly Field[]
}

/** A section of a manifest, or all of it. */
export type Section = Readonly<Record<string, unknown>>

const ownData = (value: unknown) => (data: Section) =>
  Object.hasOwn(shippedSets, data.set as string) ? undefined : value

/** For a number that only some methods have: what the method sets it to. */
const ofMethod = (key: string, probe: unknown, value: (method: Section) => unknown) => (merge: Section) =>
  // A method that has no use for it refuses it (methods/).
  methodNamed(merge.method as string).schema.safeParse({ method: merge.method, [key]: probe }).success
    ? value(merge)
    : undefined

/** For a number that only a mixture has. */
const ofMixture = (value: unknown) => (merge: Section) => (merge.method === 'mixture' ? value : undefined)

/** Every field in the order of the file: what is learned, by whom, how they train, how they gossip, and the bounds. */
export const parts: readonly Part[] = [
  { key: 'format', says: 'Of this file: another version of Hearsay may read its fields otherwise' },
  {
    key: 'data',
    says: 'What is learned from. A peer in the field brings its own; it must fit this description.',
    fields: [
      {
        key: 'set',
        says: `${Object.keys(shippedSets).join(', ')}; or your own: IDX, NPZ, CIFAR-10, CSV, a folder of images by class`,
      },
      {
        key: 'label',
        says: 'Tables: the column with the label, by name or number from 1; left out, the last',
        unset: ownData('label'),
      },
      { key: 'target', says: 'Tables: the column with a number to predict, instead of a label' },
      { key: 'unit', says: 'Tables: the unit of the number to predict; left out, the one it is written with' },
      { key: 'superResolution', says: 'Images: restore them from 1 / this of their resolution; goes with model: sr' },
      { key: 'peerColumn', says: 'Tables: the column that says whose a row is', unset: ownData('hospital') },
      {
        key: 'groupColumn',
        says: 'Tables: the column whose rows of one value are kept on one side of every split',
        unset: ownData('patient'),
      },
      {
        key: 'test',
        says: 'Tables: a table, or a folder with one for each peer, that is tested on and never trained on',
        unset: ownData('test.csv'),
      },
      {
        key: 'columns',
        says: 'Tables: the columns to use; the others are passed over',
        unset: ownData(['age', 'sex', 'outcome']),
      },
      { key: 'header', says: 'Tables: is the first line a header? Left out, it is looked at', unset: ownData(true) },
      {
        key: 'decimal',
        says: 'Tables: what stands before the decimals, . or , ; left out, the numbers tell',
        unset: ownData(','),
      },
      { key: 'categorical', says: 'Tables: columns of categories that look like numbers', unset: ownData(['sex']) },
      {
        key: 'inputShape',
        says: 'Tables: rows are images of this height, width and channels',
        unset: ownData([28, 28, 1]),
      },
      { key: 'imageSize', says: 'Folders of images: height and width', unset: ownData([64, 64]) },
      { key: 'channels', says: 'Folders of images: 1 for grey, 3 for colour', unset: ownData(1) },
      {
        key: 'classes',
        says: 'Names of the classes in order; peers who bring their own data must agree on them',
        unset: ownData(['healthy', 'ill']),
      },
      {
        key: 'standardise',
        says: "agreed (by all peers' samples, for features), own (for images), none, a set's name, or { mean, std }",
        unset: ownData('agreed'),
      },
      { key: 'testShare', says: 'Share held back for testing where the data has no test split of its own' },
    ],
  },
  {
    key: 'partition',
    says: 'How a simulation deals the training samples; also the share of a peer that brings a built-in set.',
    fields: [
      { key: 'kind', says: 'iid, dirichlet, pathological, quantity, resolution, natural' },
      { key: 'alpha', says: 'Skew: the smaller, the more peers differ' },
      {
        key: 'mode',
        says: 'client (each peer draws its classes, equal sizes) or class (each class is cut over the peers)',
      },
      { key: 'classes', says: 'How many classes a peer sees' },
      { key: 'factors', says: 'Peer k sees its images at 1 / factors[k] of the resolution, over and over' },
    ],
  },
  { key: 'peers', says: 'How many peers a simulation has, and into how many shares a built-in set is cut' },
  { key: 'minPeers', says: 'How many must be there before a run in the field begins; a simulation ignores it' },
  {
    key: 'model',
    says: 'What is trained.',
    fields: [
      {
        key: 'kind',
        says: 'logistic, mlp, lenet5, cnn, resnet18, vgg11, sr; or file: a model of your own, with its path',
      },
      { key: 'path', says: 'Where its .keras, .h5 or model.json is' },
      { key: 'hidden', says: 'Units of the hidden layers' },
      { key: 'channels', says: 'Filters of each convolution' },
      {
        key: 'width',
        says: 'Channels of the first stage; with 8 it takes a sixtieth of the time that it takes with 64',
      },
      {
        key: 'groups',
        says: 'Groups of the normalisation: a divisor of the width',
        unset: ({ width }) => (typeof width === 'number' ? width / 2 : undefined),
      },
      {
        key: 'features',
        says: 'Units of one more layer in front of the output; the same width gives different models heads of one layout',
        unset: ({ kind }) => (['lenet5', 'resnet18', 'vgg11'].includes(kind as string) ? 32 : undefined),
      },
      { key: 'head', says: 'The layer with which the head begins, for share: head', unset: () => 'output' },
    ],
  },
  { key: 'models', says: 'For a mixture: bodies of the peers in turn, whose heads must be alike' },
  { key: 'share', says: 'What peers hand to each other: all, head, body, or the name of the layer from which on' },
  { key: 'mode', says: 'sync: a merge waits for the heads of its round, until a deadline; async: nobody waits' },
  { key: 'encoding', says: `How its numbers travel: ${codecNames().join(', ')}; the shorter, the coarser` },
  { key: 'rounds', says: 'Rounds of training, exchange and merge' },
  {
    key: 'training',
    says: 'What a peer does between two exchanges.',
    fields: [
      {
        key: 'epochs',
        says: 'Passes over its own samples',
        unset: ({ steps }) => (steps === undefined ? 1 : undefined),
      },
      { key: 'steps', says: 'Steps instead of epochs', unset: ({ epochs }) => (epochs === undefined ? 50 : undefined) },
      { key: 'batch', says: 'Samples in a step' },
      { key: 'learningRate', says: 'In the first round' },
      { key: 'decay', says: 'The learning rate is multiplied by this after every round; 1 keeps it' },
      { key: 'weightDecay', says: 'Pull of the parameters towards 0' },
      { key: 'clip', says: 'Longest gradient; a longer one is shortened to it', unset: () => 1 },
      { key: 'adaptive', says: "ASAM instead of SAM: its radius counts relative to each parameter's size" },
      {
        key: 'augment',
        says: 'Images: shifted by up to crop pixels, and mirrored (not for digits or letters)',
        unset: () => ({ crop: 4, flip: true }),
      },
    ],
  },
  {
    key: 'merge',
    says: 'How what is received becomes part of the own model.',
    fields: [
      { key: 'method', says: methodNames().join(', ') },
      {
        key: 'gossipSteps',
        says: 'Exchanges a round',
        unset: ofMethod('gossipSteps', 2, () => 1),
      },
      {
        key: 'acceleration',
        says: 'plain, or chebyshev, which gets further in as many exchanges on a graph that does not change',
        unset: ofMethod('acceleration', 'chebyshev', () => 'plain'),
      },
      { key: 'rho', says: 'Radius of SAM', unset: ofMethod('rho', 0.01, () => 0.05) },
      {
        key: 'momentum',
        says: "Of local training, or of a mixture's transforms and gate: from 0 up to below 1",
        unset: ofMethod('momentum', 0.5, () => 0.9),
      },
      {
        key: 'schedule',
        says: 'alternate: local training, then transforms and gate; joint: all at once',
        unset: ofMixture('alternate'),
      },
      { key: 'attention', says: "Width of the gate's queries and keys", unset: ofMixture(32) },
      {
        key: 'projection',
        says: 'Width of the shared transform; left out, that of the features',
        unset: ofMixture(32),
      },
      { key: 'epochs', says: 'Passes over the samples to train transforms and gate', unset: ofMixture(1) },
      { key: 'learningRate', says: 'Of transforms and gate', unset: ofMixture(0.01) },
      { key: 'clip', says: 'Longest gradient of transforms and gate', unset: ofMixture(1) },
      {
        key: 'tokens',
        says: 'What experts say: probabilities (of classes) or logits',
        unset: ofMixture('probabilities'),
      },
      {
        key: 'normalise',
        says: 'Does the gate see numbers of one size? false is the published formula',
        unset: ofMixture(true),
      },
      { key: 'localMomentum', says: 'Of local training beside a mixture', unset: ofMixture(0.9) },
      { key: 'trainHead', says: "Does the mixture's loss move the own head too?", unset: ofMixture(false) },
      { key: 'warmUp', says: 'Rounds of local training alone, before transforms and gate', unset: ofMixture(0) },
      { key: 'topExperts', says: 'At most so many received heads take part; left out, all', unset: ofMixture(8) },
      { key: 'gate', says: 'attention, or mean: all weigh the same', unset: ofMixture('attention') },
      { key: 'transform', says: 'false gives the features to received heads as they are', unset: ofMixture(true) },
    ],
  },
  {
    key: 'topology',
    says: 'Who hands to whom.',
    fields: [
      { key: 'kind', says: topologyKinds.join(', ') },
      { key: 'rows', says: 'How many rows; left out, as square as can be' },
      { key: 'degree', says: 'Neighbours of each peer' },
      { key: 'probability', says: 'Of each edge; left out, twice what almost surely connects all' },
      { key: 'neighbours', says: 'Of each peer on the ring before some edges are rewired: an even number' },
      { key: 'rewire', says: 'Share of the edges that are rewired' },
      { key: 'edges', says: 'Pairs of peers, counted from 0' },
      { key: 'weights', says: 'metropolis-hastings (edges both ways) or uniform' },
    ],
  },
  {
    key: 'evaluation',
    says: 'Testing of the models.',
    fields: [
      { key: 'every', says: 'Rounds from one test to the next; the last round is always tested' },
      { key: 'on', says: 'In a simulation: common (the whole test set) or own (what is like the own data)' },
    ],
  },
  {
    key: 'limits',
    says: 'What a peer waits for, and what it accepts.',
    fields: [
      { key: 'joinSeconds', says: "In the field: wait of the first round for the neighbours' presence" },
      { key: 'exchangeSeconds', says: 'In the field: wait for a neighbour that is connected and silent' },
      { key: 'headNorm', says: 'A head with a larger 2-norm is refused' },
      { key: 'headDistance', says: 'So many times as far from the own head as usual, and a head is not merged' },
      { key: 'headRadius', says: "Within so many times the own head's norm, it is" },
      { key: 'lossIncrease', says: 'A merge that makes the loss so many times larger is undone' },
    ],
  },
  { key: 'seed', says: 'Decides everything random: the same seed, the same numbers' },
]
