import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { isLockFile, lockFolder } from '../../src/disk/index.js'
import { runIdOf } from '../../src/node/index.js'
import { openSweepFolder, type PlannedRun, placeOf, runAll, type SweepEvent, statusOf } from '../../src/sweep/index.js'
import { folderOf, planned } from './plans.js'

const program = [fileURLToPath(new URL('../fixtures/sweep/run.mjs', import.meta.url))]

/** A sweep of which the seeds decide what its runs do: see test/fixtures/sweep/run.mjs. */
async function sweepOf(seeds: readonly number[]) {
  const { runs } = await planned(`base: { data: digits, model: logistic, peers: 2, rounds: 4 }\nseeds: [${seeds}]\n`)
  const folder = join(await folderOf(), 'sweep')
  await openSweepFolder(folder, 'the sweep', 'sweep.yaml')
  const ids = runs.map(({ manifest }) => [manifest.seed, Buffer.from(runIdOf(manifest)).toString('hex')])
  const starts = `${folder}.starts`
  vi.stubEnv('TEST_RUNS', JSON.stringify(Object.fromEntries(ids)))
  vi.stubEnv('TEST_STARTS', starts)
  const events: string[] = []
  const stop = new AbortController()
  return {
    runs,
    folder,
    events,
    stop,
    /** Which runs were begun, and which went on, of all times. */
    starts: async () => (await readFile(starts, 'utf8').catch(() => '')).split('\n').filter(line => line !== ''),
    /** Runs what is missing. @returns what became of each */
    async run(again = false, onEvent: (event: SweepEvent) => void = () => {}) {
      const ends: Record<number, unknown> = {}
      await runAll(runs, {
        folder,
        program,
        jobs: 2,
        workers: 1,
        backend: 'wasm',
        again,
        signal: stop.signal,
        onEvent(event) {
          if (event.type === 'ended') ends[event.run.manifest.seed] = event.end
          onEvent(event)
        },
      })
      return ends
    },
    status: (run: PlannedRun) => statusOf(placeOf(folder, run), run),
  }
}

describe('a sweep’s runs', () => {
  it('are run once; one that has failed is kept with its reason, and run again only when asked to', async () => {
    const { run, runs, starts, status } = await sweepOf([1, 2, 3])
    const failed = { state: 'failed', reason: 'the disk is full; make room' }
    const killed = { state: 'failed', reason: 'its process was ended by SIGKILL, as where memory is short' }
    expect(await run()).toEqual({ 1: { state: 'done' }, 2: failed, 3: killed })
    expect(await Promise.all(runs.map(status))).toEqual([{ state: 'done' }, failed, killed])
    expect(await run()).toEqual({ 1: { state: 'done' }, 2: failed, 3: killed })
    expect((await starts()).sort()).toEqual(['1 begun', '2 begun', '3 begun'])
    // It goes on behind the rounds that it has kept.
    expect(await run(true)).toMatchObject({ 2: { state: 'done' }, 3: killed })
    expect((await starts()).sort()).toEqual(['1 begun', '2 begun', '2 resumed', '3 begun', '3 resumed'])
  })

  it('keep their state when the sweep is stopped; without one they can only begin anew', async () => {
    const { run, runs, folder, starts, status, stop } = await sweepOf([4])
    const ends = await run(false, ({ type }) => void (type === 'begun' && untilBegun(starts).then(() => stop.abort())))
    expect(ends).toEqual({ 4: { state: 'interrupted' } })
    expect(await status(runs[0]!)).toEqual({ state: 'begun', rounds: 2 })
    const log = await readFile(placeOf(folder, runs[0]!).log, 'utf8')
    expect(log).toBe('Interrupted after round 2\n')
    await rm(join(placeOf(folder, runs[0]!).run, 'state'), { recursive: true })
    expect(await status(runs[0]!)).toEqual({ state: 'begun', rounds: undefined })
  })

  it('that another process holds are left to it', async () => {
    const { run, runs, folder, starts } = await sweepOf([1])
    const place = placeOf(folder, runs[0]!)
    await mkdir(place.job, { recursive: true })
    const lock = await lockFolder(place.job, new AbortController().signal)
    expect(await run()).toEqual({ 1: { state: 'elsewhere' } })
    expect(await starts()).toEqual([])
    await lock.release()
    expect(await run()).toEqual({ 1: { state: 'done' } })
  })
})

