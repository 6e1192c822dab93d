import { type Command, wholeNumber } from '../command.js'

export const topology: Command = {
  usage: 'topology <graph>',
  summary: 'show a graph and how well it mixes: ring, random-regular:4, …, or a YAML file',
  flags: [
    {
      flags: '--peers <number>',
      description: 'how many (default: 8, or as many as the file has)',
      parse: wholeNumber('--peers', 1, 1024),
    },
    {
      flags: '--seed <number>',
      description: 'for the kinds that are drawn',
      default: 1,
      parse: wholeNumber('--seed', 0, 2 ** 32 - 1),
    },
  ],
  examples: [
    'hearsay topology ring --peers 16',
    'hearsay topology watts-strogatz:4 --peers 24',
    'hearsay topology topologies/hospitals.yaml',
  ],
  load: async () => (await import('../topology.js')).run,
}
