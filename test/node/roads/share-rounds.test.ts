import { peerIdFromString } from '@libp2p/peer-id'
import { describe, expect, it } from 'vitest'
import {
  answerOf,
  createMaskKey,
  drawOwnMask,
  type MaskKey,
  maskGroup,
  type PeerIdStr,
  type ShareService,
} from '../../../src/gossip/index.js'
import { createIdentity } from '../../../src/node/index.js'
import { ShareRounds } from '../../../src/node/roads/share-rounds.js'
import { never } from '../../gossip/hosts.js'

type Answer = (parts: readonly Uint8Array[] | undefined) => Promise<readonly Uint8Array[] | undefined>
const honest: Answer = async parts => parts
const silent: Answer = () => new Promise(() => {})

/** A receiver whose senders answer like this, each in its way; the first in the list answer first. */
async function opened(answers: readonly Answer[], missing = 0) {
  const ids = await Promise.all(answers.map(async () => (await createIdentity()).peerId.toString()))
  ids.sort()
  const keys = new Map<PeerIdStr, MaskKey>(ids.map(id => [id, createMaskKey()]))
  const group = maskGroup({
    ...{ runId: new Uint8Array(32), receiver: 'rome', round: 0, step: 0, least: 3 },
    senders: new Map(ids.map(id => [id, keys.get(id)!.publicKey])),
    weights: new Map(ids.map(id => [id, 0.2])),
  })!
  const sealed = new Map(ids.map(id => [id, drawOwnMask(group, id, keys.get(id)!).sealed]))
  const service: Partial<ShareService> = {
    advance() {},
    take: async sender => ({ group: group.digest, sealed: sealed.get(sender)! }),
    ask: async (to, _at, question) => {
      const id = to.toString()
      return answers[ids.indexOf(id)]!(answerOf(group, id, keys.get(id)!, question))
    },
  }
  const rounds = new ShareRounds({
    ...{ self: 'rome', key: createMaskKey(), waitMs: 1000 },
    service: service as ShareService,
  })
  const there = new Map(ids.slice(missing).map(id => [id, peerIdFromString(id)]))
  return rounds.open(group, there, never)
}

describe('what is left in a sum', () => {
  const empty: Answer = async () => []
  const emptyParts: Answer = async parts => parts!.map(() => new Uint8Array())

  it('is known as soon as enough have answered, whatever the others do', async () => {
    // Of five three shares restore a mask, and nobody has one of its own.
    const late = await opened([honest, honest, honest, honest, silent])
    expect(late).toMatchObject({ left: { length: 5 } })
  })

  it.each([
    ['no parts', empty],
    ['empty parts', emptyParts],
    ['no answer', async () => undefined],
  ] as const)('is not lost to one that answers first, with %s', async (_, first) => {
    expect(await opened([first, honest, honest, honest, honest])).toMatchObject({ left: { length: 5 } })
  })

  it('is not known of too few, nor of fewer than came where one is missing', async () => {
    expect(await opened([empty, emptyParts, honest, honest, honest])).toBe('VOID_UNANSWERED')
    expect(await opened([honest, empty, honest, honest, honest], 1)).toBe('VOID_UNANSWERED')
    expect(await opened([silent, honest, honest, honest, honest], 1)).toMatchObject({ left: { length: 8 } })
  })
})
