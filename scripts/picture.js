/*
 * The picture of a terminal in the README: the screen that a program left, colours and all, as an SVG file. What was
 * written over, as a run's progress is, is not in it. This is how it is made (script and stty are Linux'), without the
 * commands behind "Next:", which are wider than a picture:
 *
 *   script -qec "stty cols 96 rows 60; npx hearsay simulate" /dev/null | sed '/^Next:/,$d' |
 *     node scripts/picture.js docs/simulate.svg "What npm start prints: …"
 */
import { writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'

const [cellWidth, lineHeight, margin] = [8.43, 18, 16]
const background = '#0d1117'
const plain = '#c9d1d9'
const dim = '#8b949e'
const colours = { 31: '#ff7b72', 32: '#7ee787', 33: '#d29922', 34: '#79c0ff', 35: '#d2a8ff', 36: '#79c0ff' }
/** What a program tells its terminal: how that begins, and then parameters and the letter that says what to do. */
const introducer = '\u001b['
const sequenceBehind = /^([\d;?]*)([A-Za-z])/

/**
 * The screen that a terminal would show in the end.
 *
 * @param {string} written
 * @returns {{ char: string, style: object }[][]} lines of cells
 */
export function screenOf(written) {
  const lines = [[]]
  let [row, column, style] = [0, 0, {}]
  for (let at = 0; at < written.length; ) {
    if (written.startsWith(introducer, at)) {
      at += introducer.length
      const [sequence = '', parameters = '', letter] = sequenceBehind.exec(written.slice(at, at + 32)) ?? []
      at += sequence.length
      if (letter === 'm') style = parameters.split(';').reduce(styled, style)
      if (letter === 'A') row = Math.max(0, row - Number(parameters || 1))
      if (letter === 'G') column = Number(parameters || 1) - 1
      if (letter === 'K') lines[row] = parameters === '2' ? [] : (lines[row] ?? []).slice(0, column)
      continue
    }
    const char = String.fromCodePoint(written.codePointAt(at))
    at += char.length
    if (char === '\r') column = 0
    else if (char === '\n') row += 1
    else {
      lines[row] ??= []
      lines[row][column] = { char, style }
      column += 1
    }
  }
  return Array.from(lines, line => Array.from(line ?? [], cell => cell ?? { char: ' ', style: {} }))
}

function styled(style, code) {
  if (code === '' || code === '0') return {}
  if (code === '1') return { ...style, bold: true }
  if (code === '2') return { ...style, dim: true }
  if (code === '22') return { ...style, bold: false, dim: false }
  if (code === '39') return { ...style, colour: undefined }
  return colours[code] === undefined ? style : { ...style, colour: colours[code] }
}

/**
 * A screen as an SVG file.
 *
 * @param {ReturnType<typeof screenOf>} screen
 * @param {string} title - what it shows, for who does not see it
 */
export function pictureOf(screen, title) {
  const columns = Math.max(...screen.map(line => line.length))
  const [width, height] = [Math.ceil(columns * cellWidth + 2 * margin), screen.length * lineHeight + 2 * margin]
  const texts = screen.flatMap((line, row) => runsOf(line).map(run => textOf(run, row)))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">` +
      `<title>${escaped(title)}</title><rect width="100%" height="100%" rx="8" fill="${background}"/>`,
    ...texts,
    '</svg>\n',
  ].join('\n')
}

/** Pieces of a line in one style each, without the blanks around them. */
function runsOf(line) {
  const runs = []
  for (const [column, { char, style }] of line.entries()) {
    const last = runs.at(-1)
    const look = JSON.stringify([colourOf(style), style.bold === true])
    if (last?.look === look) last.text += char
    else runs.push({ column, text: char, style, look })
  }
  return runs
    .map(run => ({ ...run, column: run.column + run.text.length - run.text.trimStart().length, text: run.text.trim() }))
    .filter(({ text }) => text !== '')
}

const colourOf = style => style.colour ?? (style.dim ? dim : plain)

function textOf({ column, text, style }, row) {
  const [x, y] = [(margin + column * cellWidth).toFixed(1), margin + 13 + row * lineHeight]
  const bold = style.bold ? ' font-weight="bold"' : ''
  // A font of another width must not tear the columns apart.
  const length = ([...text].length * cellWidth).toFixed(1)
  return `<text x="${x}" y="${y}" fill="${colourOf(style)}"${bold} textLength="${length}" xml:space="preserve">${escaped(text)}</text>`
}

const escaped = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [file, title] = process.argv.slice(2)
  if (title === undefined) throw new Error('node scripts/picture.js <file.svg> <title>, with the output on stdin')
  const screen = screenOf(await text(process.stdin))
  while (screen.at(-1)?.every(({ char }) => char === ' ')) screen.pop()
  writeFileSync(file, pictureOf(screen, title))
}
