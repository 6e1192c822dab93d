import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { NamedPeer } from '../../src/node/index.js'
import { eventsOf, hearsay, readRun, simulated, temporaryFolder, tiny } from './hearsay.js'

describe('a peer that dies in the middle of a round', () => {
  it('costs its neighbours its share and nothing else', async () => {
    const rounds = 3
    const { summary, out, parameters } = await simulated([
      ...tiny,
      ...['--peers', '5', '--rounds', `${rounds}`, '--topology', 'ring', '--fail', '2@1'],
    ])
    expect(summary.rounds).toBe(rounds)
    expect(summary.perPeer.map(({ failed }) => failed)).toEqual([false, false, true, false, false])
    expect(parameters.size).toBe(5)

    const events = await eventsOf(out)
    const [{ members }] = events as [{ members: NamedPeer[] }]
    const ids = members.map(({ peer }) => peer)
    expect(events.filter(({ type }) => type === 'failed')).toMatchObject([{ type: 'failed', peer: ids[2], round: 1 }])
    const finished = events.filter(({ type }) => type === 'finished').map(({ peer }) => peer)
    expect(finished.sort()).toEqual([0, 1, 3, 4].map(number => ids[number]))
    // Its two neighbours merge without it, in the round of its death and afterwards; nobody else misses anybody.
    const without = events.filter(({ type, absent }) => type === 'exchanged' && (absent as unknown[]).length > 0)
    const expected = [1, 2].flatMap(round => [1, 3].map(number => ({ peer: ids[number], round })))
    expect(without.map(({ peer, round }) => ({ peer, round }))).toHaveLength(expected.length)
    expect(without.map(({ peer, round }) => ({ peer, round }))).toEqual(expect.arrayContaining(expected))
    for (const { absent } of without) expect(absent).toEqual([{ peer: ids[2], reason: 'gone' }])
    expect(summary.absent).toBe(expected.length)
    // Known to be gone and not waited for: the exchange's deadline is two minutes.
    for (const { waitSeconds } of without) expect(waitSeconds).toBeLessThan(60)
    const figures = events.filter(({ type }) => type === 'round')
    expect(figures.map(({ peers }) => peers)).toEqual([5, 4, 4])
  })

  it('may be every peer but one', async () => {
    const { summary } = await simulated([
      ...tiny,
      ...['--peers', '3', '--rounds', '3', '--topology', 'full', '--transport', 'memory'],
      ...['--fail', '0@0', '--fail', '2@1'],
    ])
    expect(summary.rounds).toBe(3)
    expect(summary.perPeer.map(({ failed }) => failed)).toEqual([true, false, true])
  })
})

describe('peers that attack', () => {
  const attacked = ['--peers', '5', '--topology', 'full', '--attack', 'alie=1.5:2', '--attack', 'dissensus:4@1']

  it('are marked, and no figure over peers is theirs', async () => {
    const out = join(await temporaryFolder(), 'run')
    const flags = [...tiny, ...attacked, '--rounds', '3', '--no-baselines', '--out', out]
    const { status, stdout } = await hearsay(['simulate', ...flags])
    expect(status).toBe(0)
    expect(stdout).toMatch(/ 2 +peer-2 .* \(attacks: alie\)/)
    expect(stdout).toContain('of the 3 honest peers; the others attack: alie=1.5:2, dissensus=1.5:4@1')
    const { summary } = await readRun(out)
    const accuracies = [0, 1, 3].map(peer => summary.perPeer[peer]!.accuracy!)
    expect(summary.attackers).toEqual([2, 4])
    expect(summary.accuracy.min).toBe(Math.min(...accuracies))
    expect(summary.accuracy.max).toBe(Math.max(...accuracies))
    expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('of the honest peers; 2 peers of 5 attack')
  })

  it('are named to the letter', async () => {
    const { status, stderr } = await hearsay(['simulate', ...tiny, '--peers', '5', '--attack', 'ally:2'])
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringMatching(/^error: --attack ally:2: kinds are sign-flip, .*; did you mean "alie"\?\n/),
    })
  })
})
