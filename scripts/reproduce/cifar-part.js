import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'

const source = fileURLToPath(new URL('../../../shared/data/cifar10/png', import.meta.url))

const imagesOfSheet = 1000
const plane = 32 * 32
/** Sheets of 1,000 images in the official order; sheet 50 is the first of the official test images. */
const sheets = { train: [0, 1, 2, 3, 4, 5, 6, 7], test: [50] }

/** How many images are taken of each part. */
export const taken = { train: sheets.train.length * imagesOfSheet, test: sheets.test.length * imagesOfSheet }

let made

/** The first images of CIFAR-10 in its binary form, made once; undefined where the set, which the user brings, is not there. */
export async function cifarPart() {
  made ??= makePart()
  return made
}

async function makePart() {
  if (!existsSync(join(source, 'cifar10_labels.js'))) return undefined
  const folder = join(tmpdir(), 'hearsay-reproduce', 'cifar10')
  mkdirSync(folder, { recursive: true })
  const labels = JSON.parse(readFileSync(join(source, 'cifar10_labels.js'), 'utf8').match(/\[[^\]]*\]/)[0])
  for (const [part, name] of Object.entries({ train: 'data_batch_1.bin', test: 'test_batch.bin' })) {
    const records = await Promise.all(sheets[part].map(sheet => recordsOf(sheet, labels)))
    writeFileSync(join(folder, name), Buffer.concat(records))
  }
  return folder
}

/** A sheet has an image a row, its pixels one after another; a record has the label, and then plane by plane. */
async function recordsOf(sheet, labels) {
  const { data } = await sharp(join(source, `cifar10_batch_${sheet}.png`))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  const records = Buffer.alloc(imagesOfSheet * (1 + 3 * plane))
  for (let image = 0; image < imagesOfSheet; image++) {
    const at = image * (1 + 3 * plane)
    records[at] = labels[sheet * imagesOfSheet + image]
    for (let pixel = 0; pixel < plane; pixel++) {
      for (let colour = 0; colour < 3; colour++) {
        records[at + 1 + colour * plane + pixel] = data[(image * plane + pixel) * 3 + colour]
      }
    }
  }
  return records
}
