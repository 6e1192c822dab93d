import { type Command, wholeNumber } from '../command.js'

export const invite: Command = {
  usage: 'invite',
  summary: 'invite somebody to a run that is by invitation, in the name of a peer of it',
  flags: [
    { flags: '--resume <folder>', description: 'the run folder of the peer that invites; it may be running' },
    {
      flags: '--to <peer id>',
      description:
        'the only peer that it admits, by the id that hearsay id prints (default: whoever has the token; such a guest cannot invite others)',
    },
    {
      flags: '--days <number>',
      description: 'how long it is valid; a peer that it admits takes part no longer than that',
      default: 7,
      parse: wholeNumber('--days', 1, 3650),
    },
  ],
  examples: [
    'hearsay invite --resume runs/boston --to 12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA --days 30',
    'hearsay invite --resume runs/boston',
  ],
  load: async () => (await import('../invite.js')).run,
}
