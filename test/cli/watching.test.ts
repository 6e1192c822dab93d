import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { watchFlags } from '../../src/cli/flags/watch.js'
import { startWatching } from '../../src/cli/watching.js'
import { manifestYaml, parseManifest } from '../../src/node/index.js'

it('--watch takes a port, and tells where what it mistook for one belongs', () => {
  const [{ parse }] = watchFlags as readonly [(typeof watchFlags)[number]]
  expect(parse!('4711')).toBe(4711)
  expect(() => parse!('run.yaml')).toThrow('--watch run.yaml: is no port; put what is not one in front of --watch')
  expect(() => parse!('65536')).toThrow('--watch 65536: must be a whole number from 0 to 65535')
})

it('a dashboard is there only where it is asked for, and says where', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-watching-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'manifest.yaml'), manifestYaml(parseManifest({})))
  await writeFile(join(folder, 'metrics.jsonl'), '')
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
