import type { Command } from '../command.js'

export const id: Command = {
  usage: 'id <folder>',
  summary: 'print the peer id of a run folder; a new folder is made with a new one, for start or join --out',
  flags: [],
  examples: ['hearsay id runs/boston'],
  load: async () => (await import('../id.js')).run,
}
