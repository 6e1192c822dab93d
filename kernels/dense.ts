/*
 * What dense layers and their gradients are made of: the product of two matrices of float32s, and what goes with it.
 *
 * The product is computed in tiles of four rows by eight columns, whose sums stay in registers. Each sum is taken in the
 * order of its addends, one after the other, whatever the tiling: a row's bits depend neither on the rows beside it nor
 * on their number.
 */

/** Addends taken at a time: what a row of tiles reads of `b` stays in the first cache, 4 KiB. */
const depthLimit: i32 = 128
/** Numbers of `a` taken at a time, 16 KiB: half of a first cache of 32 KiB. */
const blockNumbers: i32 = 4096

/** Bytes of eight numbers: of a tile's row, and of a row of the panel. */
const eight: usize = 32

/** Where things lie in the scratch room: eight zeros, a tile, a panel. */
const tileAt: usize = eight
const panelAt: usize = tileAt + 4 * eight

/** Bytes of scratch room that {@link multiply} needs; zeros, when it is called for the first time. */
export const scratchBytes: usize = panelAt + <usize>depthLimit * eight

/**
 * c = a·b, or bias + a·b.
 *
 * @param a - address of rows × depth numbers, `rowA` bytes from row to row and `stepA` from column to column
 * @param b - address of depth × columns numbers, likewise
 * @param c - address of room for rows × columns numbers, row by row; apart from all others
 * @param bias - address of a number for each column, or 0
 */
export function multiply(
  rows: i32,
  columns: i32,
  depth: i32,
  a: usize,
  rowA: usize,
  stepA: usize,
  b: usize,
  rowB: usize,
  stepB: usize,
  c: usize,
  bias: usize,
  scratch: usize,
): void {
  const rowC = (<usize>columns) << 2
  const ragged = scratch + tileAt
  // The first part begins even when there is nothing to add up.
  let first = 0
  do {
    const part = min(depthLimit, depth - first)
    const block = part === 0 ? rows : max(4, (blockNumbers / part) & ~3)
    for (let top = 0; top < rows; top += block) {
      const bottom = min(rows, top + block)
      for (let left = 0; left < columns; left += 8) {
        const width = min(8, columns - left)
        let panel = b + <usize>first * rowB + <usize>left * stepB
        let rowPanel = rowB
        if (width < 8 || stepB !== 4) {
          pack(panel, rowB, stepB, part, width, scratch + panelAt)
          panel = scratch + panelAt
          rowPanel = eight
        }
        const begin = bias === 0 ? scratch : bias + ((<usize>left) << 2)
        for (let row = top; row < bottom; row += 4) {
          const height = min(4, bottom - row)
          const into = c + <usize>row * rowC + ((<usize>left) << 2)
          const from = first === 0 ? begin : into
          const rowFrom = first === 0 ? <usize>0 : rowC
          const row0 = a + <usize>row * rowA + <usize>first * stepA
          if (height === 4 && width === 8) {
            const row2 = row0 + 2 * rowA
            tile(row0, row0 + rowA, row2, row2 + rowA, stepA, panel, rowPanel, part, from, rowFrom, into, rowC)
          } else {
            // A row that is not there is the last one once more.
            const row1 = row0 + (height > 1 ? rowA : 0)
            const row2 = row1 + (height > 2 ? rowA : 0)
            copy(from, rowFrom, ragged, eight, height, width)
            const row3 = row2 + (height > 3 ? rowA : 0)
            tile(row0, row1, row2, row3, stepA, panel, rowPanel, part, ragged, eight, ragged, eight)
            copy(ragged, eight, into, rowC, height, width)
          }
        }
      }
    }
    first += part
  } while (first < depth)
}

/** ReLU, in place. */
export function rectify(y: usize, length: i32): void {
  const end = y + ((<usize>length) << 2)
  for (; y + 16 <= end; y += 16) v128.store(y, f32x4.max(v128.load(y), f32x4.splat(0)))
  for (; y < end; y += 4) store<f32>(y, max<f32>(load<f32>(y), 0))
}

/** into = the gradient in what goes into a ReLU: `upstream`, and 0 where the output `y` is not above 0. */
export function rectifierGradient(y: usize, upstream: usize, into: usize, length: i32): void {
  const whole = length & ~3
  for (let i = 0; i < whole; i += 4) {
    const at = (<usize>i) << 2
    v128.store(into + at, v128.and(v128.load(upstream + at), f32x4.gt(v128.load(y + at), f32x4.splat(0))))
  }
  for (let i = whole; i < length; i++) {
    const at = (<usize>i) << 2
    store<f32>(into + at, load<f32>(y + at) > 0 ? load<f32>(upstream + at) : 0)
  }
}

/** into = the sum of all rows. */
export function sumRows(rows: i32, columns: i32, from: usize, into: usize): void {
  const row = (<usize>columns) << 2
  memory.copy(into, from, row)
  for (let i = 1; i < rows; i++) {
    from += row
    let at: usize = 0
    for (; at + 16 <= row; at += 16) v128.store(into + at, f32x4.add(v128.load(into + at), v128.load(from + at)))
    for (; at < row; at += 4) store<f32>(into + at, load<f32>(into + at) + load<f32>(from + at))
  }
}

