import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { loadDataset, loadInputs } from '../../src/data/index.js'
import { dataLimits } from '../../src/data/limits.js'
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
    await expect(loadDataset({ set: folder }, 1)).rejects.toThrow(/red\/2\.png: is not an image that can be read/)
    const whole = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
      .png()
      .toBuffer()
    await writeFile(join(folder, 'red', '2.png'), whole.subarray(0, whole.length - 40))
    await expect(loadDataset({ set: folder }, 1)).rejects.toThrow(/red\/2\.png: is damaged or cannot be read/)
  })

  it('are refused where they have more pixels than the memory allows', async () => {
    const limits = { ...dataLimits, imagePixels: 23 }
    await expect(loadDataset({ set: fixture('images-grey') }, 1, limits)).rejects.toThrow(
      /\.\w+: has more than 23 pixels; make it smaller$/,
    )
    expect((await loadDataset({ set: fixture('images-grey') }, 1, { ...limits, imagePixels: 24 })).inputShape).toEqual([
      4, 6, 1,
    ])
  })

  it('refuses class folders without images, and test classes that training lacks', async () => {
    const folder = await folderOf({
      'train/a/1.png': { width: 2, height: 2, colour: 'red' },
      'train/b/1.png': { width: 2, height: 2, colour: 'red' },
      'test/c/1.png': { width: 2, height: 2, colour: 'red' },
    })
    await expect(loadDataset({ set: folder }, 1)).rejects.toThrow(/test\/c: is no class of the training images: a, b/)
    await mkdir(join(folder, 'train', 'd'))
    await writeFile(join(folder, 'train', 'd', 'list.txt'), '')
    await expect(loadDataset({ set: folder }, 1)).rejects.toThrow(
      /train\/d: has no image that can be read, only \.txt; read are PNG, JPEG/,
    )
  })
})

/** Red on the left, blue on the right: stretching and turning show. */
function banner(width = 8, height = 4): sharp.Sharp {
  const half = { create: { width: width / 2, height, channels: 3, background: 'blue' } } as const
  const red = sharp({ create: { width, height, channels: 3, background: 'red' } })
  return red.composite([{ input: half, left: width / 2, top: 0 }])
}

const readable = 'images are read from PNG, JPEG, WebP, GIF, TIFF and AVIF'

