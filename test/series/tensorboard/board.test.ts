import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseManifest, type RunEvent } from '../../../src/node/index.js'
import { tensorboardReporter } from '../../../src/series/index.js'
import { SessionLog } from '../../../src/series/tensorboard/generated/event.js'
import { writeBoard } from '../../../src/series/tensorboard/write.js'
import { reportedRun } from '../../watch/reporters/events.js'
import { begunMs, idOf, ownRound, recordOf, simulationOf } from '../events.js'
import { hasPython, python } from '../python.js'
import { eventsIn, scalarsIn, valuesIn } from './reader.js'

const hostile = '../../x'

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-board-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

/** A run as a reporter follows it. @returns what was told as lost */
async function written(folder: string, events: readonly RunEvent[], rounds = 0): Promise<unknown[]> {
  const lost: unknown[] = []
  const reporter = tensorboardReporter(folder, error => lost.push(error))
  await reporter.onBegin!(reportedRun({ rounds }))
  for (const event of events) await reporter.onEvent!(event)
  await reporter.onEnd!({ how: 'finished' })
  return lost
}

const baseline: RunEvent = { type: 'baseline', atMs: 1, name: 'centralised', round: 1, rounds: 2, accuracy: 0.75 }

describe('TensorBoard’s files', () => {
  it('have the run’s numbers, and a folder for each peer and each baseline', async () => {
    const folder = await temporaryFolder()
    expect(await written(folder, [...simulationOf(['boston', hostile], 2), baseline])).toEqual([])
    expect((await readdir(folder)).filter(name => !name.includes('tfevents'))).toEqual(['baselines', 'peers'])
    expect(await readdir(join(folder, 'peers'))).toEqual(['%2e%2e%2f..%2fx', 'boston'])
    const run = scalarsIn(folder)
    expect(run.accuracy).toEqual([
      [1, Math.fround(0.1)],
      [2, Math.fround(0.2)],
    ])
    expect(run).toMatchObject({
      'bytes/sent': [
        [1, 1000],
        [2, 2000],
      ],
      'accuracy/averaged model': [
        [1, 0.5],
        [2, 0.5],
      ],
    })
    expect(scalarsIn(join(folder, 'peers', 'boston'))).toMatchObject({
      'seconds/wait': [
        [1, 0.125],
        [2, 0.125],
      ],
    })
    expect(scalarsIn(join(folder, 'baselines', 'centralised'))).toEqual({ accuracy: [[2, 0.75]] })
    const [first, settings, round] = eventsIn(folder)
    expect(first!.fileVersion).toBe('brain.Event:2')
    expect(valuesIn(settings!).map(({ tag }) => tag)).toEqual(['_hparams_/session_start_info'])
    expect(round!.wallTime).toBe(begunMs / 1000 + 1)
  })

  it('of a peer in the field are its own numbers, in one folder', async () => {
    const folder = await temporaryFolder()
    await written(folder, ownRound(idOf('boston'), 0, begunMs, idOf('bern')))
    expect((await readdir(folder)).every(name => name.includes('tfevents'))).toBe(true)
    expect(scalarsIn(folder)).toMatchObject({ accuracy: [[1, Math.fround(0.1)]], 'heads/absent': [[1, 1]] })
  })

  it('of a run that is resumed say from which step on they count', async () => {
    const folder = await temporaryFolder()
    await written(folder, [], 3)
    expect(
      eventsIn(folder)
        .map(({ step, sessionLog }) => [step, sessionLog && SessionLog.decode(sessionLog).status])
        .slice(0, 2),
    ).toEqual([
      [0, undefined],
      [4, 'START'],
    ])
  })

  it('of a kept run are the same, take the place of earlier ones, and of no other file', async () => {
    const [folder, live] = [await temporaryFolder(), await temporaryFolder()]
    const events = [...simulationOf(['boston', 'bern'], 2), baseline]
    const run = { record: recordOf(events), manifest: parseManifest({ data: 'digits', peers: 2 }) }
    await written(live, events)
    await writeFile(join(folder, 'events.out.tfevents.1.other'), '')
    await writeBoard(folder, run)
    await writeBoard(folder, run)
    for (const place of ['', 'peers/boston', 'peers/bern', 'baselines/centralised']) {
      expect(scalarsIn(join(folder, place))).toEqual(scalarsIn(join(live, place)))
    }
    expect((await readdir(folder)).filter(name => name.endsWith('.other'))).toHaveLength(1)
  })
})