/** The sum of the squares, in float64: of every fourth number one, and then of these. */
export function squaredNorm(x: usize, length: i32): f64 {
  const end = x + ((<usize>length) << 2)
  let even = f64x2.splat(0)
  let odd = even
  for (; x + 16 <= end; x += 16) {
    const numbers = v128.load(x)
    const low = f64x2.promote_low_f32x4(numbers)
    const high = f64x2.promote_low_f32x4(i64x2.shuffle(numbers, numbers, 1, 0))
    even = f64x2.add(even, f64x2.mul(low, low))
    odd = f64x2.add(odd, f64x2.mul(high, high))
  }
  const both = f64x2.add(even, odd)
  let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1)
  for (; x < end; x += 4) sum += <f64>load<f32>(x) * <f64>load<f32>(x)
  return sum
}

/** The part of `b` under a tile as rows of eight numbers, the missing ones 0. */
function pack(b: usize, rowB: usize, stepB: usize, depth: i32, width: i32, into: usize): void {
  let begin = 0
  if (width < 8) memory.fill(into, 0, <usize>depth * eight)
  else if (rowB === 4) {
    begin = depth & ~3
    for (let i = 0; i < begin; i += 4) {
      const from = b + ((<usize>i) << 2)
      const to = into + <usize>i * eight
      turn(from, stepB, to)
      turn(from + 4 * stepB, stepB, to + 16)
    }
  }
  for (let column = 0; column < width; column++) {
    let from = b + <usize>column * stepB + <usize>begin * rowB
    let to = into + ((<usize>column) << 2) + <usize>begin * eight
    for (let i = begin; i < depth; i++) {
      store<f32>(to, load<f32>(from))
      from += rowB
      to += eight
    }
  }
}

/** Four columns of four numbers, each in one piece, as rows of the panel. */
function turn(from: usize, stepB: usize, into: usize): void {
  const a = v128.load(from)
  const b = v128.load(from + stepB)
  const c = v128.load(from + 2 * stepB)
  const d = v128.load(from + 3 * stepB)
  const ab = i32x4.shuffle(a, b, 0, 4, 1, 5)
  const cd = i32x4.shuffle(c, d, 0, 4, 1, 5)
  const abBehind = i32x4.shuffle(a, b, 2, 6, 3, 7)
  const cdBehind = i32x4.shuffle(c, d, 2, 6, 3, 7)
  v128.store(into, i64x2.shuffle(ab, cd, 0, 2))
  v128.store(into + eight, i64x2.shuffle(ab, cd, 1, 3))
  v128.store(into + 2 * eight, i64x2.shuffle(abBehind, cdBehind, 0, 2))
  v128.store(into + 3 * eight, i64x2.shuffle(abBehind, cdBehind, 1, 3))
}

/** Copies the rows of a tile that is not whole. */
function copy(from: usize, rowFrom: usize, into: usize, rowInto: usize, height: i32, width: i32): void {
  for (let row = 0; row < height; row++) {
    for (let at: usize = 0; at < (<usize>width) << 2; at += 4) {
      store<f32>(into + <usize>row * rowInto + at, load<f32>(from + <usize>row * rowFrom + at))
    }
  }
}

/**
 * Adds `depth` products to the numbers of a tile at `from`, and writes them to `into`. One step of the sum is a turn of
 * the loop: V8 moves all loads of a turn to its beginning, so that of two steps they no longer fit into 16 registers.
 */
function tile(
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  stepA: usize,
  b: usize,
  rowB: usize,
  depth: i32,
  from: usize,
  rowFrom: usize,
  into: usize,
  rowInto: usize,
): void {
  let s00 = v128.load(from)
  let s01 = v128.load(from, 16)
  from += rowFrom
  let s10 = v128.load(from)
  let s11 = v128.load(from, 16)
  from += rowFrom
  let s20 = v128.load(from)
  let s21 = v128.load(from, 16)
  from += rowFrom
  let s30 = v128.load(from)
  let s31 = v128.load(from, 16)
  let at: usize = 0
  for (let i = 0; i < depth; i++) {
    const left = v128.load(b)
    const right = v128.load(b, 16)
    const x0 = v128.load32_splat(row0 + at)
    s00 = f32x4.add(s00, f32x4.mul(x0, left))
    s01 = f32x4.add(s01, f32x4.mul(x0, right))
    const x1 = v128.load32_splat(row1 + at)
    s10 = f32x4.add(s10, f32x4.mul(x1, left))
    s11 = f32x4.add(s11, f32x4.mul(x1, right))
    const x2 = v128.load32_splat(row2 + at)
    s20 = f32x4.add(s20, f32x4.mul(x2, left))
    s21 = f32x4.add(s21, f32x4.mul(x2, right))
    const x3 = v128.load32_splat(row3 + at)
    s30 = f32x4.add(s30, f32x4.mul(x3, left))
    s31 = f32x4.add(s31, f32x4.mul(x3, right))
    at += stepA
    b += rowB
  }
  v128.store(into, s00)
  v128.store(into, s01, 16)
  into += rowInto
  v128.store(into, s10)
  v128.store(into, s11, 16)
  into += rowInto
  v128.store(into, s20)
  v128.store(into, s21, 16)
  into += rowInto
  v128.store(into, s30)
  v128.store(into, s31, 16)
}
