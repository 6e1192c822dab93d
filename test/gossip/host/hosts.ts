import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey, Stream } from '@libp2p/interface'
import { onTestFinished } from 'vitest'
import { createHost, type HearsayHost, type HostInit } from '../../../src/gossip/index.js'

export const newIdentity = (): Promise<Ed25519PrivateKey> => generateKeyPair('Ed25519')

/** A started host on loopback with an identity of its own, stopped when the test ends. */
export async function startFieldHost(init: Partial<HostInit> = {}): Promise<HearsayHost> {
  const host = await createHost({
    privateKey: await newIdentity(),
    transport: 'tcp',
    listen: ['/ip4/127.0.0.1/tcp/0'],
    ...init,
  })
  onTestFinished(() => host.stop())
  await host.start()
  return host
}

/** Answers every stream of `protocol` with what came. */
export async function echo(host: HearsayHost, protocol: string): Promise<void> {
  await host.handle(protocol, stream => {
    stream.addEventListener('message', ({ data }) => stream.send(data))
    stream.addEventListener('remoteCloseWrite', () => void stream.close().catch(() => {}))
  })
}

/** Sends a text and waits for as many bytes. */
export async function ask(stream: Stream, text: string): Promise<string> {
  let heard = ''
  const answer = new Promise<string>((resolve, reject) => {
    stream.addEventListener('message', ({ data }) => {
      heard += Buffer.from(data.subarray()).toString()
      if (heard.length >= text.length) resolve(heard)
    })
    stream.addEventListener('close', () => reject(new Error('closed without an answer')))
  })
  stream.send(Buffer.from(text))
  return answer
}
