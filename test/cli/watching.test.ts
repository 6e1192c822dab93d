import { EventEmitter } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { watchFlags } from '../../src/cli/flags/watch.js'
import { startWatching } from '../../src/cli/watching.js'
import { manifestYaml, parseManifest } from '../../src/node/index.js'

it('--watch takes a port, and tells where what it mistook for one belongs', () => {
  const [{ parse }] = watchFlags as readonly [(typeof watchFlags)[number]]
  expect(parse!('4711')).toBe(4711)
  expect(() => parse!('run.yaml')).toThrow('--watch run.yaml: is no port; put what is not one in front of --watch')
  expect(() => parse!('65536')).toThrow('--watch 65536: must be a whole number from 0 to 65535')
})

const open = vi.hoisted(() => vi.fn())
vi.mock('open', () => ({ default: open }))
afterEach(() => open.mockReset())

async function runFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-watching-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'manifest.yaml'), manifestYaml(parseManifest({})))
  await writeFile(join(folder, 'metrics.jsonl'), '')
  return folder
}

it('a dashboard is there only where it is asked for, and says where', async () => {
  const folder = await runFolder()
  const said: string[] = []
  const say = (line: string): void => void said.push(line)
  await (await startWatching({ folder }, {}, say)).stop()
  expect(said).toEqual([])
  const watching = await startWatching({ folder }, { watch: true }, say)
  expect(said).toEqual([expect.stringMatching(/^dashboard http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\/$/)])
  const [, address] = said[0]!.split(' ') as [string, string]
  expect((await fetch(address)).status).toBe(200)
  await watching.stop()
  await watching.stop()
  await expect(fetch(address)).rejects.toThrow()
})

describe('a browser', () => {
  /** The system's opener as it is once `open` resolves. */
  const opener = (exitCode: number | null): EventEmitter => Object.assign(new EventEmitter(), { exitCode })

  /** @returns what is said behind the address */
  async function opening(): Promise<{ readonly said: string[]; readonly address: string }> {
    const said: string[] = []
    const watching = await startWatching({ folder: await runFolder() }, { open: true }, line => void said.push(line))
    onTestFinished(() => watching.stop())
    // Whatever became of the browser, the dashboard is there.
    const address = said.shift()!.replace('dashboard ', '')
    expect((await fetch(address)).status).toBe(200)
    return { said, address }
  }

  it('is opened at the address', async () => {
    const child = opener(null)
    open.mockResolvedValue(child)
    const { said, address } = await opening()
    child.emit('exit', 0)
    expect(open).toHaveBeenCalledExactlyOnceWith(address)
    expect(said).toEqual([])
  })

  it('that cannot be opened is told in one line, with what to do', async () => {
    open.mockRejectedValue(new Error('spawn\nxdg-open ENOENT'))
    expect((await opening()).said).toEqual([
      'no browser was opened: spawn\\nxdg-open ENOENT; open the address yourself',
    ])
  })

  it('whose opener finds none, now or before `open` resolved, is told as well', async () => {
    const child = opener(null)
    open.mockResolvedValueOnce(child).mockResolvedValueOnce(opener(1))
    const { said } = await opening()
    expect(said).toEqual([])
    child.emit('exit', 3)
    expect(said).toEqual(['no browser was opened: what opens it has ended with status 3; open the address yourself'])
    expect((await opening()).said).toEqual([
      'no browser was opened: what opens it has ended with status 1; open the address yourself',
    ])
  })

  it('that is closed long after is nothing to tell', async () => {
    const child = opener(null)
    open.mockResolvedValue(child)
    const { said } = await opening()
    child.emit('exit', null, 'SIGTERM')
    expect(said).toEqual([])
  })
})
