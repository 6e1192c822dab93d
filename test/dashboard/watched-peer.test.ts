import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { type WatchedPeerInit, watchPeer } from '../../src/dashboard/index.js'

const noon = new Date(2026, 0, 1, 12, 0, 0)

async function watched(changes: object, leave = () => {}): Promise<ReturnType<typeof watchPeer>> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-watched-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'metrics.jsonl'), 'x'.repeat(1000))
  const peer = {
    identity: { peerId: 'id-boston' },
    rounds: 3,
    reachability: () => 'unknown',
    addresses: () => ['/ip4/127.0.0.1/tcp/1'],
    heard: () => [{ peer: 'id-bern', name: 'bern', standing: 'silent', round: 1, samples: 40, silentMs: 12_345 }],
    counters: { sentBytes: 1, receivedBytes: 2, rejected: { TOO_FAR: 1 } },
    folder: { path: folder },
    ...changes,
  } as unknown as WatchedPeerInit['peer']
  return watchPeer({ peer, name: 'boston', text: ({ accuracy }) => `accuracy ${accuracy}`, leave, now: () => noon })
}

it('a peer’s view has what it knows of itself, of the others, and of its disk', async () => {
  const view = await (await watched({})).view()
  expect(view).toMatchObject({
    name: 'boston',
    rounds: 3,
    members: [{ name: 'bern', standing: 'silent', round: 1, loss: null, accuracy: null, heardSecondsAgo: 12 }],
    rejected: { TOO_FAR: 1 },
    usedBytes: 1000,
  })
  expect(view.freeBytes).toBeGreaterThan(0)
})

it('a peer’s view has what it makes of others in the long run, where it does', async () => {
  const bern = { peer: 'id-bern', name: 'bern', standing: 'live', round: 1, samples: 40, silentMs: 0 }
  const repute = { gain: -0.5, cosine: -0.25, against: 0, mutedUntil: 30 }
  const heard = () => [{ ...bern, repute }, { ...bern, repute: { ...repute, mutedUntil: 0 } }, bern]
  const { members } = await (await watched({ heard })).view()
  expect(members.map(({ gain, cosine, isMuted }) => ({ gain, cosine, isMuted }))).toEqual([
    { gain: -0.5, cosine: -0.25, isMuted: true },
    { gain: -0.5, cosine: -0.25, isMuted: false },
    { gain: null, cosine: null, isMuted: false },
  ])
})

it('what a person asks for is told until it is done, and what came of it then', async () => {
  let saved = (): void => {}
  let times = 0
  const saving = new Promise<void>(resolve => {
    saved = resolve
  })
  const left: string[] = []
  const peer = await watched(
    {
      saveNow: () => {
        times += 1
        return saving
      },
      evaluateNow: () => Promise.reject(new Error('the run has\nended before')),
    },
    () => left.push('left'),
  )
  peer.ask('save')
  peer.ask('save')
  peer.ask('evaluate')
  peer.ask('leave')
  expect((await peer.view()).actions).toMatchObject({ save: { isPending: true }, leave: { isPending: true } })
  saved()
  await saving
  expect((await peer.view()).actions).toMatchObject({
    save: { isPending: false, text: 'saved, 12:00:00' },
    evaluate: { isPending: false, text: 'the run has\\nended before, 12:00:00' },
  })
  expect([times, left]).toEqual([1, ['left']])
})
