import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { loadOrCreateIdentity } from '../../src/node/index.js'
import { hearsay, temporaryFolder } from './hearsay.js'
import {
  eventsSoFar,
  type FieldPeer,
  joinPeer,
  manifestFile,
  only,
  resumePeer,
  roundsOf,
  summaryOf,
  until,
} from './peers.js'

const names = ['boston', 'zurich', 'basel']

interface Written {
  readonly file: string
  readonly folder: string
  readonly members: { name: string; id: string; addresses: string[] }[]
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

/** A topology file for three members on a line, each with the identity that lies in its folder. */
async function written(run: string): Promise<Written> {
  const folder = await temporaryFolder()
  const members = await Promise.all(
    names.map(async name => {
      const { peerId } = await loadOrCreateIdentity(join(folder, name, 'identity.key'))
      return { name, id: peerId.toString(), addresses: [`/ip4/127.0.0.1/tcp/${await freePort()}`] }
    }),
  )
  const file = join(folder, 'line.yaml')
  const edges = [
    ['boston', 'zurich'],
    ['zurich', 'basel'],
  ]
  await writeFile(file, stringify({ run, members, topology: { kind: 'edges', edges } }))
  return { file, folder, members }
}

const memberOf = ({ file, folder, members }: Written, at: number): FieldPeer =>
  joinPeer(file, join(folder, names[at]!), ['--as', names[at]!], { listen: members[at]!.addresses[0]! })

describe('a federation that is written down', () => {
  it('needs nobody to start it, counts on its members, and lets in nobody else', async () => {
    const federation = await written(await manifestFile({ rounds: 30, training: { epochs: 120 } }))
    const [boston, zurich] = [memberOf(federation, 0), memberOf(federation, 1)]
    await boston.prints(/^waiting {3}2 of 3/m)
    const basel = memberOf(federation, 2)
    await until(() => roundsOf(basel.out) >= 2, [boston, zurich, basel])

    const stranger = join(await temporaryFolder(), 'stranger')
    const refused = await joinPeer(await boston.address, stranger).running.ended
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringMatching(/^error: .+\n$/) })

    zurich.running.child.kill('SIGKILL')
    await zurich.running.ended
    const left = roundsOf(boston.out)
    await until(() => roundsOf(boston.out) >= left + 2, [boston, basel])
    const back = resumePeer('join', zurich.out)
    const peers = [boston, back, basel]
    for (const { running } of peers) expect(await running.ended).toMatchObject({ status: 0, stderr: '' })

    const summaries = await Promise.all(peers.map(({ out }) => summaryOf(out)))
    expect(new Set(summaries.map(({ run }) => run)).size).toBe(1)
    expect(summaries.map(({ id }) => id)).toEqual(federation.members.map(({ id }) => id))
    // On a line the ends do not hear each other, there or not; numbers are places in the file.
    expect(new Set(only(eventsSoFar(boston.out), 'exchanged').flatMap(({ received }) => received))).toEqual(
      new Set([1]),
    )
    expect(only(eventsSoFar(back.out), 'exchanged').at(-1)!.received).toEqual([0, 2])
    expect(only(eventsSoFar(back.out), 'caught-up')).toHaveLength(1)
  })

  it('answers in one line to what is wrong with it', async () => {
    const good = await written('nowhere.yaml')
    const out = join(good.folder, 'boston')
    const changed = async (members: object[] | undefined): Promise<string> => {
      const file = join(await temporaryFolder(), 'changed.yaml')
      await writeFile(file, stringify({ topology: 'ring', ...(members && { members }) }))
      return file
    }
    const [first, ...others] = good.members
    const whole = await changed(good.members)
    const mistakes: [string[], RegExp][] = [
      [[good.file, '--as', 'boston', '--out', out], /nowhere\.yaml/],
      [[whole], /--as: say which member this is: boston, zurich, basel/],
      [[whole, '--as', 'bostom'], /--as bostom: is no member/],
      [[whole, '--as', 'boston'], /--out: name the folder with boston's identity/],
      [[whole, '--as', 'zurich', '--out', out], /its identity is 12D3\w+, and .* has 12D3\w+ for zurich/],
      [[whole, '--as', 'boston', '--out', out, '--allow', 'list.txt'], /--allow does not go with/],
      [[await changed(undefined), '--as', 'boston'], /members: is missing/],
      [[await changed([{ ...first, id: undefined }, ...others]), '--as', 'boston'], /members\.0\.id: is missing/],
      [[await changed([{ ...first, id: 'boston' }, ...others]), '--as', 'boston'], /members\.0\.id: is no peer id/],
      [[await changed([{ name: 'boston', id: first!.id }]), '--as', 'boston'], /members\.0\.addresses: is missing/],
      [[await changed([{ ...first, addresses: ['boston:4001'] }]), '--as', 'boston'], /addresses\.0: is no address/],
    ]
    const tries = mistakes.map(async ([args, says]) => {
      const { status, stdout, stderr } = await hearsay(['join', ...args, '--yes', '--backend', 'wasm'])
      expect({ args, status, stdout, stderr }).toEqual({
        args,
        status: 2,
        stdout: '',
        stderr: expect.stringMatching(says),
      })
      expect(stderr).toMatch(/^error: .+\n$/)
    })
    await Promise.all(tries)
  })
})
