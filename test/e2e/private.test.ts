import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hearsay, temporaryFolder } from './hearsay.js'
import { endlessField, manifestFile, startPeer } from './peers.js'

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

describe('what is wrong with a network is said in one line', () => {
  // One mistake that is found at once, and those that are found when threads are there; the others are in test/cli.
  it('by start, before anything is made', async () => {
    const folder = await temporaryFolder()
    const path = (name: string): string => join(folder, name)
    const plain = await manifestFile(endlessField)
    const mistakes: [string[], RegExp][] = [
      [['--key', path('none.key')], /--key .*none\.key: there is no such file/],
      [['--relay', '/ip4/192.0.2.1/tcp/1'], /relay: \/ip4\/192\.0\.2\.1\/tcp\/1 is no relay's address/],
      [['--announce', 'my.house'], /announce: my\.house is no address/],
    ]
    const tries = mistakes.map(async ([args, says], at) => {
      const out = path(`run-${at}`)
      const { status, stdout, stderr } = await startPeer(plain, out, args).running.ended
      expect({ args, status, stdout }).toEqual({ args, status: 2, stdout: '' })
      expect(stderr).toMatch(/^error: .+\n$/)
      expect(stderr).toMatch(says)
      expect(existsSync(out)).toBe(false)
    })
    await Promise.all(tries)
  })
})
