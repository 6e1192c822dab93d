import { expect, it } from 'vitest'
import type { RunEvent } from '../../../src/node/index.js'
import { metricsReporter } from '../../../src/watch/index.js'
import { reportedRun, trained } from './events.js'

const begin: RunEvent = { type: 'begin', atMs: 0, round: 0, run: 'ab'.repeat(32), members: [] }
const joined: RunEvent = { type: 'joined', atMs: 0, peer: 'A', round: 0, heard: 1, missing: [] }

it.each([
  [0, ['begin', 'joined', 'trained']],
  [2, ['trained']],
])('a run of which %d rounds were whole has %j in its metrics', (rounds, kept) => {
  const appended: string[] = []
  const { onBegin, onEvent } = metricsReporter({ append: ({ type }) => appended.push(type) })
  onBegin!(reportedRun({ rounds }))
  for (const event of [begin, joined, trained('A', rounds)]) onEvent!(event)
  expect(appended).toEqual(kept)
})
