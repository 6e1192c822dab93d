import type { Command } from '../command.js'

export const report: Command = {
  usage: 'report <runs...>',
  summary: 'draw a run: report.html in its folder, one file that needs no network',
  flags: [],
  examples: ['hearsay report runs/xrays', 'hearsay report runs/hospitals runs/digits'],
  load: async () => (await import('../report.js')).run,
}
