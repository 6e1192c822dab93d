import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HearsayError } from '../../../src/errors.js'
import { Invite, SignedInvite } from '../../../src/gossip/generated/access.js'
import { type CreateInvite, createInvite, inviteLimits, verifyInvite } from '../../../src/gossip/index.js'
import { type Person, person } from './person.js'

const runId = new Uint8Array(32).fill(7)
const now = Date.UTC(2030, 0, 1)
const hour = 3_600_000
const [founder, ada, ben, cyd, dan] = await Promise.all([person(), person(), person(), person(), person()])
const founders = [founder.peerId]

const invite = (by: Person, init: Partial<CreateInvite> = {}): Promise<string> =>
  createInvite({ runId, privateKey: by.privateKey, expiresAt: now + hour, ...init })

/** founder → ada → ben → cyd, each bound to the next. */
async function chain(): Promise<[string, string, string, string]> {
  const first = await invite(founder, { invitee: ada.peerId })
  const second = await invite(ada, { invitee: ben.peerId, parent: first })
  const third = await invite(ben, { invitee: cyd.peerId, parent: second })
  return [first, second, third, await invite(cyd, { invitee: dan.peerId, parent: third })]
}

/** A record signed by `by` whatever is in it. */
async function forged(by: Person, changes: Partial<Invite>): Promise<string> {
  const body = Invite.encode({
    runId,
    inviter: Uint8Array.from(by.privateKey.publicKey.raw),
    expiresAt: (now + hour) / 1000,
    invitee: new Uint8Array(),
    nonce: new Uint8Array(16),
    parent: new Uint8Array(),
    ...changes,
  })
  const signature = Uint8Array.from(await by.privateKey.sign(Buffer.concat([Buffer.from('hearsay invite 1\n'), body])))
  return Buffer.from(SignedInvite.encode({ body, signature })).toString('base64url')
}

