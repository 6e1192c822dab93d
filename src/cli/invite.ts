import { loadOwnIdentity, readRunFolder } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { createInvite } from '../gossip/index.js'
import { checkInvited, foundersOf, runIdOf } from '../node/index.js'
import { command } from '../shell.js'
import type { Run } from './command.js'
import { peerIdIn } from './network-flags.js'

interface InviteOptions {
  readonly resume?: string
  readonly to?: string
  readonly days: number
}

const dayMs = 24 * 3600 * 1000

export const run: Run<InviteOptions> = async (_, { resume, to, days }, { stdout, stderr }) => {
  if (resume === undefined) {
    throw new HearsayError('USAGE', '--resume is missing; name the run folder of the peer that invites', {
      source: 'invite',
    })
  }
  const invitee = to === undefined ? undefined : peerIdIn(to, '--to')
  const { manifest, identityPath, settings } = await readRunFolder(resume)
  const founders = foundersOf(manifest)
  if (founders === undefined) {
    throw new HearsayError(
      'USAGE',
      'this run is not by invitation; its address is enough to join (see access.founders in the manifest)',
      { source: `invite --resume ${resume}` },
    )
  }
  const runId = runIdOf(manifest)
  const { privateKey, peerId } = await loadOwnIdentity(identityPath, settings)
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
  // On stderr, since people redirect the token into a file.
  stderr.write(
    `Admits ${invitee ?? 'whoever has it'} until ${new Date(expiresAt).toISOString()}, with: ${command('join <address> --invite <token>')}\n`,
  )
  return 0
}
