import { setTimeout } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  createHandover,
  createPresence,
  createState,
  digestOf,
  type HearsayHost,
  type Presence,
  presenceProtocol,
  type Standing,
  type StatePayload,
} from '../../../src/gossip/index.js'
import { parseManifest } from '../../../src/node/index.js'
import { createOpenRun, type OpenRun, type OpenRunInit } from '../../../src/node/membership/open-run.js'
import { layoutOf } from '../../../src/tensors/index.js'
import { createTopology, topologySchema } from '../../../src/topology/index.js'
import { connect, never, startHost, until } from '../../gossip/hosts.js'

const runId = new Uint8Array(32).fill(9)
const layout = layoutOf([{ name: 'dense/kernel', shape: [20] }])
const manifest = parseManifest({ rounds: 10, limits: { joinSeconds: 0.5 } })
const topology = topologySchema.parse('full')

interface Side {
  readonly host: HearsayHost
  readonly id: string
  readonly presence: Presence
  readonly open: OpenRun
  readonly parameters: Float32Array
  /** The run as it sees it in another life, in which it is the same to the others. */
  again(init: Partial<OpenRunInit>): OpenRun
  /** What it gives to newcomers: a head of all the same number, sent in this round and, unless it lies, signed for. */
  has(round: number, value: number, signed?: number): Promise<void>
}

async function startSide(name: string, init: Partial<OpenRunInit> = {}): Promise<Side> {
  const host = await startHost()
  let kept: StatePayload | undefined
  let said: Pick<Standing, 'head'> | undefined
  const presence: Presence = createPresence({
    runId,
    rounds: manifest.rounds,
    name,
    beatMs: presenceProtocol.beatMs,
    repeatMs: 50,
    standing: () => ({ ...open.standing(), ...said, addresses: host.getMultiaddrs(), leaving: false }),
    onReport: (peer, report) => open.learn(peer, report),
  })({ node: host })
  const handover = createHandover({ runId, layout, normLimit: 1e6, admit: () => undefined })({ node: host })
  const parameters = new Float32Array(layout.size)
  const given: OpenRunInit = {
    self: 0,
    name,
    runId,
    addresses: () => [],
    node: host,
    presence,
    heads: handover,
    handed: () => kept,
    parameters,
    head: { start: 0, end: layout.size, layout },
    // What a head is worth is how near its number is to nothing.
    loss: async () => Math.abs(parameters[0]!),
    lossLimit: 1_000,
    topologyOf: peers => createTopology(topology, peers, 1),
    manifest,
    round: 0,
    reached: 0,
    samples: 100,
    hasBegun: false,
    minPeers: 2,
    looksFor: false,
    ...init,
  }
  const open: OpenRun = createOpenRun(given)
  const state = createState({ runId, manifest: new Uint8Array(1), head: () => kept, view: () => new Uint8Array(1) })({
    node: host,
  })
  await handover.start()
  await state.start()
  await presence.start()
  onTestFinished(async () => {
    await presence.stop()
    await state.stop()
    await handover.stop()
  })
  return {
    host,
    id: host.peerId.toString(),
    presence,
    open,
    parameters,
    again: changes => createOpenRun({ ...given, ...changes }),
    async has(round, value, signed = value) {
      const payload = async (number: number): Promise<StatePayload> => {
        const bytes = Uint8Array.from(await handover.encode(new Float32Array(layout.size).fill(number)))
        return { bytes, digest: await digestOf(bytes), round }
      }
      kept = await payload(value)
      said = { head: { round, digest: (await payload(signed)).digest } }
      await presence.publish({ round, samples: 1 })
    },
  }
}

async function all<Event>(events: AsyncIterable<Event>): Promise<Event[]> {
  const seen: Event[] = []
  for await (const event of events) seen.push(event)
  return seen
}

