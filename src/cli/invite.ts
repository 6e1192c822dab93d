import { HearsayError } from '../errors.js'
import { createInvite } from '../gossip/index.js'
import { checkInvited, foundersOf, loadOrCreateIdentity, runIdOf } from '../node/index.js'
import { readRunFolder } from '../watch/index.js'
import { type Command, wholeNumber } from './command.js'
import { peerIdIn } from './network-flags.js'

interface InviteOptions {
  readonly resume?: string
  readonly to?: string
  readonly days: number
}

const dayMs = 24 * 3600 * 1000

export const invite: Command<InviteOptions> = {
  usage: 'invite',
  summary: 'invite somebody to a run that is by invitation, in the name of a peer of it',
  flags: [
    { flags: '--resume <folder>', description: 'the run folder of the peer that invites; it may be running' },
    {
      flags: '--to <peer id>',
      description: 'whom alone it admits, as hearsay id prints it (default: whoever has it, who cannot pass it on)',
    },
    {
      flags: '--days <number>',
      description: 'how long it holds; who takes part by it does so no longer',
      default: 7,
      parse: wholeNumber('--days', 1, 3650),
    },
  ],
  examples: [
    'hearsay invite --resume runs/boston --to 12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA --days 30',
    'hearsay invite --resume runs/boston',
  ],

  async run(_, { resume, to, days }, { stdout, stderr }) {
    if (resume === undefined) {
      throw new HearsayError('USAGE', 'invite: --resume is missing; name the run folder of the peer that invites')
    }
    const invitee = to === undefined ? undefined : peerIdIn(to, '--to')
    const { manifest, identityPath, settings } = await readRunFolder(resume)
    const founders = foundersOf(manifest)
    if (founders === undefined) {
      throw new HearsayError(
        'USAGE',
        `invite --resume ${resume}: this run is not by invitation; its address is enough to join (see access.founders in the manifest)`,
      )
    }
    const runId = runIdOf(manifest)
    const { privateKey, peerId } = await loadOrCreateIdentity(identityPath)
    const own = settings.network?.invite
    await checkInvited({ ...(own !== undefined && { invite: own }) }, { runId, founders }, peerId)
    const isFounder = founders.some(founder => founder.equals(peerId))
    const expiresAt = Date.now() + days * dayMs
    const token = await createInvite({
      runId,
      privateKey,
      expiresAt,
      ...(invitee && { invitee }),
      ...(isFounder || own === undefined ? {} : { parent: own }),
    })
    stdout.write(`${token}\n`)
    // Beside the token, which people put into a file.
    stderr.write(
      `Admits ${invitee ?? 'whoever has it'} until ${new Date(expiresAt).toISOString()}, with: hearsay join <address> --invite <token>\n`,
    )
    return 0
  },
}
