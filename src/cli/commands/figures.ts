import type { Command } from '../command.js'

export const figures: Command = {
  usage: 'figures <runs...>',
  summary: 'write the rounds of a run for other programs: CSV, OpenMetrics, TensorBoard',
  flags: [
    {
      flags: '--format <names>',
      description: 'of csv, openmetrics, tensorboard, with commas or several times (default: csv)',
      repeatable: true,
    },
    {
      flags: '--to <folder>',
      description: 'where they are written, in a folder named as the run (default: in the run folder)',
    },
  ],
  examples: [
    'hearsay figures runs/xrays',
    'hearsay figures runs/xrays runs/digits --format csv,tensorboard --to figures',
  ],
  load: async () => (await import('../figures.js')).run,
}
