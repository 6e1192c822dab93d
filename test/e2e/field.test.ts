import { existsSync, readFileSync } from 'node:fs'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { simulated, startHearsay, temporaryFolder } from './hearsay.js'
import {
  end,
  eventsSoFar,
  interrupt,
  joinPeer,
  longField,
  manifestFile,
  only,
  resumePeer,
  roundsOf,
  startPeer,
  summaryOf,
  until,
  wellEnded,
} from './peers.js'

describe('start and join', () => {
  it('three terminals learn together, and one that comes late catches up', async () => {
    const folder = await temporaryFolder()
    const manifest = await manifestFile(longField)
    const start = startPeer(manifest, join(folder, 'start'))
    const address = await start.address
    const joined = ['first', 'second'].map(name => joinPeer(address, join(folder, name), ['--as', name]))
    await until(() => roundsOf(start.out) >= 5, [start, ...joined])
    const late = joinPeer(address, join(folder, 'late'), ['--as', 'late'])
    const peers = [start, ...joined, late]
    expect(await Promise.all(peers.map(end))).toEqual(peers.map(() => wellEnded))

    const run = address.split('#')[1]!
    const printed = await Promise.all(peers.map(({ running }) => running.ended))
    for (const { stdout } of printed) {
      expect(stdout).toContain(`run       ${run}\n`)
      expect(stdout).toMatch(/^accuracy \d+\.\d % (\(alone .*\) )?after 20 rounds;/m)
    }
    const summaries = await Promise.all(peers.map(({ out }) => summaryOf(out)))
    for (const summary of summaries) expect(summary).toMatchObject({ run, rounds: 20, interrupted: false })
    expect(new Set(summaries.map(({ id }) => id)).size).toBe(4)

    // The same shares, each learning alone until it has learnt all that 360 samples tell.
    const alone = await simulated([manifest, '--merge', 'none', '--rounds', '3'])
    const best = alone.summary.accuracy.max
    const accuracies = summaries.map(({ accuracy }) => accuracy!)
    for (const accuracy of accuracies) expect(accuracy).toBeGreaterThan(best)

    // The late one took over a head in the middle, took part, and is no worse.
    const its = eventsSoFar(late.out)
    const [caughtUp] = only(its, 'caught-up')
    expect(caughtUp!.to).toBeGreaterThanOrEqual(5)
    expect(only(its, 'exchanged').some(({ received }) => received.length > 0)).toBe(true)
    for (const accuracy of accuracies) expect(Math.abs(accuracy - accuracies[3]!)).toBeLessThan(0.02)
    expect(
      only(eventsSoFar(start.out), 'members').some(({ members }) => members.some(({ name }) => name === 'late')),
    ).toBe(true)
  })
})

describe('Ctrl-C', () => {
  it('while it waits for others ends it too', async () => {
    const peer = startPeer(await manifestFile(longField), join(await temporaryFolder(), 'run'))
    await peer.prints(/^waiting {3}1 of 3/m)
    peer.running.child.kill('SIGINT')
    expect(await end(peer)).toEqual({
      status: 130,
      stderr: `Interrupted; go on with: npx hearsay start --resume ${peer.out}\n`,
    })
  })
})

describe('a run folder', () => {
  it('that a process has is refused to another', async () => {
    const peer = startPeer(await manifestFile(longField), join(await temporaryFolder(), 'run'))
    await peer.prints(/^waiting/m)
    for (const command of ['start', 'join'] as const) {
      const { status, stderr } = await end(resumePeer(command, peer.out))
      expect(status).toBe(2)
      expect(stderr).toMatch(new RegExp(`^error: .*${peer.out}.*${peer.running.child.pid}.*\n$`))
    }
    // It is none the worse for it.
    await interrupt([peer])
    expect((await summaryOf(peer.out)).interrupted).toBe(true)
  })

  it('is not made for a run that was never begun, and nothing is resumed where there is none', async () => {
    const folder = await temporaryFolder()
    const { status, stderr } = await end(resumePeer('join', folder))
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(/^error: --resume .*\n$/) })
    expect(await readdir(folder)).toEqual([])
  })
})