describe('what a folder of images holds besides', () => {
  it('reads every format of the image library, whatever the case of its ending', async () => {
    const folder = await folderWith({})
    const files = ['1.png', '2.JPG', '3.jpeg', '4.jfif', '5.WebP', '6.gif', '7.tif', '8.TIFF', '9.avif']
    for (const name of ['a', 'b']) {
      await mkdir(join(folder, name))
      for (const file of files) {
        const ending = file.split('.')[1]!.toLowerCase().replace('jfif', 'jpeg') as keyof sharp.FormatEnum
        await writeFile(join(folder, name, file), await banner().toFormat(ending).toBuffer())
      }
    }
    const { train, test, notes, inputShape } = await loadDataset({ set: folder }, 1)
    expect(notes).toBeUndefined()
    expect([train.size + test.size, inputShape]).toEqual([18, [4, 8, 3]])
    for (let at = 0; at < train.size; at++) {
      const [left, right] = [train.inputs.subarray(at * 96, at * 96 + 3), train.inputs.subarray(at * 96 + 21)]
      expect([left[0]! > 200, left[2]! < 50, right[0]! < 50, right[2]! > 200]).toEqual([true, true, true, true])
    }
  })

  it('tells how many files of what kinds were passed over, and says nothing of a system’s own', async () => {
    const folder = await folderOf({
      'a/1.png': { width: 4, height: 4, colour: 'red' },
      'a/2.png': { width: 4, height: 4, colour: 'red' },
      'b/1.png': { width: 4, height: 4, colour: 'blue' },
      'b/2.png': { width: 4, height: 4, colour: 'blue' },
      'b/more/3.png': { width: 4, height: 4, colour: 'blue' },
      'lost.png': { width: 4, height: 4, colour: 'blue' },
      '__MACOSX/a.png': { width: 4, height: 4, colour: 'blue' },
    })
    for (const file of ['a/3.bmp', 'a/4.BMP', 'b/4.svg', 'b/scan', 'README']) await writeFile(join(folder, file), '')
    for (const file of ['a/.DS_Store', 'a/Thumbs.db', 'b/desktop.ini', '.gitignore'])
      await writeFile(join(folder, file), '')
    await symlink(join(folder, 'nowhere.png'), join(folder, 'b', 'link.png'))
    const { notes, train, test } = await loadDataset({ set: folder, testShare: 0.5 }, 1)
    expect(train.size + test.size).toBe(4)
    expect(notes).toEqual([
      '8 of 12 files passed over (2 .bmp, 2 without an ending, 1 .svg, 1 folder within a class, 1 image beside the ' +
        `classes, 1 neither file nor folder); ${readable}`,
    ])
  })

  it('tells what lies beside train and test, by any of their names', async () => {
    const colour = { width: 2, height: 2, colour: 'red' }
    const folder = await folderOf({
      'Training/a/1.png': colour,
      'Training/b/1.png': colour,
      'Testing/a/1.png': colour,
      'spare/a/1.png': colour,
    })
    await writeFile(join(folder, 'labels.txt'), '')
    const { train, test, notes } = await loadDataset({ set: folder }, 1)
    expect([train.size, test.size]).toEqual([2, 1])
    expect(notes).toEqual([`2 of 5 files passed over (1 .txt, 1 folder beside train); ${readable}`])
  })

  it('follows links to classes and images', async () => {
    const folder = await folderOf({
      'a/1.png': { width: 2, height: 2, colour: 'red' },
      'a/2.png': { width: 2, height: 2, colour: 'red' },
      'other/1.png': { width: 2, height: 2, colour: 'red' },
      'other/2.png': { width: 2, height: 2, colour: 'red' },
    })
    const set = await folderWith({})
    for (const [name, to] of Object.entries({ a: 'a', b: 'other' })) await symlink(join(folder, to), join(set, name))
    const { classes, notes } = await loadDataset({ set, testShare: 0.5 }, 1)
    expect([classes, notes]).toEqual([['a', 'b'], undefined])
  })

  it('takes an empty class folder for a class without samples', async () => {
    const folder = await folderOf({
      'a/1.png': { width: 2, height: 2, colour: 'red' },
      'a/2.png': { width: 2, height: 2, colour: 'red' },
    })
    await mkdir(join(folder, 'b'))
    const { classes, notes } = await loadDataset({ set: folder, testShare: 0.5 }, 1)
    expect([classes, notes]).toEqual([['a', 'b'], ['class b: no samples']])
  })

  it('refuses folders of which it cannot tell the classes', async () => {
    const colour = { width: 2, height: 2, colour: 'red' }
    const sites = await folderOf({ 'boston/a/1.png': colour, 'paris/a/1.png': colour })
    await expect(loadDataset({ set: sites }, 1)).rejects.toThrow(
      /boston: has no images but folders \(a\); the folders of the path given must be the classes/,
    )
    const flat = await folderOf({ '1.png': colour })
    await expect(loadDataset({ set: flat }, 1)).rejects.toThrow(/has no folders but 1 image; each class needs a folder/)
    const untrained = await folderOf({ 'a/1.png': colour, 'test/1.png': colour })
    await expect(loadDataset({ set: untrained }, 1)).rejects.toThrow(/has a folder test but no folder train/)
    const empty = await folderWith({})
    await mkdir(join(empty, 'a'))
    await expect(loadDataset({ set: empty }, 1)).rejects.toThrow(/has class folders, and all of them are empty/)
  })
})

/** A TIFF of 2×2 floating-point samples. */
function floatTiff(...samples: number[]): Uint8Array {
  // Width, height, bits a sample, no compression, black is zero, strip at, one sample, rows, bytes, floating.
  const tags = { 256: 2, 257: 2, 258: 32, 259: 1, 262: 1, 273: 8, 277: 1, 278: 2, 279: 16, 339: 3 }
  const entries = Object.entries(tags)
  const view = new DataView(new ArrayBuffer(30 + 12 * entries.length))
  view.setUint32(0, 0x002a4949, true)
  view.setUint32(4, 24, true)
  for (const [i, sample] of samples.entries()) view.setFloat32(8 + 4 * i, sample, true)
  view.setUint16(24, entries.length, true)
  for (const [i, [tag, value]] of entries.entries()) {
    view.setUint16(26 + 12 * i, Number(tag), true)
    view.setUint16(28 + 12 * i, 3, true)
    view.setUint32(30 + 12 * i, 1, true)
    view.setUint32(34 + 12 * i, value, true)
  }
  return new Uint8Array(view.buffer)
}

