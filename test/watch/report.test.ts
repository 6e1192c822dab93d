import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { headline, report } from '../../src/watch/index.js'
import { summaryOf } from './runs.js'

const linesOf = (changes: Parameters<typeof summaryOf>[0] = {}): string[] =>
  stripVTControlCharacters(report(summaryOf(changes)))
    .split('\n')
    .map(line => line.trim().replaceAll(/ {2,}/g, ' | '))

describe('the report', () => {
  it('has a line for every peer: samples, accuracy, what it would have had alone', () => {
    const lines = linesOf()
    expect(lines[0]).toBe('peer | name | samples | accuracy | alone | gain')
    expect(lines).toContain('0 | boston | 1,500 | 85.0 % | 70.0 % | +15.0')
    expect(lines).toContain('1 | zurich | 20 | 50.0 % | 55.0 % | -5.0')
    expect(lines).toContain('2 | bern | 300 | – (killed) | 40.0 % | –')
  })

  it('fits the terminal', () => {
    const lines = stripVTControlCharacters(report(summaryOf({}), 58)).split('\n')
    const tables = lines.slice(
      0,
      lines.findIndex(line => line.startsWith('consensus distance')),
    )
    for (const line of tables) expect(line.length).toBeLessThanOrEqual(58)
    expect(tables.filter(line => line.trimStart().startsWith('peer'))).toHaveLength(2)
  })

  it('sets Hearsay beside both baselines', () => {
    const lines = linesOf()
    expect(lines).toContain('local only (mean) | 60.1 %')
    expect(lines).toContain('Hearsay (mean) | 91.2 %')
    expect(lines).toContain('Hearsay (lowest to highest) | 85.0 % to 95.0 %')
    expect(lines).toContain('Hearsay (averaged model) | 93.0 %')
    expect(lines).toContain('centralised (all data in one place) | 97.7 %')
  })

  it('shows what the run measures', () => {
    const perPeer = [{ peer: 0, name: 'boston', samples: 10, accuracy: 0.5, localOnly: 0.25, failed: false }]
    const numbers = linesOf({ measure: 'r2', perPeer })
    expect(numbers[0]).toBe('peer | name | samples | R² | alone | gain')
    expect(numbers).toContain('0 | boston | 10 | 0.500 | 0.250 | +0.250')
    expect(numbers).toContain('Hearsay (mean) | 0.912')
    const images = linesOf({ measure: 'psnr', perPeer: [{ ...perPeer[0]!, accuracy: 29.3, localOnly: 30 }] })
    expect(images[0]).toBe('peer | name | samples | PSNR | alone | gain')
    expect(images).toContain('0 | boston | 10 | 29.30 dB | 30.00 dB | -0.70')
  })

  it('sets beside accuracy what it hides where a class is rare: a peer that finds none of 175 frauds', () => {
    const figures = (value: number) => ({ mean: value, min: value, max: value, localOnly: 0.25, centralised: 0.75 })
    const perPeer = [
      {
        peer: 0,
        name: 'bank',
        samples: 10,
        accuracy: 0.997,
        balancedAccuracy: 0.5,
        rarestRecall: 0,
        localOnly: null,
        failed: false,
      },
    ]
    const run = {
      perPeer,
      beside: { balancedAccuracy: figures(0.5), rarestRecall: figures(0) },
      rarest: { class: 'fraud', samples: 175 },
    }
    const lines = linesOf({ ...run, isUnbalanced: true, untested: ['theft'] })
    expect(lines[0]).toBe('peer | name | samples | accuracy | balanced | fraud (175) found')
    expect(lines).toContain('0 | bank | 10 | 99.7 % | 50.0 % | 0.0 %')
    expect(lines).toContain('local only (mean) | 60.1 % | 25.0 % | 25.0 %')
    expect(lines).toContain('Hearsay (mean) | 91.2 % | 50.0 % | 0.0 %')
    expect(lines).toContain('centralised (all data in one place) | 97.7 % | 75.0 % | 75.0 %')
    expect(lines).toContain('theft has no test sample and is left out of balanced accuracy')
    // Classes of much the same size need no more than accuracy.
    expect(linesOf(run)[0]).toBe('peer | name | samples | accuracy')
  })

  it('has AUROC in the first table where a class is rare, and the primary figure before all others', () => {
    const figures = { mean: 0.9, min: 0.875, max: 0.925, localOnly: 0.6, centralised: null }
    const beside = { auroc: figures, balancedAccuracy: figures, rarestRecall: figures }
    const perPeer = [{ peer: 0, name: 'bank', samples: 10, accuracy: 0.997, localOnly: 0.5, failed: false, auroc: 0.9 }]
    const run = { perPeer, beside, rarest: { class: 'fraud', samples: 175 }, isUnbalanced: true }
    expect(linesOf(run)[0]).toBe(
      'peer | name | samples | accuracy | AUROC | balanced | fraud (175) found | alone | gain',
    )
    const alone = perPeer.map(peer => ({ ...peer, localOnlyBeside: { auroc: 0.6 } }))
    const lines = linesOf({ ...run, perPeer: alone, primary: 'auroc' })
    expect(lines[0]).toBe(
      'peer | name | samples | AUROC | accuracy | balanced | fraud (175) found | AUROC alone | gain',
    )
    expect(lines).toContain('0 | bank | 10 | 0.900 | 99.7 % | – | – | 0.600 | +0.300')
    expect(lines).toContain('local only (mean) | 0.600 | 60.1 % | 60.0 % | 60.0 %')
    expect(lines).toContain(
      'Hearsay (lowest to highest) | 0.875 to 0.925 | 85.0 % to 95.0 % | 87.5 % to 92.5 % | 87.5 % to 92.5 %',
    )
    expect(lines).toContain('Hearsay (averaged model) | 93.0 %')
  })

  it('has gains in the figure that is shown first, of errors those that are smaller', () => {
    const figures = { mean: 1, min: 1, max: 1, localOnly: 1, centralised: 1 }
    const peer = { ...summaryOf().perPeer[0]!, mae: 2, localOnlyBeside: { mae: 4.5 } }
    const lines = linesOf({ measure: 'r2', primary: 'mae', beside: { mae: figures }, perPeer: [peer] })
    expect(lines[0]).toBe('peer | name | samples | MAE | R² | MAE alone | gain')
    expect(lines[1]).toBe('0 | boston | 1,500 | 2 | 0.850 | 4.5 | +2.5')
    const none = linesOf({ measure: 'r2', primary: 'mae', beside: { mae: figures } })
    expect(none[1]).toBe('0 | boston | 1,500 | – | 0.850 | – | –')
  })

  it('has AUROC and a recall of any two classes: accuracy is that of one threshold', () => {
    const figures = { mean: 0.9, min: 0.875, max: 0.925, localOnly: 0.6, centralised: null }
    const [first, ...others] = summaryOf().perPeer
    const one = { samples: 1, precision: 1, recall: 1, f1: 1 }
    const byClass = [
      { name: 'healthy', ...one },
      { name: 'disease', ...one },
    ]
    const beside = { auroc: figures, balancedAccuracy: figures, rarestRecall: figures }
    const perPeer = [{ ...first!, byClass }, ...others]
    expect(linesOf({ beside, perPeer, rarest: { class: 'healthy', samples: 1 } })[0]).toBe(
      'peer | name | samples | accuracy | AUROC | healthy (1) found | alone | gain',
    )
  })

  it('says how evenly the figure is spread over the peers', () => {
    const worst = { peer: 1, name: 'zurich', value: 0.5 }
    const fairness = { figure: 'accuracy', worst, percentile10: 0.55, jain: 0.9822 } as const
    expect(linesOf({ fairness })).toContain(
      "over peers | worst 50.0 % (zurich), 10th percentile 55.0 %, Jain's index 0.982",
    )
    const auroc = { ...fairness, figure: 'auroc', jain: null } as const
    expect(linesOf({ fairness: auroc })).toContain('over peers | worst 0.500 (zurich), 10th percentile 0.550')
  })

  it('says errors of numbers in their units', () => {
    const figures = (value: number) => ({ mean: value, min: 1, max: value, localOnly: null, centralised: null })
    const perPeer = [
      { peer: 0, name: 'shop', samples: 10, accuracy: 0.5, mae: 1250, rmse: 2.34567, localOnly: null, failed: false },
    ]
    const lines = linesOf({ measure: 'r2', perPeer, beside: { mae: figures(2), rmse: figures(3) } })
    expect(lines).toContain('0 | shop | 10 | 0.500 | 1,250 | 2.346')
    expect(lines).toContain('Hearsay (lowest to highest) | 0.850 to 0.950 | 1 to 2 | 1 to 3')
  })

  it('says what it cost and how it went', () => {
    const lines = linesOf()
    expect(lines).toContain('consensus distance | 0.0123')
    expect(lines).toContain('spectral gap | 0.195')
    expect(lines).toContain('sent | 1.23 MB, 41.2 kB per peer and round')
    expect(lines).toContain('shared | 2,010 of 55,210 parameters')
    expect(lines).toContain('time | 13 s, 5,123 samples/s')
    expect(lines).toContain('memory | 321 MB at most')
    expect(lines).toContain('heads that did not come 4')
    expect(lines).toContain('rejected | NOT_A_NEIGHBOUR 7')
  })

  it('leaves out what there is not', () => {
    const text = linesOf({
      accuracy: { mean: 0.9, min: 0.9, max: 0.9, ofMean: 0.9, localOnly: null, centralised: null },
      perPeer: [{ peer: 0, name: 'boston', samples: 10, accuracy: 0.9, localOnly: null, failed: false }],
      absent: 0,
      rejected: {},
    }).join('\n')
    for (const absent of ['alone', 'gain', 'local only', 'centralised', 'did not come', 'rejected']) {
      expect(text).not.toContain(absent)
    }
  })
})

