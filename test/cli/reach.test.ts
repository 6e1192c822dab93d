import { multiaddr } from '@multiformats/multiaddr'
import { expect, it } from 'vitest'
import { type Joinable, joinLines } from '../../src/cli/reach.js'

const id = '12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA'
const peer = { addresses: () => [multiaddr(`/ip4/192.0.2.7/tcp/4001/p2p/${id}`)], runId: new Uint8Array(32) }
const run = (set: string, names?: readonly string[]): Joinable => ({
  manifest: { data: { set } as Joinable['manifest']['data'] },
  settings: names === undefined ? {} : { members: names.map(name => ({ name, id, addresses: [] })) },
})

it('others get the whole line, and are told to bring their own data where no share is dealt', () => {
  const line = `  npx hearsay join /ip4/192.0.2.7/tcp/4001/p2p/${id}#${'0'.repeat(64)}`
  expect(joinLines(peer, run('digits'))).toEqual(['Others join with', line])
  expect(joinLines(peer, run('sites/boston.csv'))).toEqual([
    'Others join with, and --data for a file or folder of their own,',
    line,
  ])
})

it('where members are written down nobody else is invited', () => {
  expect(joinLines(peer, run('digits', ['boston', 'zurich']))).toEqual([
    'Only members that are written down take part: boston, zurich. They join with the same file.',
  ])
})