describe('a run of one’s own table', () => {
  it('trains on the whole of it, ends, and is resumed as far as its folder goes', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'mine.csv'), ['age,weight,label', ...rows(['ill', 'well'])].join('\n'))
    const manifest = await manifestFile({
      data: join(folder, 'mine.csv'),
      peers: 8,
      minPeers: 1,
      rounds: 2,
    })
    const out = join(folder, 'run')
    const { status, stdout, stderr } = await startPeer(manifest, out, ['--json']).running.ended
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ rounds: 2, interrupted: false, samples: 32 })
    expect(stderr).toMatch(/^data {6}mine\.csv, whole: 32 samples, which stay here/m)
    expect(stderr).toMatch(/^Others join with, and --data for a file or folder of their own,$/m)

    // A run that is over stays as it is.
    const summary = await summaryOf(out)
    const over = await resumePeer('start', out).running.ended
    expect(over).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^This run is over: all 2 rounds are done, accuracy .* hearsay predict .*\n$/),
      stderr: '',
    })
    expect(await summaryOf(out)).toEqual(summary)

    // Ended like this it has no summary; what else is lost is told, a line each, and it goes on without.
    await rm(join(out, 'summary.json'))
    await rm(join(out, 'checkpoints'), { recursive: true })
    await writeFile(join(out, 'peers.json'), '')
    const without = await resumePeer('join', out).running.ended
    expect({ status: without.status, stderr: without.stderr }).toEqual({
      status: 0,
      stderr: [
        `${out}/peers.json: is not JSON; the addresses of other peers are lost: they may still dial this one, or add the address of one: --resume ${out} <address>\n`,
        `${out}/checkpoints: the model of the 2 rounds that were done is lost; this peer begins with a head of the others, or anew where nobody has one\n`,
      ].join(''),
    })
    expect(await summaryOf(out)).toMatchObject({ rounds: 2, interrupted: false })

    // Another identity would be another peer.
    await rm(join(out, 'identity.key'))
    expect(await end(resumePeer('start', out))).toEqual({
      status: 2,
      stderr: `error: ${out}/identity.key: is missing, and this run was begun as ${summary.id}; bring back that one's from a copy, or join the run as another peer, with another --out\n`,
    })
    expect(existsSync(join(out, 'identity.key'))).toBe(false)
  })
})

// One mistake that the peer at the address tells, and those after which a question, a folder or threads are there: the
// others are in test/cli.
describe('hearsay join answers in one line', () => {
  it('to what does not fit the run', async () => {
    const folder = await temporaryFolder()
    const table = async (name: string, ...classes: string[]): Promise<string> => {
      const path = join(folder, name)
      await writeFile(path, ['age,weight,label', ...rows(classes)].join('\n'))
      return path
    }
    const ours = await table('ours.csv', 'ill', 'well')
    const others = await table('others.csv', 'sick', 'well')
    const peer = startPeer(await manifestFile({ data: ours, peers: 1, minPeers: 2, rounds: 1 }), join(folder, 'run'))
    const address = await peer.address
    const [where, run] = address.split('#') as [string, string]
    const yes = ['--yes', '--backend', 'wasm']
    const mistakes: [string[], (string | RegExp)[]][] = [
      [
        [`${where}#${run.replace(/./g, '0')}`, ...yes],
        [where, 'another run'],
      ],
      [[address, '--data', ours], ['--yes']],
      [
        [address, ...yes, '--data', others],
        ['others.csv', 'the class "sick"', '("ill", "well")', 'data.classes'],
      ],
      [[address, ...yes, '--data', ours, '--backend', 'node-gpu'], ['node-gpu']],
    ]
    const tries = mistakes.map(async ([args, says]) => {
      const cwd = await temporaryFolder()
      const { status, stdout, stderr } = await startHearsay(['join', ...args], cwd).ended
      const question = args.includes('--yes')
        ? ''
        : expect.stringMatching(/stays on this machine.\n\n revealed +to whom\n/)
      expect({ args, status, stdout, stderr }).toEqual({
        args,
        status: 2,
        stdout: question,
        stderr: expect.stringMatching(/^error: .+\n$/),
      })
      for (const what of says) expect(stderr).toMatch(what)
      // Nothing was begun, so nothing is left behind.
      expect({ args, left: existsSync(join(cwd, 'runs')) ? await readdir(join(cwd, 'runs')) : [] }).toEqual({
        args,
        left: [],
      })
    })
    await Promise.all(tries)
    // Who asked and went has taken nothing: the peer still waits.
    expect(readFileSync(join(peer.out, 'manifest.yaml'), 'utf8')).toContain('minPeers: 2')
    await interrupt([peer])
  })
})

/** A table's rows, each class in turn. */
function rows(classes: readonly string[]): string[] {
  return Array.from({ length: 40 }, (_, row) => `${(7 * row) % 40},${2 * row},${classes[row % classes.length]}`)
}