/** Everybody knows everybody. */
async function met(sides: readonly Side[]): Promise<void> {
  for (const [place, side] of sides.entries())
    for (const other of sides.slice(place + 1)) await connect(side.host, other.host)
  const ids = sides.map(({ id }) => id)
  await Promise.all(sides.map(({ presence }) => presence.waitFor(ids, AbortSignal.timeout(30_000))))
}

/** A record may be spoken again between the new head and the new round in it. */
function hasHeard({ presence }: Side, peer: string, round: number): boolean {
  const report = presence.heard().get(peer)
  return report?.head?.round === round && report.round === round
}

describe('a peer that has agreed on another sum', () => {
  const sum = (byte: number) => () => new Uint8Array(32).fill(byte)

  it('takes part in no round with us, is told of once, and nothing of it is taken over', async () => {
    const [basel, bern, zug] = await Promise.all([
      startSide('basel', { sumDigest: sum(1) }),
      startSide('bern', { sumDigest: sum(2) }),
      // Who has not said yet is no liar.
      startSide('zug'),
    ])
    await met([basel!, bern!, zug!])
    const namesIn = ({ open }: Side): string[] => open.federation.at(0).members.map(({ name }) => name)
    expect(namesIn(basel!).sort()).toEqual(['basel', 'zug'])
    expect(namesIn(bern!).sort()).toEqual(['bern', 'zug'])
    expect(namesIn(zug!)).toHaveLength(3)
    expect([bern!, zug!].map(({ id }) => basel!.open.isUnlike(id))).toEqual([true, false])
    expect(basel!.open.newlyUnlike()).toEqual({ peers: [{ peer: bern!.id, name: 'bern' }], isMost: false })
    expect(basel!.open.newlyUnlike()).toBeUndefined()
    await basel!.open.whenElsewhere(bern!.id, 0, never)
    await bern!.has(8, 1)
    await until(() => hasHeard(basel!, bern!.id, 8))
    expect(await basel!.open.catchUp(0, never)).toBe(0)
  })

  it('is told of again once its record was forgotten: no more is remembered than there are records', async () => {
    const [basel, bern] = await Promise.all([
      startSide('basel', { sumDigest: sum(1) }),
      startSide('bern', { sumDigest: sum(2) }),
    ])
    await met([basel!, bern!])
    let isForgotten = false
    const { presence } = basel!
    const open = basel!.again({
      presence: {
        ...presence,
        live: () => (isForgotten ? [] : presence.live()),
        heard: () => (isForgotten ? new Map() : presence.heard()),
      },
    })
    const told = (): number | undefined => open.newlyUnlike()?.peers.length
    expect([told(), told()]).toEqual([1, undefined])
    isForgotten = true
    expect(told()).toBeUndefined()
    isForgotten = false
    expect(told()).toBe(1)
  })

  it('is most of the others where it is oneself that differs', async () => {
    const sides = await Promise.all(
      ['basel', 'bern', 'zug'].map((name, at) => startSide(name, { sumDigest: sum(Math.min(at, 1)) })),
    )
    await met(sides)
    const peers = sides.slice(1).map(({ id }, at) => ({ peer: id, name: at === 0 ? 'bern' : 'zug' }))
    expect(sides[0]!.open.newlyUnlike()).toEqual({ peers, isMost: true })
  })
})

