import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadOrCreateIdentity } from '../../src/disk/index.js'
import { createHost, presenceTopic, requestState } from '../../src/gossip/index.js'
import { type Identity, parseJoinAddress } from '../../src/node/index.js'
import { hearsay, readJson, temporaryFolder } from '../e2e/hearsay.js'
import {
  endlessField,
  eventsSoFar,
  interrupt,
  joinPeer,
  manifestFile,
  only,
  resumePeer,
  startPeer,
  summaryOf,
  until,
} from '../e2e/peers.js'
import { type Person, person } from '../e2e/person.js'

interface Door {
  readonly name: string
  /** What the manifest has for it, and the flags of those who are let in. */
  open(host: Person, guest: Person, folder: string): Promise<{ fields: object; start: string[]; join: string[] }>
  /** Flags of those who are not, once the run is on, and what they are told. */
  strangers(host: Person, guest: Person, folder: string): Promise<{ args: string[]; says: RegExp }[]>
  /** What the members then have counted. */
  readonly counted: readonly string[]
}

const newKey = async (path: string): Promise<string> => {
  expect((await hearsay(['key', 'new', '--out', path])).status).toBe(0)
  return path
}

const invited = async (by: Person, ...more: string[]): Promise<string> => {
  const { status, stdout, stderr } = await hearsay(['invite', '--resume', by.out, ...more])
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringMatching(/^Admits .+\n$/) })
  return stdout.trim()
}

const doors: readonly Door[] = [
  {
    name: 'a network key',
    async open(_host, _guest, folder) {
      const key = await newKey(join(folder, 'ours.key'))
      return { fields: {}, start: ['--key', key], join: ['--key', key] }
    },
    strangers: async (_host, _guest, folder) => [
      { args: [], says: /was reached and broke off the handshake; its network has a key/ },
      {
        args: ['--key', await newKey(join(folder, 'other.key'))],
        says: /its network key is another than \w{4}-\w{4}-\w{4}-\w{4} \(.*other\.key\): compare/,
      },
    ],
    counted: [],
  },
  {
    name: 'a list of peers',
    async open(host, guest, folder) {
      const list = join(folder, 'members.txt')
      await writeFile(list, `# who may\n${host.id}\n\n${guest.id} # the guest\n`)
      return { fields: {}, start: ['--allow', list], join: ['--allow', list] }
    },
    strangers: async () => [{ args: [], says: /list/ }],
    counted: ['ACCESS_INBOUND'],
  },
  {
    name: 'invitations',
    async open(host) {
      return { fields: { access: { founders: [host.id] } }, start: [], join: [] }
    },
    strangers: async (host, guest) => [
      { args: [], says: /it is there and does not answer; if its run has a list or is by invitation/ },
      { args: ['--invite', await invited(host, '--to', guest.id)], says: /it is for another peer id/ },
    ],
    counted: ['ACCESS_TIMEOUT', 'ACCESS_WRONG_PEER'],
  },
]

/** Tries all that a stranger who has the address can, by libp2p alone. */
async function pry(address: string, { privateKey }: Identity): Promise<void> {
  const { address: to, runId } = parseJoinAddress(address)
  const host = await createHost({ privateKey, transport: 'tcp', listen: [], field: { autoNat: false } })
  try {
    await host.start()
    const topic = presenceTopic(runId!)
    host.services.pubsub!.subscribe(topic)
    const signal = AbortSignal.timeout(30_000)
    for (const question of [
      { what: 'MANIFEST', limitBytes: 1e6 },
      { what: 'VIEW', runId: runId!, limitBytes: 1e6 },
      { what: 'HEAD', runId: runId!, limitBytes: 1e6 },
    ] as const)
      await expect(requestState(host, to, question, signal)).rejects.toThrow()
    signal.throwIfAborted()
    expect(host.services.pubsub!.getSubscribers(topic)).toEqual([])
    await until(() => host.getConnections().length === 0)
  } finally {
    await host.stop()
  }
}

