const [width, height, left, bottom, rowHeight] = [640, 260, 50, 30, 18]

/**
 * Points over a logarithmic axis of bytes as an SVG file, a panel beneath another, each with its numbered names.
 *
 * @param {string} name - what it shows, for who does not see it
 * @param {readonly { title: string, points: readonly { name: string, x: number, y: number }[] }[]} panels - x above 0; y shares of 1
 */
export function scatter(name, panels) {
  let top = 8
  const parts = panels.map(panel => {
    const { svg, used } = panelAt(top, panel)
    top += used
    return svg
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" font-family="sans-serif" font-size="12" fill="#777">
<title>${name}</title>
${parts.join('\n')}
</svg>
`
}

function panelAt(top, { title, points }) {
  const xs = points.map(({ x }) => Math.log10(x))
  const [low, high] = [Math.floor(Math.min(...xs)), Math.ceil(Math.max(...xs) + 1e-9)]
  const ys = points.map(({ y }) => y)
  const [least, most] = [Math.floor(Math.min(...ys) * 20) / 20, Math.ceil(Math.max(...ys) * 20) / 20]
  const plotTop = top + 24
  const x = value => (left + ((Math.log10(value) - low) / Math.max(high - low, 1)) * (width - left - 30)).toFixed(1)
  const y = value => (plotTop + (1 - (value - least) / Math.max(most - least, 0.01)) * (height - bottom)).toFixed(1)
  const text = (atX, atY, of, more = '') => `<text x="${atX}" y="${atY}"${more}>${of}</text>`
  const line = (x1, y1, x2, y2) =>
    `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#888" stroke-opacity="0.3"/>`
  const powers = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i))
  const grid = powers.flatMap(power => [
    line(x(power), plotTop, x(power), plotTop + height - bottom),
    text(x(power), plotTop + height - bottom + 16, `${power / 1e6} MB`, ' text-anchor="middle"'),
  ])
  const shares = Array.from({ length: 5 }, (_, i) => least + (i / 4) * (most - least))
  const levels = shares.flatMap(share => [
    line(left, y(share), width - 30, y(share)),
    text(left - 6, Number(y(share)) + 4, `${(share * 100).toFixed(0)} %`, ' text-anchor="end"'),
  ])
  const dots = points.map(
    (point, at) =>
      `<circle cx="${x(point.x)}" cy="${y(point.y)}" r="4" fill="#3b82c4"/>${text(Number(x(point.x)) + 6, Number(y(point.y)) + 4, at + 1)}`,
  )
  const legendTop = plotTop + height + 12
  const columns = 3
  const rows = Math.ceil(points.length / columns)
  const legend = points.map((point, at) =>
    text(8 + Math.floor(at / rows) * (width / columns), legendTop + (at % rows) * rowHeight, `${at + 1} ${point.name}`),
  )
  const svg = [text(8, top + 14, title, ' font-weight="bold"'), ...grid, ...levels, ...dots, ...legend].join('\n')
  return { svg, used: 24 + height + 24 + rows * rowHeight }
}
