import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { checkFolder, checkHosts, checkPort } from '../../src/doctor/checks.js'

const { signal } = new AbortController()
const stopped = AbortSignal.abort(new Error('enough'))

describe('a check', () => {
  it('of a port opens one, or says why not', async () => {
    expect(await checkPort('127.0.0.1', signal)).toEqual({ ok: true, text: 'a TCP port can be opened on 127.0.0.1' })
    const foreign = await checkPort('203.0.113.7', signal)
    expect(foreign.ok).toBe(false)
    expect(foreign.text).toContain('EADDRNOTAVAIL')
  })

  it('of hosts lets two of them talk, or says why not', async () => {
    const talk = await checkHosts('127.0.0.1', signal)
    expect(talk).toEqual({
      ok: true,
      text: expect.stringMatching(/^two peers can connect over 127\.0\.0\.1 \(\d+ ms\)$/),
    })
    expect(await checkHosts('203.0.113.7', signal)).toEqual({
      ok: false,
      text: expect.stringContaining('is no address of this machine'),
    })
  })

  it('of a folder tries it, also where it is yet to be made, and leaves nothing behind', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hearsay-check-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const path = join(folder, 'runs', 'deep')
    const found = await checkFolder(path, signal)
    expect(found).toMatchObject({ ok: true, text: `${path} can be written` })
    expect(found.freeBytes).toBeGreaterThan(0)
    expect(await readdir(folder)).toEqual([])
    await writeFile(join(folder, 'file'), '')
    expect(await checkFolder(join(folder, 'file'), signal)).toMatchObject({
      ok: false,
      text: expect.stringContaining('ENOTDIR'),
    })
  })

  it('that is interrupted throws', async () => {
    for (const check of [checkPort, checkHosts, checkFolder]) {
      await expect(check('127.0.0.1', stopped)).rejects.toThrow('enough')
    }
  })
})