it('a disk that cannot be written is told once, in one line, and the run goes on', async () => {
  const file = join(await temporaryFolder(), 'file')
  await writeFile(file, '')
  const lost = await written(join(file, 'tensorboard'), simulationOf(['boston', 'bern'], 3))
  expect(lost.map(error => (error as Error).message)).toEqual([expect.stringContaining('the run itself is kept')])
})

it.skipIf(!hasPython('tensorboard'))('TensorBoard reads them', async () => {
  const folder = await temporaryFolder()
  const events = simulationOf(['boston', hostile], 3)
  await written(folder, events)
  // The process was killed before it could save its third round, which is done again.
  const again = events.filter(({ type, round }) => type === 'begin' || round === 2)
  await written(
    folder,
    again.map(event => (event.type === 'round' ? { ...event, consensusDistance: 8 } : event)),
    2,
  )
  const program = `
import json, os, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2
def read(path):
    events = EventAccumulator(path)
    events.Reload()
    return events
run = read(sys.argv[1])
data = plugin_data_pb2.HParamsPluginData.FromString(
    run.SummaryMetadata('_hparams_/session_start_info').plugin_data.content)
print(json.dumps({
    'tags': run.Tags()['scalars'],
    'accuracy': [[e.step, e.value, e.wall_time] for e in run.Scalars('accuracy')],
    'distance': [[e.step, e.value] for e in run.Scalars('consensus distance')],
    'peers': {name: [e.value for e in read(os.path.join(sys.argv[1], 'peers', name)).Scalars('seconds/wait')]
              for name in sorted(os.listdir(os.path.join(sys.argv[1], 'peers')))},
    'method': data.session_start_info.hparams['merge.method'].string_value,
    'peersAsked': data.session_start_info.hparams['peers'].number_value}))`
  const read = python(program, [folder]) as Record<string, unknown>
  expect(read.tags).toEqual(expect.arrayContaining(['accuracy', 'accuracy/averaged model', 'consensus distance']))
  expect(read.accuracy).toEqual([1, 2, 3].map(step => [step, Math.fround(step / 10), begunMs / 1000 + step]))
  expect(read.distance).toEqual([
    [1, 0.125],
    [2, 0.125],
    [3, 8],
  ])
  expect(read.peers).toEqual({ '%2e%2e%2f..%2fx': [0.125, 0.125, 0.125], boston: [0.125, 0.125, 0.125] })
  expect([read.method, read.peersAsked]).toEqual(['dfedsam', 2])
})

describe('a run folder with links in it', () => {
  it('is not left: files elsewhere are neither removed nor written', async () => {
    const [folder, elsewhere] = [await temporaryFolder(), await temporaryFolder()]
    const theirs = join(elsewhere, 'events.out.tfevents.1111111111.hearsay')
    await writeFile(theirs, 'theirs')
    await symlink(elsewhere, join(folder, 'link'))
    const record = recordOf(simulationOf(['boston', 'cambridge'], 1))
    const manifest = parseManifest({ data: 'digits', peers: 2, rounds: 1 })
    await writeBoard(folder, { record, manifest })
    expect(await readFile(theirs, 'utf8')).toBe('theirs')
    for (const place of ['peers/boston', 'peers']) {
      await rm(join(folder, place), { recursive: true })
      await symlink(elsewhere, join(folder, place))
      await expect(writeBoard(folder, { record, manifest })).rejects.toThrow(`${join(folder, place)}: is a link`)
    }
    await expect(writeBoard(join(folder, 'link'), { record, manifest })).rejects.toThrow('is a link')
    expect(await readdir(elsewhere)).toHaveLength(1)
  })
})
