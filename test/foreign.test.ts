import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HearsayError } from '../src/errors.js'
import { shown, shownLines } from '../src/foreign.js'

describe('foreign text', () => {
  it.each([
    ['a line break', 'a\nb\r\nc', 'a\\nb\\r\\nc'],
    ['a sequence that clears the screen', '\u001b[2Ja', '\\x1b[2Ja'],
    ['a control of one byte above 0x7f', '\u009b31m', '\\x9b31m'],
    ['a bidirectional override', 'cod\u202egpj.exe', 'cod\\u202egpj.exe'],
    ['isolates and marks', '\u2066\u2069\u200e\u061c', '\\u2066\\u2069\\u200e\\u061c'],
    ['separators of lines and paragraphs', 'a\u2028b\u2029', 'a\\u2028b\\u2029'],
    ['what is not to be seen', 'a\u200bb\ufeff\u00ad\u{e0041}', 'a\\u200bb\\ufeff\\xad\\u{e0041}'],
    ['half a character', 'a\ud83d', 'a\\ud83d'],
    ['zero, delete and tab', '\0\u007f\t', '\\x00\\x7f\\t'],
  ])('shows %s', (_, text, expected) => {
    expect(shown(text)).toBe(expected)
  })

  it.each(['São Paulo', '北京', 'می‌خواهم', '👩‍🔬', 'a\\nb', 'data/one two.csv'])('leaves %s as it is', text => {
    expect(shown(text)).toBe(text)
  })

  it('loses its middle where it is long, and no half of a character', () => {
    expect(shown('0123456789'.repeat(3), 13)).toBe('01234567…6789')
    expect(shown('👩'.repeat(40), 20)).toMatch(/^👩{6}…👩{3}$/u)
    expect(shown('x'.repeat(1e6))).toHaveLength(200)
  })

  it('is one line without harm whatever it was, and the same when it is shown again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 3, max: 60 }), (text, limit) => {
        const once = shown(text, limit)
        expect(once).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069]/u)
        expect(once.length).toBeLessThanOrEqual(limit)
        expect(shown(once, limit)).toBe(once)
      }),
    )
  })

  it('keeps its own lines where it has several', () => {
    expect(shownLines('set: a\u001b[2J\n  b\u202e\n')).toBe('set: a\\x1b[2J\n  b\\u202e\n')
  })
})

describe('the message of a mistake', () => {
  it('is one line of bounded length, with its beginning and its remedy', () => {
    const { message } = new HearsayError('DATA', `a\nb.csv:3: "${'cell'.repeat(10_000)}" is no number; leave it empty`)
    expect(message).toMatch(/^a\\nb\.csv:3: "cellcell.*….*cell" is no number; leave it empty$/)
    expect(message.length).toBeLessThanOrEqual(1000)
  })
})
