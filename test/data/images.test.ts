import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { loadDataset } from '../../src/data/index.js'
import { fixture, folderWith } from './samples.js'

/** A folder of images by class, each one colour. */
async function folderOf(images: Record<string, { width: number; height: number; colour: string }>): Promise<string> {
  const folder = await folderWith({})
  for (const [name, { width, height, colour }] of Object.entries(images)) {
    await mkdir(join(folder, name, '..'), { recursive: true })
    await sharp({ create: { width, height, channels: 3, background: colour } }).toFile(join(folder, name))
  }
  return folder
}

describe('folders of images by class', () => {
  it('reads train and test folders of grey PNG files as one channel', async () => {
    const dataset = await loadDataset({ set: fixture('images-grey') }, 1)
    expect(dataset.classes).toEqual(['cat', 'dog'])
    expect(dataset.inputShape).toEqual([4, 6, 1])
    expect([dataset.train.size, dataset.test.size]).toEqual([6, 2])
    expect(Array.from({ length: 6 }, (_, i) => dataset.train.inputs[i * 24])).toEqual([0, 1, 2, 100, 101, 102])
    expect([...dataset.train.labels]).toEqual([0, 0, 0, 1, 1, 1])
  })

  it('reads colour images and holds back a share of each class', async () => {
    const dataset = await loadDataset({ set: fixture('images-colour') }, 1)
    expect(dataset.inputShape).toEqual([3, 3, 3])
    expect([...dataset.test.labels].sort()).toEqual([0, 1])
    const blue = dataset.train.labels.indexOf(0) * 27
    expect([...dataset.train.inputs.subarray(blue, blue + 2)]).toEqual([0, 0])
    expect(dataset.train.inputs[blue + 2]).toBeGreaterThanOrEqual(200)
  })

  it('gives grey images three channels, and colour one, when told', async () => {
    expect((await loadDataset({ set: fixture('images-grey'), channels: 3 }, 1)).inputShape).toEqual([4, 6, 3])
    const grey = await loadDataset({ set: fixture('images-colour'), channels: 1 }, 1)
    expect(grey.inputShape).toEqual([3, 3, 1])
    const red = grey.train.labels.indexOf(1) * 9
    expect(Math.abs(grey.train.inputs[red]! - 0.299 * 202)).toBeLessThan(2)
  })

  it('brings all images to the size of the first, or to the one asked for', async () => {
    const folder = await folderOf({
      'a/1.jpg': { width: 5, height: 4, colour: '#808080' },
      'a/2.png': { width: 9, height: 9, colour: '#404040' },
      'b/1.jpeg': { width: 5, height: 4, colour: '#ffffff' },
      'b/2.png': { width: 5, height: 4, colour: '#000000' },
    })
    expect((await loadDataset({ set: folder, testShare: 0.5 }, 1)).inputShape).toEqual([4, 5, 1])
    const sized = await loadDataset({ set: folder, imageSize: [2, 3], testShare: 0.5 }, 1)
    expect(sized.inputShape).toEqual([2, 3, 1])
    expect(sized.train.inputs).toHaveLength(2 * 6)
  })

  it('names the image that is damaged', async () => {
    const folder = await folderWith({})
    await cp(fixture('images-colour'), folder, { recursive: true })
    await writeFile(join(folder, 'red', '2.png'), 'not an image')
    await expect(loadDataset({ set: folder }, 1)).rejects.toThrow(/red\/2\.png: is not a readable PNG or JPEG image/)
    const whole = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
      .png()
      .toBuffer()
    await writeFile(join(folder, 'red', '2.png'), whole.subarray(0, whole.length - 40))
    await expect(loadDataset({ set: folder }, 1)).rejects.toThrow(/red\/2\.png: is not a readable/)
  })

  it('refuses class folders without images, and test classes that training lacks', async () => {
    const folder = await folderOf({
      'train/a/1.png': { width: 2, height: 2, colour: 'red' },
      'train/b/1.png': { width: 2, height: 2, colour: 'red' },
      'test/c/1.png': { width: 2, height: 2, colour: 'red' },
    })
    await expect(loadDataset({ set: folder }, 1)).rejects.toThrow(/test\/c: is no class of the training images: a, b/)
    await mkdir(join(folder, 'train', 'd'))
    await expect(loadDataset({ set: folder }, 1)).rejects.toThrow(/train\/d: has no \.png, \.jpg or \.jpeg image/)
  })
})
