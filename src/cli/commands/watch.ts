import { type Command, wholeNumber } from '../command.js'

export const watch: Command = {
  usage: 'watch <run>',
  summary: 'show a run in a browser: one that is over, or that another process runs; until Ctrl-C',
  flags: [
    {
      flags: '--port <number>',
      description: 'of the page, on this machine only (default: any that is free)',
      parse: wholeNumber('--port', 0, 65_535),
    },
    { flags: '--open', description: 'open it in a browser, too' },
  ],
  examples: ['hearsay watch runs/xrays', 'hearsay watch runs/hospitals --open'],
  load: async () => (await import('../watch.js')).run,
}
