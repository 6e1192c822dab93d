import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { random } from '../../src/random.js'

/** Of each site: how amounts are spread, and how those of frauds are; the share of frauds. */
const sites = {
  kiosk: { usual: [5, 2], fraud: [12, 0], share: 0 },
  grocer: { usual: [40, 12], fraud: [200, 20], share: 0.02 },
  hotel: { usual: [60, 15], fraud: [260, 40], share: 0.5 },
  dealer: { usual: [100, 30], fraud: [320, 120], share: 0.97 },
} as const

export const cardSites = Object.keys(sites) as (keyof typeof sites)[]

/**
 * Card payments of four sites, a table each: what is fraud shows by the amount, the same everywhere, and the amounts of
 * one site are spread 60 times as wide as those of another.
 *
 * @returns the folder; `<site>.csv` is in it
 */
export async function writeCards(folder: string, rows = 1500): Promise<string> {
  await mkdir(folder, { recursive: true })
  for (const [site, { usual, fraud, share }] of Object.entries(sites)) {
    const draw = random(1, `cards/${site}`)
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - draw.uniform())) * Math.cos(2 * Math.PI * draw.uniform())
    const lines = Array.from({ length: rows }, () => {
      const isFraud = draw.uniform() < share
      const [mean, spread] = isFraud ? fraud : usual
      // A gap between the two, so that a line can tell them apart.
      const amount = mean + spread * (isFraud ? Math.max(-1, normal()) : Math.min(2, normal()))
      return [amount.toFixed(3), (12 + 4 * normal()).toFixed(2), normal().toFixed(3), isFraud ? 'yes' : 'no'].join(',')
    })
    await writeFile(join(folder, `${site}.csv`), ['amount,hour,attempts,fraud', ...lines].join('\n'))
  }
  return folder
}
