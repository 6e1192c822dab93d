import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { exportModel } from '../../src/cli/commands/export.js'
import { predict } from '../../src/cli/commands/predict.js'
import { random } from '../../src/random.js'
import { hearsay, temporaryFolder } from '../e2e/hearsay.js'
import { backend, ok, rowsOf } from './asked.js'

describe('hearsay predict', () => {
  it('predicts a number in its own units, from columns by their names', async () => {
    const folder = await temporaryFolder()
    const draw = random(1, 'prices')
    const rows = Array.from({ length: 150 }, () => {
      const [age, colour] = [1 + draw.integer(50), draw.integer(2)]
      return `${age},${colour === 0 ? 'blue' : 'red'},${3 * age + 10 * colour}`
    })
    await writeFile(join(folder, 'prices.csv'), `age,colour,price\n${rows.join('\n')}\n`)
    await writeFile(join(folder, 'ask.csv'), 'colour,age\nred,20\nblue,40\n')
    const out = join(folder, 'run')
    const shape = ['--target', 'price', '--model', 'logistic', '--peers', '2', '--rounds', '20', '--no-baselines']
    await ok(['simulate', '--data', join(folder, 'prices.csv'), ...shape, ...backend, '--json', '--out', out])
    const { stdout } = await ok(['predict', out, join(folder, 'ask.csv'), '--peer', 'peer-1', ...backend])
    const [first, second] = rowsOf(stdout).map(row => Number(row.price))
    expect(Math.abs(first! - 70)).toBeLessThan(10)
    expect(Math.abs(second! - 120)).toBeLessThan(10)
  })

  it('restores images into a folder', async () => {
    const folder = await temporaryFolder()
    const draw = random(1, 'photos')
    for (let i = 0; i < 20; i++) {
      await mkdir(join(folder, 'photos', `${i % 2}`), { recursive: true })
      const pixels = Uint8Array.from(
        { length: 144 },
        (_, at) => 100 + 50 * (Math.floor(at / 36) % 2) + draw.integer(20),
      )
      const image = sharp(pixels, { raw: { width: 12, height: 12, channels: 1 } })
      await image.png().toFile(join(folder, 'photos', `${i % 2}`, `${i}.png`))
    }
    await sharp(join(folder, 'photos', '0', '0.png'))
      .resize(6, 6)
      .toFile(join(folder, 'small.png'))
    const out = join(folder, 'run')
    const shape = ['--super-resolution', '2', '--model', 'sr', '--peers', '2', '--rounds', '1', '--no-baselines']
    await ok(['simulate', '--data', join(folder, 'photos'), ...shape, ...backend, '--json', '--out', out])
    const images = join(folder, 'restored')
    const args = ['predict', out, join(folder, 'small.png'), '--peer', 'peer-0', ...backend]
    await ok([...args, '--out', images])
    expect(await readdir(images)).toEqual(['small.png'])
    const info = await sharp(join(images, 'small.png')).metadata()
    expect([info.width, info.height, info.channels]).toEqual([12, 12, 1])
    const { status, stderr } = await hearsay(args)
    expect([status, stderr]).toEqual([2, expect.stringContaining('name the folder')])
  })
})

describe('the examples of', () => {
  let cwd: string
  beforeAll(async () => {
    cwd = await temporaryFolder()
    const simulate = (out: string, ...args: string[]): Promise<unknown> =>
      ok([
        'simulate',
        ...args,
        '--model',
        'logistic',
        '--rounds',
        '1',
        '--no-baselines',
        '--json',
        '--out',
        join(cwd, 'runs', out),
      ])
    await simulate('xrays', '--data', 'pneumoniamnist', '--peers', '4')
    await simulate('hospitals', '--data', 'heart-disease')
    await simulate('digits', '--data', 'digits', '--peers', '2')
    await sharp(new Uint8Array(784).fill(90), { raw: { width: 28, height: 28, channels: 1 } }).toFile(
      join(cwd, 'scan.png'),
    )
    await writeFile(join(cwd, 'patients.csv'), '63,1,1,145,233,1,2,150,0,2.3,3,0,6\n67,1,4,160,?,0,2,108,1,1.5,2,3,3\n')
  })

  it.each([...predict.examples, ...exportModel.examples])('%s', async example => {
    const [program, ...words] = example.split(' ')
    expect(program).toBe('hearsay')
    const { stdout } = await ok(words, cwd)
    if (!example.includes('--out')) expect(stdout.trim().split('\n').length).toBeGreaterThan(1)
  })
})
