import { cp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type AuditFindings, type AuditOptions, auditPeer, readAudited } from '../../src/audit/index.js'
import { HearsayError } from '../../src/errors.js'
import { folderForTest, startHere } from '../cli/in-process.js'

/** A run of the digits, kept in a folder. */
async function runOf(manifest: object): Promise<string> {
  const folder = await folderForTest()
  const path = join(folder, 'run.yaml')
  await writeFile(path, JSON.stringify({ seed: 1, data: { set: 'digits' }, partition: { kind: 'iid' }, ...manifest }))
  const out = join(folder, 'run')
  const flags = ['--no-baselines', '--json', '--transport', 'memory', '--backend', 'wasm', '--out', out]
  await startHere(['simulate', path, ...flags]).ended
  return out
}

async function audited(folder: string, peer: string, options: AuditOptions = {}): Promise<AuditFindings> {
  return auditPeer(await readAudited(folder, peer), { backend: 'wasm', workers: 1, ...options })
}

const overfit = {
  peers: 32,
  rounds: 1,
  model: { kind: 'mlp', hidden: [64] },
  training: { epochs: 80, batch: 8, learningRate: 0.1 },
  merge: 'none',
}

describe('an audit', () => {
  it('tells who was there where a model knows its few records by heart, the same for a seed', async () => {
    const folder = await runOf(overfit)
    const findings = await audited(folder, 'peer-1')
    const [loss, shadows] = findings.attacks
    expect(findings.accuracy!.members).toBe(1)
    expect(loss!.auc).toBeGreaterThan(0.65)
    expect(shadows!.auc).toBeGreaterThan(0.75)
    expect(shadows!.interval[0]).toBeGreaterThan(0.5)
    expect(findings).toMatchObject({ seen: 'the whole model', models: 1, records: 44, shadows: 8 })
    const quick = { quick: true, membershipOnly: true }
    expect((await audited(folder, 'peer-1', quick)).attacks).toEqual((await audited(folder, 'peer-1', quick)).attacks)
  })

  it('makes a record of the step of it alone, to the pixel', async () => {
    const folder = await runOf({ peers: 4, rounds: 1, model: { kind: 'mlp', hidden: [32] } })
    const { inversions } = await audited(folder, 'peer-0', { quick: true })
    expect(inversions.map(({ of, way }) => [of, way])).toEqual([
      ['record', 'exact'],
      ['step', 'exact'],
      ['round', 'exact'],
    ])
    const [record, step] = inversions
    expect(record!.likeness!.median.psnr).toBeGreaterThan(30)
    expect(record!.likeness!.average.psnr).toBeLessThan(15)
    expect(record!.likeness!.median.psnr).toBeGreaterThan(step!.likeness!.median.psnr)
    const [picture] = record!.pictures!
    expect(picture!.shape).toEqual([8, 8, 1])
    for (const [k, pixel] of picture!.made.entries()) expect(Math.abs(pixel - picture!.original[k]!)).toBeLessThan(2)
  })

  it('finds neither where little privacy is spent', async () => {
    const standardise = { mean: [4.88], std: [6.02] }
    const training = { epochs: 4, batch: 32, learningRate: 0.1 }
    const folder = await runOf({
      ...{ peers: 4, rounds: 2, model: { kind: 'mlp', hidden: [32] }, training, merge: 'dfedavg' },
      ...{ data: { set: 'digits', standardise }, privacy: { budget: 1 } },
    })
    const { attacks, inversions } = await audited(folder, 'peer-0', { quick: true })
    for (const { auc, interval } of attacks) {
      expect(Math.abs(auc - 0.5)).toBeLessThan(0.1)
      expect(interval[0]).toBeLessThan(0.5)
    }
    for (const { likeness } of inversions) expect(likeness!.best.psnr).toBeLessThan(likeness!.average.psnr + 3)
  })

  it('of a head sees features, of a sum their mean, and both tell less', async () => {
    const folder = await runOf({
      peers: 4,
      rounds: 2,
      model: { kind: 'mlp', hidden: [32] },
      share: 'head',
      topology: 'full',
    })
    const head = await audited(folder, 'peer-2', { quick: true })
    expect(head.seen).toBe("the part from output on, with peer-0's own model in place of the rest")
    const [record, step] = head.inversions
    expect(record).toMatchObject({ way: 'features', records: 2, taken: { right: 2, wrong: 0, candidates: 200 } })
    expect(step!.taken!.right).toBeLessThan(step!.records)
    const sum = await audited(folder, 'peer-2', { quick: true, seen: 'sum' })
    expect(sum.models).toBe(3)
    expect(sum.inversions[0]!.taken!.wrong).toBeGreaterThan(0)
    const whole = await audited(folder, 'peer-2', { quick: true, seen: 'all' })
    expect(whole.inversions[0]).toMatchObject({ way: 'exact' })
  })

  it('of a run with masks sees the sum, unless it is told otherwise', async () => {
    const folder = await runOf({ peers: 4, rounds: 1, model: 'logistic', topology: 'full', masks: true })
    const options = { quick: true, membershipOnly: true }
    expect(await audited(folder, 'peer-1', options)).toMatchObject({
      seen: 'the sum of 3 models, of each the whole model',
      models: 3,
      inversions: [],
    })
    expect(await audited(folder, 'peer-1', { ...options, seen: 'all' })).toMatchObject({ models: 1 })
  })

  it('reads the models beside the peer’s for a sum alone, and those of no other run', async () => {
    const task = { peers: 4, rounds: 1, model: 'logistic', topology: 'full' }
    const [folder, other] = [await runOf(task), await runOf({ ...task, seed: 2 })]
    const known = await readAudited(folder, 'peer-1')
    expect((await known.observer!.company()).map(({ number }) => number)).toEqual([2, 3])
    for (const file of ['peer-3.json', 'peer-3.safetensors']) {
      await cp(join(other, 'peers', file), join(folder, 'peers', file))
    }
    const options = { quick: true, membershipOnly: true }
    await expect(audited(folder, 'peer-1', { ...options, seen: 'sum' })).rejects.toThrow(
      /manifest\.yaml: is not the manifest that the model of peer-3 was trained by/,
    )
    await rm(join(folder, 'peers', 'peer-3.json'))
    const findings = await audited(folder, 'peer-1', options)
    expect(findings).toMatchObject({ models: 1, seen: 'the whole model' })
    const { observer } = await readAudited(folder, 'peer-1')
    await expect(observer!.company()).rejects.toThrow(HearsayError)
  })

  it('searches the inputs of a convolution', async () => {
    const model = { kind: 'cnn', channels: [8], hidden: 16 }
    const folder = await runOf({ peers: 4, rounds: 1, model, training: { batch: 4 }, merge: 'dfedavg' })
    const { inversions } = await audited(folder, 'peer-0', { quick: true })
    expect(inversions.map(({ of, way }) => [of, way])).toEqual([
      ['record', 'search'],
      ['step', 'search'],
    ])
    const { best, average } = inversions[0]!.likeness!
    expect(best.psnr).toBeGreaterThan(average.psnr + 3)
  })

  it('tells subjects apart where the data name them', async () => {
    const folder = await folderForTest()
    const path = join(folder, 'subjects.csv')
    // Noise that nothing can be learned of but by heart, three rows a subject.
    const rows = Array.from({ length: 360 }, (_, row) => {
      const cells = Array.from(
        { length: 12 },
        (_, column) => (Math.sin(row * 12.9898 + column * 78.233) * 43758.5453) % 1,
      )
      return [...cells, `s${Math.floor(row / 3)}`, (row * 7919) % 13 < 6 ? 'yes' : 'no'].join(',')
    })
    const head = [...Array.from({ length: 12 }, (_, k) => `x${k}`), 'subject', 'label'].join(',')
    await writeFile(path, [head, ...rows].join('\n'))
    const data = { set: path, label: 'label', groupColumn: 'subject', testShare: 0.4 }
    const training = { epochs: 60, batch: 8, learningRate: 0.1 }
    const run = await runOf({ ...overfit, peers: 2, data, training })
    const { subjects, attacks } = await audited(run, 'peer-0', { membershipOnly: true })
    expect(subjects!.members).toBeGreaterThan(20)
    expect(attacks[1]!.auc).toBeGreaterThan(0.75)
    expect(subjects!.auc).toBeGreaterThan(attacks[1]!.auc)
  })

  it('ends when it is told to, with the signal’s reason', async () => {
    const folder = await runOf({ peers: 4, rounds: 1, model: 'logistic' })
    const controller = new AbortController()
    const ended = audited(folder, 'peer-0', {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    })
    await expect(ended).rejects.toThrow('enough')
  })

  it('names what it cannot work on', async () => {
    const folder = await runOf({ peers: 1, rounds: 1, model: 'logistic', topology: 'full' })
    await expect(audited(folder, 'peer-7')).rejects.toThrow(HearsayError)
    await expect(audited(folder, 'peer-0', { seen: 'sum' })).rejects.toThrow(/^--seen sum: a sum of models takes those/)
    const path = join(folder, 'manifest.yaml')
    await writeFile(path, JSON.stringify({ seed: 2, peers: 1, data: { set: 'digits' }, model: 'logistic' }))
    await expect(audited(folder, 'peer-0')).rejects.toThrow(
      /manifest\.yaml: is not the manifest that the model of peer-0 was/,
    )
  })
})
