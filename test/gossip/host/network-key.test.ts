import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HearsayError } from '../../../src/errors.js'
import { keyFileLimitBytes, type NetworkKey, newNetworkKey, parseNetworkKey } from '../../../src/gossip/index.js'
import { ask, echo, startFieldHost } from './hosts.js'

const protocol = '/hearsay/test-echo/1.0.0'
const newKey = (source = 'hospital.key'): NetworkKey => parseNetworkKey(newNetworkKey(), source)

describe('a network key', () => {
  it('is the text that other libp2p programs read, with a fingerprint that does not show it', () => {
    const text = newNetworkKey()
    expect(text).toMatch(/^\/key\/swarm\/psk\/1\.0\.0\/\n\/base16\/\n[0-9a-f]{64}\n$/)
    const key = parseNetworkKey(text, 'a.key')
    expect(key.fingerprint).toMatch(/^([0-9a-f]{4}-){3}[0-9a-f]{4}$/)
    expect(text).not.toContain(key.fingerprint.replaceAll('-', ''))
    expect(parseNetworkKey(text.replaceAll('\n', '\r\n'), 'b')).toEqual({ ...key, source: 'b' })
    expect(parseNetworkKey(newNetworkKey(), 'a.key').fingerprint).not.toBe(key.fingerprint)
  })

  it.each([
    ['', 'does not begin with /key/swarm/psk/1.0.0/'],
    ['/key/swarm/psk/1.0.0/\n/base64/\nAAAA', 'does not have /base16/ in its second line'],
    ['/key/swarm/psk/1.0.0/\n/base16/\nabc', 'does not have 64 hexadecimal digits in its third line'],
    [`${newNetworkKey()}more`, 'has more than three lines'],
    [`${newNetworkKey()}${' '.repeat(keyFileLimitBytes)}`, 'is longer than 1024 bytes'],
  ])('is not %j', (text, why) => {
    expect(() => parseNetworkKey(text, 'x.key')).toThrow(
      new HearsayError(
        'NETWORK',
        `is no network key, it ${why}; make one with "npx hearsay key new" and give every member the same file`,
        { source: 'x.key' },
      ),
    )
  })

  it('is read from anything without another error', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map(text => `/key/swarm/psk/1.0.0/\n/base16/\n${text}`),
        ),
        text => {
          try {
            parseNetworkKey(text, 'f')
          } catch (error) {
            if (!(error instanceof HearsayError)) throw error
          }
        },
      ),
    )
  })
})

describe('hosts with a network key', () => {
  it.each(['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'])('understand each other over %s', async listen => {
    const networkKey = newKey()
    const field = { autoNat: false, holePunching: false }
    const a = await startFieldHost({ networkKey, field, listen: [listen] })
    const b = await startFieldHost({ networkKey, field })
    await echo(a, protocol)
    await b.dial(a.getMultiaddrs())
    expect(await ask(await b.dialProtocol(a.peerId, protocol), 'x'.repeat(100_000))).toHaveLength(100_000)
  })

  it.each(['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'])(
    'over %s are closed to others, who are told why',
    async listen => {
      const field = { autoNat: false, holePunching: false }
      const networkKey = newKey()
      const member = await startFieldHost({ networkKey, field, listen: [listen] })
      const other = newKey('wrong.key')
      const stranger = await startFieldHost({ networkKey: other, field })
      await expect(stranger.dial(member.getMultiaddrs())).rejects.toMatchObject({
        name: 'HearsayError',
        code: 'NETWORK',
        message: expect.stringContaining(`its network key is another than ${other.fingerprint} (wrong.key)`),
      })
      const keyless = await startFieldHost({ field })
      await expect(keyless.dial(member.getMultiaddrs())).rejects.toMatchObject({
        name: 'HearsayError',
        message: expect.stringContaining('its network has a key, or a list that you are not on'),
      })
      expect(member.getConnections()).toEqual([])
      // And nobody who has the key gets in touch with somebody who has none.
      const open = await startFieldHost({ field, listen: [listen] })
      await expect(member.dial(open.getMultiaddrs())).rejects.toMatchObject({ name: 'HearsayError' })
      expect(open.getConnections()).toEqual([])
    },
  )

  it('blame no key where nobody answers', async () => {
    const host = await startFieldHost({ networkKey: newKey() })
    const gone = await startFieldHost()
    const addresses = gone.getMultiaddrs()
    await gone.stop()
    await expect(host.dial(addresses)).rejects.toThrow('ECONNREFUSED')
  })
})