// Most of their time is waiting: all doors at once.
describe.concurrent.each(doors)('a run closed by $name', ({ open, strangers, counted }) => {
  it('is for those who have it, and for nobody else', async () => {
    const folder = await temporaryFolder()
    const [host, guest, stranger] = [
      await person(folder, 'host'),
      await person(folder, 'guest'),
      await person(folder, 'stranger'),
    ]
    const { fields, start, join: more } = await open(host, guest, folder)
    const first = startPeer(await manifestFile({ ...endlessField, ...fields }), host.out, start)
    const address = await first.address
    const token = 'access' in fields ? ['--invite', await invited(host, '--to', guest.id, '--days', '1')] : []
    const second = joinPeer(address, guest.out, [...more, ...token])
    await until(() => only(eventsSoFar(guest.out), 'exchanged').some(({ received }) => received.length > 0))

    // A head is there to be had.
    const tries = (await strangers(host, guest, folder)).map(async ({ args, says }, at) => {
      const { out } = at === 0 ? stranger : await person(folder, `stranger-${at}`)
      const { status, stdout, stderr } = await joinPeer(address, out, args).running.ended
      expect({ args, status, stdout }).toEqual({ args, status: 2, stdout: '' })
      expect(stderr).toMatch(/^error: .+\n$/)
      expect(stderr).toMatch(says)
      expect(await readdir(out)).toEqual(['identity.key'])
    })
    await Promise.all(tries)
    await pry(address, await loadOrCreateIdentity(join(stranger.out, 'identity.key')))

    // Whoever has it was not disturbed, and comes back with what it remembers.
    const before = await readJson(join(guest.out, 'peer.json'))
    expect((await stat(join(guest.out, 'peer.json'))).mode & 0o777).toBe(0o600)
    await interrupt([second])
    expect((await summaryOf(guest.out)).id).toBe(guest.id)
    const events = eventsSoFar(guest.out).length
    const back = resumePeer('join', guest.out)
    await until(() =>
      only(eventsSoFar(guest.out).slice(events), 'exchanged').some(({ received }) => received.length > 0),
    )
    expect(await readJson(join(guest.out, 'peer.json'))).toEqual(before)
    await interrupt([back, first])
    const { rejected } = await summaryOf(host.out)
    for (const reason of counted) expect(rejected[reason]).toBeGreaterThan(0)
    const met = only(eventsSoFar(host.out), 'members').flatMap(({ members }) => members.map(({ peer }) => peer))
    expect(met).not.toContain(stranger.id)
  })
})

describe('an invitation', () => {
  it('can be passed on by whom it names, and only by them', async () => {
    const folder = await temporaryFolder()
    const [ada, ben, cid] = [await person(folder, 'ada'), await person(folder, 'ben'), await person(folder, 'cid')]
    const founded = await manifestFile({ ...endlessField, minPeers: 3, access: { founders: [ada.id] } })
    const a = startPeer(founded, ada.out)
    const address = await a.address
    const b = joinPeer(address, ben.out, ['--invite', await invited(ada, '--to', ben.id)])
    const bens = await b.address
    // In a file, as people pass it on; by way of the guest, who shows its own.
    const token = join(folder, 'cid.invite')
    await writeFile(token, `${await invited(ben, '--to', cid.id, '--days', '5')}\n`)
    const c = joinPeer(bens, cid.out, ['--invite', token])
    for (const { out } of [ada, ben, cid]) {
      await until(() => only(eventsSoFar(out), 'members').some(({ members }) => members.length === 3))
    }
    const { status, stderr } = await hearsay(['invite', '--resume', ben.out, '--days', '30'])
    expect(status).toBe(2)
    expect(stderr).toMatch(/^error: invite: yours ends .*; what comes from it cannot last longer\n$/)
    await interrupt([a, b, c])
  })
})
