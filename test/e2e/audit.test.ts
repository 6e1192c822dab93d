import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import type { AuditReport } from '../../src/audit/index.js'
import { expectAccessible, hasBrowser, launched, opened } from './browser.js'
import { hearsay, readJson, simulated, startHearsay, temporaryFolder } from './hearsay.js'
import { startPeer } from './peers.js'

const backend = ['--backend', 'wasm'] as const
let run = ''
beforeAll(async () => {
  const args = ['--data', 'digits', '--model', 'mlp:32', '--peers', '4', '--rounds', '2', '--workers', '1', ...backend]
  run = (await simulated(args)).out
})

describe('hearsay audit', () => {
  it('prints what was found, and keeps it: figures for anybody, the page with its pictures for the owner', async () => {
    const { status, stdout, stderr } = await hearsay(['audit', run, '--peer', 'peer-1', '--quick', ...backend])
    expect([status, stderr]).toEqual([
      0,
      expect.stringMatching(/^audit 0\/9 {2}handing over\naudit 1\/9 {2}shadow models\n/),
    ])
    expect(stdout).toMatch(/^peer +peer-1: 359 records, 2 rounds, no budget of privacy\nseen +the whole model\n/)
    expect(stdout).toMatch(/^ loss threshold +0\.\d\d \(0\.\d\d to 0\.\d\d\) /m)
    expect(stdout).toMatch(/^ steps of one record, 2 times +quotient +best \d+\.\d dB, .* records are recovered$/m)
    const report = await readJson<AuditReport>(join(run, 'audit.json'))
    expect(report).toMatchObject({ format: 'hearsay audit 1', peer: 'peer-1', budget: null, models: 1, quick: true })
    expect(report.inversions[0]).not.toHaveProperty('pictures')
    expect((await stat(join(run, 'audit.html'))).mode & 0o777).toBe(0o600)
    expect(await readFile(join(run, 'audit.html'), 'utf8')).toContain('"pictures":[{')
  })

  it('as JSON has the same figures again, in another folder', async () => {
    const out = join(await temporaryFolder(), 'audits', 'one')
    const args = ['audit', run, '--peer', 'peer-1', '--quick', '--json', '--out', out, ...backend]
    const { status, stdout } = await hearsay(args)
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toEqual(await readJson(join(run, 'audit.json')))
    expect(await readJson(join(out, 'audit.json'))).toEqual(JSON.parse(stdout))
  })

  it('ends with Ctrl-C, and leaves nothing', async () => {
    const out = join(await temporaryFolder(), 'audit')
    const { child, says, ended } = startHearsay([
      'audit',
      run,
      '--peer',
      'peer-0',
      '--shadows',
      '256',
      '--out',
      out,
      ...backend,
    ])
    await says(/shadow models/)
    child.kill('SIGINT')
    const { status, stdout, stderr } = await ended
    expect([status, stdout]).toEqual([130, ''])
    expect(stderr).not.toContain('    at ')
    await expect(stat(out)).rejects.toThrow('ENOENT')
  })

  it.each([
    [['--peer', 'peer-9'], '--peer peer-9: '],
    [['--peer', 'peer-0', '--shadows', '5'], '--shadows 5: must be even'],
    [['--peer', 'peer-0', '--shadows', '2'], '--shadows 2: must be a whole number from 4 to 256'],
    [['--peer', 'peer-0', '--seen', 'body'], '--seen body: must be one of all, head, sum'],
  ])('refuses %j in one line', async (args, says) => {
    const { status, stderr } = await hearsay(['audit', run, ...args])
    expect(status).toBe(2)
    expect(stderr).toContain(says)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  it('works on the folder of a peer in the field', async () => {
    const folder = await temporaryFolder()
    const manifest = join(folder, 'run.yaml')
    const data = { set: 'digits' }
    await writeFile(manifest, stringify({ data, model: 'logistic', peers: 4, minPeers: 1, rounds: 2, share: 'head' }))
    const peer = startPeer(manifest, join(folder, 'run'))
    expect(await peer.running.ended).toMatchObject({ status: 0 })
    const { status, stdout } = await hearsay(['audit', peer.out, '--quick', ...backend])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^ shadow models \(LiRA\) +0\.\d\d /m)
    expect(stdout).toMatch(/^seen +the whole model$/m)
  })

  it.skipIf(!hasBrowser)('has a page that draws records, fetches nothing and can be read by all', async () => {
    const browser = await launched()
    try {
      const { page, complaints } = await opened(browser, pathToFileURL(join(run, 'audit.html')).href)
      expect(await page.getByRole('img', { name: 'a record' }).count()).toBeGreaterThan(2)
      const drawn = 'document.querySelector("canvas").getContext("2d").getImageData(0, 0, 8, 8).data'
      expect(new Set(await page.evaluate<number[]>(`[...${drawn}]`)).size).toBeGreaterThan(3)
      await expectAccessible(page)
      expect(complaints).toEqual([])
    } finally {
      await browser.close()
    }
  })
})
