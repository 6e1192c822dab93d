import type { RunEvent } from '../../src/node/index.js'
import type { Simulation, SimulationOutcome } from '../../src/simulate/index.js'

/** Runs a simulation to its end. */
export async function follow(
  simulation: Simulation,
  seen: (event: RunEvent) => void = () => {},
): Promise<{ events: RunEvent[]; result: SimulationOutcome }> {
  const events: RunEvent[] = []
  const run = simulation.run()
  for (;;) {
    const next = await run.next()
    if (next.done) return { events, result: next.value }
    events.push(next.value)
    seen(next.value)
  }
}
