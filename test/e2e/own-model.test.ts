import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { random } from '../../src/random.js'
import { hearsay, root, simulated, temporaryFolder } from './hearsay.js'

/*
 * docs/your-own-model.md, followed: models that Keras 3 made (test/fixtures/learner), and a folder of PNGs by class.
 */

const model = (name: string): string => join(root, 'test', 'fixtures', 'learner', name, 'model.json')

let photos: string
beforeAll(async () => {
  photos = join(await temporaryFolder(), 'photos')
  const draw = random(1, 'photos')
  for (const [brightHalf, name] of ['top', 'bottom'].entries()) {
    await mkdir(join(photos, name), { recursive: true })
    for (let i = 0; i < 40; i++) {
      const pixels = Uint8Array.from({ length: 144 }, (_, at) => {
        const bright = Math.floor(at / 72) === brightHalf
        return draw.integer(120) + (bright ? 120 : 0)
      })
      await sharp(pixels, { raw: { width: 12, height: 12, channels: 1 } })
        .png()
        .toFile(join(photos, name, `${i}.png`))
    }
  }
})

const run = (name: string): string[] =>
  ['--data', photos, '--model', model(name), '--head', 'classifier', '--peers', '2'].concat([
    '--backend',
    'wasm',
    '--workers',
    '1',
    '--partition',
    'iid',
    '--batch',
    '8',
  ])

describe('a model from Keras and a folder of images', () => {
  it('trains, a sequential one', async () => {
    const { summary, parameters } = await simulated([...run('keras-sequential'), '--rounds', '4'])
    expect(summary.rounds).toBe(4)
    expect(parameters.size).toBe(2)
    // The weights that the model brings were drawn for nothing; better than guessing is learnt here.
    expect(summary.accuracy.mean).toBeGreaterThan(0.8)
  })

  it('trains, a functional one, which can share its head only', async () => {
    const { summary } = await simulated([...run('keras-functional'), '--rounds', '1', '--share', 'head'])
    // 8 features times 2 classes, and 2 biases.
    expect(summary.model.shared).toBe(18)
  })

  it('says which layers there are to begin the head at', async () => {
    const args = [...run('keras-functional'), '--rounds', '1', '--head', 'no-such']
    const { status, stderr } = await hearsay(['simulate', ...args, '--no-baselines'])
    expect(status).toBe(2)
    expect(stderr).toContain('no layer "no-such"')
    expect(stderr).toContain('classifier')
  })
})
