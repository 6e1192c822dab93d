import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import type { RunSummary } from '../../src/watch/index.js'
import { scalarsIn } from '../series/tensorboard/reader.js'
import { hearsay, readJson, startHearsay, temporaryFolder, tiny } from './hearsay.js'

describe('a run that other programs watch', () => {
  it('is scraped while it goes on, is in TensorBoard’s files, and in tables afterwards, with the same figures', async () => {
    const cwd = await temporaryFolder()
    const args = ['simulate', ...tiny, '--peers', '3', '--rounds', '3', '--no-baselines', '--out', 'run']
    const run = startHearsay([...args, '--tensorboard', '--metrics', '0', '--watch'], cwd)
    let said = ''
    run.child.stderr!.on('data', text => {
      said += text
    })
    await run.says(/^dashboard +http.*\n/m)
    const [, url] = /^metrics +(http\S+)$/m.exec(said)!
    const [, page] = /^dashboard +(http\S+)$/m.exec(said)!
    // Reading data and starting workers comes first.
    for (let texts = ['']; !texts.every(text => text.includes('\nhearsay_rounds 3\n')); await setTimeout(20)) {
      texts = await Promise.all([url!, `${page}metrics`].map(async address => (await fetch(address)).text()))
    }
    expect(await run.ended).toMatchObject({ status: 0 })
    await expect(fetch(url!)).rejects.toThrow()

    const { status, stdout } = await hearsay(['figures', 'run', '--format', 'csv,openmetrics', '--to', 'all'], cwd)
    expect([status, stdout]).toEqual([
      0,
      ['rounds.csv', 'peers.csv', 'openmetrics.txt', ''].map(name => name && `all/run/${name}`).join('\n'),
    ])
    const { accuracy, perPeer, bytes } = await readJson<RunSummary>(join(cwd, 'run', 'summary.json'))
    const rows: Record<string, string>[] = parse(await readFile(join(cwd, 'all/run/rounds.csv'), 'utf8'), {
      columns: true,
    })
    const last = rows.at(-1)!
    expect([last.round, last.accuracy, last['bytes/sent']].map(Number)).toEqual([3, accuracy.mean, bytes.sent])
    const board = scalarsIn(join(cwd, 'run', 'tensorboard'))
    expect(board.accuracy!.map(([, value]) => value)).toEqual(rows.map(row => Math.fround(Number(row.accuracy))))
    for (const { name, accuracy: own } of perPeer) {
      expect(scalarsIn(join(cwd, 'run/tensorboard/peers', name)).accuracy!.at(-1)).toEqual([3, Math.fround(own!)])
    }
    expect(await readFile(join(cwd, 'all/run/openmetrics.txt'), 'utf8')).toContain(
      `hearsay_accuracy{run="run",peer="${perPeer[0]!.name}"} ${perPeer[0]!.accuracy} `,
    )
  })
})
