/** A point in dots: two to a column, four to a row, y downwards. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** Characters and fine lines on one sheet; a character covers the lines below it. */
export interface Canvas {
  /** A straight line between two points. */
  line(from: Point, to: Point): void
  /** Text at a column and row; it blanks what is beneath. */
  text(column: number, row: number, text: string, style?: Style): void
  /** The sheet's lines, without blanks at their ends. */
  render(lineStyle?: Style): string[]
}

export type Style = (text: string) => string

/** Dots in a character of Unicode's Braille block: a dot is then as wide as it is high on most terminals. */
export const dotsPerColumn = 2
export const dotsPerRow = 4

/** Bit of each dot in U+2800 … U+28FF, by row and column. */
const bits = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const
const plain: Style = text => text

/**
 * An empty sheet. Small enough to be written here: the packages that do this are either a wrapper around these forty
 * lines that has had no release for years, or part of a graphics library.
 */
export function createCanvas(columns: number, rows: number): Canvas {
  const dots = new Uint8Array(columns * rows)
  const texts = new Map<number, { character: string; style: Style }>()

  const dot = (x: number, y: number): void => {
    const column = Math.floor(x / dotsPerColumn)
    const row = Math.floor(y / dotsPerRow)
    if (column < 0 || column >= columns || row < 0 || row >= rows) return
    dots[row * columns + column]! |= bits[y - row * dotsPerRow]![x - column * dotsPerColumn]!
  }

  return {
    line(from, to) {
      const [across, down] = [to.x - from.x, to.y - from.y]
      const steps = Math.max(Math.abs(across), Math.abs(down), 1)
      for (let step = 0; step <= steps; step++) {
        dot(Math.round(from.x + (across * step) / steps), Math.round(from.y + (down * step) / steps))
      }
    },
    text(column, row, text, style = plain) {
      for (const [at, character] of [...text].entries()) {
        if (column + at < 0 || column + at >= columns || row < 0 || row >= rows) continue
        texts.set(row * columns + column + at, { character, style })
      }
    },
    render(lineStyle = plain) {
      return Array.from({ length: rows }, (_, row) => {
        let line = ''
        let blanks = ''
        for (let column = 0; column < columns; column++) {
          const over = texts.get(row * columns + column)
          const below = dots[row * columns + column]!
          if (over === undefined ? below === 0 : over.character === ' ') blanks += ' '
          else {
            line += blanks + (over ? over.style(over.character) : lineStyle(String.fromCodePoint(0x2800 + below)))
            blanks = ''
          }
        }
        return line
      })
    },
  }
}
