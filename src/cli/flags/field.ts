import { type Flag, grouped, wholeNumber } from '../command.js'
import { backendFlag } from './backend.js'
import { networkFlags } from './network.js'
import { hostOutletFlags, outletFlags } from './outlets.js'
import { tableFlags } from './table.js'
import { watchFlags } from './watch.js'

/** Flags that start and join have in common, for one peer of a run in the field. */
export const fieldFlags: readonly Flag[] = [
  ...grouped('This peer', [
    {
      flags: '--data <source>',
      description: "this peer's own data: a file, a folder, or a shipped set (default: a share of the manifest's)",
    },
    ...tableFlags,
    {
      flags: '--share <number>',
      description: "which share of the manifest's data, from 0 (default: one that nobody has)",
      parse: wholeNumber('--share', 0, 1_000_000),
    },
    {
      flags: '--model <name or path>',
      description:
        "where peers keep models of their own, this peer's: cnn:64, mlp:64, … or a .keras, .h5 or model.json; of a run that start opens without a manifest, the model (default: the run's)",
    },
    { flags: '--as <name>', description: 'what others show for this peer (default: the end of its id)' },
    backendFlag,
  ]),
  ...grouped('Network', [
    {
      flags: '--port <number>',
      description: 'to listen on, on all networks (default: any that is free; with --resume the one it had)',
      parse: wholeNumber('--port', 0, 65_535),
    },
    {
      flags: '--listen <multiaddr>',
      description: 'to listen on instead, like /ip4/10.0.0.7/tcp/4001',
      repeatable: true,
    },
    ...networkFlags,
  ]),
  ...grouped('Run folder', [
    { flags: '--out <folder>', description: 'where the run is kept (default: runs/<time>-<run>)' },
    {
      flags: '--resume <folder>',
      description: 'go on with the run that is kept there; an address of another peer of it may be given too',
    },
    { flags: '--alone', description: "begin, or go on, without waiting for as many as the manifest's minPeers" },
    { flags: '--json', description: 'at the end print one JSON object to stdout, and all else to stderr' },
  ]),
  ...watchFlags,
  ...outletFlags,
  ...hostOutletFlags,
]
