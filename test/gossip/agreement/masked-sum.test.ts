import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MaskedSum } from '../../../src/gossip/agreement/masked-sum.js'
import { addModular } from '../../../src/gossip/agreement/modular.js'
import type { Statement } from '../../../src/gossip/agreement/statement.js'
import { createMaskKey } from '../../../src/gossip/masks/mask.js'

const runId = new Uint8Array(32).fill(7)
const widths = [1, 3]
const names = ['anna', 'bert', 'carl', 'dora', 'emil']

/** Numbers of a peer: three of each width. */
const numbersOf = (peer: number): Uint8Array => Uint8Array.from({ length: 12 }, (_, i) => (peer + 1) * (i * 37 + 11))

function summed(peers: readonly number[]): Uint8Array {
  const total = new Uint8Array(12)
  for (const peer of peers) addModular(total, numbersOf(peer), widths, 1)
  return total
}

function machine(peer: number, smallest = 2): MaskedSum {
  return new MaskedSum({ self: names[peer]!, runId, own: numbersOf(peer), widths, partBytes: 5, smallest })
}

/** All say and hear all until nothing changes any more. */
function settle(
  machines: ReadonlyMap<number, MaskedSum>,
  drop = (_from: number, _statement: Statement) => false,
): void {
  for (let turn = 0; turn < 8; turn++) {
    for (const [from, speaker] of machines) {
      for (const statement of speaker.statements()) {
        if (drop(from, statement)) continue
        for (const [to, hearer] of machines) if (to !== from) hearer.receive(names[from]!, statement)
      }
    }
  }
}

function meet(peers: readonly number[]): Map<number, MaskedSum> {
  const machines = new Map(peers.map(peer => [peer, machine(peer)]))
  for (const one of machines.values()) one.setLive(peers.map(peer => names[peer]!))
  return machines
}

function sumsOf(machines: ReadonlyMap<number, MaskedSum>): unknown[] {
  return [...machines.values()].map(({ sum }) => sum && { members: sum.members, total: [...sum.total] })
}

describe('numbers of some width', () => {
  it('are added and taken off modulo their size, each for itself', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 12, maxLength: 12 }),
        fc.uint8Array({ minLength: 12, maxLength: 12 }),
        (a, b) => {
          const sum = a.slice()
          addModular(sum, b, widths, 1)
          const at = (bytes: Uint8Array, from: number, width: number): bigint =>
            bytes.subarray(from, from + width).reduceRight((value, byte) => (value << 8n) + BigInt(byte), 0n)
          for (let from = 0; from < 12; from += 4) {
            expect(at(sum, from, 1)).toBe((at(a, from, 1) + at(b, from, 1)) % 256n)
            expect(at(sum, from + 1, 3)).toBe((at(a, from + 1, 3) + at(b, from + 1, 3)) % 2n ** 24n)
          }
          addModular(sum, b, widths, -1)
          expect(sum).toEqual(a)
        },
      ),
    )
  })
})