describe('gathering', () => {
  it('waits until enough are there, who may come long after they were asked for', async () => {
    const [first, second] = await Promise.all(['basel', 'bern'].map(name => startSide(name)))
    const gathered = Promise.all([first!, second!].map(({ open }) => all(open.gather(never))))
    // Both have asked by now, and nobody has heard it.
    await setTimeout(200)
    await connect(first!.host, second!.host)
    for (const [place, events] of (await gathered).entries()) {
      const named = [first!, second!].map(({ id }, at) => ({ peer: id, name: at === 0 ? 'basel' : 'bern' }))
      const live = place === 0 ? named : named.reverse()
      expect(events).toEqual([
        { type: 'waiting', live: live.slice(0, 1), wanted: 2 },
        { type: 'waiting', live, wanted: 2 },
        { type: 'joined', heard: 1, missing: [] },
      ])
    }
  })

  it('for nobody in particular ends after joinSeconds, whatever the garbage collector does meanwhile', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const { open } = await startSide('basel', { hasBegun: true, round: 4, minPeers: 1, looksFor: true })
    const gathered = all(open.gather(never))
    for (let turn = 0; turn < 5; turn++) {
      await setTimeout(50)
      collect()
    }
    expect((await gathered).at(-1)).toEqual({ type: 'joined', heard: 0, missing: [] })
    // Alone it goes on where it was.
    expect(await open.catchUp(4, never)).toBe(4)
    expect(open.standing().from).toBe(4)
  })

  it('of one who comes back with masks is a round that it cannot have masked for', async () => {
    const masked = { ...manifest, masks: { dropout: 'void', allowPairs: false } as const }
    const back = await Promise.all(
      [4, 6].map(reached =>
        startSide(`peer-${reached}`, { hasBegun: true, round: 4, reached, minPeers: 2, manifest: masked }),
      ),
    )
    await met(back)
    await Promise.all(back.map(({ open }) => all(open.gather(never))))
    // Round 4 may have been under way; the other resumes with an earlier model than its last.
    expect(await back[0]!.open.catchUp(4, never)).toBe(5)
    expect(await back[1]!.open.catchUp(4, never)).toBe(7)
    expect(back.map(({ open }) => open.standing().from)).toEqual([5, 7])
  })

  it('of one who comes back waits for as many as at the start, but not once somebody is under way', async () => {
    const back = await Promise.all(
      ['basel', 'bern'].map(name => startSide(name, { hasBegun: true, round: 4, minPeers: 3 })),
    )
    await met(back)
    let isOver = false
    const gathered = all(back[0]!.open.gather(never)).then(events => {
      isOver = true
      return events
    })
    await until(() => back[1]!.presence.heard().get(back[0]!.id) !== undefined)
    // The other waits too: it takes part in no round.
    await back[1]!.has(3, 1)
    await until(() => hasHeard(back[0]!, back[1]!.id, 3))
    expect(isOver).toBe(false)
    const underWay = await startSide('zug')
    await connect(underWay.host, back[0]!.host)
    await underWay.has(8, 1)
    expect((await gathered).at(-1)).toMatchObject({ type: 'joined' })
    expect(await back[0]!.open.catchUp(4, never)).toBe(9)
  })

  it('ends at once where nobody is waited for, and there is nobody to look for', async () => {
    const { open, id } = await startSide('basel', { hasBegun: true, round: 4, minPeers: 1 })
    expect(await all(open.gather(never))).toEqual([
      { type: 'waiting', live: [{ peer: id, name: 'basel' }], wanted: 1 },
      { type: 'joined', heard: 0, missing: [] },
    ])
  })

  it('ends with its signal, and when its presence is stopped', async () => {
    const { open, presence } = await startSide('basel')
    const reason = new Error('enough')
    const control = new AbortController()
    const gathered = all(open.gather(control.signal))
    control.abort(reason)
    await expect(gathered).rejects.toBe(reason)
    const other = all(open.gather(never))
    await setTimeout(20)
    await presence.stop()
    await expect(other).rejects.toThrow('stopped')
  })
})

