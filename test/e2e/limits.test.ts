import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RunSummary } from '../../src/watch/index.js'
import { eventsOf, readJson, startHearsay, temporaryFolder } from './hearsay.js'

/** A shell that limits what it then becomes: files in blocks of 1 kB (`-f`), or open files (`-n`). */
const limited = (limit: string): string[] => ['bash', '-c', `ulimit ${limit}; exec "$@"`, 'bash']

describe.skipIf(process.platform === 'win32')('a machine that refuses', () => {
  it('to write models, as a full disk does, ends a simulation with its result and in one line', async () => {
    const cwd = await temporaryFolder()
    const args = '--data digits --model mlp --peers 2 --rounds 1 --no-baselines --workers 1 --out run --json'
    // A model of 55,210 parameters takes 221 kB; everything else much less.
    const { status, stdout, stderr } = await startHearsay(['simulate', ...args.split(' ')], cwd, limited('-f 100'))
      .ended
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(
        /^run\/state: files may not be so large there .*\nerror: run\/peers\/peer-0\.safetensors: files may not be so large there .*\n$/,
      ),
    ])
    const printed = JSON.parse(stdout) as RunSummary
    expect(printed.accuracy.mean).toBeGreaterThan(0.1)
    expect((await readdir(join(cwd, 'run'))).sort()).toEqual([
      'manifest.yaml',
      'metrics.jsonl',
      'peers',
      'peers.json',
      'state',
      'summary.json',
    ])
    expect(await readdir(join(cwd, 'run', 'peers'))).toEqual([])
    expect(await readJson<RunSummary>(join(cwd, 'run', 'summary.json'))).toMatchObject(printed)
    expect((await eventsOf(join(cwd, 'run'))).map(({ type }) => type)).toContain('round')
  })

  it('to open files is told in one line', async () => {
    const cwd = await temporaryFolder()
    // Each has a socket that listens, and one at both ends of each connection.
    const args = '--data digits --model logistic --peers 30 --rounds 1 --no-baselines --workers 1 --out run'
    const { status, stderr } = await startHearsay(['simulate', ...args.split(' ')], cwd, limited('-n 64')).ended
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^error: this process may have 64 files open.*\n$/)])
  })
})
