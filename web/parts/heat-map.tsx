import { useEffect, useRef, useState } from 'preact/hooks'
import { shareRgb } from '../theme.js'
import type { MatrixProps } from './matrix.js'

interface Cell {
  readonly row: number
  readonly column: number
}

const moves: Readonly<Record<string, Cell>> = {
  ArrowUp: { row: -1, column: 0 },
  ArrowDown: { row: 1, column: 0 },
  ArrowLeft: { row: 0, column: -1 },
  ArrowRight: { row: 0, column: 1 },
}

/** A matrix of many cells as a picture, a pixel a cell; the cell that is pointed at, or gone to by arrow keys, is told. */
export function HeatMap({ caption, corner, rowNames, columnNames, share, text }: MatrixProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [cell, setCell] = useState<Cell | undefined>()
  const [rows, columns] = [rowNames.length, columnNames.length]
  useEffect(() => {
    const image = new ImageData(columns, rows)
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const part = share(row, column)
        // An empty cell stays transparent.
        if (part !== null) image.data.set([...shareRgb(part), 255], 4 * (row * columns + column))
      }
    }
    Object.assign(canvas.current!, { width: columns, height: rows })
    canvas.current!.getContext('2d')!.putImageData(image, 0, 0)
  })
  const pointed = (event: MouseEvent): Cell => {
    const { left, top, width, height } = canvas.current!.getBoundingClientRect()
    return within({
      row: Math.floor(((event.clientY - top) / height) * rows),
      column: Math.floor(((event.clientX - left) / width) * columns),
    })
  }
  const within = ({ row, column }: Cell): Cell => ({
    row: Math.max(0, Math.min(rows - 1, row)),
    column: Math.max(0, Math.min(columns - 1, column)),
  })
  const step = (event: KeyboardEvent): void => {
    const by = moves[event.key]
    if (by === undefined) return
    event.preventDefault()
    setCell(known =>
      within(
        known === undefined ? { row: 0, column: 0 } : { row: known.row + by.row, column: known.column + by.column },
      ),
    )
  }
  const value = cell && (share(cell.row, cell.column) === null ? 'nothing' : text(cell.row, cell.column))
  return (
    <figure class="heat">
      <figcaption>{caption}</figcaption>
      <canvas
        ref={canvas}
        tabIndex={0}
        role="img"
        aria-label={`${caption}: ${rows} rows, ${columns} columns. Arrow keys go from cell to cell.`}
        onMouseMove={event => setCell(pointed(event))}
        onMouseLeave={() => setCell(undefined)}
        onKeyDown={step}
      />
      <output class="pointed" aria-live="polite">
        {cell === undefined
          ? 'Point at a cell, or go to it with the arrow keys.'
          : `${rowNames[cell.row]} ${corner} ${rowNames[cell.column] ?? columnNames[cell.column]}: ${value}`}
      </output>
    </figure>
  )
}
