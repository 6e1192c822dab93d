import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { metricsAddress } from '../../src/cli/flags/outlets.js'
import { openOutlets } from '../../src/cli/outlets.js'
import { manifestYaml } from '../../src/node/index.js'
import { simulationOf } from '../series/events.js'
import { reportedRun } from '../watch/reporters/events.js'

it('metrics are served at a port of this machine, or at an address that is named', () => {
  expect(metricsAddress('9464')).toEqual({ port: 9464 })
  expect(metricsAddress('0.0.0.0:9464')).toEqual({ host: '0.0.0.0', port: 9464 })
  expect(metricsAddress('[::]:0')).toEqual({ host: '::', port: 0 })
  for (const text of ['', 'here', '65536', '-1', 'example.org:9464', ':9464', '0.0.0.0:', '1.2.3:1']) {
    expect(() => metricsAddress(text), text).toThrow(/^--metrics/)
  }
})

it('without flags nothing is opened or said', async () => {
  const said: string[] = []
  const outlets = await openOutlets({}, { tell: line => said.push(line) })
  await outlets.watch({ folder: 'run' })
  expect([outlets.reporters('run'), outlets.network, said]).toEqual([[], {}, []])
  await outlets.close()
  await expect(openOutlets({ hostMetrics: true }, { tell: () => {} })).rejects.toThrow(
    '--host-metrics: go with --metrics or --watch',
  )
})

it('the dashboard has the metrics too, which are those of the port', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-outlets-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const run = reportedRun({})
  await writeFile(join(folder, 'manifest.yaml'), manifestYaml(run.manifest))
  await writeFile(join(folder, 'metrics.jsonl'), '')
  const said: string[] = []
  const tell = (line: string): void => void said.push(stripVTControlCharacters(line))
  const scraped = async (name: string): Promise<string> => {
    const line = said.find(other => other.startsWith(name))!
    const address = line.split(/ +/)[1]!
    const response = await fetch(name === 'dashboard' ? `${address}metrics` : address)
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    return response.text()
  }
  for (const flags of [{ watch: true, metrics: { port: 0 } }, { watch: true }, { open: false, watch: 0 }] as const) {
    said.length = 0
    const outlets = await openOutlets(flags, { tell })
    const [reporter, ...others] = outlets.reporters(folder)
    expect(others).toEqual([])
    await outlets.watch({ folder })
    await reporter!.onBegin!(run)
    for (const event of simulationOf(['boston', 'bern'], 2)) await reporter!.onEvent!(event)
    const text = await scraped('dashboard')
    expect(text).toContain('\nhearsay_round 2\n')
    if ('metrics' in flags) expect(await scraped('metrics')).toBe(text)
    await outlets.close()
    await outlets.close()
    await expect(scraped('dashboard')).rejects.toThrow()
  }
})
