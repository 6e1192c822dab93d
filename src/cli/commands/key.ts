import type { Command } from '../command.js'

export const key: Command = {
  usage: 'key <new>',
  summary: 'make a key that closes a network to everybody who does not have it',
  flags: [{ flags: '--out <file>', description: 'new: where the key goes', default: 'hearsay.key' }],
  examples: ['hearsay key new', 'hearsay key new --out hospitals.key'],
  load: async () => (await import('../key.js')).run,
}
