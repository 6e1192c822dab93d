import { type Flag, grouped, number } from '../command.js'
import { tableFlags } from './table.js'

/** Data and its partition: what `data` and `simulate` have in common. */
export const dataFlags: readonly Flag[] = [
  ...grouped('Data', [
    {
      flags: '--label <column>',
      description: 'tables: the column with the label, by name or number from 1 (default: the last)',
    },
    { flags: '--target <column>', description: 'tables: the column with a number to predict, instead of a label' },
    {
      flags: '--super-resolution <factor>',
      description: 'images: learn to restore them from 1 / factor of their resolution, with --model sr',
      parse: number('--super-resolution'),
    },
    { flags: '--peer-column <column>', description: 'tables: the column that says whose row it is' },
    ...tableFlags,
    {
      flags: '--partition <kind[:number]>',
      description:
        'how samples are dealt: iid, dirichlet:0.3 (alpha), pathological:2 (classes a peer), quantity:0.5 (alpha), resolution, natural',
    },
  ]),
  ...grouped('Run', [
    {
      flags: '--peers <number>',
      description: 'how many peers (default: 8, or as many as the data set has)',
      parse: number('--peers'),
    },
    { flags: '--seed <number>', description: 'decides everything random (default: 1)', parse: number('--seed') },
  ]),
]

/** What decides a run's numbers, as sections of a manifest. */
export const runFlags: readonly Flag[] = [
  ...grouped('Data', [
    {
      flags: '--data <set or path>',
      description:
        'pneumoniamnist, heart-disease, digits; or your own: IDX, NPZ, CIFAR-10, CSV, a folder of images by class',
    },
  ]),
  ...dataFlags,
  ...grouped('Run', [
    {
      flags: '--rounds <number>',
      description: 'rounds of training and gossip (default: 10)',
      parse: number('--rounds'),
    },
    { flags: '--mode <kind>', description: 'sync, or async: nobody waits for anybody (default: sync)' },
    {
      flags: '--evaluate-every <rounds>',
      description: 'test the models every so many rounds, and after the last (default: 1)',
      parse: number('--evaluate-every'),
    },
  ]),
  ...grouped('Model', [
    {
      flags: '--model <name or path>',
      description:
        'logistic, mlp, lenet5, cnn, resnet18, vgg11, sr, or the path of your own .keras, .h5 or model.json; cnn:64 for 64 features before the output (default: cnn)',
    },
    {
      flags: '--models <list>',
      description: 'for a mixture, bodies of the peers in turn, like cnn:64,mlp:64,lenet5:64',
    },
    { flags: '--head <layer>', description: 'the layer with which the head begins' },
  ]),
  ...grouped('Training', [
    {
      flags: '--epochs <number>',
      description: 'passes over the own data a round (default: 1)',
      parse: number('--epochs'),
    },
    { flags: '--batch <number>', description: 'samples in a step (default: 32)', parse: number('--batch') },
    {
      flags: '--learning-rate <number>',
      description: 'in the first round (default: 0.05)',
      parse: number('--learning-rate'),
    },
    {
      flags: '--rho <number>',
      description: 'radius of SAM (default: 0.05 with dfedsam and dfedsam-mgs)',
      parse: number('--rho'),
    },
    {
      flags: '--momentum <number>',
      description: 'of local training (default: 0.9 with dfedavgm and mixture, else 0)',
      parse: number('--momentum'),
    },
  ]),
  ...grouped('Gossip and merge', [
    {
      flags: '--merge <method>',
      description: 'dfedsam, dfedsam-mgs, dfedavg, dfedavgm, dpsgd, mixture, none (default: dfedsam)',
    },
    {
      flags: '--gossip-steps <number>',
      description: 'exchanges a round, with dfedsam-mgs (default: 4)',
      parse: number('--gossip-steps'),
    },
    { flags: '--acceleration <kind>', description: 'of gossip steps: plain or chebyshev (default: plain)' },
    {
      flags: '--topology <kind[:number] or file>',
      description:
        'ring, line, star, grid, torus, exponential, one-peer-exponential, full, random-regular:4, erdos-renyi:0.3, watts-strogatz:4, or a YAML file (default: ring)',
    },
    { flags: '--share <part>', description: 'what is shared: all, head, or a layer from which on (default: all)' },
    {
      flags: '--encoding <kind>',
      description:
        'of what is shared on its way: f32, bf16 or f16 for half the bytes, int8 for a quarter (default: f32)',
    },
  ]),
]