describe('an invitation', () => {
  it('of a founder admits whoever has it, until it expires', async () => {
    const token = await invite(founder, { expiresAt: now + 1_999 })
    expect(token).toMatch(/^[\w-]+$/)
    const expected = { admits: undefined, invitedBy: `${founder.peerId}`, founder: `${founder.peerId}`, depth: 1 }
    for (const presentedBy of [ada.peerId, ben.peerId]) {
      expect(await verifyInvite(token, { runId, founders, now, presentedBy })).toEqual({
        ok: true,
        invite: { ...expected, expiresAt: now + 1_000 },
      })
    }
    expect(await verifyInvite(token, { runId, founders, now: now + 999 })).toMatchObject({ ok: true })
    expect(await verifyInvite(token, { runId, founders, now: now + 1_000 })).toEqual({ ok: false, reason: 'EXPIRED' })
    expect(await invite(founder)).not.toBe(await invite(founder))
  })

  it('goes from hand to hand, four at most, and all of that is within its size', async () => {
    const tokens = await chain()
    const bound = [ada, ben, cyd, dan]
    for (const [at, token] of tokens.entries()) {
      const { peerId } = bound[at]!
      expect(await verifyInvite(token, { runId, founders, now, presentedBy: peerId })).toMatchObject({
        ok: true,
        invite: { admits: `${peerId}`, founder: `${founder.peerId}`, depth: at + 1 },
      })
    }
    expect(tokens[3].length).toBeLessThanOrEqual(inviteLimits.tokenBytes)
    await expect(invite(dan, { parent: tokens[3] })).rejects.toThrow('yours is the last of 4 in a row')
    const parent = Uint8Array.from(Buffer.from(tokens[3], 'base64url'))
    expect(await verifyInvite(await forged(dan, { parent }), { runId, founders, now })).toEqual({
      ok: false,
      reason: 'TOO_DEEP',
    })
  })

  it('ends with the first in its chain that ends', async () => {
    const short = await invite(founder, { invitee: ada.peerId, expiresAt: now + 1_000 })
    await expect(invite(ada, { parent: short })).rejects.toThrow(
      new HearsayError('USAGE', 'yours ends 2030-01-01T00:00:01.000Z; what comes from it cannot last longer', {
        field: 'invite',
      }),
    )
    const parent = Uint8Array.from(Buffer.from(short, 'base64url'))
    const longer = await forged(ada, { parent })
    expect(await verifyInvite(longer, { runId, founders, now })).toMatchObject({ invite: { expiresAt: now + 1_000 } })
    expect(await verifyInvite(longer, { runId, founders, now: now + 1_000 })).toEqual({ ok: false, reason: 'EXPIRED' })
  })

  it('that is open cannot be passed on: its child would carry it along', async () => {
    const open = await invite(founder)
    await expect(invite(ada, { parent: open })).rejects.toThrow('was not made for your peer id')
    const parent = Uint8Array.from(Buffer.from(open, 'base64url'))
    const child = await forged(ada, { parent })
    expect(await verifyInvite(child, { runId, founders, now })).toEqual({ ok: false, reason: 'BROKEN_CHAIN' })
  })

  it.each([
    ['OVERSIZE', async () => 'A'.repeat(inviteLimits.tokenBytes + 1)],
    ['MALFORMED', async () => ''],
    ['MALFORMED', async () => 'not a token!'],
    ['MALFORMED', async () => (await invite(founder)).slice(0, -8)],
    ['MALFORMED', () => forged(founder, { nonce: new Uint8Array(15) })],
    ['MALFORMED', () => forged(founder, { invitee: new Uint8Array(31) })],
    ['MALFORMED', () => forged(founder, { inviter: new Uint8Array(33) })],
    ['MALFORMED', () => forged(founder, { runId: new Uint8Array(31) })],
    ['WRONG_RUN', () => invite(founder, { runId: new Uint8Array(32) })],
    ['EXPIRED', () => invite(founder, { expiresAt: now })],
    ['WRONG_PEER', () => invite(founder, { invitee: ben.peerId })],
    ['UNKNOWN_FOUNDER', () => invite(ben)],
    ['UNKNOWN_FOUNDER', async () => invite(ada, { parent: await invite(ben, { invitee: ada.peerId }) })],
    [
      'BROKEN_CHAIN',
      async () => forged(ben, { parent: Uint8Array.from(Buffer.from((await chain())[0], 'base64url')) }),
    ],
    ['BAD_SIGNATURE', () => forged(ben, { inviter: Uint8Array.from(founder.privateKey.publicKey.raw) })],
  ] satisfies [string, () => Promise<string>][])('is refused as %s', async (reason, make) => {
    const token = await make()
    expect(await verifyInvite(token, { runId, founders, now, presentedBy: ada.peerId })).toEqual({ ok: false, reason })
  })

  it('is refused as BAD_SIGNATURE when any link was signed by another', async () => {
    const { body } = SignedInvite.decode(Buffer.from((await chain())[0], 'base64url'))
    const stolen = SignedInvite.encode({ body, signature: new Uint8Array(64).fill(1) })
    const token = await forged(ada, { parent: Uint8Array.from(stolen) })
    expect(await verifyInvite(token, { runId, founders, now })).toEqual({ ok: false, reason: 'BAD_SIGNATURE' })
  })

  it.each([-1, Number.NaN, 2 ** 32 * 1000, Number.POSITIVE_INFINITY])('cannot end at %d', async expiresAt => {
    await expect(invite(founder, { expiresAt })).rejects.toThrow('invite: it must end between 1970 and 2106')
  })

  it('is read from any bytes without an error, and no changed byte passes', async () => {
    const [, , token] = await chain()
    const bytes = Buffer.from(token, 'base64url')
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.uint8Array({ maxLength: 3000 })), async any => {
        expect((await verifyInvite(any, { runId, founders, now })).ok).toBe(false)
      }),
    )
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const changed = Uint8Array.from(bytes)
        changed[at]! ^= change
        expect((await verifyInvite(changed, { runId, founders, now })).ok).toBe(false)
      }),
      { numRuns: 300 },
    )
  })
})
