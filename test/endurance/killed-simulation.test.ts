import { expect, it } from 'vitest'
import { killedAtEachChange } from '../disk/killed.js'

const { simulationRound } = (await import(new URL('../fixtures/disk/keeping.mjs', import.meta.url).href)) as {
  simulationRound(folder: string): Promise<number>
}

it.each(['averaging', 'mixture'] as const)(
  'a simulation that is killed while it keeps a round has the round before or this one, and all of it: %s',
  async what => {
    expect(await killedAtEachChange('simulation', what, simulationRound)).toBeGreaterThan(12)
  },
  600_000,
)
