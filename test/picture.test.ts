import { expect, it } from 'vitest'

// Scripts are JavaScript without declarations: what is used of them is said here.
type Screen = readonly (readonly { readonly char: string; readonly style: { readonly colour?: string } }[])[]
const { screenOf, pictureOf } = (await import('../scripts/picture.js' as string)) as {
  screenOf(written: string): Screen
  pictureOf(screen: Screen, title: string): string
}

const shownBy = (written: string): string[] => screenOf(written).map(line => line.map(({ char }) => char).join(''))

it('a picture shows what a terminal shows in the end, not what was written over', () => {
  expect(shownBy('one\r\ntwo\r\n\u001b[1A\u001b[2K\u001b[Gthree\r\n')).toEqual(['one', 'three'])
  expect(shownBy('12345\rab\u001b[K')).toEqual(['ab'])
  expect(shownBy('\u001b[?25la\u001b[5Gb')).toEqual(['a   b'])
})

it('a picture has the colours, in columns that a font cannot move', () => {
  const svg = pictureOf(screenOf('\u001b[2ma <b>\u001b[22m  \u001b[1m\u001b[32m80 %\u001b[39m\u001b[22m'), 'A & B')
  expect(svg).toContain('<title>A &amp; B</title>')
  expect(svg).toContain('x="16.0" y="29" fill="#8b949e" textLength="42.1" xml:space="preserve">a &lt;b&gt;</text>')
  expect(svg).toContain(
    'x="75.0" y="29" fill="#7ee787" font-weight="bold" textLength="33.7" xml:space="preserve">80 %</text>',
  )
})
