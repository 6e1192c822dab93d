import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { invite } from '../../src/cli/commands/invite.js'
import type { Manifest } from '../../src/node/index.js'
import { hearsay, temporaryFolder } from './hearsay.js'
import { endlessField, manifestFile, startPeer } from './peers.js'
import { person } from './person.js'

describe('hearsay id', () => {
  it('makes an identity and prints its id, the same each time', async () => {
    const out = join(await temporaryFolder(), 'boston')
    const { status, stdout, stderr } = await hearsay(['id', out])
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^12D3KooW\w{44}\n$/),
      stderr: '',
    })
    expect((await hearsay(['id', out])).stdout).toBe(stdout)
  })
})

describe('hearsay invite', () => {
  it.each(invite.examples)('%s asks for a run folder that is there', async example => {
    const { status, stderr } = await hearsay(example.split(' ').slice(1), await temporaryFolder())
    expect(status).toBe(2)
    expect(stderr).toMatch(/^error: --resume runs\/boston: there is no manifest.yaml in it; .+\n$/)
  })
})

describe('what is wrong with a network is said in one line', () => {
  it('by start, before anything is made', async () => {
    const folder = await temporaryFolder()
    const path = (name: string): string => join(folder, name)
    const stranger = await person(folder, 'stranger')
    await writeFile(path('empty.txt'), '# nobody yet\n')
    await writeFile(path('odd.txt'), `${stranger.id}\nboston\n`)
    await writeFile(path('not.key'), 'secret\n')
    const founded = await manifestFile({ ...endlessField, access: { founders: [stranger.id] } })
    const plain = await manifestFile(endlessField)
    await writeFile(path('list.txt'), stranger.id)
    const mistakes: [string, string[], RegExp][] = [
      [plain, ['--key', path('none.key')], /--key .*none\.key: there is no such file/],
      [plain, ['--key', path('not.key')], /not\.key: is no network key/],
      [plain, ['--allow', path('empty.txt')], /empty\.txt: no peer is on the list/],
      [plain, ['--allow', path('odd.txt')], /odd\.txt:2: boston is no peer id/],
      [plain, ['--allow', folder], /--allow .*: is a folder, not a file/],
      [plain, ['--invite', 'x'.repeat(210)], /this run is not by invitation; leave it out/],
      [plain, ['--invite', path('list.txt')], /holds no invitation/],
      [founded, [], /access\.founders: this peer, 12D3\w+, is none of them/],
      [founded, ['--invite', 'x'.repeat(210)], /is no invitation; copy the whole token/],
      [plain, ['--relay', '/ip4/192.0.2.1/tcp/1'], /relay: \/ip4\/192\.0\.2\.1\/tcp\/1 is no relay's address/],
      [plain, ['--announce', 'my.house'], /announce: my\.house is no address/],
      [plain, ['--relay-slots', 'many'], /--relay-slots many: must be a number/],
    ]
    const tries = mistakes.map(async ([manifest, args, says], at) => {
      const out = path(`run-${at}`)
      const { status, stdout, stderr } = await startPeer(manifest, out, args).running.ended
      expect({ args, status, stdout }).toEqual({ args, status: 2, stdout: '' })
      expect(stderr).toMatch(/^error: .+\n$/)
      expect(stderr).toMatch(says)
      expect(existsSync(out)).toBe(false)
    })
    await Promise.all(tries)
    const { status, stderr } = await hearsay(['id', folder])
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringMatching(/^error: id .*holds no identity\.key; .+\n$/),
    })
    const founders: Manifest['access'] = { founders: ['boston'] }
    const wrong = startPeer(await manifestFile({ access: founders }), path('run'))
    expect((await wrong.running.ended).stderr).toMatch(/^error: .*access\.founders\.0: must be a peer id, .+\n$/)
  })
})