it('has what the method reports of its tests, in its own words', () => {
  const [, ...others] = summaryOf().perPeer
  const figures = { ownHead: 0.8, bestExpert: 0.75, unread: 1 }
  const between = {
    weights: [
      [0.5, 0.25, 0.25],
      [0, 1, 0],
      [0, 0, 0],
    ],
  }
  const lines = linesOf({ merge: 'mixture', perPeer: [{ ...summaryOf().perPeer[0]!, figures }, ...others], between })
  expect(lines[0]).toBe('peer | name | samples | accuracy | own head | best expert | alone | gain')
  expect(lines).toContain('0 | boston | 1,500 | 85.0 % | 80.0 % | 75.0 % | 70.0 % | +15.0')
  expect(lines).toContain('1 | zurich | 20 | 50.0 % | – | – | 55.0 % | -5.0')
  expect(lines).toContain('listens to | 0 | 1 | 2')
  expect(lines).toContain('peer 0 | 50 | 25 | 25')
  expect(lines).toContain('percent of an answer; the own head in bold')
})

it('says nothing of the topology of a mixture, whose heads go to everybody', () => {
  expect(linesOf().join('\n')).toContain('spectral gap')
  expect(linesOf({ merge: 'mixture' }).join('\n')).not.toContain('spectral gap')
})

describe('the headline', () => {
  it('is the summary without what is only looked up', () => {
    expect(Object.keys(headline(summaryOf()))).toEqual(
      (
        'run seed backend transport peers rounds interrupted seconds topology merge measure accuracy beside rarest primary fairness ' +
        'consensusDistance spectralGap bytes samplesPerSecond peakRssMB'
      ).split(' '),
    )
  })
})