it.skipIf(process.platform === 'win32')('a log that is no file is neither followed nor waited for', async () => {
  const { run, runs, folder, starts } = await sweepOf([1])
  const { job, log } = placeOf(folder, runs[0]!)
  const mine = join(folder, 'mine.txt')
  await writeFile(mine, 'mine')
  await mkdir(job, { recursive: true })
  await symlink(mine, log)
  await expect(run()).rejects.toThrow(log)
  await rm(log)
  execFileSync('mkfifo', [log])
  await expect(run()).rejects.toThrow(log)
  expect([await readFile(mine, 'utf8'), await starts()]).toEqual(['mine', []])
})

it('a run is waited for that a sweep which was killed has left, and that ends a moment later', async () => {
  const { run, runs, folder } = await sweepOf([1])
  const place = placeOf(folder, runs[0]!)
  await mkdir(place.run, { recursive: true })
  const lock = await lockFolder(place.run, new AbortController().signal)
  const ends = run()
  // By then the sweep has found it held.
  await vi.waitUntil(async () => (await readdir(place.job).catch(() => [])).some(isLockFile), { timeout: 30_000 })
  await lock.release()
  expect(await ends).toEqual({ 1: { state: 'done' } })
})

async function untilBegun(starts: () => Promise<string[]>): Promise<void> {
  await vi.waitUntil(async () => (await starts()).length > 0, { timeout: 30_000 })
}

describe('the folder of a sweep', () => {
  it('is not one that holds something else', async () => {
    const folder = await folderOf({ 'notes.txt': 'mine' })
    await expect(openSweepFolder(folder, 'the sweep', 'sweep.yaml')).rejects.toThrow(
      `--out ${folder}: is not empty and holds no sweep.yaml; name a new folder, or that of a sweep`,
    )
  })

  it('is refused for what is wrong with it: a link that leads nowhere, a file', async () => {
    const folder = await folderOf({ file: '' })
    await symlink(join(folder, 'nowhere'), join(folder, 'link'))
    const nowhere = `${join(folder, 'link')}: is a link that leads nowhere; remove it, or make its folder`
    for (const path of ['link', 'link/a/b']) {
      await expect(openSweepFolder(join(folder, path), 'the sweep', 'sweep.yaml')).rejects.toThrow(nowhere)
    }
    await expect(openSweepFolder(join(folder, 'file'), 'the sweep', 'sweep.yaml')).rejects.toThrow('is there already')
    await mkdir(join(folder, 'sweep'))
    await symlink(join(folder, 'nowhere'), join(folder, 'sweep', 'jobs'))
    await writeFile(join(folder, 'sweep', 'sweep.yaml'), '')
    await expect(openSweepFolder(join(folder, 'sweep'), 'the sweep', 'sweep.yaml')).rejects.toThrow(
      `${join(folder, 'sweep', 'jobs')}: is a link that leads nowhere`,
    )
  })

  it('keeps the sweep as it is now, and may be opened again', async () => {
    const folder = join(await folderOf(), 'a', 'sweep')
    await openSweepFolder(folder, 'first', 'sweep.yaml')
    await openSweepFolder(folder, 'second', 'sweep.yaml')
    expect(await readFile(join(folder, 'sweep.yaml'), 'utf8')).toBe('second')
    // A person's own file, with its comments, is not written over.
    await openSweepFolder(folder, 'third', join(folder, 'sweep.yaml'))
    expect(await readFile(join(folder, 'sweep.yaml'), 'utf8')).toBe('second')
  })

  it('is refused where a run’s folder holds another run', async () => {
    const { run, runs, folder, status } = await sweepOf([1])
    await run()
    vi.stubEnv('TEST_RUNS', '{}')
    await writeFile(join(placeOf(folder, runs[0]!).run, 'summary.json'), '{"run":"ab","interrupted":false}')
    await expect(status(runs[0]!)).rejects.toThrow(/holds another run than it is named after; remove it/)
  })
})