describe('who comes late', () => {
  it('takes part in no round until it knows in which, then takes over a head that its owner has signed', async () => {
    const replaced: Float32Array[] = []
    const onReplaced = (own: Float32Array): void => void replaced.push(own)
    const [old, late] = [await startSide('basel'), await startSide('late', { hasBegun: true, onReplaced })]
    await met([old, late])
    late.parameters.fill(7)
    expect(late.open.standing().from).toBe(manifest.rounds)
    await old.has(5, 0.25)
    await until(() => hasHeard(late, old.id, 5))
    expect(old.open.federation.at(6).members).toHaveLength(1)
    expect(await late.open.catchUp(0, never)).toBe(6)
    expect([...late.parameters]).toEqual(Array(layout.size).fill(0.25))
    // To go back to, where training diverges on that.
    expect(replaced.map(own => [...own])).toEqual([Array(layout.size).fill(7)])
    expect(late.open.standing().from).toBe(6)
    // Told, the others count on it from there.
    await until(() => old.open.federation.at(6).members.length === 2)
    expect(old.open.federation.at(5).members).toHaveLength(1)
    // Once there, one round's difference is nothing to catch up with.
    await old.has(6, 0.5)
    await until(() => hasHeard(late, old.id, 6))
    expect(await late.open.catchUp(6, never)).toBe(6)
    expect(late.parameters[0]).toBe(0.25)
    expect(replaced).toHaveLength(1)
  })

  it('does not take a head that is not what its owner signed, and takes another’s', async () => {
    const [liar, honest, late] = [
      await startSide('liar'),
      await startSide('honest'),
      await startSide('late', { hasBegun: true }),
    ]
    await met([liar, honest, late])
    await liar.has(6, 666, 0.5)
    await until(() => hasHeard(late, liar.id, 6))
    // The liar alone: it begins where the others are, with what it has.
    expect(await late.open.catchUp(0, never)).toBe(7)
    expect([...late.parameters]).toEqual(Array(layout.size).fill(0))
    await honest.has(8, 0.75)
    await liar.has(8, 666, 0.5)
    await until(() => [liar, honest].every(({ id }) => hasHeard(late, id, 8)))
    expect(await late.open.catchUp(7, never)).toBe(9)
    expect([...late.parameters]).toEqual(Array(layout.size).fill(0.75))
  })
})

describe('who comes late among liars', () => {
  it('takes of a few heads the one that is best on its own samples, whoever is first', async () => {
    const [liar, honest, late] = [
      await startSide('liar'),
      await startSide('honest'),
      await startSide('late', { hasBegun: true }),
    ]
    await met([liar, honest, late])
    // Signed and finite; of the same round, so that either may be asked first.
    await liar.has(6, 666)
    await honest.has(6, 0.5)
    await until(() => [liar, honest].every(({ id }) => hasHeard(late, id, 6)))
    expect(await late.open.catchUp(0, never)).toBe(7)
    expect(late.parameters[0]).toBe(0.5)
  })

  it('keeps its own where the only one there would break it', async () => {
    const [liar, late] = [await startSide('liar'), await startSide('late', { hasBegun: true })]
    await met([liar, late])
    await liar.has(7, 1_001)
    await until(() => hasHeard(late, liar.id, 7))
    expect(await late.open.catchUp(0, never)).toBe(8)
    expect([...late.parameters]).toEqual(Array(layout.size).fill(0))
  })
})

describe('all who come back at once', () => {
  it('begin with the same round: that of most of them, whatever a few say', async () => {
    // Killed in the middle of rounds 4 to 6; the liar says that it was at the end of the run.
    const ended = [3, 4, 4, 5, 9]
    const sides = await Promise.all(
      ended.map((round, at) => startSide(`peer-${at}`, { hasBegun: true, round: round + 1, minPeers: ended.length })),
    )
    await met(sides)
    for (const [at, side] of sides.entries()) {
      side.parameters.fill(at)
      await side.has(ended[at]!, at)
    }
    const isKnown = (side: Side, at: number): boolean =>
      side.presence.heard().get(sides[at]!.id)?.head?.round === ended[at]
    await until(() => sides.every((side, own) => ended.every((_, at) => at === own || isKnown(side, at))))
    const rounds = await Promise.all(sides.map(({ open }, at) => open.catchUp(ended[at]! + 1, never)))
    expect(rounds).toEqual([5, 5, 5, 5, 5])
    // One round apart, everybody keeps its model; who goes back says so, that nobody thinks its head has been sent.
    expect(sides.map(({ parameters }) => parameters[0])).toEqual([0, 1, 2, 3, 4])
    await until(() => sides[0]!.presence.heard().get(sides[4]!.id)?.round === 4)
  })

  it('take over a head where they were away before', async () => {
    const [old, other, away] = [
      await startSide('old', { hasBegun: true, round: 7 }),
      await startSide('other', { hasBegun: true, round: 7 }),
      await startSide('away', { hasBegun: true, round: 2 }),
    ]
    await met([old, other, away])
    await old.has(6, 0.5)
    await other.has(6, 0.5)
    await away.has(1, 0.25)
    await until(() => [old, other].every(({ id }) => hasHeard(away, id, 6)))
    expect(await away.open.catchUp(2, never)).toBe(7)
    expect(away.parameters[0]).toBe(0.5)
  })
})

