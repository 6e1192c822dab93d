import { existsSync, readFileSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { simulated, startHearsay, temporaryFolder } from './hearsay.js'
import {
  end,
  eventsSoFar,
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
      expect(stdout).toMatch(/^accuracy \d+\.\d % after 20 rounds;/m)
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
    expect(only(eventsSoFar(start.out), 'members').some(({ names }) => names.includes('late'))).toBe(true)
  })
})

describe('Ctrl-C', () => {
  it('while it waits for others ends it too', async () => {
    const peer = startPeer(await manifestFile(longField), join(await temporaryFolder(), 'run'))
    await peer.prints(/^waiting {3}1 of 3/m)
    peer.running.child.kill('SIGINT')
    expect(await end(peer)).toEqual({
      status: 130,
      stderr: `Interrupted; go on with: hearsay start --resume ${peer.out}\n`,
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
    peer.running.child.kill('SIGINT')
    expect((await peer.running.ended).status).toBe(130)
    expect((await summaryOf(peer.out)).interrupted).toBe(true)
  })

  it('is not made for a run that was never begun, and nothing is resumed where there is none', async () => {
    const folder = await temporaryFolder()
    const { status, stderr } = await end(resumePeer('join', folder))
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(/^error: --resume .*\n$/) })
    expect(await readdir(folder)).toEqual([])
  })
})

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
    const other = '12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA'
    const yes = ['--yes', '--backend', 'wasm']
    const mistakes: [string[], (string | RegExp)[]][] = [
      [[...yes], ['an address is missing']],
      [
        ['garden', ...yes],
        ['garden', 'hearsay start'],
      ],
      [[where.replace(/\/p2p\/.*/, ''), ...yes], ['/p2p/']],
      [[`${where}#1234`, ...yes], ['64 hexadecimal digits']],
      [
        [`${where}#${run.replace(/./g, '0')}`, ...yes],
        [where, 'another run'],
      ],
      [[address.replace(/p2p\/\w+/, `p2p/${other}`), ...yes], [other]],
      [
        [address.replace(/tcp\/\d+/, 'tcp/1'), ...yes],
        ['/tcp/1', 'is the peer running'],
      ],
      [[address], ['--yes']],
      [
        [address, ...yes],
        ['all 1 shares', ours, '--data'],
      ],
      [[address, ...yes, '--share', '1'], ['share 1']],
      [
        [address, ...yes, '--data', 'digits'],
        ['digits', 'samples are 8×8×1', "the run's 2"],
      ],
      [
        [address, ...yes, '--data', others],
        ['others.csv', 'the class "sick"', '("ill", "well")', 'data.classes'],
      ],
      [[address, ...yes, '--data', 'nowhere.csv'], ['nowhere.csv']],
      [[address, ...yes, '--data', ours, '--as', ''], ['name']],
      [[address, ...yes, '--data', ours, '--backend', 'node-gpu'], ['node-gpu']],
    ]
    const tries = mistakes.map(async ([args, says]) => {
      const cwd = await temporaryFolder()
      const { status, stdout, stderr } = await startHearsay(['join', ...args], cwd).ended
      const question = args.includes('--yes') ? '' : expect.stringContaining('stays on this machine')
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
    peer.running.child.kill('SIGINT')
    expect((await peer.running.ended).status).toBe(130)
  })
})

/** A table's rows, each class in turn. */
function rows(classes: readonly string[]): string[] {
  return Array.from({ length: 40 }, (_, row) => `${row},${2 * row},${classes[row % classes.length]}`)
}
