import type { PrivateKey } from '@libp2p/interface'
import { onTestFinished } from 'vitest'
import {
  createPublication,
  createState,
  type HearsayHost,
  headsTopic,
  type Publication,
  type PublicationInit,
  type StateService,
} from '../../../src/gossip/index.js'
import { layoutOf } from '../../../src/tensors/index.js'
import { connect, newKey, startHost, until } from '../hosts.js'

export const runId = new Uint8Array(32).fill(5)
export const topic: string = headsTopic(runId)

/** 650 numbers, 2.6 KB: a dense layer from 64 features to 10 classes. */
export const smallLayout = layoutOf([
  { name: 'output/kernel', shape: [64, 10] },
  { name: 'output/bias', shape: [10] },
])
/** 280 KB: more than a message holds. */
export const largeLayout = layoutOf([{ name: 'features/kernel', shape: [700, 100] }])

/** A peer that publishes and answers. */
export interface Publisher {
  readonly host: HearsayHost
  readonly privateKey: PrivateKey
  readonly id: string
  readonly publication: Publication
  readonly state: StateService
  /** What it was told, as "author round first-number". */
  readonly news: string[]
}

export type PublisherInit = Partial<PublicationInit> & { readonly transport?: 'tcp' | 'memory' }

export async function startPublisher({ transport = 'memory', ...init }: PublisherInit = {}): Promise<Publisher> {
  const privateKey = init.privateKey ?? (await newKey())
  const host = await startHost(transport, privateKey)
  const news: string[] = []
  const publication = createPublication({
    runId,
    rounds: 10,
    privateKey,
    layout: smallLayout,
    normLimit: 1e6,
    onHead: (author, round, values) => news.push(`${author} ${round} ${values[0]}`),
    ...init,
  })({ node: host })
  const state = createState({
    runId,
    manifest: new Uint8Array(1),
    head: () => undefined,
    view: () => new Uint8Array(1),
    heads: publication.answers,
  })({ node: host })
  await publication.start()
  await state.start()
  onTestFinished(async () => {
    await publication.stop()
    await state.stop()
  })
  return { host, privateKey, id: host.peerId.toString(), publication, state, news }
}

/** Connects them in a line, and waits until all neighbours are in each other's mesh. */
export async function connectLine(publishers: readonly { readonly host: HearsayHost }[]): Promise<void> {
  for (let i = 1; i < publishers.length; i++) await join(publishers[i - 1]!.host, publishers[i]!.host)
}

export async function join(from: HearsayHost, to: HearsayHost): Promise<void> {
  await connect(from, to)
  const sees = (one: HearsayHost, other: HearsayHost): boolean => {
    const { mesh } = one.services.pubsub as unknown as { readonly mesh: ReadonlyMap<string, ReadonlySet<string>> }
    return mesh.get(topic)?.has(other.peerId.toString()) ?? false
  }
  await until(() => sees(from, to) && sees(to, from))
}

/** Numbers that tell who they are from. */
export function headOf(layout: { readonly size: number }, first: number): Float32Array {
  return Float32Array.from({ length: layout.size }, (_, i) => (i === 0 ? first : Math.fround(Math.sin(i))))
}
