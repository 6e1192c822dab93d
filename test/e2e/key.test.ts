import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { key } from '../../src/cli/commands/key.js'
import { parseNetworkKey } from '../../src/gossip/index.js'
import { hearsay, root, startProgram, temporaryFolder } from './hearsay.js'

describe('hearsay key', () => {
  it.each(key.examples)('%s', async example => {
    const cwd = await temporaryFolder()
    const args = example.split(' ').slice(1)
    const { status, stdout, stderr } = await hearsay(args, cwd)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const [file, ...others] = await readdir(cwd)
    expect(others).toEqual([])
    const path = join(cwd, file!)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(stdout).toContain(parseNetworkKey(await readFile(path, 'utf8'), path).fingerprint)
    // A second time is refused, and the key stays.
    expect(await hearsay(args, cwd)).toEqual({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^error: --out .+\.key: is there already; .+\n$/),
    })
  })
})

describe('a host of the field', () => {
  it('lets its process end by itself once it is stopped: no socket and no timer is left', async () => {
    const program = `
      import { generateKeyPair } from '@libp2p/crypto/keys'
      import { createAccess, createHost, dialAddresses, newNetworkKey, parseNetworkKey } from './dist/gossip/index.js'
      const networkKey = parseNetworkKey(newNetworkKey(), 'a.key')
      const runId = new Uint8Array(32)
      const start = async (listen, field) => {
        const privateKey = await generateKeyPair('Ed25519')
        const access = createAccess({ policy: { kind: 'open' } })
        const lan = { runId, port: 40356, intervalMs: 50 }
        const host = await createHost({ privateKey, transport: 'tcp', listen, networkKey, access, field: { lan, ...field } })
        await host.start()
        return host
      }
      const listen = ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws']
      const relay = await start(listen, { relaySlots: 2 })
      const relays = dialAddresses(relay).map(String)
      const hosts = [relay, await start(listen, { relays }), await start(listen, { relays, upnp: true })]
      await hosts[1].dial(dialAddresses(hosts[2]))
      const hasSlot = host => host.getMultiaddrs().some(address => String(address).includes('p2p-circuit'))
      while (!hosts.slice(1).every(hasSlot)) await new Promise(resolve => setTimeout(resolve, 20))
      for (const host of hosts) await host.stop()
      console.log('stopped')
    `
    const { ended } = startProgram(process.execPath, ['--input-type=module', '--eval', program], root)
    expect(await ended).toEqual({ status: 0, stdout: 'stopped\n', stderr: '' })
  })
})
