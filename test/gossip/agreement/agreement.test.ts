import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createAgreement } from '../../../src/gossip/agreement/agreement.js'
import { agreementProtocol } from '../../../src/gossip/agreement/protocol.js'
import { decodeStatement, encodeStatement, type Statement } from '../../../src/gossip/agreement/statement.js'
import { decodeSum, encodeSum } from '../../../src/gossip/agreement/sum.js'
import { AgreedSum, AgreementStatement } from '../../../src/gossip/generated/agreement.js'
import type { HearsayHost } from '../../../src/gossip/host/hearsay-host.js'

const thirtyTwo = fc.uint8Array({ minLength: 32, maxLength: 32 })
const { seeds: mostSeeds } = agreementProtocol.limits

describe('what a peer says of a sum', () => {
  const statement: fc.Arbitrary<Statement> = fc.oneof(
    fc.record({ kind: fc.constant('key' as const), key: thirtyTwo }),
    fc.record({
      kind: fc.constant('masked' as const),
      group: thirtyTwo,
      commitment: thirtyTwo,
      part: fc.nat(63),
      bytes: fc.uint8Array({ maxLength: 100 }),
    }),
    fc.record({
      kind: fc.constant('seeds' as const),
      group: thirtyTwo,
      transcript: thirtyTwo,
      seeds: fc.array(thirtyTwo, { minLength: 1, maxLength: 5 }),
    }),
  )

  it('is read as it was written', () => {
    fc.assert(
      fc.property(statement, said => {
        expect(decodeStatement(encodeStatement(said))).toEqual(said)
      }),
    )
  })

  it('is read or refused, never thrown at, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        const said = decodeStatement(bytes)
        if (said !== undefined) expect(decodeStatement(encodeStatement(said))).toEqual(said)
      }),
    )
    fc.assert(
      fc.property(statement, fc.nat(), fc.nat(255), (said, at, byte) => {
        const bytes = encodeStatement(said)
        bytes[at % bytes.length] = byte
        expect(() => decodeStatement(bytes)).not.toThrow()
      }),
    )
  })

  const of = (length: number, byte = 1): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(byte)
  it.each([
    ['a key of 31 bytes', { key: of(31) }],
    ['a key for a group', { key: of(32), group: of(32) }],
    ['a group of 33 bytes', { group: of(33), commitment: of(32) }],
    ['no commitment', { group: of(32) }],
    ['a seed of 31 bytes', { group: of(32), transcript: of(32), seeds: [of(31)] }],
    ['seeds without a transcript', { group: of(32), seeds: [of(32)] }],
    ['nothing', {}],
  ])('is refused with %s', (_, message) => {
    expect(decodeStatement(AgreementStatement.encode(message))).toBeUndefined()
  })

  it(`has at most ${mostSeeds} seeds`, () => {
    const seeds = (count: number): Uint8Array =>
      encodeStatement({
        kind: 'seeds',
        group: of(32),
        transcript: of(32),
        seeds: Array.from({ length: count }, () => of(32)),
      })
    expect(decodeStatement(seeds(mostSeeds))).toMatchObject({ kind: 'seeds' })
    expect(decodeStatement(seeds(mostSeeds + 1))).toBeUndefined()
  })
})

describe('a sum that is handed on', () => {
  const total = Uint8Array.of(1, 2, 3)

  it('is read as it was written, by who knows how long it is', () => {
    const sum = { members: ['a', 'b'], total }
    expect(decodeSum(encodeSum(sum), 3)).toEqual(sum)
    expect(decodeSum(encodeSum(sum), 4)).toBeUndefined()
    expect(decodeSum(encodeSum({ members: [], total }), 3)).toBeUndefined()
  })

  it('has no more members than can take part', () => {
    const members = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`)
    expect(decodeSum(AgreedSum.encode({ members: members(mostSeeds), total }), 3)?.members).toHaveLength(mostSeeds)
    expect(decodeSum(AgreedSum.encode({ members: members(mostSeeds + 1), total }), 3)).toBeUndefined()
  })

  it('is read or refused, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        expect(() => decodeSum(bytes, 3)).not.toThrow()
      }),
    )
  })
})

describe('a peer that is to agree', () => {
  it('waits on for others, however long nobody is there, and says its key', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const said: unknown[] = []
    const pubsub = {
      topicValidators: new Map(),
      score: { rejectInvalidMessage() {} },
      subscribe() {},
      unsubscribe() {},
      addEventListener() {},
      removeEventListener() {},
      async publish(_: string, data: Uint8Array) {
        said.push(decodeStatement(data)?.kind)
        return { recipients: [] }
      },
    }
    const node = { peerId: { toString: () => 'anna' }, services: { pubsub } } as unknown as HearsayHost
    const agreement = createAgreement({
      runId: new Uint8Array(32),
      own: new Uint8Array(8),
      widths: [8],
      smallest: 2,
      live: () => [],
    })({ node })
    agreement.start()
    const control = new AbortController()
    const agreeing = agreement.agree(control.signal)
    await vi.advanceTimersByTimeAsync(3 * agreementProtocol.silenceMs)
    expect(said.length).toBeGreaterThan(10)
    expect(new Set(said)).toEqual(new Set(['key']))
    control.abort(new Error('nobody came'))
    await expect(agreeing).rejects.toThrow('nobody came')
    agreement.stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
