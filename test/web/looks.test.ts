import { expect, it } from 'vitest'
import { type Chosen, looks, toggled } from '../../web/looks.js'

it('a curve takes the first free look and keeps it; where none is free nothing changes', () => {
  const full: Chosen = looks.map((_, at) => at)
  expect(toggled(full, 99)).toEqual(full)
  const without = toggled(full, 2)
  expect(without).toEqual(full.map(curve => (curve === 2 ? null : curve)))
  expect(toggled(without, 99)[2]).toBe(99)
})

it('no two looks have a colour in common, nor two beside each other a dash', () => {
  expect(new Set(looks.map(({ color }) => color)).size).toBe(looks.length)
  for (const [at, { dash }] of looks.slice(1).entries()) expect(dash).not.toEqual(looks[at]!.dash)
})