describe('what an image is', () => {
  it.each<[string, string | Uint8Array, RegExp]>([
    ['BMP', 'BM rest of it', /is BMP, which is not read; save it as PNG/],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2"/>', /is SVG, which is not read/],
    ['SVG behind a declaration', '<?xml version="1.0"?><svg width="2" height="2"/>', /is SVG/],
    ['HEIC', '\0\0\0\x18ftypheic\0\0\0\0mif1heic', /is HEIC, which is not read/],
    ['PDF', '%PDF-1.7', /is PDF/],
    ['a text', 'not an image', /is not an image that can be read; read are PNG/],
    ['nothing', '', /is empty/],
  ])('shows in its bytes, not its name: %s is refused', async (_, bytes, message) => {
    const folder = await folderOf({ 'b/1.png': { width: 2, height: 2, colour: 'red' } })
    await mkdir(join(folder, 'a'))
    await writeFile(join(folder, 'a', '1.png'), bytes)
    await expect(loadDataset({ set: folder }, 1)).rejects.toThrow(message)
  })

  it('is read by its bytes under another image’s name', async () => {
    const folder = await folderWith({})
    for (const name of ['a', 'b']) {
      await mkdir(join(folder, name))
      for (const file of ['1.png', '2.png']) await writeFile(join(folder, name, file), await banner().jpeg().toBuffer())
    }
    expect((await loadDataset({ set: folder, testShare: 0.5 }, 1)).notes).toBeUndefined()
  })

  it('is refused with numbers whose black and white nobody knows', async () => {
    const folder = await folderOf({ 'b/1.png': { width: 2, height: 2, colour: 'red' } })
    await mkdir(join(folder, 'a'))
    await writeFile(join(folder, 'a', '1.tif'), floatTiff(0, 100, 200, 300))
    await expect(loadDataset({ set: folder }, 1)).rejects.toThrow(
      /1\.tif: has samples of type float; save it with 8 or 16/,
    )
  })

  it('keeps 16 bits as dark as they are', async () => {
    const folder = await folderWith({})
    for (const name of ['a', 'b']) {
      await mkdir(join(folder, name))
      const numbers = sharp(Uint16Array.of(0, 0x4000, 0x8000, 0xffff), { raw: { width: 2, height: 2, channels: 1 } })
      for (const file of ['1.png', '2.png'])
        await numbers
          .clone()
          .toColourspace('grey16')
          .toFile(join(folder, name, file))
    }
    const { train, inputShape } = await loadDataset({ set: folder, testShare: 0.5 }, 1)
    expect([inputShape, [...train.inputs.subarray(0, 4)]]).toEqual([
      [2, 2, 1],
      [0, 0x40, 0x80, 0xff],
    ])
  })

  it('tells of pages and frames that were not read', async () => {
    const colour = { width: 8, height: 4, colour: 'red' }
    const folder = await folderOf({ 'b/1.png': colour, 'b/2.png': colour })
    await mkdir(join(folder, 'a'))
    const pages = [await banner().png().toBuffer(), await banner().negate().png().toBuffer()]
    for (const file of ['1.gif', '2.webp', '3.tiff']) {
      await sharp(pages, { join: { animated: true } }).toFile(join(folder, 'a', file))
    }
    const { notes, train, inputShape } = await loadDataset({ set: folder, testShare: 0.5 }, 1)
    expect(notes).toContain('3 of 5 images have several pages or frames; the first of each is read')
    expect(inputShape).toEqual([4, 8, 3])
    expect(train.inputs[train.labels.indexOf(0) * 96]).toBeGreaterThan(200)
  })
})

describe('images of unlike shapes', () => {
  const images = {
    'a/1.png': { width: 5, height: 4, colour: 'red' },
    'a/2.png': { width: 9, height: 9, colour: 'red' },
    'b/1.png': { width: 5, height: 4, colour: 'blue' },
    'b/2.png': { width: 5, height: 4, colour: 'blue' },
  }

  it('are told, with the size they are stretched to and how to choose it', async () => {
    const folder = await folderOf(images)
    expect((await loadDataset({ set: folder, testShare: 0.5 }, 1)).notes).toEqual([
      '4 images (height×width 3 of 4×5, 1 of 9×9) stretched to 4×5, as the first is; data.imageSize sets another size',
    ])
    expect((await loadDataset({ set: folder, testShare: 0.5, imageSize: [2, 3] }, 1)).notes).toEqual([
      '4 images (height×width 3 of 4×5, 1 of 9×9) stretched to 2×3',
    ])
  })

  it('are not spoken of where all are alike and their size was asked for', async () => {
    const folder = await folderOf({ ...images, 'a/2.png': images['a/1.png'] })
    expect((await loadDataset({ set: folder, testShare: 0.5, imageSize: 3 }, 1)).notes).toBeUndefined()
  })

  it('are told before a model answers, with what was passed over', async () => {
    const folder = await folderOf(images)
    await writeFile(join(folder, 'a', '3.bmp'), '')
    const { notes, names } = await loadInputs(folder, { inputShape: [4, 5, 3], pixels: true })
    expect(names).toEqual(['a/1.png', 'a/2.png', 'b/1.png', 'b/2.png'])
    expect(notes).toEqual([
      `1 of 5 files passed over (1 .bmp); ${readable}`,
      '4 images (height×width 3 of 4×5, 1 of 9×9) stretched to 4×5, which the model takes',
    ])
    const { notes: none } = await loadInputs(join(folder, 'b'), { inputShape: [4, 5, 3], pixels: true })
    expect(none).toEqual([])
  })

  it('are told where they are to be restored: neither of the low resolution nor of the high', async () => {
    const folder = await folderOf({ ...images, 'b/1.png': { width: 10, height: 8, colour: 'blue' } })
    const wanted = { inputShape: [8, 10, 3], pixels: true, objective: { kind: 'super-resolution', factor: 2 } } as const
    const { notes } = await loadInputs(folder, wanted)
    expect(notes).toEqual(['2 images (height×width 1 of 8×10, 1 of 9×9) stretched to 8×10, which the model takes'])
  })
})
