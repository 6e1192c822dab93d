import { type Flag, grouped, number } from '../command.js'
import { field, kinds } from './fields.js'
import { tableFlags } from './table.js'

/** Flags that `data` and `simulate` have in common, for data and its partition. */
export const dataFlags: readonly Flag[] = [
  ...grouped('Data', [
    { flags: '--label <column>', description: field('data.label') },
    { flags: '--target <column>', description: field('data.target') },
    {
      flags: '--super-resolution <factor>',
      description: field('data.superResolution'),
      parse: number('--super-resolution'),
    },
    { flags: '--peer-column <column>', description: field('data.peerColumn') },
    ...tableFlags,
    {
      flags: '--partition <kind[:number]>',
      description: `how samples are dealt: ${kinds('partition').names}; a number is its first field, as dirichlet:0.3`,
    },
  ]),
  ...grouped('Run', [
    { flags: '--peers <number>', description: field('peers'), parse: number('--peers') },
    { flags: '--seed <number>', description: field('seed'), parse: number('--seed') },
  ]),
]

/** Flags that determine a run's numbers, as sections of a manifest. */
export const runFlags: readonly Flag[] = [
  ...grouped('Data', [{ flags: '--data <set or path>', description: field('data.set') }]),
  ...dataFlags,
  ...grouped('Run', [
    { flags: '--rounds <number>', description: field('rounds'), parse: number('--rounds') },
    { flags: '--mode <kind>', description: field('mode') },
    {
      flags: '--evaluate-every <rounds>',
      description: field('evaluation.every'),
      parse: number('--evaluate-every'),
    },
  ]),
  ...grouped('Model', [
    {
      flags: '--model <name or path>',
      description: `${kinds('model').names}, or the path of your own .keras, .h5 or model.json; cnn:64 for 64 features before the output (default: ${kinds('model').usual})`,
    },
    { flags: '--models <list>', description: `${field('models')}, as cnn:64,mlp:64,lenet5:64` },
    { flags: '--head <layer>', description: field('model.head') },
  ]),
  ...grouped('Training', [
    { flags: '--epochs <number>', description: field('training.epochs'), parse: number('--epochs') },
    { flags: '--batch <number>', description: field('training.batch'), parse: number('--batch') },
    {
      flags: '--learning-rate <number>',
      description: `learning rate ${field('training.learningRate')}`,
      parse: number('--learning-rate'),
    },
    { flags: '--rho <number>', description: field('merge.rho'), parse: number('--rho') },
    { flags: '--momentum <number>', description: field('merge.momentum'), parse: number('--momentum') },
  ]),
  ...grouped('Gossip and merge', [
    { flags: '--merge <method>', description: `${kinds('merge').names} (default: ${kinds('merge').usual})` },
    { flags: '--gossip-steps <number>', description: field('merge.gossipSteps'), parse: number('--gossip-steps') },
    { flags: '--acceleration <kind>', description: field('merge.acceleration') },
    {
      flags: '--believe <rule>',
      description: `whom to believe: ${kinds('believe').names}; left out, all within limits`,
    },
    { flags: '--reputation <use>', description: field('reputation') },
    {
      flags: '--topology <kind[:number] or file>',
      description: `${kinds('topology').names}, or a YAML file; a number is its first field, as random-regular:4 (default: ${kinds('topology').usual})`,
    },
    {
      flags: '--exchange <when[:number]>',
      description: `when peers exchange: ${kinds('exchange').names}; a number is its first field, as every:5 (default: ${kinds('exchange').usual})`,
    },
    { flags: '--share <part>', description: field('share') },
    {
      flags: '--encoding <codec[:number]>',
      description: `how numbers travel: ${kinds('encoding').names}; a number is its first field, as qsgd:7 (default: ${kinds('encoding').usual})`,
    },
    { flags: '--memory <kind>', description: field('encoding.memory') },
  ]),
]
