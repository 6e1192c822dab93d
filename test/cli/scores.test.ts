import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { evaluationText, figuresJson, scoreText } from '../../src/cli/scores.js'
import type { Answers } from '../../src/data/index.js'
import { scoreOf, scoreOfImages } from '../../src/trained/index.js'

/** What is said of these answers, in lines. */
function said(outputs: readonly number[], width: number, classes: readonly string[], answers: Answers, unit?: string) {
  const score = scoreOf({ outputs: Float32Array.from(outputs), width }, { classes }, answers)
  return stripVTControlCharacters(scoreText(score, answers, unit))
    .trimEnd()
    .split('\n')
    .map(line => line.trim().replaceAll(/ {2,}/g, ' | '))
}

describe('a score', () => {
  it('of classes says which are found, and shows a model that finds no fraud', () => {
    const labels = Int32Array.of(0, 0, 0, 0, 0, 0, 0, 1, -1)
    const outputs = Array.from(labels, () => [0.9, 0.1, 0]).flat()
    expect(said(outputs, 3, ['honest', 'fraud', 'theft'], { labels, known: 8, strange: ['?!'] })).toEqual([
      '87.5 % of 8 are right; balanced accuracy 50.0 %',
      '1 has none that the model can give ("?!") and is not counted',
      'class | samples | found | recall',
      'honest | 7 | 7 | 100.0 %',
      'fraud | 1 | 0 | 0.0 %',
      'theft has no test sample and is left out of balanced accuracy',
    ])
  })

  it('with all figures has those of ranks, precision and F1 of each class, and the confusion matrix', () => {
    const answers = { labels: Int32Array.of(0, 0, 0, 1), known: 4, strange: [] }
    const outputs = Float32Array.of(0.75, 0.25, 0.75, 0.25, 0.25, 0.75, 0.25, 0.75)
    const score = scoreOf({ outputs, width: 2 }, { classes: ['honest', 'fraud'] }, answers)
    const lines = stripVTControlCharacters(evaluationText(score, answers)).trimEnd().split('\n')
    expect(lines.map(line => line.trim().replaceAll(/ {2,}/g, ' | '))).toEqual([
      '75.0 % of 4 are right; balanced accuracy 83.3 %',
      // The fraud comes before two honest ones and ties with one: 2.5 of 3. At its score one of two is a fraud.
      // Confidence is 0.75 everywhere, and three of four are right.
      'AUROC 0.833, average precision 0.500, calibration error 0.000, macro-F1 73.3 %',
      'class | samples | found | recall | precision | F1',
      'honest | 3 | 2 | 66.7 % | 100.0 % | 80.0 %',
      'fraud | 1 | 1 | 100.0 % | 50.0 % | 66.7 %',
      'is, and was answered | honest | fraud',
      'honest | 2 | 1',
      'fraud | 0 | 1',
    ])
  })

  it('a class that is never answered has no precision, and an F1 of 0', () => {
    const answers = { labels: Int32Array.of(0, 1), known: 2, strange: [] }
    const score = scoreOf({ outputs: Float32Array.of(1, 0, 1, 0), width: 2 }, { classes: ['honest', 'fraud'] }, answers)
    expect(JSON.parse(figuresJson(score, ['honest', 'fraud'])).rarest.class).toBe('honest')
    expect(score.byClass![1]).toEqual({ name: 'fraud', samples: 1, right: 0, precision: null, recall: 0, f1: 0 })
    const lines = stripVTControlCharacters(evaluationText(score, answers)).split('\n')
    const line = lines.find(text => text.includes('fraud'))!
    expect(line.trim().replaceAll(/ {2,}/g, ' | ')).toBe('fraud | 1 | 0 | 0.0 % | – | 0.0 %')
  })

  it('shows the classes that are found least where there are many', () => {
    const labels = Int32Array.from({ length: 25 }, (_, k) => k)
    const outputs = Array.from(labels, label =>
      Array.from(labels, k => (k === (label === 24 ? 0 : label) ? 1 : 0)),
    ).flat()
    const lines = said(outputs, 25, Array.from(labels, String), { labels, known: 25, strange: [] })
    expect(lines).toHaveLength(1 + 1 + 20 + 1)
    expect(lines[2]).toBe('24 | 1 | 0 | 0.0 %')
    expect(lines.at(-1)).toBe('the 20 classes of 25 that are found least')
  })

  it('of numbers says errors in their unit', () => {
    const targets = Float64Array.of(2, 4, Number.NaN, 6)
    expect(said([3, 4, 100, 5], 1, ['price'], { targets, known: 3, strange: [] }, '€')).toEqual([
      'R² 0.750 on 3; MAE 0.6667 €, RMSE 0.8165 €',
      '1 has no answer and is not counted',
    ])
  })

  it('says where no answer is one that the model can give', () => {
    const answers = { labels: Int32Array.of(-1), known: 0, strange: ['x'] }
    expect(said([1, 0], 2, ['a', 'b'], answers)[0]).toBe(
      'not scored: these inputs have no answer that the model can give',
    )
  })

  it('of restored images is their PSNR', () => {
    const score = scoreOfImages({ outputs: Float32Array.of(0.1, 0.1, 1, 1), width: 2 }, Uint8Array.of(0, 0, 255, 255))
    expect(scoreText(score, undefined)).toBe('PSNR 60.00 dB on 2\n')
  })
})