describe('a masked sum', () => {
  it('is exact, and the same for all', () => {
    const machines = meet([0, 1, 2, 3])
    settle(machines)
    const sum = { members: names.slice(0, 4), total: [...summed([0, 1, 2, 3])] }
    expect(sumsOf(machines)).toEqual([sum, sum, sum, sum])
  })

  it('shows nothing of what a peer has: its numbers travel masked, otherwise each time', () => {
    const seen = [0, 1].map(() => {
      const machines = meet([0, 1, 2])
      let masked: number[] = []
      settle(machines, (from, statement) => {
        if (from === 0 && statement.kind === 'masked' && statement.part === 0) masked = [...statement.bytes]
        return false
      })
      return masked
    })
    expect(seen[0]).not.toEqual(seen[1])
    for (const masked of seen) expect(masked).not.toEqual([...numbersOf(0).subarray(0, 5)])
  })

  it('of one or of two gives each away to the other, and is not made of fewer than are wanted', () => {
    const alone = machine(0, 1)
    alone.setLive([])
    expect([...alone.sum!.total]).toEqual([...numbersOf(0)])
    const waiting = machine(0, 2)
    waiting.setLive([])
    expect(waiting.sum).toBeUndefined()
  })

  it('begins again without a member that has gone before all numbers were there, and never opens the first group', () => {
    const machines = meet([0, 1, 2])
    const told = new Map<number, number>()
    // Carl says its key and no numbers.
    settle(machines, (from, statement) => {
      if (statement.kind === 'seeds') told.set(from, (told.get(from) ?? 0) + 1)
      return from === 2 && statement.kind === 'masked'
    })
    expect(sumsOf(machines)).toEqual([undefined, undefined, undefined])
    expect(told.has(0) || told.has(1)).toBe(false)
    expect(machines.get(0)!.missing()).toEqual(['carl'])
    for (const peer of [0, 1]) machines.get(peer)!.setLive(['anna', 'bert'])
    machines.delete(2)
    settle(machines)
    const sum = { members: ['anna', 'bert'], total: [...summed([0, 1])] }
    expect(sumsOf(machines)).toEqual([sum, sum])
  })

  it('passes on the seed of a member that has gone, so that nobody is left without the sum', () => {
    const machines = meet([0, 1, 2])
    // What carl says last reaches anna alone.
    settle(machines, (from, statement) => {
      if (from !== 2 || statement.kind !== 'seeds') return from === 0 && statement.kind === 'seeds'
      machines.get(0)!.receive('carl', statement)
      return true
    })
    expect(machines.get(0)!.sum).toBeDefined()
    expect(machines.get(1)!.sum).toBeUndefined()
    machines.get(1)!.setLive(['anna', 'bert'])
    machines.delete(2)
    settle(machines)
    expect(sumsOf(machines)[1]).toEqual(sumsOf(machines)[0])
  })

  it('leaves out who says different numbers to different peers', () => {
    const machines = meet([0, 1, 2])
    const forged = (statement: Statement): Statement =>
      statement.kind === 'masked' ? { ...statement, bytes: statement.bytes.map(byte => byte + 1) } : statement
    const reasons: unknown[] = []
    for (let turn = 0; turn < 8; turn++) {
      for (const [from, speaker] of machines) {
        for (const statement of speaker.statements()) {
          for (const [to, hearer] of machines) {
            if (to === from) continue
            const heard = from === 2 && to === 1 ? forged(statement) : statement
            hearer.receive(names[from]!, heard)
            // Gossip brings both everywhere.
            if (from === 2 && turn > 0)
              reasons.push(hearer.receive('carl', forged(statement)), hearer.receive('carl', statement))
          }
        }
      }
    }
    expect(reasons).toContain('CONFLICT')
    const sum = { members: ['anna', 'bert'], total: [...summed([0, 1])] }
    expect(sumsOf(machines).slice(0, 2)).toEqual([sum, sum])
  })

  it('refuses what nobody honest says', () => {
    const machines = meet([0, 1])
    const one = machines.get(0)!
    const group = new Uint8Array(32)
    const masked = { kind: 'masked', group, commitment: group, part: 0, bytes: new Uint8Array(5) } as const
    expect(one.receive('bert', { kind: 'key', key: new Uint8Array(32) })).toBe('MALFORMED')
    expect(one.receive('bert', { ...masked, part: 3 })).toBe('MALFORMED')
    expect(one.receive('bert', { ...masked, bytes: new Uint8Array(4) })).toBe('MALFORMED')
    expect(one.receive('bert', { ...masked, group: new Uint8Array(31) })).toBe('MALFORMED')
    expect(one.receive('bert', masked)).toBeUndefined()
    expect(one.receive('bert', masked)).toBeUndefined()
    expect(one.receive('bert', { ...masked, bytes: new Uint8Array(5).fill(1) })).toBe('CONFLICT')
    for (let i = 0; i < 16; i++)
      expect(one.receive('carl', { kind: 'key', key: createMaskKey().publicKey })).toBeUndefined()
    expect(one.receive('carl', { kind: 'key', key: createMaskKey().publicKey })).toBe('TOO_OFTEN')
  })

  it('takes no seed that was not committed to', () => {
    const machines = meet([0, 1])
    const [a, b] = [machines.get(0)!, machines.get(1)!]
    for (const statement of b.statements()) a.receive('bert', statement)
    for (const statement of a.statements()) b.receive('anna', statement)
    for (const statement of b.statements()) if (statement.kind !== 'seeds') a.receive('bert', statement)
    const told = a.statements().find(statement => statement.kind === 'seeds')!
    expect(told.kind).toBe('seeds')
    expect(a.receive('bert', { ...told, seeds: [new Uint8Array(32)] } as Statement)).toBe('MALFORMED')
    expect(a.sum).toBeUndefined()
  })
})

describe('peers that vanish at any moment, with messages late, twice and in any order', () => {
  it('leave the others with one sum, of all who are in it', () => {
    const step = fc.record({ from: fc.nat(4), to: fc.nat(4), statement: fc.nat(5) })
    const plan = fc.record({
      peers: fc.integer({ min: 2, max: 5 }),
      steps: fc.array(step, { maxLength: 120 }),
      gone: fc.array(fc.record({ peer: fc.nat(4), after: fc.nat(119) }), { maxLength: 3 }),
    })
    fc.assert(
      fc.property(plan, ({ peers, steps, gone }) => {
        const all = Array.from({ length: peers }, (_, peer) => peer)
        const machines = new Map(all.map(peer => [peer, machine(peer, 1)]))
        const alive = new Set(all)
        const seen = (): void => {
          for (const peer of alive) machines.get(peer)!.setLive([...alive].map(at => names[at]!))
        }
        seen()
        for (const [at, { from, to, statement }] of steps.entries()) {
          for (const { peer, after } of gone) if (after === at && alive.size > 1) alive.delete(peer)
          if (at % 7 === 0) seen()
          if (!alive.has(from) || !alive.has(to) || from === to) continue
          const said = machines.get(from)!.statements()
          const one = said[statement % Math.max(1, said.length)]
          if (one !== undefined) machines.get(to)!.receive(names[from]!, one)
        }
        seen()
        const left = new Map([...machines].filter(([peer]) => alive.has(peer)))
        settle(left)
        const [first, ...others] = sumsOf(left) as { members: string[]; total: number[] }[]
        expect(first).toBeDefined()
        for (const other of others) expect(other).toEqual(first)
        expect(first!.total).toEqual([...summed(first!.members.map(name => names.indexOf(name)))])
        for (const peer of alive) expect(first!.members).toContain(names[peer])
      }),
      { numRuns: 150 },
    )
  })
})
