import { generateKeyPair } from '@libp2p/crypto/keys'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createHost, type HearsayHost, type HostInit } from '../../../src/gossip/index.js'
import { connect, startHost } from '../hosts.js'

async function newHost(listen: string[], init: Partial<HostInit> = {}): Promise<HearsayHost> {
  const host = await createHost({ privateKey: await generateKeyPair('Ed25519'), listen, transport: 'tcp', ...init })
  onTestFinished(() => host.stop())
  return host
}

describe('a host', () => {
  it('listens only once it is started, and stops twice', async () => {
    const host = await newHost(['/ip4/127.0.0.1/tcp/0'])
    expect(host.status).toBe('stopped')
    expect(host.getMultiaddrs()).toEqual([])
    await host.start()
    await host.start()
    expect(host.getMultiaddrs()[0]?.toString()).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3Koo/)
    await host.stop()
    await host.stop()
    expect(host.status).toBe('stopped')
  })

  it('says in one line that a port is in use', async () => {
    const first = await startHost('tcp')
    const [address] = first.getMultiaddrs().map(address => address.toString().replace(/\/p2p\/.*/, ''))
    const second = await newHost([address!])
    await expect(second.start()).rejects.toMatchObject({
      name: 'HearsayError',
      code: 'NETWORK',
      message: `listen: ${address} is in use; choose another port, or 0 for any free one`,
    })
    expect(second.status).toBe('stopped')
  })

  it('says what else is wrong with an address', async () => {
    const foreign = await newHost(['/ip4/203.0.113.7/tcp/0'])
    await expect(foreign.start()).rejects.toThrow(
      'listen: /ip4/203.0.113.7/tcp/0 is no address of this machine; listen on 0.0.0.0 for all of them',
    )
    const memory = await newHost(['/memory/somewhere'])
    await expect(memory.start()).rejects.toThrow('listen: /memory/somewhere cannot be listened on')
    const name = await newHost(['localhost:4001'])
    await expect(name.start()).rejects.toThrow('listen: localhost:4001 cannot be listened on; write it like /ip4/')
  })

  it('speaks gossipsub, identify and nothing that was not asked for', async () => {
    const [a, b] = [await startHost(), await startHost()]
    await connect(a, b)
    expect(b.getProtocols().sort()).toEqual(['/ipfs/id/1.0.0', '/meshsub/1.0.0', '/meshsub/1.1.0', '/meshsub/1.2.0'])
  })

  it('that does not publish speaks nothing at all, and opens no stream by itself', async () => {
    const start = async (name: string): Promise<HearsayHost> => {
      const host = await newHost([`/memory/mute-${name}-${process.pid}`], { transport: 'memory', publishes: false })
      await host.start()
      return host
    }
    const [a, b] = [await start('a'), await start('b')]
    await connect(a, b)
    expect([a, b].map(host => host.getProtocols())).toEqual([[], []])
    expect([a, b].flatMap(host => host.getConnections().flatMap(({ streams }) => streams))).toEqual([])
  })

  it.each([
    ['tcp', '/noise'],
    ['memory', '/plaintext/2.0.0'],
  ] as const)('over %s has %s between itself and others', async (transport, encryption) => {
    const [a, b] = [await startHost(transport), await startHost(transport)]
    await connect(a, b)
    expect([a, b].map(host => host.getConnections()[0]!.encryption)).toEqual([encryption, encryption])
  })

  it('writes libp2p’s log only where DEBUG is set, and has one silent log for all otherwise', async () => {
    const [quiet, other] = [await startHost(), await startHost()]
    const log = quiet.logger.forComponent('a')
    expect([log.newScope('b'), other.logger.forComponent('c')]).toEqual([log, log])
    expect(log.enabled).toBe(false)
    vi.stubEnv('DEBUG', 'libp2p')
    onTestFinished(() => void vi.unstubAllEnvs())
    const told = (await startHost()).logger.forComponent('a')
    expect(told.newScope('b')).not.toBe(told)
  })

  it('accepts many neighbours of one address at once', async () => {
    // How long 24 handshakes take is the machine's affair, how many are let in at once is not.
    const start = async (): Promise<HearsayHost> => {
      const host = await newHost(['/ip4/127.0.0.1/tcp/0'], { isTimed: false })
      await host.start()
      return host
    }
    const [hub, ...others] = await Promise.all(Array.from({ length: 25 }, start))
    await Promise.all(others.map(other => connect(other, hub!)))
    expect(hub!.getConnections()).toHaveLength(24)
  })
})
