import { deviation, mean } from './statistics.js'

const [left, width, rowHeight] = [230, 640, 24]

/**
 * Rows of dots with a line of one standard deviation each way, as an SVG file that is legible on light and dark pages.
 *
 * @param {string} name - what it shows, for who does not see it
 * @param {readonly { title: string, rows: readonly { name: string, values: readonly number[] }[] }[]} panels - shares of 1
 */
export function plot(name, panels) {
  const all = panels.flatMap(({ rows }) =>
    rows.map(({ values }) => ({ middle: mean(values), spread: deviation(values) })),
  )
  const least = Math.min(...all.map(({ middle, spread }) => middle - spread))
  const most = Math.max(...all.map(({ middle, spread }) => middle + spread))
  const step = most - least <= 0.3 ? 0.02 : 0.1
  const low = Math.floor(least / step + 1e-9) * step
  const high = Math.ceil(most / step - 1e-9) * step
  const x = value => (left + ((value - low) / Math.max(high - low, 1e-9)) * (width - left - 20)).toFixed(1)
  const ticks = Array.from({ length: Math.round((high - low) / step) + 1 }, (_, i) => low + i * step)
  let y = 8
  const text = (at, of, more = '') => `<text x="${at}" y="${y + 16}"${more}>${of}</text>`
  const parts = panels.flatMap(({ title, rows }) => {
    const head = text(8, title, ' font-weight="bold"')
    y += rowHeight
    const lines = rows.map(({ name, values }) => {
      const [middle, spread] = [mean(values), deviation(values)]
      const row = [
        text(20, name),
        `<line x1="${x(middle - spread)}" x2="${x(middle + spread)}" y1="${y + 12}" y2="${y + 12}" stroke="#3b82c4" stroke-width="2"/>`,
        `<circle cx="${x(middle)}" cy="${y + 12}" r="4" fill="#3b82c4"/>`,
      ].join('')
      y += rowHeight
      return row
    })
    return [head, ...lines]
  })
  const grid = ticks.map(
    tick => `<line x1="${x(tick)}" x2="${x(tick)}" y1="28" y2="${y}" stroke="#888" stroke-opacity="0.3"/>`,
  )
  const scale = ticks.map(tick => text(x(tick), `${Math.round(tick * 100)} %`, ' text-anchor="middle"'))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + rowHeight}" font-family="sans-serif" font-size="13" fill="#777">
<title>${name}</title>
${[...grid, ...parts, ...scale].join('\n')}
</svg>
`
}
