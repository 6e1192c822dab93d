/**
 * Colours of curves, in this order; the first four are distinguishable with the common colour blindnesses (Okabe and Ito
 * 2008). Of eight some come near each other, as green and red: those have another dash ({@link looks}).
 */
export const curveColors = ['blue', 'orange', 'green', 'purple', 'brown', 'grey', 'ink', 'red'] as const

export type CurveColor = (typeof curveColors)[number]

/** How one of many curves is drawn: a colour, and a dash that those beside it do not have. */
export interface Look {
  readonly color: CurveColor
  readonly dash: readonly number[]
}

const dashes: readonly (readonly number[])[] = [[], [8, 4], [2, 3], [10, 3, 2, 3]]

/** As many as there are colours. */
export const looks: readonly Look[] = curveColors.map((color, at) => ({ color, dash: dashes[at % dashes.length]! }))

/** By look the place of the curve that has it; null of a look that is free. */
export type Chosen = readonly (number | null)[]

/** Gives a curve the first free look, or takes its look away. Where none is free nothing changes. */
export function toggled(chosen: Chosen, curve: number): Chosen {
  const at = chosen.includes(curve) ? chosen.indexOf(curve) : chosen.indexOf(null)
  return chosen.map((known, look) => (look !== at ? known : known === curve ? null : curve))
}
