import { expect, it } from 'vitest'
import { highestOf, lastOf, lowestOf, meanOf, sumOf } from '../../web/columns.js'

it('figures over peers are of those that have a number', () => {
  const column = [null, 3, 1, null]
  expect([meanOf(column), lowestOf(column), highestOf(column)]).toEqual([2, 1, 3])
  expect([meanOf([null]), lowestOf([]), highestOf([null])]).toEqual([null, null, null])
})

it('a peer’s last number is of the last round that has one, and its sum of all that have', () => {
  const rounds = [
    [1, null],
    [0, null],
    [null, null],
  ]
  expect([lastOf(rounds, 0), lastOf(rounds, 1), lastOf([undefined], 0)]).toEqual([0, null, null])
  expect([sumOf(rounds, 0), sumOf(rounds, 1)]).toEqual([1, null])
})