describe('a neighbour is elsewhere', () => {
  it('when it has ended the round, is far behind, or has said goodbye', async () => {
    const [self, other] = [await startSide('basel'), await startSide('bern')]
    await met([self, other])
    const elsewhere = async (round: number, ms = 5_000): Promise<boolean> => {
      const deadline = AbortSignal.timeout(ms)
      return self.open.whenElsewhere(other.id, round, deadline).then(
        () => true,
        () => false,
      )
    }
    await other.has(4, 1)
    await until(() => self.presence.heard().get(other.id)?.round === 4)
    expect(await elsewhere(4)).toBe(true)
    expect(await elsewhere(5, 1_500)).toBe(false)
    expect(await elsewhere(8)).toBe(true)
  })
})

describe('newcomers', () => {
  /** Two that are in their third round, and six that come then. */
  async function crowd(
    init: Partial<OpenRunInit> = {},
    ids = new Set<string>(),
  ): Promise<{ readonly old: Side[]; readonly fresh: Side[] }> {
    const old = await Promise.all(['basel', 'bern'].map(name => startSide(name, init)))
    await met(old)
    for (const { open } of old) for (const round of [0, 1, 2]) expect(await open.catchUp(round, never)).toBe(round)
    const fresh = await Promise.all(Array.from({ length: 6 }, (_, at) => startSide(`mallory ${at}`, { round: 2 })))
    for (const { id } of fresh) ids.add(id)
    await met([...old, ...fresh])
    return { old, fresh }
  }
  const namesIn = ({ open }: Side): string[] => open.federation.at(2).members.map(({ name }) => name)

  it('of one inviter get four seats, the same ones with all that know them', async () => {
    const mallorys = new Set<string>()
    const { old, fresh } = await crowd({ inviterOf: peer => (mallorys.has(peer) ? 'mallory' : undefined) }, mallorys)
    const there = old.map(namesIn)
    expect(there[0]).toEqual(there[1])
    expect(there[0]!.filter(name => name.startsWith('mallory'))).toHaveLength(4)
    expect(there[0]).toEqual(expect.arrayContaining(['basel', 'bern']))
    const { members } = old[0]!.open.federation.at(2)
    for (const { name, newcomer } of members) {
      expect(newcomer?.kin).toEqual(name.startsWith('mallory') ? ['mallory'] : undefined)
    }
    expect(fresh).toHaveLength(6)
  })

  it('wait when a peer comes back that knew them, as does who has come meanwhile, whatever that one says', async () => {
    const mallorys = new Set<string>()
    const inviterOf = (peer: string): string | undefined => (mallorys.has(peer) ? 'mallory' : undefined)
    const { old } = await crowd({ inviterOf }, mallorys)
    const back = old[0]!
    const arrivals = back.open.arrivals()
    // Of the run's beginning, it says.
    const meanwhile = await startSide('mallory 6')
    mallorys.add(meanwhile.id)
    await met([...old, meanwhile])
    const open = back.again({ hasBegun: true, round: 2, arrivals })
    expect(await open.catchUp(2, never)).toBe(2)
    const there = open.federation.at(2).members
    expect(there.map(({ name }) => name)).toEqual(namesIn(old[1]!))
    expect(there.filter(({ name }) => name.startsWith('mallory'))).toHaveLength(4)
    // They are on trial as before, and no other is.
    for (const { name, newcomer } of there) expect(newcomer !== undefined).toBe(name.startsWith('mallory'))
    expect(open.arrivals().map(({ peer }) => peer)).toEqual([...arrivals.map(({ peer }) => peer), meanwhile.id])
  })

  it('are none of those that all come back after a power cut, and say that they begin with a later round', async () => {
    const few = { ...manifest, limits: { ...manifest.limits, newcomers: 2 } }
    const sides = await Promise.all(
      ['basel', 'bern', 'genf', 'zug'].map(name => startSide(name, { hasBegun: true, round: 7, minPeers: 4 })),
    )
    await met(sides)
    const arrivals = sides.map(({ id }) => ({ peer: id, since: 0, isDoubtful: false, newMs: 0 }))
    // What one knows that has kept nothing: it would leave some without a seat.
    const [first, ...others] = sides
    const [open, forgetful] = [first!.again({ manifest: few, arrivals }), first!.again({ manifest: few })]
    for (const side of [open, forgetful, ...others.map(other => other.open)]) {
      expect(await side.catchUp(7, never)).toBe(7)
    }
    await until(() => others.every(({ id }) => first!.presence.heard().get(id)!.from === 7))
    const { members } = open.federation.at(7)
    expect(members).toHaveLength(4)
    expect(members.every(({ newcomer }) => newcomer === undefined)).toBe(true)
    expect(forgetful.federation.at(7).members.length).toBeLessThan(4)
  })

  it('are of a network that they do not name, once they were connected from there', async () => {
    const { old } = await crowd()
    let from: string[] = []
    const node = new Proxy(old[0]!.host, {
      get: (host, key) =>
        key === 'getConnections'
          ? () => from.map(address => ({ remoteAddr: multiaddr(address) }))
          : Reflect.get(host, key, host),
    })
    const open = old[0]!.again({ node, round: 2, arrivals: old[0]!.open.arrivals() })
    const kin = (): unknown[] => {
      const newcomers = open.federation.at(2).members.flatMap(({ newcomer }) => newcomer ?? [])
      expect(newcomers).toHaveLength(6)
      return newcomers.map(newcomer => newcomer.kin)
    }
    const all = (...networks: string[]): string[][] => Array(6).fill(networks)
    await open.catchUp(2, never)
    expect(kin()).toEqual(all())
    from = ['/ip4/198.51.7.9/tcp/4001']
    expect(kin()).toEqual(all('198.51.7.0/24'))
    // One that hangs up is who it was.
    from = []
    expect(kin()).toEqual(all('198.51.7.0/24'))
    for (let network = 1; network <= 5; network++) {
      from = [`/ip4/198.51.10${network}.9/tcp/4001`]
      kin()
    }
    expect(kin()).toEqual(all(...[2, 3, 4, 5].map(network => `198.51.10${network}.0/24`)))
  })

  it('draw nobody after them by saying that they are further', async () => {
    const { old, fresh } = await crowd()
    expect(namesIn(old[0]!)).toHaveLength(8)
    for (const side of fresh) await side.has(9, 1)
    await until(() => fresh.every(({ id }) => hasHeard(old[0]!, id, 9)))
    expect(await old[0]!.open.catchUp(2, never)).toBe(2)
  })
})

describe('a report', () => {
  it('makes known where its peer is reached', async () => {
    const { open, host } = await startSide('basel')
    const stranger = await startHost()
    const addresses = [multiaddr('/ip4/192.0.2.1/tcp/4001')]
    const report = { name: 'bern', round: 0, samples: 1, from: 0, leaving: false, share: undefined, head: undefined }
    open.learn(stranger.peerId.toString(), { ...report, addresses })
    for (;;) {
      const known = await host.peerStore.get(stranger.peerId).catch(() => undefined)
      if (known !== undefined) {
        expect(known.addresses.map(({ multiaddr: address }) => address.toString())).toEqual(addresses.map(String))
        break
      }
      await setTimeout(5)
    }
  })
})
