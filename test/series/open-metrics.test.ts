import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openMetricsText } from '../../src/series/open-metrics.js'
import { idOf, ownRound, recordOf, simulationOf } from './events.js'
import { hasPython, python } from './python.js'

const hostile = 'a"b\\c{d="e"} 1'

function textOf(names: readonly string[], rounds = 2): string {
  return [...openMetricsText(recordOf(simulationOf(names, rounds)), { measure: 'accuracy', run: 'xrays' })].join('')
}

it('has each number with its time, families whole, counters added up', () => {
  const text = textOf(['boston'])
  expect(text.endsWith('\n# EOF\n')).toBe(true)
  expect(text).toContain(
    [
      '# TYPE hearsay_accuracy gauge',
      '# HELP hearsay_accuracy Of each peer’s model in its last test.',
      'hearsay_accuracy{run="xrays",peer="boston"} 0.1 1800000001.000',
      'hearsay_accuracy{run="xrays",peer="boston"} 0.2 1800000002.000',
      '',
    ].join('\n'),
  )
  expect(text).toContain(
    [
      '# TYPE hearsay_phase_seconds counter',
      '# UNIT hearsay_phase_seconds seconds',
      '# HELP hearsay_phase_seconds Time in the parts of rounds.',
      'hearsay_phase_seconds_total{run="xrays",peer="boston",phase="train"} 0.5 1800000001.000',
      'hearsay_phase_seconds_total{run="xrays",peer="boston",phase="train"} 1 1800000002.000',
      '',
    ].join('\n'),
  )
  expect(text).toMatch(/^hearsay_sent_bytes_total\{run="xrays"\} 2000 /m)
})

it('a peer in the field has what it knows', () => {
  const events = ownRound(idOf('boston'), 0, 1_800_000_000_000, idOf('bern'))
  const text = [...openMetricsText(recordOf(events), { measure: 'psnr', run: 'x' })].join('')
  expect(text).toMatch(/^# UNIT hearsay_psnr_decibels decibels$/m)
  expect(text).not.toContain('consensus')
})

it('a name is a label’s value and nothing else', () => {
  expect(textOf([hostile], 1)).toContain('peer="a\\"b\\\\c{d=\\"e\\"} 1"')
})

// Debian: python3-prometheus-client; from PyPI: prometheus-client.
it.skipIf(!hasPython('prometheus_client'))('is read by the reference parser of OpenMetrics', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-openmetrics-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'openmetrics.txt')
  await writeFile(path, textOf(['boston', hostile], 3))
  const program = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = text_string_to_metric_families(open(sys.argv[1], encoding='utf-8').read())
print(json.dumps({f.name: [[s.labels, s.value, float(s.timestamp)] for s in f.samples] for f in families}))`
  const read = python(program, [path]) as Record<string, [Record<string, string>, number, number][]>
  expect(read.hearsay_accuracy!.map(([{ peer }, value, time]) => [peer, value, time])).toEqual(
    ['boston', hostile].flatMap(peer => [1, 2, 3].map(round => [peer, round / 10, 1_800_000_000 + round])),
  )
  expect(read.hearsay_refused!.map(([labels, value]) => [labels.reason, value])).toEqual([
    ['TOO_FAR', 2],
    ['TOO_FAR', 4],
    ['TOO_FAR', 6],
  ])
})
