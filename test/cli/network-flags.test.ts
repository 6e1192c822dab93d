import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { networkFrom, networkSettings, parseAllowList } from '../../src/cli/network-flags.js'
import { newNetworkKey, parseNetworkKey } from '../../src/gossip/index.js'
import { simulatedIdentities } from '../../src/node/index.js'

const ids = simulatedIdentities(1, 3).map(({ peerId }) => peerId.toString())

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'hearsay-network-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

describe('a list of peers', () => {
  it('has one a line, with comments and in any kind of lines', () => {
    const text = `# hospitals\r\n${ids[0]}\r\n\r\n  ${ids[1]}  # Bern\n${ids[2]}`
    expect(parseAllowList(text, 'list').map(String)).toEqual(ids)
  })

  it.each([
    ['', 'list: no peer is on the list'],
    ['# nobody\n', 'list: no peer is on the list'],
    [`${ids[0]}\nbern\n`, 'list:2: bern is no peer id'],
    [`${ids[0]} ${ids[1]}`, 'list:1: '],
    // An RSA key's; Hearsay has none.
    ['QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N', 'list:1: QmYyQSo1'],
    ['x'.repeat(5_000), `list:1: ${'x'.repeat(100)} is no peer id`],
    [`${ids[0]}\n`.repeat(10_001), 'list:10001: more than 10000 peers'],
  ])('is refused with its line: %#', (text, says) => {
    expect(() => parseAllowList(text, 'list')).toThrow(says)
  })
})

describe('the flags of a network', () => {
  it('are remembered so that they hold wherever the peer is resumed, and read anew', async () => {
    const path = await folder()
    const [key, list, token] = ['a.key', 'list.txt', 'token.txt'].map(name => join(path, name)) as [
      string,
      string,
      string,
    ]
    const text = newNetworkKey()
    await Promise.all([writeFile(key, text), writeFile(list, ids.join('\n')), writeFile(token, `${'t'.repeat(300)}\n`)])
    const here = relative(process.cwd(), key)
    const relay = ['/ip4/192.0.2.1/tcp/1/p2p/x']
    const settings = await networkSettings({ key: here, allow: list, invite: token, relay, relaySlots: 2, lan: true })
    expect(settings).toEqual({ key, allow: list, invite: 't'.repeat(300), relays: relay, relaySlots: 2, lan: true })
    expect(await networkSettings({ invite: 'u'.repeat(200) })).toEqual({ invite: 'u'.repeat(200) })
    expect(await networkSettings({})).toEqual({})

    const network = await networkFrom(settings)
    expect(network).toMatchObject({ key: parseNetworkKey(text, key), invite: 't'.repeat(300), relays: relay })
    expect(network.allow?.map(String)).toEqual(ids)
    await writeFile(list, ids[0]!)
    expect((await networkFrom(settings)).allow?.map(String)).toEqual(ids.slice(0, 1))
  })

  it('name the file that is not right', async () => {
    const path = await folder()
    const long = join(path, 'long')
    await writeFile(long, 'a'.repeat(2_000_000))
    await expect(networkFrom({ key: join(path, 'none') })).rejects.toThrow(/--key .*none: there is no such file/)
    await expect(networkFrom({ key: long })).rejects.toThrow(/--key .*long: has 2000000 bytes; at most 1024/)
    await expect(networkFrom({ allow: long })).rejects.toThrow(/--allow .*long: has 2000000 bytes/)
    await expect(networkFrom({ allow: path })).rejects.toThrow(/--allow .*: is a folder, not a file/)
    await expect(networkSettings({ invite: long })).rejects.toThrow(/--invite .*long: has 2000000 bytes/)
    await expect(networkSettings({ invite: 'short' })).rejects.toThrow('--invite short: there is no such file')
  })
})
