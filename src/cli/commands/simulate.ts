import { type Command, grouped, share, wholeNumber } from '../command.js'
import { backendFlag } from '../flags/backend.js'
import { outletFlags } from '../flags/outlets.js'
import { runFlags } from '../flags/run.js'
import { watchFlags } from '../flags/watch.js'

export const simulate: Command = {
  usage: 'simulate [manifest]',
  summary: 'run many peers on this machine, over real connections',
  flags: [
    ...runFlags,
    ...grouped('Machine', [
      backendFlag,
      { flags: '--transport <kind>', description: 'between the peers', choices: ['tcp', 'memory'], default: 'tcp' },
      {
        flags: '--port <number>',
        description: 'first of the ports to listen on, one a peer; 0: any that are free',
        default: 0,
        parse: wholeNumber('--port', 0, 65_535),
      },
      {
        flags: '--workers <number>',
        description: 'training threads (default: one a core)',
        parse: wholeNumber('--workers', 1, 256),
      },
    ]),
    ...grouped('Faults', [
      {
        flags: '--fail <peer@round>',
        description: 'kill a peer in the middle of a round, both from 0',
        repeatable: true,
      },
      {
        flags: '--attack <kind:peers>',
        description:
          'hostile peers, as alie:2,5, sign-flip=10:3 or ipm:1@5 from a round on: sign-flip, bit-flip, noise, alie, ipm, min-max, dissensus, two-faced, free-rider, label-flip, backdoor; figures are then of the others',
        repeatable: true,
      },
      {
        flags: '--disconnect <share>',
        description: 'where heads go to everybody: cut this share of all directions between peers, 0 to 1',
        parse: share('--disconnect'),
      },
    ]),
    ...watchFlags,
    ...grouped('Results', [
      { flags: '--out <folder>', description: 'where the run is kept (default: runs/<time>-<run>)' },
      {
        flags: '--resume <folder>',
        description: 'go on with a run that was begun with --out, behind its last whole round',
      },
      { flags: '--no-baselines', description: 'do not run each peer alone and all data in one place' },
      { flags: '--json', description: 'print one JSON object and nothing else' },
    ]),
    ...outletFlags,
  ],
  examples: [
    'hearsay simulate',
    'hearsay simulate --topology exponential --rounds 5 --no-baselines',
    'hearsay simulate --data heart-disease --model logistic --rounds 20',
    'hearsay simulate --data digits --model mlp --peers 16 --topology torus --partition dirichlet:0.1 --rounds 5',
    'hearsay simulate --data digits --model logistic --peers 6 --rounds 4 --fail 2@1 --json',
    'hearsay simulate --data digits --model mlp --peers 8 --topology full --rounds 10 --attack alie=1.5:2,5',
    'hearsay simulate --data digits --model logistic --rounds 5 --no-baselines --watch',
  ],
  load: async () => (await import('../simulate.js')).run,
}
